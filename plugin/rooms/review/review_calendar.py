"""The working days that deadlines count, and the entry of a year from the State Council's notice."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.desk.answers.answer_tree import AnswerTree
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.buttons import offer, push_button
from onemap.plugin.widgets.pasted_text_dialog import PastedTextDialog
from onemap.plugin.words.translation import tr

SIZE_PX = (640, 620)


class CalendarDialog(PastedTextDialog):
    """The core checks the pasted text of a notice and shows its days before the year is stored."""

    FILE = "notice.txt"
    kept = pyqtSignal()

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Working days"), tr("The State Council's notice"), parent)
        self._library = library
        self._params = {"library": library.path, "view": True}
        self.years = AnswerTree(tr("Working days"), [tr("Year"), tr("Known from")])
        head = tr(
            "Deadlines are counted in working days. When a year is not known yet, paste the State Council's notice "
            "on its holidays, whole and with its heading; its days are shown below before they are kept."
        )
        button = push_button(tr("Keep with the library"), sign="keep", action=lambda _checked: self.keep())
        self._lay_out(head, (self.years, 1), button=button, size_px=SIZE_PX)
        HelpKey(self)

    def begin(self) -> None:
        """Show the dialog with the years that the library has."""
        self.show()
        self._ask_core("calendar", self._params, self._show_years, tr("Starting…"))

    def keep(self) -> None:
        """Store the year of the pasted text in the library."""
        params = {**self._params, "notice": self._begin_writing(), "keep": True}
        title = tr("Keep the year")
        self._ask_core("calendar", params, self._say_kept, title, title)

    def _enable(self) -> None:
        super()._enable()
        offer(self.button, self._library.rights.why_not_owner, self.button.isEnabled())

    def _ask_reading(self, source: str) -> None:
        self.looking.ask("calendar", {**self._params, "notice": source}, self._show_pasted)

    def _show_years(self, answer: dict[str, Any]) -> None:
        self.years.show_rows([row for row in answer["view"] if row["name"]])

    def _show_pasted(self, answer: dict[str, Any]) -> None:
        self._show_years(answer)
        self._accept_text()

    def _say_kept(self, answer: dict[str, Any]) -> None:
        self._show_years(answer)
        self.text.clear()
        self.notice.say(tr("The year is kept with the library. Deadlines are counted by it from now on."))
        self.kept.emit()
