"""The list of cases in the narrowest dock: a project's whole name is readable."""

import pytest
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.desk.answers.name_delegate import wrapped_height
from onemap.plugin.rooms.review.review_cases import lines_in
from onemap.plugin.rooms.review.review_list import PROJECT, CaseList
from onemap.plugin.rooms.review.review_person import PersonButton

NAME = "清源市第三实验学校新建工程"
SAME = {"overdue": [], "stale": [], "revision": 0}


def row_of(case):
    """A row as the core makes it of a case."""
    row = {"name": f"{NAME}\n{case['document'] or case['case']}", "values": ["state", "outcome"], "rows": []}
    hint = "\n".join(filter(None, (case["case"], case["document"])))
    return {**row, "hint": hint, "about": {"case": case["case"]}, "sign": "restricted", "is_open": True}


@pytest.fixture
def cases(application):
    """An issued case with its document, and one that circulates."""
    made = CaseList(PersonButton())
    font = made.font()
    font.setPointSizeF(9.0)
    made.setFont(font)
    made.resize(312, 400)
    made.show()
    issued, circulating = (
        {"case": case, "project": NAME, "state": state, "document": document, "waiting": waiting, **SAME}
        for case, state, document, waiting in (
            ("20261122-9052df39", "issued", "清自然资预审〔2026〕1号", []),
            ("20261122-11aa22bb", "circulating", None, ["water"]),
        )
    )
    rows = [row_of(issued), row_of(circulating)]
    made.show_cases(lines_in({"cases": [issued, circulating], "view": rows}))
    QApplication.processEvents()
    yield made
    made.deleteLater()


def test_the_name_of_a_project_is_whole_in_at_most_two_lines(cases):
    one_line = wrapped_height("号", cases.tree.font(), 1000)
    for row in range(2):
        item = cases.tree.topLevelItem(row)
        assert NAME in item.text(PROJECT)
        # Two lines of the name at most, and as many of the number.
        assert 2 * one_line <= cases.tree.visualItemRect(item).height() < 4.5 * one_line


def test_an_issued_case_is_called_by_its_document_and_found_by_both_numbers(cases):
    assert "清自然资预审〔2026〕1号" in cases.tree.topLevelItem(0).text(PROJECT)
    assert "20261122-9052df39" in cases.tree.topLevelItem(0).toolTip(PROJECT)
    assert "20261122-11aa22bb" in cases.tree.topLevelItem(1).text(PROJECT)
    for number in ("9052df39", "〔2026〕1号"):
        cases.search.setText(number)
        assert cases.tree.topLevelItemCount() == 1


def test_tab_goes_through_the_form_of_a_case_as_it_is_read(desk):
    form = desk.tab.form
    for field in (form.land.field, form.uses.use, form.uses.systems):  # which come and go with the parcels
        form.form.show_row(field, True)
    read = [form.project, form.parcels.box, form.land.field, form.uses.use, form.uses.systems, form.reason]
    keys = [form.project]
    while keys[-1] is not form.send_button:
        keys.append(keys[-1].nextInFocusChain())
    assert [one for one in keys if one in read] == read
