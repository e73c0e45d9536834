"""The choice of the parcels to check: a layer of the map, its selection, a file, or a drawing."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsProviderRegistry,
    QgsReferencedRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QObject, QSignalBlocker, Qt, pyqtBoundSignal, pyqtSignal
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QFileDialog, QWidget

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.library.distinct_place import distinct_place
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_layers import PROPERTY_RUN, home_of
from onemap.plugin.desk.map.shifted_maps import shifted_layers
from onemap.plugin.desk.map.tool_turn import ToolTurn
from onemap.plugin.desk.parcels.corners_dialog import CornersDialog
from onemap.plugin.desk.parcels.drawn_parcels import DrawnParcels
from onemap.plugin.desk.parcels.parcel_export import export_parcels
from onemap.plugin.desk.parcels.polygon_tool import DrawParcelTool
from onemap.plugin.profile.paths import listed_place
from onemap.plugin.widgets.buttons import push_button, show_text, tool_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.questions import ask_choice
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.working_dialog import end_dialog
from onemap.plugin.widgets.wrapped_choice import WrappedChoice
from onemap.plugin.words.translation import name_list, tr

LATER_MS = 200  # after the last of many layers that come or go, some in each event


@dataclass(frozen=True)
class Choice:
    """One entry of the choice.

    layer: the id of a map layer.
    path: a file instead of a layer.
    part: one of the file's layers.
    """

    layer: str = ""
    path: str = ""
    part: str = ""

    @property
    def file_uri(self) -> str:
        """The file, or its layer, as QGIS opens it; empty for a layer of the map."""
        return f"{self.path}|layername={self.part}" if self.part else self.path

    @property
    def map_layer(self) -> QgsVectorLayer | None:
        """The layer of the map; None for a file, and for a layer that is gone."""
        return QgsProject.instance().mapLayer(self.layer)

    @property
    def name(self) -> str:
        """The entry's name."""
        if self.path:
            return " · ".join(text for text in (self.path.replace("\\", "/").rsplit("/", 1)[-1], self.part) if text)
        return self.map_layer.name() if self.map_layer is not None else ""


@dataclass(frozen=True)
class ChoiceTexts:
    """The texts of a choice.

    file, draw: hints of the two buttons.
    drawn: the name of the layer of drawings.
    ask: the accessible name of the list.
    which: the question for a file with several layers.
    """

    file: str
    draw: str
    drawn: str
    ask: str
    which: str


class ParcelChoice(QWidget):
    """A list of layers and files, with buttons that choose a file, take typed corners, and draw."""

    DRAWN = "onemap/drawn"  # the property of the layer that holds what is drawn
    TAKES_LINES = True  # whether layers of lines and points are listed: as parcels they are land of a width
    IS_ALONE = False  # whether a drawing takes the place of the one before
    changed = pyqtSignal()
    added = pyqtSignal(object, int)  # QgsVectorLayer, feature: what was drawn is on the map, and chosen

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._library, self._canvas = library, canvas
        self.corners_dialog: CornersDialog | None = None
        self._files: list[Choice] = []
        self._connected_layers: list[QgsVectorLayer] = []
        self._is_asked_for = False  # whether somebody chose the entry, so that it stays when others come
        self._tool = DrawParcelTool(canvas)
        self._tool.drawn.connect(self.add_drawing)
        self._tool.undone.connect(self.undo)
        self.drawn = DrawnParcels(canvas, self.DRAWN, self.words().drawn, self)
        self.box = WrappedChoice(self.words().ask)
        self.setFocusProxy(self.box)
        self.box.setPlaceholderText(tr("Choose…"))
        self.box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.box.activated.connect(lambda _index: self._keep_choice())
        self.file_button = tool_button("file", self.words().file, action=self._choose_file)
        self.corners_button = tool_button("corners", tr("Type or paste corners"), action=self._ask_corners)
        self.draw_button = tool_button("draw", self.words().draw)
        self.draw_button.setText(tr("Draw"))
        self.draw_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._tool.cancelled.connect(lambda: self.draw_button.setChecked(False))
        self.draw_button.setCheckable(True)
        self.draw_button.toggled.connect(self._draw)
        self.drawing_note = FittedLabel()  # how to finish, while a polygon is drawn
        self._tool.refused.connect(self.drawing_note.setText)
        self.shifted_note = FittedLabel()  # of what was drawn on a map that shows things elsewhere
        self.undo_button = push_button(
            tr("Undo last"),
            hint=tr("Take the last drawing back, or bring back what was removed (Ctrl+Z)"),
            action=lambda: self.undo(),
        )
        self.clear_button = push_button(
            tr("Start afresh"), hint=tr("Remove all that is drawn; it can be undone"), action=self.clear_drawings
        )
        row = row_of((self.box, 1), self.file_button, self.corners_button, self.draw_button, spacing=3)
        steps = row_of(self.undo_button, self.clear_button, spacing=3)
        column_of(row, self.drawing_note, self.shifted_note, steps, inside=self, is_tight=True, spacing=3)
        self.changed.connect(self._show_steps)
        project = QgsProject.instance()
        self._later = one_shot_timer(self, 0, self.refresh)
        project.layersAdded.connect(self._take_added)
        project.layersRemoved.connect(self._take_removed)
        self._turn = ToolTurn(canvas, self._tool, self.draw_button)
        canvas.installEventFilter(self)
        self.refresh()

    def words(self) -> ChoiceTexts:
        """The texts of this choice."""
        return ChoiceTexts(
            file=tr("Check the parcels of a file"),
            draw=tr("Draw a parcel: click its corners, finish with the right button or Enter"),
            drawn=tr("Drawn parcels"),
            ask=tr("Parcels to check"),
            which=tr("This file has several layers. Which has the parcels?"),
        )

    def fixed_entries(self) -> list[tuple[str, Choice]]:
        """Entries before the layers and files."""
        return []

    def close_down(self) -> None:
        """Disconnect from the project and the canvas."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self._take_added)
        project.layersRemoved.disconnect(self._take_removed)
        self._later.stop()
        self._canvas.removeEventFilter(self)
        self._connect_layers([])
        self._turn.close_down()
        self._end_corners()

    @property
    def choice(self) -> Choice | None:
        """The chosen entry."""
        return self.box.currentData()

    @property
    def map_layer(self) -> QgsVectorLayer | None:
        """The chosen layer of the map; None where a file is chosen, or nothing."""
        return self.choice.map_layer if self.choice is not None else None

    @property
    def chosen_name(self) -> str:
        """The name of the chosen parcels, with their number if a selection or a filter leaves some out."""
        layer = self.map_layer
        is_part = layer is not None and bool(layer.selectedFeatureCount() or layer.subsetString())
        return self.box.currentText() if is_part else self.choice.name if self.choice is not None else ""

    def choose_layer(self, layer: QgsVectorLayer) -> None:
        """Choose a layer of the map."""
        self._choose(Choice(layer=layer.id()))
        self._keep_choice()

    def choose_file(self, path: str, part: str = "") -> None:
        """Choose a file, or one of its layers; it stays in the list."""
        choice = Choice(path=listed_place(path, (file.path for file in self._files)), part=part)
        if choice not in self._files:
            self._files.append(choice)
            self.refresh()
        self._choose(choice)
        self._keep_choice()

    def source(self, folder: str) -> SourceFile:
        """The chosen parcels as a file for the core. Raises Refusal."""
        choice = self.choice
        if choice is None:
            raise Refusal(no_parcels_text())
        if choice.path:
            return SourceFile(choice.path, choice.part)
        layer = choice.map_layer
        return export_parcels(layer, layer.selectedFeatureCount() > 0, folder)

    def _take_added(self, layers: list[QgsMapLayer]) -> None:
        """List added layers: those of libraries come by dozens, and are listed together a little later."""
        if all(home_of(layer) for layer in layers):
            self._later.start(LATER_MS)
        else:
            self.refresh()

    def _take_removed(self, identifiers: list[str]) -> None:
        """List the layers again, at once if the chosen one was removed, otherwise a little later."""
        if self.choice is not None and self.choice.layer in identifiers:
            self.refresh()
        else:
            self._later.start(LATER_MS)

    def refresh(self) -> None:
        """List the user's own layers, then files, then the layers of libraries; a person's own choice stays chosen.

        Otherwise the first entry that is no layer of a library is chosen: a person who opens a library and then adds
        parcels means these parcels, and nobody means a whole layer of a library without choosing it.
        """
        self._later.stop()
        own_choice = self.choice if self._is_asked_for else None
        layers = [
            layer for layer in QgsProject.instance().mapLayers().values() if _is_checkable(layer, self.TAKES_LINES)
        ]
        layers.sort(key=_place_in_list)
        self._connect_layers(layers)
        with QSignalBlocker(self.box):
            self.box.clear()
            for text, choice in self.fixed_entries():
                self.box.addItem(text, choice)
            texts = _texts_of(layers)
            own = sum(not home_of(layer) for layer in layers)
            for text, layer in zip(texts[:own], layers):
                self.box.addItem(text, Choice(layer=layer.id()))
            for choice in self._files:
                self.box.addItem(icon("file"), choice.name, choice)
            for text, layer in zip(texts[own:], layers[own:]):
                self.box.addItem(icon("library"), text, Choice(layer=layer.id()))
                self.box.setItemData(self.box.count() - 1, home_of(layer), Qt.ItemDataRole.ToolTipRole)
            self.box.setCurrentIndex(-1)
        self._choose(own_choice)
        self._keep_choice()
        if self.choice is None:
            self._choose_likely()
        self.changed.emit()

    def add_drawing(self, geometry: QgsGeometry) -> None:
        """Add a drawing to the map, and choose it."""
        self.draw_button.setChecked(False)
        layer = self.drawn.add(geometry, self.IS_ALONE)
        maps = shifted_layers(self._canvas)
        if maps or layer.featureCount() == 1:  # the first of a new drawing
            self.drawn.mark_shifted(layer, name_list(maps))
        self.refresh()
        self.choose_layer(layer)
        self.added.emit(*self.drawn.last)

    def _ask_corners(self) -> None:
        self._end_corners()
        self.corners_dialog = CornersDialog(self._library, self.window())
        self.corners_dialog.setWindowModality(Qt.WindowModality.WindowModal)
        self.corners_dialog.made.connect(self._add_corners)
        self.corners_dialog.show()

    def _end_corners(self) -> None:
        end_dialog(self.corners_dialog)
        self.corners_dialog = None

    def _add_corners(self, parcels: QgsVectorLayer) -> None:
        """Add parcels to the map in their own system, show them, and choose their layer."""
        geometries = [feature.geometry() for feature in parcels.getFeatures()]
        for geometry in [QgsGeometry.collectGeometry(geometries)] if self.IS_ALONE else geometries:
            layer = self.drawn.add(geometry, self.IS_ALONE, parcels.crs())
        self.refresh()
        self.choose_layer(layer)
        box = parcels.extent()
        box.grow(max(box.width(), box.height()) / 2)
        self._canvas.setReferencedExtent(QgsReferencedRectangle(box, parcels.crs()))
        self._canvas.refresh()
        self.added.emit(*self.drawn.last)

    def undo(self) -> None:
        """Undo the last drawing, or restore drawings that were removed."""
        self.drawn.undo()
        self.refresh()

    def clear_drawings(self) -> None:
        """Remove all drawings."""
        self.drawn.clear(self.map_layer)
        self.refresh()

    def _choose(self, choice: Choice | None) -> None:
        if self._later.remainingTime() >= 0:  # it runs
            self.refresh()
        for index in range(self.box.count()):
            if self.box.itemData(index) == choice:
                self.box.setCurrentIndex(index)

    def _choose_likely(self) -> None:
        """Choose the first entry with polygons that is no layer of a library, if there is one."""
        for index in range(self.box.count()):
            layer = self.box.itemData(index).map_layer
            if layer is None or not (home_of(layer) or is_without_ground(layer)):
                self.box.setCurrentIndex(index)
                return

    def _keep_choice(self) -> None:
        self._is_asked_for = self.choice is not None

    def _choose_file(self) -> None:
        filters = tr("Parcels (*.shp *.gpkg *.geojson *.json *.txt *.zip);;All files (*)")
        title = self.words().ask
        path, _filter = QFileDialog.getOpenFileName(self, title, "", filters)
        if not path:
            return
        parts = _layers_of_parcels(path, self.TAKES_LINES)
        if len(parts) > 1:
            ask_choice(self, title, self.words().which, parts, lambda part: self.choose_file(path, part))
        else:
            self.choose_file(path)

    def _show_steps(self) -> None:
        """Show the notes on drawing, and the buttons that undo and clear drawings where they apply."""
        layer, is_drawing = self.map_layer, self.draw_button.isChecked()
        self.drawing_note.setVisible(is_drawing)
        self.drawing_note.setText(
            tr("Click the corners; the right button or Enter ends. Backspace takes the last corner back, Esc gives up.")
        )
        maps = self.drawn.shifted_maps(layer)
        text = tr("Drawn while a shifted map was shown: {layers}. A corner that was not snapped lies elsewhere.")
        show_text(self.shifted_note, text.format(layers=maps) if maps else "")
        has_drawings = self.drawn.owns(layer) and layer.featureCount() > 0
        can_undo = self.drawn.can_undo and (layer is None or self.drawn.owns(layer))
        self.undo_button.setVisible(can_undo and not is_drawing)
        self.clear_button.setVisible(has_drawings and not is_drawing)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make Ctrl+Z on the map undo the last corner or drawing, unless QGIS has edits of its own to undo there."""
        if event.type() not in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            return False
        if not event.matches(QKeySequence.StandardKey.Undo):
            return False
        is_drawing, edited = self.draw_button.isChecked(), self._canvas.currentLayer()
        is_qgis_s = isinstance(edited, QgsVectorLayer) and edited.isEditable()
        if not is_drawing and (is_qgis_s or not self.undo_button.isVisible()):
            return False
        event.accept()
        if event.type() == QEvent.Type.ShortcutOverride:
            return True
        if not is_drawing:
            self.undo()
        return not is_drawing  # the tool takes a corner back

    def _draw(self, is_on: bool) -> None:
        self._show_steps()
        self._turn.pass_to(is_on)

    def _connect_layers(self, layers: list[QgsVectorLayer]) -> None:
        """Follow the selection, name and number of features of each listed layer."""
        project_layers = QgsProject.instance().mapLayers().values()
        for layer in self._connected_layers:
            if layer in project_layers:  # one that was removed took its connections along
                # A new layer may lie where one that was removed lay, and be taken for it.
                with contextlib.suppress(TypeError):
                    for signal in _signals_of_text(layer):
                        signal.disconnect(self._update_texts)
        self._connected_layers = layers
        for layer in layers:
            for signal in _signals_of_text(layer):
                signal.connect(self._update_texts)

    def _update_texts(self, *_what: object) -> None:
        map_layers = [self.box.itemData(index).map_layer for index in range(self.box.count())]
        texts = iter(_texts_of([layer for layer in map_layers if layer is not None]))
        for index, layer in enumerate(map_layers):
            if layer is not None:
                self.box.setItemText(index, next(texts))
        self.changed.emit()


def no_parcels_text() -> str:
    """What to do where there are no parcels."""
    return tr("There are no parcels to check. Add a layer of polygons to the map, draw one, or paste its corners.")


def _signals_of_text(layer: QgsVectorLayer) -> tuple[pyqtBoundSignal, ...]:
    count_signals = (layer.subsetStringChanged, layer.dataSourceChanged, layer.afterCommitChanges)
    return (layer.selectionChanged, layer.nameChanged, *count_signals)


def is_without_ground(layer: QgsVectorLayer) -> bool:
    """Whether a layer has lines or points, which become land only with a stated width."""
    return layer.geometryType() in (Qgis.GeometryType.Line, Qgis.GeometryType.Point)


def _is_checkable(layer: object, takes_lines: bool) -> bool:
    """Whether a layer can be parcels: polygons, or the user's own lines and points where these are allowed."""
    if not isinstance(layer, QgsVectorLayer) or layer.customProperty(PROPERTY_RUN):
        return False
    is_route = takes_lines and is_without_ground(layer) and not home_of(layer)
    return is_route or layer.geometryType() == Qgis.GeometryType.Polygon


def _place_in_list(layer: QgsVectorLayer) -> tuple[bool, bool, str, str, str]:
    """The sort key: own polygons, then own lines and points, then the layers of libraries; each by name."""
    return (bool(home_of(layer)), is_without_ground(layer), layer.name(), layer.crs().authid(), home_of(layer))


def _layers_of_parcels(path: str, takes_lines: bool) -> list[str]:
    """The layers of a file that QGIS can read and that can be parcels; the core may read more formats."""
    sublayers = QgsProviderRegistry.instance().querySublayers(path, Qgis.SublayerQueryFlag.ResolveGeometryType)
    kinds = {Qgis.GeometryType.Polygon, *((Qgis.GeometryType.Line, Qgis.GeometryType.Point) if takes_lines else ())}
    return [sublayer.name() for sublayer in sublayers if QgsWkbTypes.geometryType(sublayer.wkbType()) in kinds]


def _texts_of(layers: list[QgsVectorLayer]) -> list[str]:
    """The texts of layers in the list; layers with the same name also get a distinguishing mark."""
    texts: list[str] = []
    by_name: dict[str, list[QgsVectorLayer]] = {}
    for layer in layers:
        by_name.setdefault(layer.name(), []).append(layer)
    for layer in layers:
        twins = [other for other in by_name[layer.name()] if other is not layer]
        mark = _mark_of(layer, twins) if twins else ""
        texts.append(_text_of(layer, " · ".join(filter(None, (layer.name(), mark)))))
    return texts


def _mark_of(layer: QgsVectorLayer, twins: list[QgsVectorLayer]) -> str:
    """What distinguishes a layer from others of its name: its library's place, else its coordinate system."""
    home = home_of(layer)
    homes = {home_of(twin) for twin in twins} - {home, ""}
    if home and homes:
        return distinct_place(home, sorted(homes)).text
    return layer.crs().authid() if any(twin.crs() != layer.crs() for twin in twins) else ""


def _text_of(layer: QgsVectorLayer, name: str) -> str:
    selected = layer.selectedFeatureCount()
    if selected:
        return tr("{layer}: selection ({count})").format(layer=name, count=f"{selected:,}")
    return tr("{title} ({code})").format(title=name, code=f"{layer.featureCount():,}")
