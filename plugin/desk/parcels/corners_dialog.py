"""Corners of parcels that are typed or pasted: the core reads them, and the parcels go on the map like drawn ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QFormLayout, QWidget

from onemap.plugin.connection.layer_export import crs_text
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.buttons import push_button, wrapped_label
from onemap.plugin.widgets.named_crs import NamedCrs
from onemap.plugin.widgets.pasted_text_dialog import PastedTextDialog
from onemap.plugin.words.translation import Count, tr

SIZE_PX = (460, 520)
OF_SYSTEM = "crs."  # problems of the coordinate system, which is chosen here


class CornersDialog(PastedTextDialog):
    """One corner a line; the dialog shows how the core reads the corners before the parcels go on the map."""

    FILE = "corners.txt"  # by this name the core takes any text for a list of corners
    made = pyqtSignal(object)  # QgsVectorLayer: the parcels

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Corners of parcels"), tr("Corners"), parent)
        self.reading = wrapped_label()  # what the core reads
        named_crs = NamedCrs()
        self.crs = named_crs.choice
        self.crs.setCrs(QgsCoordinateReferenceSystem(library.crs))
        form = QFormLayout()
        form.addRow(tr("Coordinate system"), named_crs)
        head = tr(
            "One corner a line: north and east, longitude and latitude, or the other way round, with or without a "
            "label. An empty line begins the next parcel."
        )
        button = push_button(tr("Put on the map"), sign="corners", action=lambda _checked: self.add())
        self._lay_out(head, self.reading, form, button=button, size_px=SIZE_PX)
        self.crs.crsChanged.connect(lambda _crs: self._enable())
        HelpKey(self)

    def add(self) -> None:
        """Ask the core to make the parcels, and add them to the map."""
        source = self._begin_writing()
        params = {"source": source, "target": str(Path(source).with_suffix(".gpkg")), "crs": crs_text(self.crs.crs())}
        title = tr("Put on the map")
        self._ask_core("redline", params, self._take_parcels, title, title)

    def _ask_reading(self, source: str) -> None:
        self.looking.ask("inspect", {"source": source}, self._show)

    def _take_text(self) -> None:
        self.reading.clear()
        super()._take_text()

    def _show(self, answer: dict[str, Any]) -> None:
        """Show what the core has read, and propose the coordinate system that it recognises, if any."""
        layer = answer["layers"][0]
        system = layer["crs"]
        if system["code"]:
            self.crs.setCrs(QgsCoordinateReferenceSystem(system["code"]))
        remarks = [problem for problem in layer["problems"] if not problem["code"].startswith(OF_SYSTEM)]
        count = tr("{count:# parcel|# parcels}").format(count=Count(layer["count"]))
        self.reading.setText("\n".join([count, *map(self._line, remarks), system["why"]]))
        self._accept_text()

    def _take_parcels(self, answer: dict[str, Any]) -> None:
        self.made.emit(QgsVectorLayer(answer["target"], self.FILE, "ogr"))
        self.close()

    def _enable(self) -> None:
        super()._enable()
        self.button.setEnabled(self.button.isEnabled() and self.crs.crs().isValid())
