"""Makes the sample city with the core's own verbs: its files, a library, and its layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QLabel, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.library.layer_list import layers_in
from onemap.plugin.profile.paths import free_path
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.translation import tr, with_label

SHARE_OF_FILES = 0.2  # of the work is making the files; the rest is adding the layers


class SampleMaker(QObject):
    """The making of one sample city: sample, new, then add for each layer."""

    progressed = pyqtSignal(float, str)
    finished = pyqtSignal(str, str)  # the library, the file of parcels
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.asking = Asking(core, self, is_writing=True)
        self.asking.progressed.connect(self._show)
        self.asking.refused.connect(self.refused)
        self._library = folder / "library.gpkg"
        self._city: dict[str, Any] = {}
        self._layers: list[dict[str, Any]] = []
        self._titles: dict[str, str] = {}  # of the catalogue's layers, by code
        self._added = 0

    def start(self) -> None:
        """Start."""
        self._ask("sample", {"folder": str(self._folder)}, self._make_library)

    def cancel(self) -> None:
        """Cancel; what was made so far stays in the folder."""
        self.asking.cancel()

    def _ask(self, verb: str, params: dict[str, Any], on_answer: Any) -> None:
        self.asking.ask(verb, params, on_answer, tr("Make the sample city"))

    def _make_library(self, _answer: dict[str, Any]) -> None:
        try:
            self._city = json.loads((self._folder / "city.json").read_text(encoding="utf-8"))
            self._layers = json.loads((self._folder / "layers.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self.refused.emit(Refusal(str(error)))
            return
        params = {
            "library": str(self._library),
            "crs": self._city["crs"],
            "name": self._city.get("name"),
            "district": str(self._folder / self._city["district"]),
        }
        self._ask("new", params, self._ask_titles)

    def _ask_titles(self, _answer: dict[str, Any]) -> None:
        self._ask("layers", {"library": str(self._library)}, self._learn_titles)

    def _learn_titles(self, answer: dict[str, Any]) -> None:
        self._titles = {layer.code: layer.title for layer in layers_in(answer)}
        self._add_next(answer)

    def _add_next(self, _answer: dict[str, Any]) -> None:
        if self._added == len(self._layers):
            self.finished.emit(str(self._library), str(self._folder / self._city["parcels"]))
            return
        layer = self._layers[self._added]
        self._added += 1
        options = dict(layer.get("options") or {})
        covers = options.get("covers")
        if covers and covers not in ("district", "extent"):
            options["covers"] = str(self._folder / covers)
        source = str(self._folder / layer["file"])
        params = {"library": str(self._library), "source": source, "as": layer["code"], **options}
        self._ask("add", params, self._add_next)

    def _show(self, fraction: float, step: str) -> None:
        if not self._layers and not fraction:
            return  # making the files tells no share: the bar goes on to show that there is work
        if not self._layers:
            share = SHARE_OF_FILES * fraction
        else:
            share = SHARE_OF_FILES + (1 - SHARE_OF_FILES) * max(0, self._added - 1 + fraction) / len(self._layers)
            if self._added:
                step = with_label(self._titles[self._layers[self._added - 1]["code"]], step)
        self.progressed.emit(share, step)


class SamplePage(QWidget):
    """Makes one sample city at a time, with its progress and a cancel button."""

    made = pyqtSignal(str, str)  # the library, the file of parcels
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core) -> None:
        super().__init__()
        self._core = core
        self._maker: SampleMaker | None = None
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        column_of(QLabel(tr("Making the sample city")), self.work, 0, inside=self)

    @property
    def is_working(self) -> bool:
        """Whether a city is being made."""
        return self._maker is not None

    def make_in(self, folder: Path) -> None:
        """Make the sample city in an empty folder, or in a new one inside."""
        if folder.exists() and any(folder.iterdir()):
            folder = free_path(folder, "onemap-sample-city", "")
        self._maker = SampleMaker(self._core, folder, self)
        self._maker.progressed.connect(self.work.show_progress)
        self._maker.finished.connect(self._finish)
        self._maker.refused.connect(self._refuse)
        self.work.begin("")
        self._maker.start()

    def cancel(self) -> None:
        """Cancel; what was made so far stays in the folder."""
        if self._maker is not None:
            self._maker.cancel()

    def _finish(self, library: str, parcels: str) -> None:
        self._maker = None
        self.made.emit(library, parcels)

    def _refuse(self, refusal: Refusal) -> None:
        self._maker = None
        self.refused.emit(refusal)
