"""The room Review: the cases, one case, and the page that opens one; all through the core."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QVBoxLayout, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.review.review_case import CasePage
from onemap.plugin.review.review_cases import Case, case_in, lines_in
from onemap.plugin.review.review_list import CaseList
from onemap.plugin.review.review_open import OpenForm
from onemap.plugin.review.review_person import Person
from onemap.plugin.review.review_steps import spoken
from onemap.plugin.review.review_words import conclusion_word
from onemap.plugin.widgets.pages import Pages
from onemap.plugin.words.translation import tr


class ReviewTab(QWidget):
    """Cases of the open library, as of its day."""

    refused = pyqtSignal(object)  # Refusal
    said = pyqtSignal(str)
    touched = pyqtSignal()  # the core has had the library open, and may have written
    versions_written = pyqtSignal()  # its layers too

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library = library
        self._asked = 0
        self._shown_of = ("", "")  # library and day
        self._is_looked_at = False
        self.person = Person()
        self.list = CaseList(self.person)
        self.list.open_requested.connect(lambda: self.begin_case())
        self.list.case_chosen.connect(self.open_case)
        self.list.refresh_requested.connect(self.refresh)
        self.list.publish_requested.connect(self.publish)
        self.form = OpenForm(library, canvas, self.person)
        self.form.opened.connect(self._opened)
        self.form.refused.connect(self._refuse)
        self.form.left.connect(self._leave_form)
        self.case_page = CasePage(library, canvas, self.person)
        self.case_page.left.connect(self.show_list)
        self.case_page.refused.connect(self._refuse)
        self.case_page.said.connect(self.said)
        self.case_page.reload_requested.connect(self.look_again)
        self.case_page.revise_requested.connect(self.begin_case)
        self.case_page.stepped.connect(self._stepped)
        self.case_page.findings.read.connect(self.touched)
        self.case_page.documents.written.connect(lambda _path: self.touched.emit())
        self.pages = Pages()
        for page in (self.list, self.form, self.case_page):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 6, 4, 4)
        layout.addWidget(self.pages)
        library.listed.connect(self._library_listed)

    def close_down(self) -> None:
        """Let go of the canvas and of the project."""
        self.form.close_down()
        self.case_page.forget()

    def look_at(self, is_looked_at: bool) -> None:
        """The room is shown, or another is: what is shown is read anew, highlights go."""
        self._is_looked_at = is_looked_at
        self.case_page.findings.outline.show(is_looked_at)
        if not is_looked_at:
            self.case_page.leave_map()
        elif self._library.path and self.pages.currentWidget() is self.list:
            self.refresh()

    def refresh(self) -> None:
        """Ask the core for the cases."""
        self._asked += 1
        number = self._asked
        request = self._library.core.ask("review list", {"library": self._library.path, "on": self._library.day})
        request.answered.connect(lambda answer: self._take_list(number, answer))
        request.refused.connect(self._refuse)

    def show_list(self) -> None:
        """Back to the cases."""
        self.case_page.forget()
        self.pages.setCurrentWidget(self.list)
        self.refresh()

    def open_case(self, case: str) -> None:
        """Show a case."""
        params = {"library": self._library.path, "case": case, "on": self._library.day}
        request = self._library.core.ask("review show", {**params, "by": self.person.known_name})
        path = self._library.path
        request.answered.connect(lambda answer: self._show(answer) if path == self._library.path else None)
        request.refused.connect(self._refuse)

    def look_again(self) -> None:
        """Show the open case as it now stands; what is typed stays."""
        if self.case_page.case is not None:
            self.open_case(self.case_page.case.id)

    def begin_case(self, case: Case | None = None) -> None:
        """Ask for a new case, or for the next round of one."""
        self.form.begin(case)
        self.pages.setCurrentWidget(self.form)

    def publish(self) -> None:
        """Bring the layers of approvals, earlier opinions and projects up to date."""
        by = self.person.name()
        if not by:
            return
        request = self._library.core.ask("review publish", {"library": self._library.path, "by": by})
        request.answered.connect(self._published)
        request.refused.connect(self._refuse)

    def _library_listed(self) -> None:
        """Another library or day: what was shown is of another."""
        shown_of = (self._library.path, self._library.day)
        if shown_of != self._shown_of:
            is_other_library = shown_of[0] != self._shown_of[0]
            self._shown_of = shown_of
            if is_other_library:
                self.list.show_cases([])
                self.case_page.forget()
                if not self.form.is_working:
                    self.pages.setCurrentWidget(self.list)
            elif self.pages.currentWidget() is self.case_page:
                self.look_again()
        self.person.show_name()
        if self._is_looked_at and self.pages.currentWidget() is self.list:
            self.refresh()

    def _take_list(self, number: int, answer: dict[str, Any]) -> None:
        if number == self._asked:
            self.list.show_cases(lines_in(answer))
        self.touched.emit()

    def _show(self, answer: dict[str, Any]) -> None:
        self.case_page.show_case(case_in(answer))
        self.pages.setCurrentWidget(self.case_page)
        self.touched.emit()

    def _opened(self, answer: dict[str, Any]) -> None:
        self._show(answer)

    def _leave_form(self) -> None:
        self.pages.setCurrentWidget(self.case_page if self.case_page.case is not None else self.list)

    def _stepped(self, step: str, answer: dict[str, Any]) -> None:
        before = answer.get("instead_of")
        if before:
            text = tr("The earlier draft by {name} ({conclusion}) gave way to yours; it stays readable in the history.")
            self.said.emit(text.format(name=before["by"], conclusion=conclusion_word(before["conclusion"])))
        if step == "opine":
            department = next(e["department"] for e in reversed(answer["entries"]) if e["action"] == "opine")
            self.case_page.typed.drop((answer["case"], answer["round"], department))
        self._show(answer)
        if step == "issue":
            self.said.emit(tr("Issued: {document}").format(document=answer.get("document") or ""))
            self.versions_written.emit()

    def _published(self, answer: dict[str, Any]) -> None:
        new = [f"{code} {label}" for code, label in (answer.get("layers") or {}).items() if label]
        self.said.emit(
            tr("Brought up to date: {layers}").format(layers=", ".join(new))
            if new
            else tr("All layers were up to date.")
        )
        self.versions_written.emit()

    def _refuse(self, refusal: Refusal) -> None:
        self.refused.emit(spoken(refusal))
