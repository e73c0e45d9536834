"""What lies here: a button that turns on the map tool, and a tree of every plan, line and zone at the place."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
)
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor
from qgis.PyQt.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.core_session import Request
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.identify.identify_rows import FeaturePlace, Row, rows_of
from onemap.plugin.identify.identify_tool import IdentifyTool
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.map.table_layers import table_layer
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

NAME, VALUE = 0, 1
ROLE_PLACE = Qt.ItemDataRole.UserRole
COLOUR = "#E8590C"
NEAR_PX = 8  # lines and points this near to the click are meant


class IdentifyView(QWidget):
    """One place at a time; another click takes its place. The tree is there only while there is an answer."""

    refused = pyqtSignal(object)  # Refusal
    answered = pyqtSignal()  # the tree shows an answer
    shown = pyqtSignal()  # somebody asked from the map: bring the panel to the front

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._library, self._canvas = library, canvas
        self._request: Request | None = None
        self._scope = ("", "")
        self._bands: list[QgsRubberBand] = []
        self._tool_before = None
        self.tool = IdentifyTool(canvas)
        self.button = QPushButton(icon("identify"), tr("What lies here?"))
        self.button.setCheckable(True)
        self.button.setToolTip(tr("Click on the map, or press Enter there for its middle"))
        self.place = QLabel()
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = QToolButton()
        self.close_button.setIcon(icon("cancel"))
        self.close_button.setAutoRaise(True)
        self.close_button.setAccessibleName(tr("Close what lies here"))
        self.close_button.setToolTip(tr("Close what lies here"))
        self.tree = QTreeWidget()
        self._build()
        self.button.toggled.connect(self._use_tool)
        self.tool.pointed.connect(self.ask_at)
        self.tool.cancelled.connect(lambda: self.button.setChecked(False))
        self.close_button.clicked.connect(self.clear)
        self.tree.currentItemChanged.connect(lambda item, _before: self._choose(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        canvas.mapToolSet.connect(self._release_button)
        canvas.contextMenuAboutToShow.connect(self._add_to_menu)
        library.loading.connect(self.clear)

    def _build(self) -> None:
        self.tree.setAccessibleName(tr("What lies here"))
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([tr("Layer, class"), tr("Version, measure")])
        self.tree.setIndentation(12)
        self.tree.setUniformRowHeights(True)
        self.tree.setWordWrap(False)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.ResizeToContents)
        head = QHBoxLayout()
        head.addWidget(self.place, 1)
        head.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addLayout(head)
        layout.addWidget(self.tree, 1)
        self._show_answer(False)

    def close_down(self) -> None:
        """Let go of the map."""
        self.clear()
        self._canvas.contextMenuAboutToShow.disconnect(self._add_to_menu)
        self._canvas.mapToolSet.disconnect(self._release_button)
        self._canvas.unsetMapTool(self.tool)

    def ask_at(self, point: QgsPointXY) -> None:
        """Ask about a point of the map."""
        system = self._canvas.mapSettings().destinationCrs()
        radius_m = None
        plane = QgsCoordinateReferenceSystem(self._library.crs)
        if plane.isValid() and system.isValid():
            try:
                change = QgsCoordinateTransform(system, plane, QgsProject.instance().transformContext())
                edge = QgsPointXY(point.x() + NEAR_PX * self._canvas.mapUnitsPerPixel(), point.y())
                radius_m = change.transform(point).distance(change.transform(edge))
            except QgsCsException:
                radius_m = None
        self.ask(point, system, radius_m)

    def ask(self, point: QgsPointXY, system: QgsCoordinateReferenceSystem, radius_m: float | None = None) -> None:
        """Ask about a point in a coordinate system. radius_m: how near lines and points must be."""
        if not self._library.path:
            return
        if self._request is not None:  # only the last place matters
            self._request.cancel()
        self._scope = (self._library.path, self._library.day)
        params = {
            "library": self._library.path,
            "x": repr(point.x()),
            "y": repr(point.y()),
            "crs": system.authid() or system.toWkt(),
            "radius": radius_m,
            "as_of": self._library.day,
        }
        request = self._request = self._library.core.ask("identify", params)
        request.answered.connect(lambda answer: self._take(request, answer))
        request.refused.connect(lambda refusal: self._refuse(request, refusal))

    def clear(self) -> None:
        """Forget the answer, and what is highlighted."""
        self._request = None
        self._remove_bands()
        self.tree.clear()
        self._show_answer(False)

    def _take(self, request: Request, answer: dict[str, Any]) -> None:
        if request is not self._request or self._scope != (self._library.path, self._library.day):
            return
        self._request = None
        self._remove_bands()
        self.tree.clear()
        for row in rows_of(answer):
            self._add(self.tree.invisibleRootItem(), row, is_heading=True)
        self.place.setText(f"{answer['x']:.6g}, {answer['y']:.7g}" if abs(answer["x"]) <= 360 else _metres(answer))
        self._show_answer(True)
        self.answered.emit()
        self.shown.emit()

    def _refuse(self, request: Request, refusal: Refusal) -> None:
        if request is self._request:
            self._request = None
            self.refused.emit(refusal)

    def _add(self, parent: QTreeWidgetItem, row: Row, is_heading: bool = False) -> None:
        item = QTreeWidgetItem(parent, [row.name, row.value])
        item.setToolTip(NAME, "\n".join(filter(None, (row.name, row.hint))))
        item.setToolTip(VALUE, row.value)
        item.setData(NAME, ROLE_PLACE, row.place)
        if is_heading:
            font = item.font(NAME)
            font.setBold(True)
            item.setFont(NAME, font)
        for below in row.rows:
            self._add(item, below)
        item.setExpanded(row.is_open)

    def _show_answer(self, is_shown: bool) -> None:
        for widget in (self.place, self.close_button, self.tree):
            widget.setVisible(is_shown)

    def _geometry(self, item: QTreeWidgetItem | None) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem] | None:
        """The geometry of a feature's row, or of the feature that a row is about."""
        while item is not None and item.data(NAME, ROLE_PLACE) is None:
            item = item.parent()
        if item is None:
            return None
        place: FeaturePlace = item.data(NAME, ROLE_PLACE)
        layer = table_layer(self._library.path, place.table, "")
        feature = next(layer.getFeatures(QgsFeatureRequest(place.fid)), None) if layer.isValid() else None
        return (feature.geometry(), layer.crs()) if feature is not None and feature.hasGeometry() else None

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        self._remove_bands()
        found = self._geometry(item)
        if found is None:
            return
        geometry, system = found
        band = QgsRubberBand(self._canvas, geometry.type())
        band.setToGeometry(geometry, system)
        fill = QColor(COLOUR)
        fill.setAlpha(50)
        band.setStrokeColor(QColor(COLOUR))
        band.setFillColor(fill)
        band.setWidth(3)
        band.show()
        self._bands.append(band)

    def _go_to(self, item: QTreeWidgetItem) -> None:
        found = self._geometry(item)
        if found is not None:
            self._canvas.zoomToFeatureExtent(self._in_map(*found).boundingBox())

    def _in_map(self, geometry: QgsGeometry, system: QgsCoordinateReferenceSystem) -> QgsGeometry:
        target = self._canvas.mapSettings().destinationCrs()
        moved = QgsGeometry(geometry)
        moved.transform(QgsCoordinateTransform(system, target, QgsProject.instance().transformContext()))
        return moved

    def _remove_bands(self) -> None:
        for band in self._bands:
            self._canvas.scene().removeItem(band)
        self._bands = []

    def _use_tool(self, is_on: bool) -> None:
        if is_on:
            self._tool_before = self._canvas.mapTool()
            self._canvas.setMapTool(self.tool)
            self._canvas.setFocus()
        elif self._canvas.mapTool() is self.tool:
            self._canvas.setMapTool(self._tool_before) if self._tool_before else self._canvas.unsetMapTool(self.tool)

    def _release_button(self, tool: object, _before: object = None) -> None:
        if tool is not self.tool:
            self.button.setChecked(False)

    def _add_to_menu(self, menu: QMenu, event: QgsMapMouseEvent) -> None:
        """An entry of the map's own menu, about the place of the click."""
        if self._library.path:
            point = QgsPointXY(event.mapPoint())
            menu.addAction(icon("identify"), tr("What lies here?"), lambda: self.ask_at(point))


def _metres(answer: dict[str, Any]) -> str:
    return f"{answer['x']:,.2f}, {answer['y']:,.2f}"
