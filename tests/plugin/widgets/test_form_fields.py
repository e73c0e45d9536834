"""Rows of a form that come and go leave no gaps, and return to their places."""

from itertools import pairwise

import pytest
from qgis.PyQt.QtWidgets import QApplication, QComboBox, QFormLayout, QLineEdit, QWidget

from onemap.plugin.widgets.form_fields import TightForm

TITLES = ["Parcels", "Use", "Codes", "Rules"]


@pytest.fixture
def page(application):
    made = QWidget()
    made.resize(300, 400)
    made.show()
    yield made
    made.close()


@pytest.fixture
def fields(page):
    form = TightForm(page)
    made = [QLineEdit() for _title in TITLES]
    for title, field in zip(TITLES, made, strict=True):
        form.addRow(title, field)
    return made


def titles_from_above(page):
    """The titles of a form from top to bottom, and the distances between its lines."""
    QApplication.processEvents()
    form = page.layout()
    rows = [form.itemAt(row, QFormLayout.ItemRole.FieldRole).widget() for row in range(form.rowCount())]
    steps = {below.y() - above.y() for above, below in pairwise(rows)}
    assert all(form.labelForField(row).isVisible() and row.isVisible() for row in rows)
    return [form.labelForField(row).text() for row in rows], steps


def test_rows_that_are_not_shown_leave_no_gap(page, fields):
    titles, (step,) = titles_from_above(page)
    assert titles == TITLES
    for field in fields[1:3]:
        page.layout().show_row(field, False)
    assert titles_from_above(page) == (["Parcels", "Rules"], {step})
    assert [field.isVisible() for field in fields] == [True, False, False, True]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_row_comes_back_to_its_place_in_whatever_order(page, fields, order):
    for field in fields[:3]:
        page.layout().show_row(field, False)
        page.layout().show_row(field, False)
    for place in order:
        page.layout().show_row(fields[place], True)
    assert titles_from_above(page)[0] == ["Use", "Codes", "Rules"]
    page.layout().show_row(fields[0], True)
    titles, steps = titles_from_above(page)
    assert titles == TITLES and len(steps) == 1


def test_what_is_typed_stays_while_its_row_is_not_shown(page, fields):
    fields[1].setText("0601")
    page.layout().show_row(fields[1], False)
    page.layout().show_row(fields[1], True)
    assert fields[1].text() == "0601" and fields[1].window() is page


def test_a_row_without_a_label_and_an_empty_list_come_and_go_too(page, fields):
    form, box = page.layout(), QComboBox()
    form.addRow("", box)
    for is_shown in (False, True, False):
        form.show_row(box, is_shown)
        assert box.isVisible() == is_shown and form.rowCount() == len(TITLES) + is_shown
