"""The list of cases by state and deadline, with the urgent and the unseen ones marked, and the overview."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QPoint, QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QTreeWidgetItem,
    QWidget,
)

from onemap.plugin.connection.refusals import problem_line
from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.library.account_rights import AccountRights
from onemap.plugin.desk.results.row_menu import RowMenu
from onemap.plugin.rooms.review.review_cases import CASE_STATES, CaseLine
from onemap.plugin.rooms.review.review_dashboard import Dashboard
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.rooms.review.review_seen_revisions import seen_revision
from onemap.plugin.rooms.review.review_words import OVERDUE, STALE, UNSEEN, department_words, state_word
from onemap.plugin.widgets.buttons import (
    empty_label,
    menu_button,
    offer,
    push_button,
    show_text,
    switch_button,
    wrapped_label,
)
from onemap.plugin.widgets.form_fields import shrink
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.search_line import SearchLine
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

PROJECT, STATE, DEADLINE = 0, 1, 2
FOR_USER, OVERDUE_ONLY = "mine", "late"  # filters beside the states


class CaseList(QWidget):
    """The first page of the tab."""

    open_requested = pyqtSignal()  # a new case
    case_chosen = pyqtSignal(str)
    refresh_requested = pyqtSignal()
    publish_requested = pyqtSignal()
    calendar_requested = pyqtSignal()

    def __init__(self, person: PersonButton) -> None:
        super().__init__()
        self.person = person
        self.lines: list[CaseLine] = []
        self._may_open = True  # a case
        self._unknown_reason = ""  # why it is not known which cases there are
        self._home = ""  # the location of their library
        self._make_buttons()
        self.summary = wrapped_label()
        self.remarks = wrapped_label()
        self.calendar_button = push_button(tr("Working days…"), sign="today", action=self.calendar_requested)
        self.show_remarks([])
        self.filter = QComboBox()
        shrink(self.filter)
        self.filter.setAccessibleName(tr("Which cases are listed"))
        self.filter.currentIndexChanged.connect(lambda _index: self._show_rows())
        self.search = SearchLine(tr("Search the cases"))
        self.search.textChanged.connect(lambda _text: self._show_rows())
        self.tree = self._make_tree()
        self.empty = empty_label()
        self.dashboard = Dashboard()
        self.dashboard.state_chosen.connect(lambda state: self.show_only(state))
        self.dashboard.verdict_chosen.connect(lambda verdict: self.show_only("", word("verdicts", verdict)))
        self.dashboard.department_chosen.connect(
            lambda department: self.show_only("circulating", word("departments", department))
        )
        self.pages = QStackedWidget()
        for page in (self.tree, self.empty, self.dashboard):
            self.pages.addWidget(page)
        self._build()
        person.changed.connect(self.refresh_texts)
        self.refresh_texts()

    def _make_buttons(self) -> None:
        self.open_button = push_button(tr("Open a case…"), sign="case", action=self.open_requested)
        hint = tr("All cases at a glance")
        self.overview_button = switch_button("overview", hint, lambda _on: self._show_page(), is_flat=False)
        menu = QMenu(self, toolTipsVisible=True)
        menu.addAction(icon("refresh"), tr("Read the cases again"), self.refresh_requested.emit)
        menu.addAction(icon("today"), tr("Working days…"), self.calendar_requested.emit)
        text = tr("Bring the layers of approvals and projects up to date")
        self.publish_action = menu.addAction(icon("library"), text, self.publish_requested.emit)
        self.more_button = menu_button(menu, tr("More"))

    def _make_tree(self) -> AnswerTree:
        tree = AnswerTree(tr("Cases"), (tr("Project"), tr("State"), tr("Due, outcome")), is_flat=True)
        tree.setAlternatingRowColors(True)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.setIndentation(0)
        tree.headerItem().setToolTip(DEADLINE, tr("In working days of the Chinese calendar"))
        tree.itemActivated.connect(lambda item, _column: self.case_chosen.emit(self._case_of(item)))
        RowMenu(tree, self._show_menu)
        return tree

    def show_rights(self, rights: AccountRights) -> None:
        """Offer only what the account may do."""
        self._may_open = rights.is_lead
        offer(self.open_button, rights.why_not_lead)
        offer(self.publish_action, rights.why_not_owner)

    def forget_cases(self, why: str) -> None:
        """Show no cases, because the list is not known. why: the text shown instead."""
        self.lines, self._unknown_reason = [], why
        self.refresh_texts()

    def show_cases(self, lines: list[CaseLine], home: str = "") -> None:
        """Show these cases in this order. home: the location of their library."""
        self.lines, self._unknown_reason, self._home = lines, "", home
        self.refresh_texts()

    def show_remarks(self, problems: list[dict[str, Any]]) -> None:
        """Show the core's remarks on the list, such as unreadable cases, or a calendar that ends soon."""
        of_calendar = [problem for problem in problems if problem["code"].startswith("calendar.")]
        remarks = [{**problem, "mend": ""} if problem in of_calendar else problem for problem in problems]
        show_text(self.remarks, "\n".join(map(problem_line, remarks)))
        self.calendar_button.setVisible(bool(of_calendar))  # it mends these

    def refresh_texts(self) -> None:
        """Fill the filter and the list again, with the words known now."""
        chosen_filter = self.filter.currentData()
        with QSignalBlocker(self.filter):
            self.filter.clear()
            self.filter.addItem(tr("All states"), "")
            for state in CASE_STATES:
                self.filter.addItem(state_word(state), state)
            self.filter.addItem(tr("Overdue"), OVERDUE_ONLY)
            if self.person.department:
                self.filter.addItem(tr("Waiting for my department"), FOR_USER)
            self.filter.setCurrentIndex(max(0, self.filter.findData(chosen_filter)))
        self.dashboard.show_cases(self.lines)
        self.summary.setText("" if self._unknown_reason else self._summary())
        self._show_rows()

    def show_only(self, chosen_filter: str, text: str = "") -> None:
        """Show the list with only the cases that match a filter and contain a text."""
        self.filter.setCurrentIndex(max(0, self.filter.findData(chosen_filter)))
        self.search.setText(text)
        self.overview_button.setChecked(False)

    def item_of(self, case: str) -> QTreeWidgetItem | None:
        """The row of a case; None where it is not in the list."""
        return next((item for item in self.tree.tops if self._case_of(item) == case), None)

    def _case_of(self, item: QTreeWidgetItem | None) -> str:
        """The case of a row; empty for no row."""
        return str((self.tree.about(item) or {}).get("case", ""))

    def _build(self) -> None:
        top = row_of(self.open_button, 0, self.overview_button, self.more_button)
        row = row_of(self.filter, (self.search, 1))
        remarks = (self.remarks, self.calendar_button)
        self.person.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        column_of(top, self.summary, *remarks, row, (self.pages, 1), self.person, inside=self, is_tight=True)

    def _summary(self) -> str:
        circulating = [line for line in self.lines if line.state == "circulating"]
        parts = [f"{state_word('circulating')} {len(circulating)}"]
        overdue = sum(bool(line.overdue) for line in self.lines)
        parts += [tr("{count} overdue").format(count=overdue)] if overdue else []
        if self.person.department:
            parts.append(tr("{count} for me").format(count=sum(self._waits_for_user(line) for line in circulating)))
        unseen = sum(_is_unseen(line, self._home) for line in self.lines)
        parts += [f"{UNSEEN} " + tr("{count} new").format(count=unseen)] if unseen else []
        return " · ".join(parts)

    def _waits_for_user(self, line: CaseLine) -> bool:
        return self.person.department in line.waiting

    def _matches_filter(self, line: CaseLine) -> bool:
        chosen_filter = self.filter.currentData()
        if (
            chosen_filter == OVERDUE_ONLY
            and not line.overdue
            or chosen_filter == FOR_USER
            and not self._waits_for_user(line)
        ):
            return False
        if chosen_filter in CASE_STATES and line.state != chosen_filter:
            return False
        searched_texts = (line.row["name"], line.row["hint"], department_words(line.waiting))
        return self.search.text().strip().lower() in " ".join(searched_texts).lower()

    def _show_rows(self) -> None:
        current = self._case_of(self.tree.currentItem())
        self.tree.show_rows([_mark_unseen(line, self._home) for line in self.lines if self._matches_filter(line)])
        for item in self.tree.tops:
            for column in (PROJECT, STATE, DEADLINE):
                item.setToolTip(column, item.toolTip(PROJECT))
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignTop)
        current_item = self.item_of(current) or self.tree.topLevelItem(0)
        if current_item is not None:
            self.tree.setCurrentItem(current_item)
        if self._unknown_reason:
            self.empty.setText(self._unknown_reason)
        elif not self.lines:
            text = tr("No case yet. Open one on the parcels of a project: it is checked and drafted at once.")
            self.empty.setText(text if self._may_open else tr("No case yet. The lead department opens them."))
        else:
            self.empty.setText(tr("No case fits the filter."))
        self._show_page()

    def _show_page(self) -> None:
        if self.overview_button.isChecked():
            self.pages.setCurrentWidget(self.dashboard)
        else:
            self.pages.setCurrentWidget(self.tree if self.tree.topLevelItemCount() else self.empty)

    def _show_menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place)
        if item is not None:
            menu = QMenu(self)
            menu.addAction(icon("case"), tr("Open"), lambda: self.case_chosen.emit(self._case_of(item)))
            menu.exec(self.tree.viewport().mapToGlobal(place))


def _is_unseen(line: CaseLine, home: str) -> bool:
    return line.revision > seen_revision(home, line.case)


def _mark_unseen(line: CaseLine, home: str) -> dict[str, Any]:
    """The core's row of a case, marked if somebody else has taken a step that was not seen here."""
    mark = f"{UNSEEN} " if _is_unseen(line, home) else ""
    return {**line.row, "name": mark + line.row["name"], "hint": "\n".join((line.row["hint"], *_departments(line)))}


def _departments(line: CaseLine) -> list[str]:
    """Lines that name the departments a case waits for, those that are late, and those whose basis was superseded."""
    lines = []
    if line.waiting:
        lines.append(tr("Waiting for: {departments}").format(departments=department_words(line.waiting)))
    if line.overdue:
        lines.append(f"{OVERDUE} " + tr("Overdue: {departments}").format(departments=department_words(line.overdue)))
    if line.stale:
        text = tr("What these rest on was superseded: {departments}")
        lines.append(f"{STALE} " + text.format(departments=department_words(line.stale)))
    return lines
