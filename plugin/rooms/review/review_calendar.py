"""The working days by which deadlines are counted, and a year that is entered from the State Council's notice."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHeaderView, QPlainTextEdit, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import dock_controls
from onemap.plugin.words.translation import tr

SIZE_PX = (640, 620)
LOOK_AFTER_MS = 400  # since the last key


class CalendarDialog(WorkingDialog):
    """The pasted text of a notice is checked by the core, which shows its days, before it is kept."""

    kept = pyqtSignal()

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, parent)
        self.setWindowTitle(tr("Working days"))
        self._home = library.path
        self.looking = Asking(library.core, self)  # about what is pasted
        self.looking.refused.connect(self._mark)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(tr("The State Council's notice"))
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._take_text)
        self.error = FieldError(self.text)
        self.years = AnswerTree(tr("Working days"), [tr("Year"), tr("Known from")])
        self.years.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.years.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.notice = Notice(dock_controls())
        self.keep_button = push_button(tr("Keep with the library"), sign="keep", action=lambda _checked: self.keep())
        self._is_fine = False  # what is pasted
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_AFTER_MS)
        self._timer.timeout.connect(self.look)
        self._build()
        self._enable()

    def begin(self) -> None:
        """Show the dialog, and the years as the library has them."""
        self.show()
        self._ask_core("calendar", {"library": self._home, "view": True}, self._show_years, tr("Starting…"))

    def look(self) -> None:
        """Ask the core what the pasted text says; nothing is stored."""
        self._timer.stop()
        params = {"library": self._home, "view": True}
        if self.text.toPlainText().strip():
            params["notice"] = self._pasted_file()
        self.looking.ask("calendar", params, self._show_pasted)

    def keep(self) -> None:
        """Keep the year of the pasted text with the library."""
        self.notice.hide()
        self.looking.forget()
        self._timer.stop()
        params = {"library": self._home, "notice": self._pasted_file(), "keep": True, "view": True}
        title = tr("Keep the year")
        self._ask_core("calendar", params, self._say_kept, title, title)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal."""
        self.notice.refuse(refusal)

    def close_down(self) -> None:
        """Stop following the core and close."""
        self._timer.stop()
        super().close_down()

    def _build(self) -> None:
        head = wrapped_label(
            tr(
                "Deadlines are counted in working days. When a year is not known yet, paste the State Council's notice "
                "on its holidays, whole and with its heading; its days are shown below before they are kept."
            )
        )
        close_button = push_button(tr("Close"), action=self.close)
        close_button.setAutoDefault(False)
        buttons = row_of((QWidget(), 1), self.keep_button, close_button)
        column_of(head, (self.text, 1), self.error, (self.years, 1), self.notice, self.work, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)
        name_accessibly(self)
        HelpKey(self)

    def _pasted_file(self) -> str:
        return temporary_file("notice.txt", self.text.toPlainText())

    def _take_text(self) -> None:
        self._is_fine = False
        self._enable()
        self._timer.start()

    def _show_years(self, answer: dict[str, Any]) -> None:
        self.years.show_rows([row for row in answer["view"] if row["name"]])

    def _show_pasted(self, answer: dict[str, Any]) -> None:
        self.error.clear()
        self._show_years(answer)
        self._is_fine = answer["has_notice"]
        self._enable()

    def _mark(self, refusal: Refusal) -> None:
        self.error.say(str(refusal))

    def _say_kept(self, answer: dict[str, Any]) -> None:
        self._show_years(answer)
        self.text.clear()
        self.notice.say(tr("The year is kept with the library. Deadlines are counted by it from now on."))
        self.kept.emit()

    def _enable(self) -> None:
        self.keep_button.setEnabled(self._is_fine and not self.is_working)
