"""Identify: the tool for a point, a line or a box, and a tree of all plans, lines and zones there."""

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
    QgsRectangle,
)
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsRubberBand
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QColor, QResizeEvent
from qgis.PyQt.QtWidgets import QHeaderView, QLabel, QMenu, QPushButton, QTreeWidgetItem, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.answers.answer_tree import NAME, VALUE, AnswerTree
from onemap.plugin.desk.library.changed_versions import ChangedVersions
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.table_layers import table_layer
from onemap.plugin.desk.map.tool_turn import ToolTurn
from onemap.plugin.profile import settings
from onemap.plugin.rooms.identify.identify_tool import BOX, LINE, POINT, IdentifyTool, drawn_band
from onemap.plugin.rooms.identify.way_button import WayButton, way_hint
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.core_words import crs_title
from onemap.plugin.words.number_format import area_text, length_text
from onemap.plugin.words.translation import tr, with_label

COLOUR, FILL = "#E8590C", "#32E8590C"  # the fill with its opacity first
NEAR_PX = 8  # lines and points this near to the click or the line are meant
VALUE_SHARE = 0.41  # of the tree's width; a longer value is cut and stands in the tip
MIN_ROWS, ROW_MARGIN_PX = 8, 4


class IdentifyView(QWidget):
    """Shows one place at a time; another click replaces it. The tree is visible only while there is an answer."""

    refused = pyqtSignal(object)  # Refusal
    answered = pyqtSignal()  # the tree shows an answer
    cleared = pyqtSignal()  # there is none any more
    shown = pyqtSignal()  # somebody asked from the map: bring the panel to the front

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library, self._canvas = library, canvas
        self.asking = Asking(library.core, self, library.scope)
        self.asking.refused.connect(self._refuse)
        self.asking.slow.connect(self._announce)
        self._answer: dict[str, Any] | None = None  # on display
        self._feature_band: QgsRubberBand | None = None  # of the chosen feature
        self._place_band: QgsRubberBand | None = None  # what was asked about
        self.tool = IdentifyTool(canvas)
        self.button = QPushButton(icon("identify"), tr("What lies here?"), checkable=True)
        self.way_button = WayButton()
        self.hint = QLabel(wordWrap=True)  # how to draw, while the tool is on
        self.place = QLabel(textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse)
        hint, style = tr("Close what lies here"), Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.close_button = tool_button(
            "cancel", hint, lambda: self.clear(), name=hint, text=tr("Close"), toolButtonStyle=style
        )
        self.changed_versions = ChangedVersions(library)
        self.tree = AnswerTree(tr("What lies here"), [tr("Layer, class"), tr("Version, measure")])
        self._build()
        self._show_way(POINT)
        self.button.toggled.connect(self._use_tool)
        self.way_button.way_chosen.connect(self.use_way)
        self.tool.pointed.connect(self.ask_at)
        self.tool.line_drawn.connect(self.ask_along)
        self.tool.box_drawn.connect(self.ask_in)
        self.tool.cancelled.connect(lambda: self.button.setChecked(False))
        self.tree.currentItemChanged.connect(lambda item, _before: self._choose(item))
        self.tree.itemActivated.connect(lambda item, _column: self._go_to(item))
        self._turn = ToolTurn(canvas, self.tool, self.button)
        canvas.contextMenuAboutToShow.connect(self._add_to_menu)
        library.loading.connect(self.clear)
        settings.changes.area_unit.connect(self._say_place)

    def _build(self) -> None:
        header = self.tree.header()
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(VALUE, QHeaderView.ResizeMode.Interactive)
        self.tree.setMinimumHeight((MIN_ROWS + 1) * (self.tree.fontMetrics().height() + ROW_MARGIN_PX))
        head = row_of((self.place, 1), self.close_button)
        buttons = row_of((self.button, 1), self.way_button)
        column_of(buttons, self.hint, head, self.changed_versions, (self.tree, 1), inside=self, is_tight=True)
        self.hint.hide()
        self._show_answer(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width between names and values."""
        super().resizeEvent(event)
        self.tree.setColumnWidth(VALUE, round(VALUE_SHARE * self.width()))

    def close_down(self) -> None:
        """Release the map."""
        self.clear()
        self._canvas.contextMenuAboutToShow.disconnect(self._add_to_menu)
        self._turn.close_down()

    def use_way(self, way: str, first_corner: QgsPointXY | None = None) -> None:
        """Ask about points, lines or boxes from now on, with the tool. first_corner: the start of the drawing."""
        self.button.setChecked(True)
        self._canvas.setFocus()
        self.tool.use_way(way, first_corner)
        self._show_way(way)

    def ask_at(self, point: QgsPointXY) -> None:
        """Ask about a point of the map."""
        self.ask(point, self._canvas.mapSettings().destinationCrs(), self._reach_m(point))

    def ask_along(self, line: QgsGeometry) -> None:
        """Ask about a line of the map."""
        system = self._canvas.mapSettings().destinationCrs()
        params = {"line": line.asWkt(), "radius": self._reach_m(line.asPolyline()[0])}
        self._ask(params, system, line)

    def ask_in(self, box: QgsRectangle) -> None:
        """Ask about a box of the map, and only about what lies inside it."""
        system = self._canvas.mapSettings().destinationCrs()
        sides = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
        self._ask({"box": ",".join(map(repr, sides)), "radius": 0.0}, system, QgsGeometry.fromRect(box))

    def ask(self, point: QgsPointXY, system: QgsCoordinateReferenceSystem, radius_m: float | None = None) -> None:
        """Ask about a point in a coordinate system. radius_m: the largest distance of lines and points."""
        params = {"x": repr(point.x()), "y": repr(point.y()), "radius": radius_m}
        self._ask(params, system, QgsGeometry.fromPointXY(point))

    def clear(self) -> None:
        """Forget the answer, and what is highlighted."""
        self.asking.forget()
        self._remove_band()
        self._show_place(None)
        self._answer = None
        self.changed_versions.forget()
        self.tree.clear()
        self._show_answer(False)
        self.cleared.emit()

    @property
    def has_answer(self) -> bool:
        """Whether an answer is shown."""
        return self._answer is not None

    def _reach_m(self, point: QgsPointXY) -> float | None:
        """The length of some pixels at a point of the map, in metres of the library's plane; None if not known."""
        system, plane = self._canvas.mapSettings().destinationCrs(), QgsCoordinateReferenceSystem(self._library.crs)
        if not (plane.isValid() and system.isValid()):
            return None
        try:
            change = QgsCoordinateTransform(system, plane, QgsProject.instance().transformContext())
            edge = QgsPointXY(point.x() + NEAR_PX * self._canvas.mapUnitsPerPixel(), point.y())
            return change.transform(point).distance(change.transform(edge))
        except QgsCsException:
            return None

    def _ask(self, place: dict[str, Any], system: QgsCoordinateReferenceSystem, shape: QgsGeometry) -> None:
        """Ask the core. place: the parameters of the place; shape: the same place, in the coordinate system."""
        if not self._library.path:
            return
        try:
            self._show_place(self._in_map(shape, system))
        except QgsCsException:  # no place of this map; the core says what is wrong with it
            self._show_place(None)
        params = {
            "library": self._library.path,
            **place,
            "crs": system.authid() or system.toWkt(),
            "as_of": self._library.day,
            "view": True,
        }
        self.asking.ask("identify", params, self._take)

    def _announce(self) -> None:
        """Show that the answer takes time, with a button that closes it and cancels the question."""
        self.place.setText(tr("Looking up what lies there…"))
        for widget in (self.place, self.close_button):
            widget.show()

    def _take(self, answer: dict[str, Any]) -> None:
        self._answer = answer
        self.changed_versions.compare_with(answer["layers"])
        self._remove_band()
        self.tree.show_rows(answer["view"])
        self._say_place()
        self._show_answer(True)
        self.answered.emit()
        self.shown.emit()

    def _say_place(self) -> None:
        """Show the place in one line: a point's coordinates, the length of a line, the area of a box."""
        if self._answer is None:
            return
        answer = self._answer
        if answer["shape"] == "line":
            text = with_label(tr("Along a line"), length_text(answer["length_m"]))
        elif answer["shape"] == "box":
            text = with_label(tr("In a box"), area_text(answer["area_ellipsoidal_m2"]))
        else:
            decimals = 6 if abs(answer["x"]) <= 360 else 2
            text = f"{answer['x']:.{decimals}f}, {answer['y']:.{decimals}f}"
        self.place.setText(text)
        self.place.setToolTip(crs_title(QgsCoordinateReferenceSystem(answer["crs"])))

    def _refuse(self, refusal: Refusal) -> None:
        self.clear()
        self.refused.emit(refusal)

    def _show_answer(self, is_shown: bool) -> None:
        for widget in (self.place, self.close_button, self.tree):
            widget.setVisible(is_shown)

    def _geometry(self, item: QTreeWidgetItem | None) -> tuple[QgsGeometry, QgsCoordinateReferenceSystem] | None:
        """The geometry of the feature that a row is, or belongs to; None without one."""
        place = self.tree.about(item)
        if place is None:
            return None
        layer = table_layer(self._library.path, place["table"], "")
        feature = next(layer.getFeatures(QgsFeatureRequest(place["fid"])), None) if layer.isValid() else None
        return (feature.geometry(), layer.crs()) if feature is not None and feature.hasGeometry() else None

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        self._remove_band()
        geometry_and_system = self._geometry(item)
        if geometry_and_system is None:
            return
        geometry, system = geometry_and_system
        band = QgsRubberBand(self._canvas, geometry.type())
        band.setToGeometry(geometry, system)
        band.setStrokeColor(QColor(COLOUR))
        band.setFillColor(QColor(FILL))
        band.setWidth(3)
        band.show()
        self._feature_band = band

    def _go_to(self, item: QTreeWidgetItem) -> None:
        geometry_and_system = self._geometry(item)
        if geometry_and_system is not None:
            self._canvas.zoomToFeatureExtent(self._in_map(*geometry_and_system).boundingBox())

    def _in_map(self, geometry: QgsGeometry, system: QgsCoordinateReferenceSystem) -> QgsGeometry:
        target = self._canvas.mapSettings().destinationCrs()
        moved_geometry = QgsGeometry(geometry)
        moved_geometry.transform(QgsCoordinateTransform(system, target, QgsProject.instance().transformContext()))
        return moved_geometry

    def _remove_band(self) -> None:
        if self._feature_band is not None:
            self._canvas.scene().removeItem(self._feature_band)
            self._feature_band = None

    def _show_place(self, geometry: QgsGeometry | None) -> None:
        """Draw the place of the question, in the map's coordinate system, instead of the former one."""
        if self._place_band is not None:
            self._canvas.scene().removeItem(self._place_band)
        self._place_band = drawn_band(self._canvas, geometry) if geometry is not None else None

    def _show_way(self, way: str) -> None:
        self.way_button.show_way(way)
        self.button.setToolTip(way_hint(way))
        self.hint.setText(way_hint(way))

    def _use_tool(self, is_on: bool) -> None:
        self.hint.setVisible(is_on)
        self._turn.pass_to(is_on)

    def _add_to_menu(self, menu: QMenu, event: QgsMapMouseEvent) -> None:
        """Add entries to the map's own menu: ask about the clicked place, or begin a line or a box there."""
        if self._library.path:
            point = QgsPointXY(event.mapPoint())
            menu.addAction(icon("identify"), tr("What lies here?"), lambda: self.ask_at(point))
            along, inside = tr("What lies along a line from here…"), tr("What lies in a box from here…")
            menu.addAction(icon("identify_line"), along, lambda: self.use_way(LINE, point))
            menu.addAction(icon("identify_box"), inside, lambda: self.use_way(BOX, point))
