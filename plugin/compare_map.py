"""The spots of a comparison on the map: one layer with its legend, the chosen spots selected, decisions marked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsVectorLayer

from onemap.plugin.compare_looks import style_spots
from onemap.plugin.compare_results import Comparison, Spot
from onemap.plugin.figures import moment_text
from onemap.plugin.map_layers import PROPERTY_RUN, insert_group, take_layer
from onemap.plugin.refusals import Refusal
from onemap.plugin.result_layers import kept_file
from onemap.plugin.results import open_table
from onemap.plugin.translation import tr


class SpotLayer:
    """The layer of one comparison. It belongs to the project; a user who takes it off the map may do so."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._ground = open_table(comparison.path, "spots")
        self.is_kept = False
        # Not read-only: what is decided is marked in it. The file is the comparison's own, and no library.
        layer = QgsVectorLayer(f"{comparison.path}|layername=spots", tr("Difference spots"), "ogr")
        if not layer.isValid():
            said = tr("The results cannot be read: {path} has no table {table}.")
            raise Refusal(said.format(path=comparison.path, table="spots"))
        layer.setCustomProperty(PROPERTY_RUN, str(comparison.record.get("id", "")))
        style_spots(layer)
        self._id = layer.id()
        QgsProject.instance().addMapLayer(layer, False)
        moment = moment_text(str(comparison.record.get("started") or ""))
        name = tr("{a} against {b}, {moment}").format(a=comparison.plans[0], b=comparison.plans[1], moment=moment)
        insert_group(name, at_top=True).insertLayer(0, layer)

    @property
    def layer(self) -> QgsVectorLayer | None:
        """The layer; None once it is off the map."""
        return QgsProject.instance().mapLayer(self._id)

    @property
    def crs(self) -> QgsCoordinateReferenceSystem:
        """The coordinate system of the spots."""
        return self._ground.crs()

    def geometry(self, spot: Spot) -> QgsGeometry:
        """The ground of a spot."""
        return self._ground.getFeature(spot.row).geometry()

    def select(self, spots: Iterable[Spot]) -> None:
        """Select spots on the map, and nothing else."""
        if self.layer is not None:
            self.layer.selectByIds([spot.row for spot in spots])

    def mark(self, spots: Iterable[Spot]) -> None:
        """Mark what was decided."""
        layer = self.layer
        if layer is None:
            return
        decision, reason = (layer.fields().lookupField(name) for name in ("decision", "decision_reason"))
        layer.dataProvider().changeAttributeValues(
            {spot.row: {decision: spot.decision, reason: spot.reason} for spot in spots}
        )
        layer.triggerRepaint()

    def keep(self, library: str) -> None:
        """Let the layer, and the tables beside it, live in a file that stays. Raises OSError."""
        layer = self.layer
        if layer is None or self.is_kept:
            return
        kept = kept_file(self._comparison.path, self._comparison.record, library)
        chosen = layer.selectedFeatureIds()
        layer.setDataSource(f"{kept}|layername=spots", layer.name(), "ogr")
        style_spots(layer)
        layer.selectByIds(chosen)
        group = QgsProject.instance().layerTreeRoot().findLayer(layer.id()).parent()
        tables = {
            "clusters": tr("Clusters of differences"),
            "matrix": tr("Matrix of differences"),
            "statistics": tr("Differences by township"),
        }
        for table, title in tables.items():
            beside = QgsVectorLayer(f"{kept}|layername={table}", title, "ogr")
            if beside.isValid() and beside.featureCount():
                beside.setCustomProperty(PROPERTY_RUN, str(self._comparison.record.get("id", "")))
                QgsProject.instance().addMapLayer(beside, False)
                group.addLayer(beside).setItemVisibilityChecked(False)
        self.is_kept = True

    def remove(self) -> None:
        """Take the layer off the map, unless it is kept; the comparison's own file goes in any case."""
        if self.layer is not None and not self.is_kept:
            take_layer(self.layer)
        self._ground = None
        shutil.rmtree(Path(self._comparison.path).parent, ignore_errors=True)
