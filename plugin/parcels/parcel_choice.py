"""Which parcels to check: a layer of the map, its selection, a file, or what is drawn now."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    Qgis,
    QgsFeature,
    QgsField,
    QgsFillSymbol,
    QgsGeometry,
    QgsProject,
    QgsProviderRegistry,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QMetaType, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QInputDialog, QSizePolicy, QToolButton, QWidget

from onemap.plugin.connection.layer_export import SourceFile, export_layer
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.map.map_layers import PROPERTY_LIBRARY, PROPERTY_RUN
from onemap.plugin.parcels.polygon_tool import DrawParcelTool
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

SHORTEST_NAME = 4


@dataclass(frozen=True)
class Choice:
    """One thing that can be checked: a map layer, by its id; or a file, and which of its layers."""

    layer: str = ""
    path: str = ""
    part: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        if self.path:
            return " · ".join(text for text in (self.path.replace("\\", "/").rsplit("/", 1)[-1], self.part) if text)
        layer = QgsProject.instance().mapLayer(self.layer)
        return layer.name() if layer is not None else ""


@dataclass(frozen=True)
class ChoiceWords:
    """Hints of the two buttons, the name of the layer of what is drawn, and what is asked of a file."""

    file: str
    draw: str
    drawn: str
    ask: str
    which: str


class ParcelChoice(QWidget):
    """A list of what can be checked, and the button that draws."""

    DRAWN = "onemap/drawn"  # the property of the layer that holds what is drawn
    changed = pyqtSignal()
    added = pyqtSignal(object, int)  # QgsVectorLayer, feature: what was drawn is on the map, and chosen

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._files: list[Choice] = []
        self._followed: list[QgsVectorLayer] = []
        self._tool = DrawParcelTool(canvas)
        self._tool.drawn.connect(self.take_drawn)
        self._tool.given_up.connect(lambda: self.draw_button.setChecked(False))
        self._tool_before = None
        self.box = QComboBox()
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(SHORTEST_NAME)
        self.box.setAccessibleName(self.words().ask)
        self.setFocusProxy(self.box)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.file_button = QToolButton()
        self.file_button.setIcon(icon("file"))
        self.file_button.setToolTip(self.words().file)
        self.file_button.clicked.connect(self._choose_file)
        self.draw_button = QToolButton()
        self.draw_button.setIcon(icon("draw"))
        self.draw_button.setText(tr("Draw"))
        self.draw_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.draw_button.setCheckable(True)
        self.draw_button.setToolTip(self.words().draw)
        self.draw_button.toggled.connect(self._draw)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.box, 1)
        layout.addWidget(self.file_button)
        layout.addWidget(self.draw_button)
        project = QgsProject.instance()
        project.layersAdded.connect(self.refresh)
        project.layersRemoved.connect(self.refresh)
        canvas.mapToolSet.connect(self._tool_set)
        self.refresh()

    def words(self) -> ChoiceWords:
        """What this choice is called where it is asked."""
        return ChoiceWords(
            file=tr("Check the parcels of a file"),
            draw=tr("Draw a parcel: click its corners, finish with the right button or Enter"),
            drawn=tr("Drawn parcels"),
            ask=tr("Parcels to check"),
            which=tr("This file has several layers. Which has the parcels?"),
        )

    def first_entries(self) -> list[tuple[str, Choice]]:
        """What can be chosen besides layers and files, before them."""
        return []

    def close_down(self) -> None:
        """Let go of the project and of the canvas."""
        project = QgsProject.instance()
        project.layersAdded.disconnect(self.refresh)
        project.layersRemoved.disconnect(self.refresh)
        self._canvas.mapToolSet.disconnect(self._tool_set)
        self._follow([])
        self._canvas.unsetMapTool(self._tool)

    @property
    def choice(self) -> Choice | None:
        """What is chosen."""
        return self.box.currentData()

    def choose_layer(self, layer: QgsVectorLayer) -> None:
        """Choose a layer of the map."""
        self._choose(Choice(layer=layer.id()))

    def choose_file(self, path: str, part: str = "") -> None:
        """Choose a file, or one of its layers; it stays in the list."""
        choice = Choice(path=path, part=part)
        if choice not in self._files:
            self._files.append(choice)
            self.refresh()
        self._choose(choice)

    def source(self, folder: str) -> SourceFile:
        """The chosen parcels as a file for the core. Raises Refusal."""
        choice = self.choice
        if choice is None:
            raise Refusal(tr("There are no parcels to check. Add a layer of polygons to the map, or draw one."))
        if choice.path:
            return SourceFile(choice.path, choice.part)
        layer = QgsProject.instance().mapLayer(choice.layer)
        return export_layer(layer, layer.selectedFeatureCount() > 0, folder)

    def refresh(self, *_layers: object) -> None:
        """List what there is now, and keep what was chosen."""
        before = self.choice
        layers = [layer for layer in QgsProject.instance().mapLayers().values() if _is_checkable(layer)]
        # The library's own layers are rarely what somebody wants to check.
        layers.sort(key=lambda layer: (bool(layer.customProperty(PROPERTY_LIBRARY)), layer.name()))
        self._follow(layers)
        self.box.blockSignals(True)
        self.box.clear()
        for text, choice in self.first_entries():
            self.box.addItem(text, choice)
        for layer in layers:
            self.box.addItem(_text_of(layer), Choice(layer=layer.id()))
        for choice in self._files:
            self.box.addItem(icon("file"), choice.name, choice)
        self.box.blockSignals(False)
        self._choose(before)
        self.changed.emit()

    def take_drawn(self, geometry: QgsGeometry) -> None:
        """Put what was drawn on the map, and choose it."""
        self.draw_button.setChecked(False)
        layer = self._drawn_layer()
        feature = QgsFeature(layer.fields())
        feature.setAttributes([str(layer.featureCount() + 1)])
        feature.setGeometry(QgsGeometry.collectGeometry([geometry]))
        _is_added, features = layer.dataProvider().addFeatures([feature])
        layer.updateExtents()
        layer.triggerRepaint()
        self.refresh()
        self.choose_layer(layer)
        for one in features:
            self.added.emit(layer, one.id())

    def _drawn_layer(self) -> QgsVectorLayer:
        crs = QgsProject.instance().crs()
        for layer in QgsProject.instance().mapLayers().values():
            if layer.customProperty(self.DRAWN) and layer.crs() == crs:
                return layer
        layer = QgsVectorLayer("MultiPolygon", self.words().drawn, "memory")
        layer.setCrs(crs)
        layer.dataProvider().addAttributes([QgsField("parcel", QMetaType.Type.QString)])
        layer.updateFields()
        layer.setCustomProperty(self.DRAWN, True)
        look = {"color": "16,152,173,40", "outline_color": "#1098AD", "outline_width": "0.6"}
        layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple(look)))
        QgsProject.instance().addMapLayer(layer, False)
        QgsProject.instance().layerTreeRoot().insertLayer(0, layer)
        return layer

    def _choose(self, choice: Choice | None) -> None:
        for index in range(self.box.count()):
            if self.box.itemData(index) == choice:
                self.box.setCurrentIndex(index)

    def _choose_file(self) -> None:
        filters = tr("Parcels (*.shp *.gpkg *.geojson *.json *.txt *.zip);;All files (*)")
        title = self.words().ask
        path, _filter = QFileDialog.getOpenFileName(self, title, "", filters)
        if not path:
            return
        parts = _layers_of_polygons(path)
        part, is_chosen = parts[0] if len(parts) > 1 else "", True
        if len(parts) > 1:
            part, is_chosen = QInputDialog.getItem(self, title, self.words().which, parts, 0, False)
        if is_chosen:
            self.choose_file(path, part)

    def _draw(self, on: bool) -> None:
        if on:
            self._tool_before = self._canvas.mapTool()
            self._canvas.setMapTool(self._tool)
            self._canvas.setFocus()
        elif self._canvas.mapTool() is self._tool:
            self._canvas.setMapTool(self._tool_before) if self._tool_before else self._canvas.unsetMapTool(self._tool)

    def _tool_set(self, tool: object, _before: object = None) -> None:
        if tool is not self._tool:
            self.draw_button.setChecked(False)

    def _follow(self, layers: list[QgsVectorLayer]) -> None:
        """Follow the selections and names of the layers in the list."""
        project_layers = QgsProject.instance().mapLayers().values()
        for layer in self._followed:
            if layer in project_layers:  # one that was removed took its connections along
                layer.selectionChanged.disconnect(self._selection_changed)
                layer.nameChanged.disconnect(self._selection_changed)
        self._followed = layers
        for layer in layers:
            layer.selectionChanged.connect(self._selection_changed)
            layer.nameChanged.connect(self._selection_changed)

    def _selection_changed(self, *_what: object) -> None:
        for index in range(self.box.count()):
            layer = QgsProject.instance().mapLayer(self.box.itemData(index).layer)
            if layer is not None:
                self.box.setItemText(index, _text_of(layer))
        self.changed.emit()


def _is_checkable(layer: object) -> bool:
    return (
        isinstance(layer, QgsVectorLayer)
        and layer.geometryType() == Qgis.GeometryType.Polygon
        and not layer.customProperty(PROPERTY_RUN)
    )


def _layers_of_polygons(path: str) -> list[str]:
    """Names of the layers of polygons in a file that QGIS knows; the core may know more formats."""
    found = QgsProviderRegistry.instance().querySublayers(path, Qgis.SublayerQueryFlag.ResolveGeometryType)
    return [one.name() for one in found if QgsWkbTypes.geometryType(one.wkbType()) == Qgis.GeometryType.Polygon]


def _text_of(layer: QgsVectorLayer) -> str:
    selected = layer.selectedFeatureCount()
    if selected:
        return tr("{layer}: selection ({count})").format(layer=layer.name(), count=f"{selected:,}")
    return f"{layer.name()} ({layer.featureCount():,})"
