"""What somebody has to look at: the core's warnings in a list by kind, each with its ground on the map."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProcessingUtils, QgsVectorLayer
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.library.verb_view import VerbView
from onemap.plugin.numbers.row_sizes import row_size
from onemap.plugin.numbers.unit_values import LOOK_OF, STATUSES, measured_text, reasons_text
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import length_text
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verdicts import sign_icon

NAME, VALUE = 0, 1
ROLE_ID = Qt.ItemDataRole.UserRole
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
MIN_ROWS = 6
ShowPlace = Callable[[QgsGeometry, QgsCoordinateReferenceSystem], None]


class WarningView(VerbView):
    """One list at a time. show_place: zooms to a geometry in its coordinate system, and flashes it."""

    working = pyqtSignal(bool)

    def __init__(self, library: OpenLibrary, show_place: ShowPlace, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self._show_place = show_place
        self._grounds: dict[str, QgsGeometry] = {}
        self._system = QgsCoordinateReferenceSystem()
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("What to look at"))
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([tr("What to look at"), tr("Value")])
        self.tree.headerItem().setTextAlignment(VALUE, RIGHT)
        self.tree.setIndentation(12)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setMinimumHeight(MIN_ROWS * (self.fontMetrics().lineSpacing() + 4))
        self.note = QLabel()
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.work)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.note)
        self._show_result(False)
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        library.loading.connect(self._clear_other_scope)

    def look(self, unit_layer: str) -> None:
        """Ask the core for the warnings. unit_layer: the code of the layer of units; empty for the whole district."""
        if self.is_working or not self._library.path:
            return
        folder = Path(QgsProcessingUtils.generateTempFilename("warnings"))
        folder.mkdir(parents=True, exist_ok=True)
        params = {
            "library": self._library.path,
            "unit": unit_layer,
            "as_of": self._library.day,
            "out": str(folder / "warnings.gpkg"),
        }
        request = self._library.core.ask("warnings", params, tr("What to look at"))
        request.refused.connect(lambda _refusal: shutil.rmtree(folder, ignore_errors=True))
        self._follow(
            request, lambda answer: self._show(folder, answer), lambda: shutil.rmtree(folder, ignore_errors=True)
        )

    def clear(self) -> None:
        """Forget the list."""
        self._grounds = {}
        self.tree.clear()
        self._show_result(False)

    def close_down(self) -> None:
        """Cancel."""
        self.cancel()

    def _show(self, folder: Path, answer: dict[str, Any]) -> None:
        self._read_grounds(folder / "warnings.gpkg")
        shutil.rmtree(folder, ignore_errors=True)
        rows = answer["warnings"]
        kinds = dict.fromkeys(row["kind"] for row in (*rows, *answer["unlooked"]))
        for kind in kinds:
            of_kind = [row for row in rows if row["kind"] == kind]
            head = QTreeWidgetItem(self.tree, [word("warning_kinds", kind), str(len(of_kind))])
            head.setTextAlignment(VALUE, RIGHT)
            head.setToolTip(NAME, head.text(NAME))
            for row in sorted(of_kind, key=lambda row: STATUSES.index(row["status"])):
                self._add(head, row)
            for one in answer["unlooked"]:
                if one["kind"] == kind:
                    self._add_unlooked(head, one)
            head.setExpanded(True)
        count = tr("{count} matters, {ground} of them with a place: double click or Enter goes there")
        has_none = tr("Nothing to look at.")
        self.note.setText(count.format(count=len(rows), ground=len(self._grounds)) if rows else has_none)
        self._show_result(True)
        self.results_shown.emit()

    def _add(self, parent: QTreeWidgetItem, row: dict[str, Any]) -> None:
        value, limit = _value(row)
        is_measured = row["value"] is not None or row["days_left"] is not None
        subject, place = self._subject(row)
        second = " · ".join(filter(None, (place, _why(row), "" if is_measured else limit)))
        text = "\n".join(filter(None, (value, limit))) if is_measured else ""
        item = QTreeWidgetItem(parent, [f"{subject}\n{second}", text])
        item.setFirstColumnSpanned(not is_measured)
        item.setSizeHint(NAME, row_size(self.tree.fontMetrics(), (item.text(NAME), text)))
        item.setToolTip(NAME, item.text(NAME))
        item.setTextAlignment(VALUE, RIGHT)
        item.setData(NAME, ROLE_ID, row["id"])
        if row["status"] in LOOK_OF:
            item.setIcon(NAME, sign_icon(LOOK_OF[row["status"]], self.palette()))

    def _add_unlooked(self, parent: QTreeWidgetItem, one: dict[str, Any]) -> None:
        """What could not be looked at, and why."""
        text = with_label(word("indicator_statuses", "unknown"), reasons_text(one["reason"]))
        item = QTreeWidgetItem(parent, [" ".join(filter(None, (text, self._layer_title(one.get("layer")))))])
        item.setToolTip(NAME, item.text(NAME))
        item.setFirstColumnSpanned(True)
        item.setIcon(NAME, sign_icon("unknown", self.palette()))

    def _subject(self, row: dict[str, Any]) -> tuple[str, str]:
        """What a warning is about, and where: the indicator and its unit, the feature and its layer."""
        if row["kind"] == "expiry" and row["subject"] == row["reason"]:
            return self._layer_title(row["layer"]), ""
        own = str(row.get("title") or row["subject"])
        place = str(row.get("unit_title") or row["unit"] or "") or self._layer_title(row["layer"])
        return own, place

    def _layer_title(self, code: str | None) -> str:
        entry = self._library.entry(code) if code else None
        return entry.title if entry is not None else str(code or "")

    def _read_grounds(self, path: Path) -> None:
        layer = QgsVectorLayer(f"{path}|layername=warnings", "", "ogr")
        self._system = layer.crs()
        self._grounds = {feature["id"]: feature.geometry() for feature in layer.getFeatures() if feature.hasGeometry()}

    def _go_to(self, item: QTreeWidgetItem) -> None:
        ground = self._grounds.get(item.data(NAME, ROLE_ID))
        if ground is not None:
            self._show_place(ground, self._system)

    def _show_result(self, is_shown: bool) -> None:
        for widget in (self.tree, self.note):
            widget.setVisible(is_shown)
        self._enable()

    def _clear_other_scope(self) -> None:
        if self.tree.topLevelItemCount() and self._result_scope != self._current_scope:
            self.clear()

    def _enable(self) -> None:
        self.working.emit(self.is_working)


def _why(row: dict[str, Any]) -> str:
    """The status in words, and why; its sign is the icon beside it."""
    reason = str(row["reason"] or "")
    words = reason if row["kind"] == "sums" else reasons_text(reason)
    if row["nearest"] is not None:
        nearest = tr("nearest approval {name}, {distance}")
        words = f"{words}, {nearest.format(name=row['nearest'], distance=length_text(row['distance_m']))}"
    named = word("indicator_statuses", row["status"])
    if row["kind"] != "quota" and row["status"] != "unknown":  # what is no quota cannot be broken
        named = tr("alarm") if row["status"] == "alarm" else tr("warning")
    return with_label(named, words) if words else named


def _value(row: dict[str, Any]) -> tuple[str, str]:
    """The value, and its limit; of a permit the days, and the day."""
    if row["days_left"] is not None:
        left = int(row["days_left"])
        text = tr("ended {days} d ago") if left < 0 else tr("ends in {days} d")
        return text.format(days=abs(left)), str(row["day"])
    measure = str(row["unit_of_measure"] or "count")
    limit = "" if row["limit"] is None else f"/ {measured_text(row['limit'], measure)}"
    return measured_text(row["value"], measure), limit
