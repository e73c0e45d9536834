"""The button that prints the query sheets of the chosen parcels; the core checks them and writes the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QToolButton

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_document, open_file
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import Count, tr

FORMS = file_forms([".pdf", ".docx", ".html"])


class SheetButton(QToolButton):
    """Prints a sheet for each parcel into one file, and opens it.

    asked_params: returns the parameters of a check of the chosen parcels; None if there is nothing to check.
    """

    written = pyqtSignal(str)  # what is said of the file
    begun = pyqtSignal()
    refused = pyqtSignal(object, dict)  # Refusal, and the parameters that it is of

    def __init__(self, core: Core, asked_params: Callable[[], dict[str, Any] | None]) -> None:
        hint = tr("Print query sheets: what every plan says of the chosen parcels, a page or two for each, in one file")
        super().__init__(icon=icon("sheet"), autoRaise=True, toolTip=hint, accessibleName=tr("Print query sheets"))
        self._asked_params = asked_params
        self.asking = Asking(core, self, is_writing=True)  # a file is there whatever is open by then
        self.clicked.connect(self._choose)

    def write(self, path: str) -> None:
        """Ask the core to print. An existing file is replaced, because the user has confirmed it."""
        params = self._asked_params()
        if params is None:
            return
        self.begun.emit()
        self.asking.ask(
            "sheet",
            {**params, "target": path, "overwrite": True},
            lambda answer: self._open(path, answer),
            tr("Print query sheets"),
            refuse=lambda refusal: self.refused.emit(refusal, params),
        )

    def _choose(self) -> None:
        ask_document(self, tr("Print query sheets"), tr("Query sheets"), FORMS, self.write)

    def _open(self, path: str, answer: dict[str, Any]) -> None:
        open_file(path)
        count = Count(answer.get("parcels", 0))
        self.written.emit(tr("{count:# query sheet|# query sheets}: {path}").format(count=count, path=path))
