"""The page on which the sample city is made with the core's own verbs: its files, a library, and its layers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QLabel, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core, Request
from onemap.plugin.connection.refusals import Refusal, cancel_refusal
from onemap.plugin.desk.library.layer_list import layers_in
from onemap.plugin.profile.paths import free_path
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.widgets.work_row import WorkRow
from onemap.plugin.words.translation import tr, with_label

SHARE_OF_FILES = 0.2  # of the work is making the files; the rest is adding the layers


class SamplePage(QWidget):
    """Makes one sample city at a time: sample, new, then add for each layer; with progress and a cancel button."""

    made = pyqtSignal(str, str)  # the library, the file of parcels
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.asking = Asking(core, self, is_writing=True)
        self.asking.progressed.connect(self._show_progress)
        self.asking.refused.connect(self._refuse)
        self._folder = Path()
        self._city: dict[str, Any] = {}
        self._layers: list[dict[str, Any]] = []
        self._titles: dict[str, str] = {}  # of the catalogue's layers, by code
        self._added_count = 0
        self._step: Request | None = None  # the latest
        self.work = WorkRow()
        self.work.cancelled.connect(self.cancel)
        self.work.hide()
        column_of(QLabel(tr("Making the sample city")), self.work, 0, inside=self)

    @property
    def is_working(self) -> bool:
        """Whether a city is being made."""
        return self.asking.is_busy

    def make_in(self, folder: Path) -> None:
        """Make the sample city in an empty folder, or in a new one inside."""
        is_full = folder.exists() and any(folder.iterdir())
        self._folder = free_path(folder, "onemap-sample-city", "") if is_full else folder
        self._layers, self._added_count, self._step = [], 0, None
        self.work.begin("")
        self._ask("sample", {"folder": str(self._folder)}, self._make_library)

    def cancel(self) -> None:
        """Cancel; what was made so far stays in the folder."""
        self.asking.cancel()

    @property
    def _library(self) -> str:
        return str(self._folder / "library.gpkg")

    def _ask(self, verb: str, params: dict[str, Any], on_answer: Any) -> None:
        if self._step is not None and self._step.is_cancelled:  # when it was already done
            self._refuse(cancel_refusal())
            return
        self._step = self.asking.ask(verb, params, on_answer, tr("Make the sample city"))

    def _make_library(self, _answer: dict[str, Any]) -> None:
        try:
            self._city = json.loads((self._folder / "city.json").read_text(encoding="utf-8"))
            self._layers = json.loads((self._folder / "layers.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            self._refuse(Refusal(str(error)))
            return
        params = {
            "library": self._library,
            "crs": self._city["crs"],
            "name": self._city.get("name"),
            "district": str(self._folder / self._city["district"]),
        }
        self._ask("new", params, self._ask_titles)

    def _ask_titles(self, _answer: dict[str, Any]) -> None:
        self._ask("layers", {"library": self._library}, self._learn_titles)

    def _learn_titles(self, answer: dict[str, Any]) -> None:
        self._titles = {layer.code: layer.title for layer in layers_in(answer)}
        self._add_next(answer)

    def _add_next(self, _answer: dict[str, Any]) -> None:
        if self._added_count == len(self._layers):
            self.work.hide()
            self.made.emit(self._library, str(self._folder / self._city["parcels"]))
            return
        layer = self._layers[self._added_count]
        self._added_count += 1
        options = dict(layer.get("options") or {})
        covers = options.get("covers")
        if covers and covers not in ("district", "extent"):
            options["covers"] = str(self._folder / covers)
        source = str(self._folder / layer["file"])
        params = {"library": self._library, "source": source, "as": layer["code"], **options}
        self._ask("add", params, self._add_next)

    def _show_progress(self, fraction: float, step: str) -> None:
        if not self._layers and not fraction:
            return  # making the files tells no share: the bar goes on to show that there is work
        if not self._layers:
            share = SHARE_OF_FILES * fraction
        else:
            share = SHARE_OF_FILES + (1 - SHARE_OF_FILES) * max(0, self._added_count - 1 + fraction) / len(self._layers)
            if self._added_count:
                step = with_label(self._titles[self._layers[self._added_count - 1]["code"]], step)
        self.work.show_progress(share, step)

    def _refuse(self, refusal: Refusal) -> None:
        self.work.hide()
        self.refused.emit(refusal)
