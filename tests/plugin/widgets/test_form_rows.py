"""A form's rows that come and go leave no gap, come back where they stood, and have a name meanwhile."""

import pytest
from qgis.PyQt.QtWidgets import QFormLayout, QLineEdit, QWidget

from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.form_rows import FormRows


@pytest.fixture
def fields(application):
    window = QWidget()
    form = FormRows(window)
    made = {name: QLineEdit() for name in ("first", "second", "third", "fourth")}
    for name, field in made.items():
        form.addRow(name, field)
    window.form = form
    window.show()
    yield window, form, made
    window.close()


def shown_labels(form):
    return [form.itemAt(row, QFormLayout.ItemRole.LabelRole).widget().text() for row in range(form.rowCount())]


def test_a_hidden_row_leaves_no_gap(fields):
    window, form, made = fields
    form.show_row(made["second"], False)
    form.show_row(made["third"], False)
    window.adjustSize()
    gap = made["fourth"].y() - made["first"].geometry().bottom()
    form.show_row(made["third"], True)
    window.adjustSize()
    assert gap == made["third"].y() - made["first"].geometry().bottom()
    assert made["third"].isVisible() and not made["second"].isVisible()


def test_rows_come_back_where_they_stood_in_whatever_order(fields):
    _window, form, made = fields
    for name in ("third", "first", "second"):
        form.show_row(made[name], False)
        form.show_row(made[name], False)  # twice is as once
    assert shown_labels(form) == ["fourth"]
    for name in ("second", "third", "first"):
        form.show_row(made[name], True)
    assert shown_labels(form) == ["first", "second", "third", "fourth"]
    assert all(form.labelForField(field).isVisible() for field in made.values())


def test_a_hidden_row_is_named_for_a_screen_reader(fields):
    window, form, made = fields
    form.show_row(made["second"], False)
    name_accessibly(window)
    assert made["second"].accessibleName() == "second"
