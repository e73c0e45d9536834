"""The sums of a check by department and verdict, and below each department the rules not asked, with reasons."""

from __future__ import annotations

from collections import Counter
from math import ceil
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QFont, QFontMetricsF, QResizeEvent
from qgis.PyQt.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from onemap.plugin.desk.answers.answer_tree import below, set_bold, tops_of
from onemap.plugin.desk.answers.name_delegate import wrap_names
from onemap.plugin.desk.results.results import CheckedParcel
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.words.core_words import all_words, word
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

VERDICTS = tuple(verdict for verdict in SEVERITY if verdict != "clear")
NAME, FIRST, UNASKED = 0, 1, 1 + len(VERDICTS)
INDENTATION_PX = 6  # a name of one word needs the room
BESIDE_NUMBER_PX, LEAST_COLUMN_PX = 6, 24  # the head of a column is a sign with its margins
NO_ANSWER = "∅"  # the head of a narrow column


class SummaryView(QTreeWidget):
    """A row for each department: the number of findings of each verdict, and of its rules that were not asked."""

    def __init__(self) -> None:
        super().__init__(accessibleName=tr("Findings by department and verdict"))
        self._usual_font = self.font()
        self._small_font: QFont | None = None  # for where the room is little
        self.setColumnCount(UNASKED + 1)
        self.setIndentation(INDENTATION_PX)
        wrap_names(self)
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(LEAST_COLUMN_PX)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in range(FIRST, UNASKED + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)

    def show_summary(self, parcels: list[CheckedParcel], unasked_rows: list[dict[str, Any]]) -> None:
        """Show the sums of a run, or of the part that concerns one department.

        unasked_rows: a row for each department with rules that were not asked, as the core makes them.
        """
        self.clear()
        self._show_heads()
        counts = department_counts(parcels)
        rows = {row["about"]["department"]: row["rows"] for row in unasked_rows}
        known_departments = [name for name in all_words("departments") if name in counts or name in rows]
        departments = known_departments + sorted((set(counts) | set(rows)) - set(known_departments))
        for department in departments:
            rules = rows.get(department, [])
            row = self._row(word("departments", department), counts.get(department, Counter()), len(rules))
            row.addChildren([_rule_row(rule) for rule in rules])
            self.addTopLevelItem(row)
        for rule_row in (row for top in tops_of(self) for row in below(top)):
            rule_row.setFirstColumnSpanned(True)
        if len(departments) == 1:  # what is to be said is below it
            self.topLevelItem(0).setExpanded(True)
            self._fit_numbers()
            return
        total: Counter[str] = sum(counts.values(), Counter())
        self.addTopLevelItem(self._row(tr("All departments"), total, sum(map(len, rows.values()))))
        self._fit_numbers()
        last = self.topLevelItem(self.topLevelItemCount() - 1)
        set_bold(last, True)  # bold numbers would take room from the names

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the letters to the width."""
        super().resizeEvent(event)
        self._fit_numbers()

    def _fit_numbers(self) -> None:
        """Make the columns of numbers as narrow as possible; at Qt's width the departments' names would be broken."""
        font = self._font_that_fits()
        self.setFont(font)
        for column, width in enumerate(self._number_widths(font), start=FIRST):
            self.setColumnWidth(column, width)

    def _font_that_fits(self) -> QFont:
        """The usual font, or one a point smaller if a word of a name has no room beside the numbers."""
        if self.font() != self._small_font:
            self._usual_font = self.font()
        usual = self._usual_font
        smaller = QFont(usual)
        if usual.pixelSize() > 0:  # such a font has no size in points
            smaller.setPixelSize(usual.pixelSize() - 1)
        else:
            smaller.setPointSizeF(usual.pointSizeF() - 1)
        self._small_font = smaller
        room = self.viewport().width() - sum(self._number_widths(usual))
        is_narrow = self._longest_word(usual) + INDENTATION_PX + BESIDE_NUMBER_PX > room
        return smaller if is_narrow else usual

    def _number_widths(self, font: QFont) -> list[int]:
        widest = QFontMetricsF(font).horizontalAdvance  # rounded down it would break a number at its comma
        rows = tops_of(self)
        numbers = [max((widest(row.text(column)) for row in rows), default=0.0) for column in range(FIRST, UNASKED + 1)]
        return [max(ceil(one) + BESIDE_NUMBER_PX, LEAST_COLUMN_PX) for one in numbers]

    def _longest_word(self, font: QFont) -> float:
        words = [
            part for top in tops_of(self) for part in top.text(NAME).split() if part.isascii()
        ]  # Chinese breaks anywhere
        return max(map(QFontMetricsF(font).horizontalAdvance, words), default=0.0)

    def _show_heads(self) -> None:
        head = QTreeWidgetItem([tr("Department"), *[""] * len(VERDICTS), NO_ANSWER])
        for column, verdict in enumerate(VERDICTS, start=FIRST):
            head.setIcon(column, sign_icon(verdict, self.palette()))
            head.setToolTip(column, word("verdicts", verdict))
            head.setData(column, Qt.ItemDataRole.AccessibleTextRole, word("verdicts", verdict))
        not_asked = tr("Rules that were not asked, such as of a layer that the library does not have")
        head.setToolTip(UNASKED, not_asked)
        head.setData(UNASKED, Qt.ItemDataRole.AccessibleTextRole, not_asked)
        self.setHeaderItem(head)

    def _row(self, name: str, counts: Counter[str], not_asked: int) -> QTreeWidgetItem:
        numbers = [f"{counts[verdict]:,}" if counts[verdict] else "" for verdict in VERDICTS]
        row = QTreeWidgetItem([name, *numbers, f"{not_asked:,}" if not_asked else ""])
        for column in range(FIRST, UNASKED + 1):
            row.setTextAlignment(column, RIGHT)
        for column, verdict in enumerate(VERDICTS, start=FIRST):
            row.setData(
                column,
                Qt.ItemDataRole.AccessibleTextRole,
                with_label(word("verdicts", verdict), str(counts[verdict])),
            )
        return row


def department_counts(parcels: list[CheckedParcel]) -> dict[str, Counter[str]]:
    """The number of counted findings of each department, by verdict."""
    findings = (finding for parcel in parcels for finding in parcel.findings if finding.counted)
    counts: dict[str, Counter[str]] = {}
    for (department, verdict), count in Counter((one.department, one.verdict) for one in findings).items():
        counts.setdefault(department, Counter())[verdict] = count
    return counts


def department_asked_text(unasked_count: int) -> str:
    """A line that says how many of a department's rules were not asked."""
    if not unasked_count:
        return tr("All rules of this department were asked")
    return tr("Rules not asked: {unasked}").format(unasked=f"{unasked_count:,}")


def _rule_row(rule: dict[str, Any]) -> QTreeWidgetItem:
    row = QTreeWidgetItem([rule["name"]])
    row.setToolTip(NAME, f"{rule['name']}\n{rule['hint']}")
    return row
