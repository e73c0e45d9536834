"""One table of a result on the map; its file is temporary, and removed with the result unless the user keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsVectorLayer

from onemap.plugin.desk.map.map_groups import insert_group, put_in, remove_layer
from onemap.plugin.desk.map.map_layers import PROPERTY_RUN
from onemap.plugin.desk.results.field_names import column_names, name_fields
from onemap.plugin.desk.results.results import layer_of_table, open_table

Style = Callable[[QgsVectorLayer, str], None]  # of the layer of a table


def layer_for_map(path: str, table: str, title: str, run: str, style: Style | None = None) -> QgsVectorLayer:
    """A table of a run for the map, with its style and the titles of its columns. Raises Refusal."""
    layer = layer_of_table(path, table, title)
    layer.setCustomProperty(PROPERTY_RUN, run)
    if style is not None:
        style(layer, table)
    name_fields(layer, table, column_names(path, table))
    return layer


class TableLayer:
    """The map layer of one table. It belongs to the project, and the user may remove it."""

    def __init__(self, path: str, table: str, title: str, group: str, run: str, style: Style) -> None:
        self._path, self._table, self._run, self._style = path, table, run, style
        self._source = open_table(path, table)
        self.is_kept = False
        # Not read-only: what is decided is marked in it. The file is the result's own, and no library.
        layer = layer_for_map(path, table, title, run, style)
        self._id = layer.id()
        put_in(insert_group(group), layer)

    @property
    def layer(self) -> QgsVectorLayer | None:
        """The layer; None once it is off the map."""
        return QgsProject.instance().mapLayer(self._id)

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The coordinate system of the table."""
        return self._source.crs()

    def ground(self, row: int) -> QgsGeometry:
        """The geometry of a row."""
        return self._source.getFeature(row).geometry()

    def select_rows(self, rows: Iterable[int]) -> None:
        """Select these rows on the map, and no others."""
        if self.layer is not None:
            self.layer.selectByIds(list(rows))

    def keep_in(self, copy: Path, more_tables: dict[str, str]) -> None:
        """Move the layer to a permanent copy of its file.

        copy: the permanent file.
        more_tables: other tables of that file to add, with their titles.
        """
        layer = self.layer
        if layer is None or self.is_kept:
            return
        selected_ids = layer.selectedFeatureIds()
        layer.setDataSource(f"{copy}|layername={self._table}", layer.name(), "ogr")
        self._style(layer, self._table)
        layer.selectByIds(selected_ids)
        group = QgsProject.instance().layerTreeRoot().findLayer(layer.id()).parent()
        for table, title in more_tables.items():
            other_layer = QgsVectorLayer(f"{copy}|layername={table}", title, "ogr")
            if other_layer.isValid() and other_layer.featureCount():
                other_layer.setCustomProperty(PROPERTY_RUN, self._run)
                name_fields(other_layer, table, column_names(str(copy), table))
                QgsProject.instance().addMapLayer(other_layer, False)
                group.addLayer(other_layer).setItemVisibilityChecked(False)
        self.is_kept = True

    def remove(self) -> None:
        """Remove the layer from the map unless it is kept, and the temporary file."""
        if self.layer is not None and not self.is_kept:
            remove_layer(self.layer)
        self._source = None
        shutil.rmtree(Path(self._path).parent, ignore_errors=True)
