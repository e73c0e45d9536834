"""The choice of the file to add: typed, chosen, dropped, or a layer that is open in QGIS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProcessingUtils, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QMimeData, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from onemap.plugin.connection.layer_export import SourceFile, export_layer, file_of_path
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.map.map_layers import PROPERTY_LIBRARY, PROPERTY_RUN
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr

FOLDER_FORMATS = (".gdb",)  # a file of data that is a folder
ARCHIVES = (".zip", ".7z")
MULTI_FILE_FORMATS = (".shp", ".tab", ".mif", ".tif", ".tiff", ".img", ".jpg", ".png")


class SourceChoice(QWidget):
    """A line for the path, and a button with the other ways."""

    chosen = pyqtSignal(object)  # SourceFile
    delivery_chosen = pyqtSignal(str)  # a folder of files; empty: it is asked for
    refused = pyqtSignal(object)  # Refusal

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown_text = ""
        self.line = QLineEdit()
        self.line.setPlaceholderText(tr("Drop a file here, or choose one"))
        self.line.editingFinished.connect(self._choose_typed_path)
        self.line.setAcceptDrops(False)  # the whole dialog takes what is dropped
        self.button = QToolButton()
        self.button.setIcon(icon("file"))
        self.button.setToolTip(tr("Choose a file"))
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.button.clicked.connect(self._choose_file)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.button.setMenu(self.menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.line, 1)
        layout.addWidget(self.button)
        self.setFocusProxy(self.line)

    def choose(self, source: SourceFile, name: str = "") -> None:
        """Choose a source.

        name: the text to show instead of the path.
        """
        self._shown_text = name or source.path
        self.line.setText(self._shown_text)
        self.chosen.emit(source)

    def choose_layer(self, layer: QgsVectorLayer | QgsRasterLayer) -> None:
        """Choose a layer of the map: the file behind it, or an export where there is none or features are selected."""
        if isinstance(layer, QgsRasterLayer):
            self.choose(SourceFile(layer.source()), layer.name())
            return
        folder = Path(QgsProcessingUtils.generateTempFilename("source"))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            source = export_layer(layer, layer.selectedFeatureCount() > 0, str(folder))
        except Refusal as refusal:
            self.refused.emit(refusal)
            return
        self.choose(source, layer.name())

    def _choose_typed_path(self) -> None:
        text = self.line.text().strip().strip('"')
        if text and text != self._shown_text:
            if is_delivery(Path(text)):
                self.delivery_chosen.emit(text)
            else:
                self.choose(file_of_path(text))

    def _choose_file(self) -> None:
        path, _filter = QFileDialog.getOpenFileName(
            self, tr("A file that a department sent"), _folder_of(self._shown_text)
        )
        if path:
            self.choose(SourceFile(path))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("A folder of data"), _folder_of(self._shown_text))
        if path and is_delivery(Path(path)):
            self.delivery_chosen.emit(path)
        elif path:
            self.choose(SourceFile(path))

    def _fill_menu(self) -> None:
        self.menu.clear()
        self.menu.addAction(icon("file"), tr("File…"), self._choose_file)
        self.menu.addAction(tr("Folder, such as a FileGDB…"), self._choose_folder)
        self.menu.addAction(icon("ingest"), tr("A whole delivery…"), lambda: self.delivery_chosen.emit(""))
        layers = [
            layer
            for layer in QgsProject.instance().mapLayers().values()
            if (_is_picture(layer) or (isinstance(layer, QgsVectorLayer) and layer.isSpatial()))
            and not layer.customProperty(PROPERTY_LIBRARY)
            and not layer.customProperty(PROPERTY_RUN)
        ]
        if layers:
            self.menu.addSection(tr("A layer of the map"))
        for layer in sorted(layers, key=lambda layer: layer.name()):
            action = self.menu.addAction(layer.name())
            action.triggered.connect(lambda _checked=False, chosen_layer=layer: self.choose_layer(chosen_layer))


def is_delivery(path: Path, archives: bool = False) -> bool:
    """Whether a path is a folder of files, of which each is a source; archives: or an archive of such a folder."""
    if archives and path.suffix.lower() in ARCHIVES:
        return path.is_file()
    return path.is_dir() and path.suffix.lower() not in FOLDER_FORMATS


def dropped_delivery(mime_data: QMimeData, archives: bool = False) -> str:
    """The folder of a delivery that is dropped; empty for anything else."""
    paths = [Path(url.toLocalFile()) for url in mime_data.urls() if url.isLocalFile()]
    return str(paths[0]) if len(paths) == 1 and is_delivery(paths[0], archives) else ""


def dropped_file(mime_data: QMimeData) -> SourceFile | None:
    """The dropped file or folder; None for anything else, or for several.

    Several files count as one where all are parts of a shapefile, of a MapInfo table, or of a picture.
    """
    paths = [Path(url.toLocalFile()) for url in mime_data.urls() if url.isLocalFile()]
    if len(paths) == 1:
        return SourceFile(str(paths[0]))
    main_files = [path for path in paths if path.suffix.lower() in MULTI_FILE_FORMATS]
    if len(main_files) != 1 or not all(path.name.startswith(f"{main_files[0].stem}.") for path in paths):
        return None
    return SourceFile(str(main_files[0]))


def take_drop(event: Any, on_delivery: Callable[[str], None], on_file: Callable[[SourceFile | None], None]) -> None:
    """Hand on what is dropped: a folder of many files, or one file."""
    folder = dropped_delivery(event.mimeData())
    if folder:
        on_delivery(folder)
    else:
        on_file(dropped_file(event.mimeData()))
    event.acceptProposedAction()


def _is_picture(layer: QgsMapLayer) -> bool:
    """Whether a layer shows a raster file; the library cannot refer to a web service."""
    return isinstance(layer, QgsRasterLayer) and Path(layer.source()).is_file()


def _folder_of(path: str) -> str:
    return str(Path(path).parent) if path else ""
