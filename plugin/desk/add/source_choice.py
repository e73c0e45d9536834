"""The choice of the file to add: typed, chosen, dropped, or a layer that is open in QGIS."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import QgsMapLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QMimeData, pyqtSignal
from qgis.PyQt.QtWidgets import QFileDialog, QLineEdit, QMenu, QToolButton, QWidget

from onemap.plugin.connection.layer_export import SourceFile, export_layer, file_of_path
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, PROPERTY_RUN
from onemap.plugin.profile.paths import temporary_folder
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.widgets.target_file import ask_file
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr

FOLDER_FORMATS = (".gdb",)  # a file of data that is a folder
ARCHIVES = (".zip", ".7z")
MULTI_FILE_FORMATS = (".shp", ".tab", ".mif", ".tif", ".tiff", ".img", ".jpg", ".png")


@dataclass(frozen=True)
class Delivery:
    """A department's folder, or its archive. files: only these files and folders of it; empty for all."""

    folder: str = ""
    files: tuple[str, ...] = ()


class SourceChoice(QWidget):
    """A line for the path, and a button for the other ways to choose a file."""

    chosen = pyqtSignal(object)  # SourceFile
    delivery_chosen = pyqtSignal(object)  # Delivery; an empty one is asked for
    refused = pyqtSignal(object)  # Refusal

    def __init__(self) -> None:
        super().__init__()
        self._shown_text = ""
        self.line = QLineEdit(placeholderText=tr("Drop a file here, or choose one"))
        self.line.editingFinished.connect(self._choose_typed_path)
        self.line.setAcceptDrops(False)  # the whole dialog takes what is dropped
        self.button = tool_button("file", tr("Choose a file"), action=self._choose_file)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.menu = QMenu(self, aboutToShow=self._fill_menu)
        self.button.setMenu(self.menu)
        row_of((self.line, 1), self.button, inside=self, is_tight=True)
        self.setFocusProxy(self.line)

    def choose(self, source: SourceFile, name: str = "") -> None:
        """Choose a source.

        name: the text to show instead of the path.
        """
        self._shown_text = name or source.path
        self.line.setText(self._shown_text)
        self.chosen.emit(source)

    def choose_layer(self, layer: QgsVectorLayer | QgsRasterLayer) -> None:
        """Choose a layer of the map: the file behind it, or an export if it has none or features are selected."""
        if isinstance(layer, QgsRasterLayer):
            self.choose(SourceFile(layer.source()), layer.name())
            return
        folder = temporary_folder("source")
        with refusals_told(self.refused.emit):
            source = export_layer(layer, layer.selectedFeatureCount() > 0, str(folder))
            self.choose(source, layer.name())

    def _choose_typed_path(self) -> None:
        text = self.line.text().strip().strip('"')
        if text and text != self._shown_text:
            if is_delivery(Path(text)):
                self.delivery_chosen.emit(Delivery(text))
            else:
                self.choose(file_of_path(text))

    def _choose_file(self) -> None:
        ask_file(
            self,
            tr("A file that a department sent"),
            lambda path: self.choose(SourceFile(path)),
            start=_folder_of(self._shown_text),
        )

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("A folder of data"), _folder_of(self._shown_text))
        if path and is_delivery(Path(path)):
            self.delivery_chosen.emit(Delivery(path))
        elif path:
            self.choose(SourceFile(path))

    def _fill_menu(self) -> None:
        self.menu.clear()
        self.menu.addAction(icon("file"), tr("File…"), self._choose_file)
        self.menu.addAction(tr("Folder, such as a FileGDB…"), self._choose_folder)
        self.menu.addAction(icon("ingest"), tr("A whole delivery…"), lambda: self.delivery_chosen.emit(Delivery()))
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
            action = self.menu.addAction(as_written(layer.name()))
            action.triggered.connect(lambda _checked=False, chosen_layer=layer: self.choose_layer(chosen_layer))


def is_delivery(path: Path, archives: bool = False) -> bool:
    """Whether a path is a folder whose files are sources. archives: accept an archive of such a folder too."""
    if archives and path.suffix.lower() in ARCHIVES:
        return path.is_file()
    return path.is_dir() and path.suffix.lower() not in FOLDER_FORMATS


def dropped_delivery(mime_data: QMimeData, archives: bool = False) -> Delivery | None:
    """The dropped delivery: a folder, or several files and folders; None for anything else.

    Files from several folders belong to the folder that contains them all. Raises Refusal if there is no such folder.
    """
    paths = _local_paths(mime_data)
    if len(paths) <= 1 or dropped_file(mime_data) is not None:
        return Delivery(str(paths[0])) if len(paths) == 1 and is_delivery(paths[0], archives) else None
    try:
        folder = os.path.commonpath([path.parent for path in paths])
    except ValueError:  # on Windows, of two drives
        raise Refusal(tr("These files lie on different drives. Put them into one folder, and drop that.")) from None
    return Delivery(folder, tuple(map(str, paths)))


def dropped_file(mime_data: QMimeData) -> SourceFile | None:
    """The dropped file or folder; None for anything else, or for several.

    Several files count as one if all are parts of one shapefile, MapInfo table or picture.
    """
    paths = _local_paths(mime_data)
    if len(paths) == 1:
        return SourceFile(str(paths[0]))
    main_files = [path for path in paths if path.suffix.lower() in MULTI_FILE_FORMATS]
    if len(main_files) != 1 or not all(path.name.startswith(f"{main_files[0].stem}.") for path in paths):
        return None
    return SourceFile(str(main_files[0]))


def _local_paths(mime_data: QMimeData) -> list[Path]:
    return [Path(url.toLocalFile()) for url in mime_data.urls() if url.isLocalFile()]


def holds_delivery(mime_data: QMimeData, archives: bool = False) -> bool:
    """Whether a delivery is dropped, even one that will be refused."""
    try:
        return dropped_delivery(mime_data, archives) is not None
    except Refusal:
        return True


def take_drop(
    event: Any,
    on_delivery: Callable[[Delivery], None],
    on_file: Callable[[SourceFile | None], None],
    on_refusal: Callable[[Refusal], None],
) -> None:
    """Pass on what is dropped: a folder or several files to `on_delivery`, one file to `on_file`."""
    event.acceptProposedAction()
    with refusals_told(on_refusal):
        delivery = dropped_delivery(event.mimeData())
        if delivery is not None:
            on_delivery(delivery)
        else:
            on_file(dropped_file(event.mimeData()))


def _is_picture(layer: QgsMapLayer) -> bool:
    """Whether a layer shows a raster file; the library cannot refer to a web service."""
    return isinstance(layer, QgsRasterLayer) and Path(layer.source()).is_file()


def _folder_of(path: str) -> str:
    return str(Path(path).parent) if path else ""
