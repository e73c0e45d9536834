"""The list of cases in the narrowest dock: a project is read by its whole name."""

import pytest
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.answers.name_delegate import wrapped_height
from onemap.plugin.review.review_cases import CaseLine
from onemap.plugin.review.review_list import PROJECT, CaseList
from onemap.plugin.review.review_person import PersonButton

NAME = "清源市第三实验学校新建工程"


@pytest.fixture
def cases(application):
    """An issued case with its document, and one that circulates."""
    made = CaseList(PersonButton())
    font = made.font()
    font.setPointSizeF(9.0)
    made.setFont(font)
    made.resize(312, 400)
    made.show()
    nobody = {"waiting": (), "overdue": (), "stale": (), "revision": 0, "verdict": "restricted", "round": 1}
    days = {"opened_on": "2026-11-20", "due": "2026-12-01", "days_left": 5}
    issued = CaseLine("20261122-9052df39", NAME, "issued", conclusion="conditional", document="清自然资预审〔2026〕1号",
                      **nobody, **days)  # fmt: skip
    waiting = {**nobody, "waiting": ("water",)}
    circulating = CaseLine("20261122-11aa22bb", NAME, "circulating", conclusion="", document="", **waiting, **days)
    made.show_cases([issued, circulating])
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
