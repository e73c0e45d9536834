"""The public notices of a case: their last days, the public's comments, and the lead's replies."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_words import offer_step, step_word
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import tr

NUMBER, TEXT, WHO = 0, 1, 2


class NoticeView(QWidget):
    """The comments on the last notice, with actions that reply to a comment and that erase its author."""

    step_requested = pyqtSignal(str, int)  # respond or erase, and the comment
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._case: Case | None = None
        self.asking = Asking(library.core, self, lambda: (library.path, self._case and self._case.id))
        self.asking.refused.connect(self.refused)
        self.head = wrapped_label(tr("No public notice yet: the lead department opens one among the steps."))
        self.head.setAlignment(Qt.AlignmentFlag.AlignTop)  # it has the whole page while there is no notice
        self.tree = AnswerTree(tr("Comments"), (tr("Number"), tr("Comment"), tr("Written by")))
        wrap_names(self.tree, column=TEXT)
        fit_columns(self.tree, TEXT)
        self.tree.currentItemChanged.connect(lambda *_: self._enable())
        self.buttons = {step: QPushButton() for step in ("respond", "erase")}
        for step, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, chosen_step=step: self._begin_step(chosen_step))
        # One below the other: side by side they would make the dock wider than 320 pixels.
        column_of(self.head, (self.tree, 1), *self.buttons.values(), inside=self, is_tight=True)
        self._enable()

    def show_case(self, case: Case) -> None:
        """Show a case's last notice."""
        if self._case is None or self._case.id != case.id:
            self.tree.clear()
        self._case = case
        has_notice = bool(case.notices)
        self.tree.setVisible(has_notice)
        for step, button in self.buttons.items():
            button.setText(step_word(step) + "…")  # the core's words are known by now
            button.setVisible(has_notice)
        self._enable()
        if not has_notice:
            self.head.setText(tr("No public notice yet: the lead department opens one among the steps."))
            return
        self.read_comments()

    def read_comments(self) -> None:
        """Ask for the comments anew: to write one is no step of the case."""
        if self._case is not None and self._case.notices:
            params = {"library": self._library.path, "case": self._case.id, "view": True}
            self.asking.ask("review comments", params, self._show)

    def _show(self, answer: dict[str, Any]) -> None:
        self._case.notices[-1] = answer["notice"]
        part, chosen_comment = answer["view"][0], self._comment()
        self.head.setText(part["name"])
        self.tree.show_rows(part["rows"])
        if chosen_comment:
            self.tree.choose({"comment": chosen_comment})
        self._enable()

    def _comment(self) -> int:
        """The number of the selected comment, or of the comment above a selected reply; 0 for none."""
        return int(self.tree.current_about.get("comment") or 0)

    def _begin_step(self, step: str) -> None:
        self.step_requested.emit(step, self._comment())

    def _enable(self) -> None:
        for step, button in self.buttons.items():
            why_not = self._case.steps.get(step) if self._case is not None else None
            offer_step(button, why_not, bool(self._comment()))
