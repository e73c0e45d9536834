"""The tab Review: the list of cases, one case, and the form that opens a case; the core takes all steps."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QApplication, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.library_follower import LibraryFollower
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.review.review_calendar import CalendarDialog
from onemap.plugin.rooms.review.review_case import CasePage
from onemap.plugin.rooms.review.review_cases import Case, case_in, lines_in
from onemap.plugin.rooms.review.review_list import CaseList
from onemap.plugin.rooms.review.review_open import CaseForm
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.rooms.review.review_steps import refusal_in_buttons
from onemap.plugin.rooms.review.review_words import conclusion_word
from onemap.plugin.widgets.buttons import show_text
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.rows_and_columns import Pages, fill_room
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.widgets.working_dialog import end_dialog
from onemap.plugin.words.core_words import layer_title
from onemap.plugin.words.translation import name_list, tr


class ReviewTab(QWidget):
    """Cases of the open library, as of its day."""

    refused = pyqtSignal(object)  # Refusal
    message_sent = pyqtSignal(str)
    library_read = pyqtSignal()  # the core has had the library open, and may have written
    succeeded = pyqtSignal()  # what somebody asked for here; not what is shown because others have written
    versions_written = pyqtSignal()  # its layers too

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library = library
        self._listed_scope = ("", "")  # library and day of what is shown
        self._is_open = False
        self.listing = Asking(library.core, self, library.scope)
        self.listing.refused.connect(self._refuse_list)
        self.opening = Asking(library.core, self, lambda: library.path)  # on another day the page is read again
        self.opening.refused.connect(self._refuse)
        self.publishing = Asking(library.core, self, lambda: library.path, is_writing=True)
        self.publishing.refused.connect(self._refuse)
        self.person = PersonButton()
        self.person.changed.connect(self._read_for_person)
        self.list = CaseList(self.person)
        self.list.open_requested.connect(lambda: self.begin_case())
        self.list.case_chosen.connect(self.open_case)
        self.list.refresh_requested.connect(self.refresh)
        self.list.publish_requested.connect(self.publish)
        self.list.calendar_requested.connect(self.edit_calendar)
        self.calendar_dialog: CalendarDialog | None = None
        self.form = CaseForm(library, canvas, self.person)
        self.form.case_opened.connect(lambda answer: self._show(answer))
        self.form.refused.connect(self._refuse)
        self.form.back_requested.connect(self._leave_form)
        self.form.opened_elsewhere.connect(self.message_sent)
        self.case_page = CasePage(library, canvas, self.person)
        self.case_page.back_requested.connect(self.show_list)
        self.case_page.refused.connect(self._refuse)
        self.case_page.message_sent.connect(self.message_sent)
        self.case_page.reload_requested.connect(self.reload_case)
        self.case_page.revise_requested.connect(self.begin_case)
        self.case_page.step_done.connect(self._take_step)
        self.case_page.findings.findings_read.connect(self.library_read)
        self.case_page.documents.written.connect(lambda _path: self._end_request())
        self.pages = Pages(self.list, self.form, self.case_page)
        self.day_label, self.work = FittedLabel(), WorkRow()
        for asking in (self.listing, self.opening, self.publishing):
            self.work.follow(asking, is_patient=True)
        fill_room(self, self.day_label, self.pages, self.work)
        library.loading.connect(self._leave_other_library)
        library.listed.connect(self._follow_library)
        self.follower = LibraryFollower(library, "review list", self._list_params, self)
        self.follower.answered.connect(self._follow_others)

    def close_down(self) -> None:
        """Disconnect from the canvas and the project."""
        self.follower.follow(False)
        self.form.close_down()
        self.case_page.close_case()
        self._end_calendar()

    def set_open(self, is_looked_at: bool) -> None:
        """Refresh the page when the tab opens; remove highlights when another tab opens."""
        self._is_open = is_looked_at
        self.follower.follow(is_looked_at)
        self.case_page.findings.outline.show(is_looked_at)
        if not is_looked_at:
            self.case_page.leave_map()
        elif self._library.path and self.pages.currentWidget() is self.list:
            self.refresh()

    def refresh(self) -> None:
        """Ask the core for the cases."""
        self.listing.ask("review list", self._list_params(), self._take_list)

    def _list_params(self) -> dict[str, Any]:
        return {"library": self._library.path, "on": self._library.step_day, "view": True}

    def show_list(self) -> None:
        """Go back to the list of cases, and give it the focus."""
        has_focus = self.case_page.isAncestorOf(QApplication.focusWidget() or self)
        self.opening.forget()
        self.case_page.close_case()
        self.pages.setCurrentWidget(self.list)
        if has_focus:
            self.list.tree.setFocus()
        self.refresh()

    def open_case(self, case: str, is_followed: bool = False) -> None:
        """Show a case. is_followed: others have changed it; then a refusal on view stays."""
        params: dict[str, Any] = {"library": self._library.path, "case": case, "on": self._library.step_day}
        params["by"], params["view"] = self.person.known_name, True
        self.opening.ask("review show", params, lambda answer: self._show(answer, is_followed))

    def reload_case(self, is_followed: bool = False) -> None:
        """Read the open case again; typed text stays. is_followed: as in `open_case`."""
        if self.case_page.case is not None:
            self.open_case(self.case_page.case.id, is_followed)

    def _read_for_person(self) -> None:
        """Read the open case again: another person may take other steps."""
        if self.pages.currentWidget() is self.case_page:
            self.reload_case()

    def begin_case(self, case: Case | None = None) -> None:
        """Show the form for a new case, or for the next round of a given case."""
        self.opening.forget()
        self.form.begin(case)
        self.pages.setCurrentWidget(self.form)

    def publish(self) -> None:
        """Update the layers of approvals, earlier opinions and projects."""
        user = self.person.name()
        if not user:
            return
        params = {"library": self._library.path, "by": user, "on": self._library.step_day}
        self.publishing.ask("review publish", params, self._report_published)

    def edit_calendar(self) -> None:
        """Show the dialog with the library's working days, in which a year can be entered."""
        self._end_calendar()
        self.calendar_dialog = CalendarDialog(self._library, self.window())
        self.calendar_dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self.calendar_dialog.kept.connect(self.refresh)
        self.calendar_dialog.begin()

    def _end_calendar(self) -> None:
        end_dialog(self.calendar_dialog)
        self.calendar_dialog = None

    def _leave_other_library(self) -> None:
        """Clear the former library's cases before another is read, because a copy may have the same case."""
        scope = self._library.scope()
        if scope[0] != self._listed_scope[0]:
            self._listed_scope = scope
            self.list.forget_cases(tr("Reading the cases…"))
            self.case_page.close_case()
            if not self.form.is_working:
                self.pages.setCurrentWidget(self.list)

    def _follow_library(self) -> None:
        """Show the cases of another library, or the displayed case as of another day or beside other versions."""
        scope, page = self._library.scope(), self.case_page
        is_same, self._listed_scope = scope == self._listed_scope, scope
        if self.pages.currentWidget() is page and not (is_same and page.steps.asking.is_busy):
            self.reload_case(is_followed=is_same)  # of versions that came or went an opinion is stale
        self.person.set_account(self._library.rights.account, self._library.rights.departments)
        self.list.show_rights(self._library.rights)
        show_text(self.day_label, self._day_text())
        if self._is_open and self.pages.currentWidget() is self.list:
            self.refresh()

    def _day_text(self) -> str:
        """The note that says on which day steps are taken now; empty for none."""
        if self._library.is_rehearsal:
            return tr("Rehearsal: a step may be of any day, and nothing here counts.")
        if self._library.step_day:
            text = tr("Steps are of {day}, the chosen day, and are marked as entered late.")
            return text.format(day=self._library.step_day)
        return ""

    def _take_list(self, answer: dict[str, Any]) -> None:
        self.list.show_cases(lines_in(answer), self._library.path)
        self.list.show_remarks(answer["problems"])
        self._end_request()

    def _refuse_list(self, refusal: Refusal) -> None:
        if not self.list.lines:
            self.list.forget_cases(tr("The cases could not be read."))
        self._refuse(refusal)

    def _follow_others(self, answer: dict[str, Any]) -> None:
        """Show what others have done meanwhile, in the list or in the open case, unless a step of ours is running."""
        lines = lines_in(answer)
        current_page, page = self.pages.currentWidget(), self.case_page
        if current_page is self.list and lines != self.list.lines:
            self.list.show_cases(lines, self._library.path)
        elif current_page is page and page.case is not None and not page.steps.asking.is_busy:
            revisions = {line.case: line.revision for line in lines}
            if revisions.get(page.case.id, page.case.revision) != page.case.revision:
                self.reload_case(is_followed=True)
            else:
                page.notice.read_comments()

    def _show(self, answer: dict[str, Any], is_followed: bool = False) -> None:
        self.case_page.show_case(case_in(answer))
        self.pages.setCurrentWidget(self.case_page)
        if is_followed:
            self.library_read.emit()
        else:
            self._end_request()

    def _leave_form(self) -> None:
        """Go back to the case, which others may have changed meanwhile; without a case, to the list."""
        self.pages.setCurrentWidget(self.case_page if self.case_page.case is not None else self.list)
        if self.case_page.case is not None:
            self.reload_case()
        else:
            self.refresh()

    def _take_step(self, step: str, answer: dict[str, Any]) -> None:
        replaced_draft = answer.get("instead_of")
        if replaced_draft:
            text = tr("The earlier draft by {name} ({conclusion}) gave way to yours; it stays readable in the history.")
            conclusion = conclusion_word(replaced_draft["conclusion"])
            self.message_sent.emit(text.format(name=replaced_draft["by"], conclusion=conclusion))
        if step == "opine":
            last = next(entry for entry in reversed(answer["entries"]) if entry["action"] in ("opine", "answer"))
            if last["action"] == "opine":  # else the answer of a body was entered, and the typed text of nobody
                self.case_page.unsent_texts.drop((answer["case"], last["department"]))
        self._show_after_step(answer)
        if step == "issue":
            self.message_sent.emit(tr("Issued: {document}").format(document=answer.get("document") or ""))
            self.versions_written.emit()

    def _show_after_step(self, answer: dict[str, Any]) -> None:
        """Show the case after a step, unless the user has gone to the list or to another case meanwhile."""
        if self.case_page.case is None or self.case_page.case.id != answer["case"]:
            self._end_request()
            self.refresh()
        elif self.pages.currentWidget() is self.case_page:
            self._show(answer)
        else:  # in the form for its next round
            self.case_page.show_case(case_in(answer))
            self._end_request()

    def _report_published(self, answer: dict[str, Any]) -> None:
        updated = [f"{layer_title(code)} {label}" for code, label in (answer.get("layers") or {}).items() if label]
        text = tr("Brought up to date: {layers}").format(layers=name_list(updated))
        self.message_sent.emit(text if updated else tr("All layers were up to date."))
        self.versions_written.emit()

    def _end_request(self) -> None:
        self.library_read.emit()
        self.succeeded.emit()

    def _refuse(self, refusal: Refusal) -> None:
        if refusal.is_about("calendar.missing"):
            refusal.problems = [{**problem, "mend": ""} for problem in refusal.problems]  # the button does it
            refusal.mend = (tr("Working days…"), self.edit_calendar)
        self.refused.emit(refusal_in_buttons(refusal))
