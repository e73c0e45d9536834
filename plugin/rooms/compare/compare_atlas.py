"""The button that prints a comparison, or adds it to the library as a layer; the core does both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QMenu, QToolButton

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.compare.compare_results import Comparison
from onemap.plugin.widgets.buttons import offer
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.target_file import ask_document, open_file
from onemap.plugin.words.file_forms import file_forms
from onemap.plugin.words.translation import tr

ATLAS_FORMS = file_forms([".pdf", ".docx"])
REPORT_FORMS = file_forms([".docx", ".pdf", ".html"])


class AtlasButton(QToolButton):
    """Prints the comparison on display: the types chosen in the matrix, else all types of difference."""

    written = pyqtSignal(str, dict)  # the file, and the core's answer
    refused = pyqtSignal(object)  # Refusal
    keep_requested = pyqtSignal(str, str)  # run, types with commas between: as a layer of the library

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(icon=icon("atlas"), popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip(
            tr("Print an atlas or a report, or keep in the library; types chosen in the matrix, else all differences")
        )
        self._library = library
        self.asking = Asking(library.core, self, is_writing=True)  # a file is there whatever is open by then
        self.asking.refused.connect(self.refused)
        self._comparison: Comparison | None = None
        self._types: list[str] = []
        self.kinds = QMenu(self, toolTipsVisible=True, aboutToShow=self._offer_keeping)
        self.kinds.addAction(tr("One page for each cluster…"), lambda: self._choose("cluster"))
        self.kinds.addAction(tr("One page for each spot…"), lambda: self._choose("spot"))
        self.kinds.addAction(icon("document"), tr("Report for Word, as PDF or as a page…"), self._choose_report)
        self.kinds.addSeparator()
        self._keep_action = self.kinds.addAction(
            icon("spots"), tr("Keep in the library as difference spots…"), self._keep
        )
        self.setMenu(self.kinds)
        self.show_comparison(None)

    def show_comparison(self, comparison: Comparison | None) -> None:
        """Set the comparison to print; a comparison that the library does not store cannot be printed."""
        self._comparison, self._types = comparison, []
        self.setEnabled(comparison is not None and bool(comparison.record.get("recorded", True)))

    def choose_types(self, types: Iterable[str]) -> None:
        """Set the types to print; none: all that differ."""
        self._types = sorted(set(types))

    def _offer_keeping(self) -> None:
        offer(self._keep_action, self._library.rights.why_not_owner)

    def _choose(self, unit: str) -> None:
        name = " ".join(self._comparison.plans)
        ask_document(self, tr("Print an atlas"), name, ATLAS_FORMS, lambda path: self.write(path, unit))

    def _choose_report(self) -> None:
        name = " ".join(self._comparison.plans)
        ask_document(self, tr("Print the report of a comparison"), name, REPORT_FORMS, self.write_report)

    def _keep(self) -> None:
        self.keep_requested.emit(str(self._comparison.record.get("id")), ",".join(self._types))

    def write(self, path: str, unit: str) -> None:
        """Ask the core to print. An existing file is replaced, because the user has confirmed it.

        path: the PDF file.
        unit: what each page shows: a `cluster` or a `spot`.
        """
        self._write("atlas", path, {"by": unit, "type": ",".join(self._types)}, tr("Print an atlas"))

    def write_report(self, path: str) -> None:
        """Ask the core to print the report. An existing file is replaced, because the user has confirmed it."""
        self._write("comparison", path, {}, tr("Print the report of a comparison"))

    def _write(self, verb: str, path: str, more: dict[str, Any], title: str) -> None:
        def show(answer: dict[str, Any]) -> None:
            open_file(path)
            self.written.emit(path, answer)

        run = {"library": self._comparison.library_path, "run": self._comparison.record.get("id")}
        self.asking.ask(verb, {**run, "target": path, "overwrite": True, **more}, show, title)
