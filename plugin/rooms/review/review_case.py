"""The page of one case: its ten opinions, the chosen opinion, its findings, its rounds, its history."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSize, Qt, QTimer, pyqtSignal
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from qgis.PyQt.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSplitter,
    QTabWidget,
    QWidget,
)

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_documents import DocumentButton
from onemap.plugin.rooms.review.review_editor import OpinionEditor
from onemap.plugin.rooms.review.review_findings import CaseFindings
from onemap.plugin.rooms.review.review_history import HistoryView, unseen_entries, unseen_text
from onemap.plugin.rooms.review.review_notice import NoticeView
from onemap.plugin.rooms.review.review_opinions import OpinionTable
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.rooms.review.review_reading import ReadingDialog, changes_text, project_text
from onemap.plugin.rooms.review.review_rounds import RoundsView
from onemap.plugin.rooms.review.review_seen_revisions import seen_revision, store_seen_revision
from onemap.plugin.rooms.review.review_steps import CaseSteps, state_line
from onemap.plugin.rooms.review.review_unsent_text import UnsentTexts
from onemap.plugin.rooms.review.review_words import offer_step, step_word
from onemap.plugin.widgets.buttons import MainButton, embolden, menu_button, show_text, tool_button, wrapped_label
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.room_bar import RoomBar
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.contrast import link_colour
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

STEP_ICONS = {"circulate": "send", "consolidate": "check", "issue": "sign"}
NEXT_STEP = {"draft": "circulate", "circulating": "consolidate", "consolidated": "issue"}
MENU_STEPS = ("circulate", "extend", "revise", "recheck", "consolidate", "notice", "close", "issue", "withdraw")
BUTTON_MARGIN_PX = 12  # beside icon and text, where the dock is narrow
MOST_WARNINGS = 1  # each takes lines that the opinion needs; more are one line until somebody asks for them
MIN_HORIZONTAL_PX = 900  # from here on the opinions stand beside the one that is chosen


class CasePage(QWidget):
    """Sends the steps of a case through `steps`, and shows the core's answers."""

    back_requested = pyqtSignal()
    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)
    reload_requested = pyqtSignal()
    revise_requested = pyqtSignal(object)  # Case
    step_done = pyqtSignal(str, dict)

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, person: PersonButton) -> None:
        super().__init__()
        self._library, self._person = library, person
        self.case: Case | None = None
        self._seen_revision = 0
        self._focus_before: QWidget | None = None  # which control had the keyboard when a step began
        self.unsent_texts = UnsentTexts()
        self.reading: ReadingDialog | None = None
        self.steps = CaseSteps(library, person, self)
        self.steps.answered.connect(self.step_done)
        self.steps.changes_found.connect(self._read_changes)
        self.steps.refused.connect(self.refused)
        self.steps.reload_requested.connect(self.reload_requested)
        self._make_labels()
        self._make_buttons()
        self.documents = DocumentButton(library)
        self.documents.refused.connect(self.refused)
        self.documents.written.connect(lambda path: self.message_sent.emit(tr("Written: {path}").format(path=path)))
        self.table = OpinionTable()
        self.table.chosen.connect(self._show_department)
        self.editor = OpinionEditor(self.unsent_texts, person)
        self.editor.step_requested.connect(self._do_for_department)
        self.editor.typed_changed.connect(self._show_table)
        self.findings = CaseFindings(library, canvas, self.steps.remedy)
        self.findings.refused.connect(self.refused)
        self.findings.findings_read.connect(lambda: self._show_department(self.table.department))
        self.findings.results.export_button.message_sent.connect(self.message_sent)
        self.findings.override_requested.connect(self.steps.override)
        self.rounds, self.history = RoundsView(), HistoryView()
        self.notice = NoticeView(library)
        self.notice.refused.connect(self.refused)
        self.notice.step_requested.connect(lambda step, comment: getattr(self.steps, step)(comment))
        self.work = WorkRow()
        self.work.follow(self.documents.asking)
        self.work.follow(self.steps.asking, is_patient=True)
        self.steps.asking.slow.connect(self._leave_work_to_remedy)
        self.steps.asking.busy_changed.connect(self._set_busy)
        self._build()
        self.setAcceptDrops(True)

    def _make_labels(self) -> None:
        self.project = wrapped_label(textFormat=Qt.TextFormat.PlainText)
        self.state_label = wrapped_label(textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        self.unseen_label, self.bodies_label, self.warnings = FittedLabel(), FittedLabel(), FittedLabel()
        for label in (self.unseen_label, self.bodies_label, self.warnings):
            label.setFrameShape(QFrame.Shape.StyledPanel)
            label.setContentsMargins(4, 2, 4, 2)
        self.warnings.setTextFormat(Qt.TextFormat.RichText)
        self.warnings.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
        self.warnings.linkActivated.connect(lambda _link: self._show_warnings(is_whole=True))

    def _make_buttons(self) -> None:
        self.next_button = MainButton()
        self.next_button.clicked.connect(lambda: self.begin_step(NEXT_STEP[self.case.state]))
        hint = tr("Go to the parcels on the map")
        self.locate_button = tool_button("locate", hint, lambda: self.findings.outline.go_to(), autoRaise=True)
        self.menu = QMenu(self, toolTipsVisible=True, aboutToShow=self.fill_menu)
        self.steps_button = menu_button(self.menu, tr("All steps of the case, and its project"))

    def show_case(self, case: Case) -> None:
        """Show a case as it is now; typed text stays."""
        self.unsent_texts.home = self._library.path
        if self.case is None or self.case.id != case.id:
            self._seen_revision = seen_revision(self._library.path, case.id)
            self.findings.clear()
            self.tabs.setCurrentWidget(self.editor)
            department = self._first_department(case)
        else:
            department = self.table.department or self._first_department(case)
            self._seen_revision = self._seen_revision or self.case.revision  # what others do while it is open is new
        self.case = self.steps.case = case
        store_seen_revision(self._library.path, case.id, case.revision)
        user = self._person.known_name
        self.project.setText(case.project)
        self.state_label.setText(state_line(case))
        show_text(self.unseen_label, unseen_text(case, self._seen_revision, user))
        show_text(self.bodies_label, "\n".join(row["name"] for row in case.rows("bodies")))
        self._show_warnings(is_whole=False)
        self._show_table()
        self.table.choose_department(department)
        self._show_department(department)
        self.rounds.show_case(case)
        self.rounds.choose(department)
        self.history.show_case(case, self._seen_revision, user)
        self.notice.show_case(case)
        self.findings.show_case(case)
        self._enable()

    def close_case(self) -> None:
        """Close the case."""
        self.findings.clear()
        self.case = None

    def begin_step(self, step: str) -> None:
        """Begin a step of the whole case."""
        if step == "revise":
            self.revise_requested.emit(self.case)
        else:
            getattr(self.steps, step)()

    def take_reply(self, path: str) -> None:
        """Read a reply file."""
        self.steps.take_reply(path, self.table.department)

    def fill_menu(self) -> None:
        """List every step; a step that is not allowed gives the reason."""
        self.menu.clear()
        self.menu.addAction(icon("facts"), tr("The project, as it was stated"), self.show_project)
        self.menu.addSeparator()
        for step in MENU_STEPS:
            text = step_word(step) + ("…" if step != "recheck" else "")
            action = self.menu.addAction(text, partial(self.begin_step, step))
            if step in STEP_ICONS:
                action.setIcon(icon(STEP_ICONS[step]))
            action.setData(step)
            offer_step(action, self.case.steps.get(step), not self.steps.asking.is_busy)
        for body in self.case.answer["bodies"]:  # that are asked on paper
            text = as_written(tr("Enter the answer of: {body}").format(body=body["title"])) + "…"
            action = self.menu.addAction(text, partial(self.steps.answer, body["body"], body["title"]))
            offer_step(action, self.case.steps.get("answer"), not self.steps.asking.is_busy)
        self.menu.addSeparator()
        reply = self.menu.addAction(icon("reply"), tr("Import a reply file…"), self._choose_reply)
        reasons = [opinion.steps.get("opine") for opinion in self.case.opinions]
        offer_step(reply, None if None in reasons else reasons[0], not self.steps.asking.is_busy)
        self.menu.addAction(icon("refresh"), tr("Read again"), self.reload_requested.emit)

    def show_project(self) -> None:
        """Show the stated facts of the project, and its attachments."""
        self._read(self.case.project, project_text(self.case.rows("facts"), self.case.answer["files"]))

    def leave_map(self) -> None:
        """Remove the highlight and restore the view."""
        self.findings.leave_map()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put opinions and pages side by side if there is room, such as in a floating dock."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()  # what wraps has another height
        orientation = Qt.Orientation.Horizontal if self.width() >= MIN_HORIZONTAL_PX else Qt.Orientation.Vertical
        if self.split.orientation() != orientation:
            self.split.setOrientation(orientation)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a reply file."""
        if self.case is not None and _replies_in(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read the dropped reply file, one at a time."""
        replies = _replies_in(event)
        if replies:
            event.acceptProposedAction()
            self.take_reply(replies[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Make Esc cancel a running request, or else remove the highlight, or else go back to the list."""
        is_writing = isinstance(QApplication.focusWidget(), (QPlainTextEdit, QLineEdit))
        if event.key() != Qt.Key.Key_Escape or is_writing:
            super().keyPressEvent(event)
        elif self.steps.asking.is_busy:
            self.steps.asking.cancel()
        elif self.findings.is_on_map:
            self.leave_map()
        else:
            self.back_requested.emit()

    def _build(self) -> None:
        hint = tr("Back to the cases (Esc)")
        self.back_button = tool_button("back", hint, action=self.back_requested, autoRaise=True)
        embolden(self.project)
        top = row_of(self.back_button, (column_of(self.project, self.state_label, spacing=0), 1))
        top.setAlignment(self.back_button, Qt.AlignmentFlag.AlignTop)
        buttons = (self.locate_button, self.documents, self.steps_button)
        row = row_of(self.next_button, 0, *buttons, spacing=2)  # all beside each other in the narrowest dock
        self.tabs = QTabWidget()
        self.tabs.setTabBar(RoomBar())
        self.tabs.setDocumentMode(True)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for page, title in (
            (self.editor, tr("Opinion")),
            (self.findings, tr("Findings")),
            (self.rounds, tr("Rounds")),
            (self.notice, tr("Notice")),
            (self.history, tr("History")),
        ):
            self.tabs.addTab(page, title)
        self.tabs.currentChanged.connect(lambda _tab: self.leave_map())
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.addWidget(self.table)
        below = QWidget()  # what is said between comes and goes, and the rows above keep their places
        column_of(self.unseen_label, self.bodies_label, self.warnings, (self.tabs, 1), inside=below, is_tight=True)
        self.split.addWidget(below)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        column_of(top, row, self.work, (self.split, 1), inside=self, is_tight=True)

    def minimumSizeHint(self) -> QSize:
        """A size high enough for the wrapped texts above the opinions, which would otherwise cover them."""
        size = super().minimumSizeHint()
        return QSize(size.width(), max(size.height(), self.layout().minimumHeightForWidth(self.width())))

    def _show_warnings(self, is_whole: bool) -> None:
        """Show the case's warnings; several are first announced in one line with a link. is_whole: show them all."""
        lines = [f"! {escape(line)}" for line in self.case.answer.get("warnings") or []]
        if len(lines) > MOST_WARNINGS and not is_whole:
            text = tr("Show all {count} warnings").format(count=len(lines))
            link = f"<a href='all' style='color:{link_colour(self.palette())}'>{escape(text)}</a>"
            lines = [f"! {link}"]
        show_text(self.warnings, "<br>".join(lines))

    def _first_department(self, case: Case) -> str:
        """The user's department; else the first that has been asked and has not answered; else the first."""
        user_opinion = case.opinion(self._person.department)
        waiting = [opinion for opinion in case.opinions if opinion.routed and opinion.state in ("drafted", "returned")]
        return (user_opinion or next(iter(waiting), case.opinions[0])).department

    def _show_table(self) -> None:
        unseen = unseen_entries(self.case, self._seen_revision, self._person.known_name)
        changed_departments = {entry["department"] for entry in unseen if entry.get("department")}
        self.table.show_case(self.case, self.unsent_texts.departments(self.case.id), changed_departments)

    def _show_department(self, department: str) -> None:
        if self.case is None or not department:
            return
        self.editor.show_opinion(self.case, department, self.findings.bases.get(department, []))
        self.findings.show_department(department)
        self.rounds.choose(department)
        self.documents.show_case(self.case, department)

    def _do_for_department(self, step: str) -> None:
        department = self.editor.department
        if step == "opine":
            self.steps.opine(department, self.editor.params())
        else:
            {"sign": self.steps.sign, "return": self.steps.give_back, "extend": self.steps.extend}[step](department)

    def _enable(self) -> None:
        step = NEXT_STEP.get(self.case.state)
        self.next_button.setVisible(step is not None)
        if step is not None:
            self.next_button.setText(step_word(step) + "…")
            self.next_button.setIcon(icon(STEP_ICONS[step]))
            text = self.next_button.fontMetrics().horizontalAdvance(self.next_button.text())
            self.next_button.setMinimumWidth(text + self.next_button.iconSize().width() + BUTTON_MARGIN_PX)
            offer_step(self.next_button, self.case.steps.get(step), not self.steps.asking.is_busy)

    def _set_busy(self, is_busy: bool) -> None:
        if is_busy:
            self._hold_focus()
        else:
            QTimer.singleShot(0, self._return_focus)  # once it is known what is allowed now
        self.editor.set_busy(is_busy)
        self.findings.set_busy(is_busy)
        if self.case is not None:
            self._enable()

    def _leave_work_to_remedy(self) -> None:
        if self.steps.step == "remedy":  # whose view shows its progress
            self.work.hide()

    def _hold_focus(self) -> None:
        """Move the focus to the table of opinions, because a control that is disabled loses it to QGIS."""
        focus = QApplication.focusWidget()
        if focus is not None and focus is not self.table and self.isAncestorOf(focus):
            self._focus_before = focus
            self.table.setFocus()

    def _return_focus(self) -> None:
        """Return the focus to the control that had it, if the focus was not moved since and the control is usable."""
        before, self._focus_before = self._focus_before, None
        if before is not None and self.table.hasFocus() and before.isEnabled() and before.isVisible():
            before.setFocus()

    def _choose_reply(self) -> None:
        ask_file(self, tr("Import a reply file"), self.take_reply, tr("Reply of a review pack (*.reply.json *.json)"))

    def _read_changes(self, changes: list[dict[str, Any]]) -> None:
        self._read(tr("Recheck of “{project}”").format(project=self.case.project), changes_text(changes))

    def _read(self, title: str, text: str) -> None:
        """Show a text in a window of its own."""
        self.reading = ReadingDialog(title, text, self)
        self.reading.show()


def _replies_in(event: QDropEvent) -> list[str]:
    """The reply files that are dragged."""
    paths = [url.toLocalFile() for url in event.mimeData().urls()]
    return [path for path in paths if path.lower().endswith(".json")]
