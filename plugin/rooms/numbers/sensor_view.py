"""Sensors on the map by age and status, at the end of the chosen day; the core gives their states and styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import put_on_top
from onemap.plugin.rooms.numbers.table_request import TableView
from onemap.plugin.rooms.numbers.unit_map import TemporaryLayer
from onemap.plugin.widgets.buttons import push_button, tool_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.target_file import ask_toml_file
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import Count, tr

READINGS = "JCSJ"
END_OF_DAY = "T23:59:59+08:00"  # the zone in which the core counts days


class SensorView(TableView):
    """Shows one moment at a time; the layer stays on the map while its tab is visible."""

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(library)
        self.map = TemporaryLayer()
        self._limits = ""
        self.button = push_button(
            tr("Sensors"),
            sign="sensors",
            hint=tr("Show each sensor on the map by its status and by how old its last reading is"),
            action=lambda: self.look(),
        )
        name = tr("Limits of the readings…")
        self.limits_button = tool_button("file", name, lambda: ask_toml_file(self, name, self.use_limits), name)
        self.note = wrapped_label()
        self.note.hide()
        row = row_of((self.button, 1), self.limits_button)
        column_of(row, self.work, self.note, inside=self, is_tight=True)
        library.listed.connect(self._enable)
        self._enable()

    def use_limits(self, path: str) -> None:
        """Compare readings with the limits in a file from now on."""
        self._limits = path
        self.limits_button.setToolTip(Path(path).name)

    def look(self) -> None:
        """Ask the core for the states of the sensors at the end of the chosen day, or now."""
        day = self._library.day
        moment = f"{day}{END_OF_DAY}" if day else QDateTime.currentDateTimeUtc().toString(Qt.DateFormat.ISODate)
        params = {"at": moment, "looks": True, "limits": self._limits}
        self.ask_tables("readings", self.button.text(), params, self._show)

    def clear(self) -> None:
        """Take the sensors off the map."""
        self.map.hide()
        self.note.hide()

    def _show(self, tables: Path, answer: dict[str, Any]) -> None:
        source = QgsVectorLayer(f"{tables}|layername=status", "", "ogr")
        layer = self.map.make(f"Point?crs={source.crs().authid()}", source.crs())
        layer.dataProvider().addAttributes(source.fields())
        layer.updateFields()
        features = [feature for feature in source.getFeatures() if not feature.geometry().isEmpty()]
        layer.dataProvider().addFeatures(features)
        layer.updateExtents()
        document = QDomDocument()
        if document.setContent(answer["look"]):
            layer.importNamedStyle(document)
        layer.setName(f"{self.button.text()} · {moment_text(str(answer['at']))}")
        put_on_top(layer)
        summary = tr("{count:# sensor|# sensors}, {placed} with a place.").format(
            count=Count(len(answer["nodes"])), placed=Count(len(features))
        )
        self.note.setText("\n".join([summary, *(str(one["message"]) for one in answer.get("problems") or ())]))
        self.note.show()
        self.results_shown.emit()

    def _enable(self) -> None:
        entry = self._library.entry(READINGS)
        has_readings = entry is not None and entry.in_force is not None
        self.setVisible(has_readings)
        self.button.setEnabled(has_readings and not self.is_working)
