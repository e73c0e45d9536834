"""A dialog with a typed or pasted text: the core says how it reads the text before a button uses it."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal, problem_line
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.buttons import close_button, wrapped_label
from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.rows_and_columns import Part, column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog

LOOK_AFTER_MS = 400  # since the last key


class PastedTextDialog(WorkingDialog):
    """A subclass names the file that the text becomes, asks about it in `_ask_reading`, and calls `_accept_text`."""

    FILE = ""

    def __init__(self, core: Core, title: str, text_name: str, parent: QWidget | None = None) -> None:
        super().__init__(core, title, parent)
        self.looking = Asking(core, self)  # about what is typed
        self.looking.refused.connect(self._mark)
        self.text = QPlainTextEdit(accessibleName=text_name, tabChangesFocus=True, textChanged=self._take_text)
        self.error = FieldError(self.text)
        self._is_fine = False  # what is typed
        self._timer = one_shot_timer(self, LOOK_AFTER_MS, self.look)

    def look(self) -> None:
        """Ask the core how it reads the typed text; nothing is stored."""
        self._timer.stop()
        self.error.clear()
        self.looking.forget()
        if self.text.toPlainText().strip():
            self._ask_reading(self._typed_file())

    def close_down(self) -> None:
        """Stop following the core and close."""
        self._timer.stop()
        super().close_down()

    def _ask_reading(self, source: str) -> None:
        """Ask the core about the text in a file."""
        raise NotImplementedError

    def _lay_out(self, head: str, *below: Part, button: QPushButton, size_px: tuple[int, int]) -> None:
        """Put the text under its heading, the core's reading below it, and the button at the end."""
        self.button = button
        button.setDefault(True)
        end = (self.notice, self.work, row_of((QWidget(), 1), button, close_button(self)))
        column_of(wrapped_label(head), (self.text, 1), self.error, *below, *end, inside=self)
        resize_on_screen(self, *size_px)
        name_accessibly(self)
        self._enable()

    def _begin_writing(self) -> str:
        """Stop asking about the text, and return it as a file."""
        self.notice.hide()
        self.looking.forget()
        self._timer.stop()
        return self._typed_file()

    def _typed_file(self) -> str:
        return temporary_file(self.FILE, self.text.toPlainText())

    def _take_text(self) -> None:
        self._is_fine = False
        self._enable()
        self._timer.start()

    def _accept_text(self) -> None:
        """Offer to do it: the core could read the text."""
        self._is_fine = True
        self._enable()

    def _mark(self, refusal: Refusal) -> None:
        self.error.say("\n".join(map(self._line, refusal.problems)))

    def _line(self, problem: dict[str, Any]) -> str:
        """A problem without the name of the file that was made from the typed text."""
        return problem_line(problem, (self.FILE, self.FILE.rpartition(".")[0]))

    def _enable(self) -> None:
        self.button.setEnabled(self._is_fine and not self.is_working)
