"""Sensors on the map by age and status, at the end of the chosen day; the core gives their states and styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QDateTime, Qt, pyqtSignal
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import put_on_top
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import documents_folder
from onemap.plugin.rooms.numbers.table_request import TableView
from onemap.plugin.widgets.buttons import push_button, tool_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.words.file_forms import file_filters
from onemap.plugin.words.translation import Count, tr

READINGS = "JCSJ"
END_OF_DAY = "T23:59:59+08:00"  # the zone in which the core counts days


class SensorView(TableView):
    """Shows one moment at a time; the layer stays on the map while its tab is visible."""

    working = pyqtSignal(bool)

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(library)
        self._layer_id = ""
        self._limits = ""
        self.button = push_button(
            tr("Sensors"),
            sign="sensors",
            hint=tr("Show each sensor on the map by its status and by how old its last reading is"),
        )
        self.limits_button = tool_button("file", tr("Limits of the readings…"), name=tr("Limits of the readings…"))
        self.note = wrapped_label()
        self.note.hide()
        row = row_of((self.button, 1), self.limits_button)
        column_of(row, self.work, self.note, inside=self, is_tight=True)
        self.button.clicked.connect(lambda: self.look())
        self.limits_button.clicked.connect(lambda: self._choose_limits())
        library.listed.connect(self._enable)
        self._enable()

    @property
    def layer(self) -> QgsVectorLayer | None:
        """The layer while it is on the map."""
        return QgsProject.instance().mapLayer(self._layer_id) if self._layer_id else None

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
        if self.layer is not None:
            QgsProject.instance().removeMapLayer(self._layer_id)
        self._layer_id = ""
        self.note.hide()

    def close_down(self) -> None:
        """Cancel, and let go of the map."""
        self.cancel()
        self.clear()

    def _show(self, tables: Path, answer: dict[str, Any]) -> None:
        source = QgsVectorLayer(f"{tables}|layername=status", "", "ogr")
        layer = QgsVectorLayer(f"Point?crs={source.crs().authid()}", "", "memory")
        layer.setCrs(source.crs())
        layer.setCustomProperty("skipMemoryLayersCheck", 1)  # QGIS need not ask whether to keep it
        layer.dataProvider().addAttributes(source.fields())
        layer.updateFields()
        placed = [feature for feature in source.getFeatures() if not feature.geometry().isEmpty()]
        layer.dataProvider().addFeatures(placed)
        layer.updateExtents()
        document = QDomDocument()
        if document.setContent(answer["look"]):
            layer.importNamedStyle(document)
        layer.setName(f"{self.button.text()} · {answer['at'][:16].replace('T', ' ')}")
        put_on_top(layer)
        self._layer_id = layer.id()
        summary = tr("{count:# sensor|# sensors}, {placed} with a place.").format(
            count=Count(len(answer["nodes"])), placed=Count(len(placed))
        )
        self.note.setText("\n".join([summary, *(str(one["message"]) for one in answer.get("problems") or ())]))
        self.note.show()
        self.results_shown.emit()

    def _choose_limits(self) -> None:
        start = settings.get("review_folder") or documents_folder()
        ask_file(self, tr("Limits of the readings…"), self.use_limits, file_filters([".toml"]), str(start))

    def _enable(self) -> None:
        entry = self._library.entry(READINGS)
        has_readings = entry is not None and entry.in_force is not None
        self.setVisible(has_readings)
        self.button.setEnabled(has_readings and not self.is_working)
        self.working.emit(self.is_working)
