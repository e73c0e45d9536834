"""The sums by department in the narrowest dock: no word of a department's name is broken."""

from dataclasses import MISSING, fields

import pytest
from qgis.PyQt.QtWidgets import QApplication

from onemap.plugin.desk.answers.name_delegate import text_width
from onemap.plugin.desk.results.results import CheckedParcel, Finding
from onemap.plugin.desk.results.summary_view import NAME, VERDICTS, SummaryView
from onemap.plugin.words import core_words

NARROW_PX = 312  # what a dock of 320 leaves it
POINTS = 9.0  # a usual font
DEPARTMENTS = {
    "reform": "Development and reform",
    "environment": "Environment",
    "construction": "Construction",
    "planning": "Planning",
}
TYPE_VALUES = {"str": "", "int": 1, "bool": False}


def finding(department, verdict, row):
    """A finding of which only department and verdict matter here."""
    facts = {one.name: TYPE_VALUES.get(str(one.type)) for one in fields(Finding) if one.default is MISSING}
    return Finding(**{**facts, "department": department, "verdict": verdict, "row": row, "counted": True})


@pytest.fixture
def summary(application):
    """Hundreds of findings of every verdict, of one more than a thousand; the list has a bar to scroll."""
    core_words.learn({"departments": DEPARTMENTS})
    times = dict(zip(VERDICTS, (100, 130, 300, 60, 220), strict=True))
    found = [
        finding(department, verdict, row)
        for department in DEPARTMENTS
        for verdict, count in times.items()
        for row in range(count)
    ]
    view = SummaryView()
    font = view.font()
    font.setPointSizeF(POINTS)
    view.setFont(font)
    view.resize(NARROW_PX, 100)
    view.show()
    view.show_summary([CheckedParcel(0, "A", "prohibited", 1.0, 1.0, tuple(found))], [])
    QApplication.processEvents()
    yield view
    view.deleteLater()
    core_words.learn({})


def test_no_word_of_a_name_is_broken_in_the_narrowest_dock(summary):
    metrics = summary.fontMetrics()
    for row, name in enumerate(DEPARTMENTS.values()):
        index = summary.model().index(row, NAME)
        words = summary.topLevelItem(row).text(NAME).split(" ")
        assert name.split(" ") == words
        assert max(map(metrics.horizontalAdvance, words)) <= text_width(summary, index)


def test_where_a_word_has_no_room_the_letters_are_a_point_smaller(summary):
    usual = summary.font().pointSizeF()
    summary.resize(NARROW_PX - 14, 100)  # beside a second bar to scroll
    QApplication.processEvents()
    assert summary.font().pointSizeF() == usual - 1
    metrics = summary.fontMetrics()
    for row in range(len(DEPARTMENTS)):
        words = summary.topLevelItem(row).text(NAME).split(" ")
        room = text_width(summary, summary.model().index(row, NAME))
        assert max(map(metrics.horizontalAdvance, words)) <= room
    summary.resize(2 * NARROW_PX, 100)
    QApplication.processEvents()
    assert summary.font().pointSizeF() == usual


def test_every_number_has_its_room(summary):
    metrics, header = summary.fontMetrics(), summary.header()
    assert sum(header.sectionSize(column) for column in range(header.count())) <= summary.viewport().width()
    total = summary.topLevelItem(summary.topLevelItemCount() - 1)
    assert [total.text(column) for column in range(1, 1 + len(VERDICTS))] == ["400", "520", "1,200", "240", "880"]
    for column in range(1, 1 + len(VERDICTS)):
        assert metrics.horizontalAdvance(total.text(column)) + 6 <= summary.columnWidth(column)
