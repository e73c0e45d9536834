"""The spots of a comparison on the map: one layer with a legend; chosen spots are selected, decided ones marked."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsGeometry

from onemap.plugin.desk.results.result_layers import copy_to_profile
from onemap.plugin.desk.results.result_table import TableLayer
from onemap.plugin.rooms.compare.compare_looks import style_spots
from onemap.plugin.rooms.compare.compare_results import Comparison, Spot
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr


class SpotLayer(TableLayer):
    """The layer of one comparison."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        moment = moment_text(str(comparison.record.get("started") or ""))
        group = tr("{a} against {b}, {moment}").format(a=comparison.plans[0], b=comparison.plans[1], moment=moment)
        run = str(comparison.record.get("id", ""))
        super().__init__(comparison.path, "spots", tr("Difference spots"), group, run, style_spots)

    def geometry(self, spot: Spot) -> QgsGeometry:
        """The geometry of a spot."""
        return self.ground(spot.row)

    def select(self, spots: Iterable[Spot]) -> None:
        """Select these spots on the map, and no others."""
        self.select_rows(spot.row for spot in spots)

    def mark(self, spots: Iterable[Spot]) -> None:
        """Write the decisions into the layer, which then marks the spots."""
        layer = self.layer
        if layer is None:
            return
        decision, reason = (layer.fields().lookupField(name) for name in ("decision", "decision_reason"))
        layer.dataProvider().changeAttributeValues(
            {spot.row: {decision: spot.decision or None, reason: spot.reason or None} for spot in spots}
        )
        layer.triggerRepaint()

    def keep(self, library: str) -> None:
        """Move the layer, with the other tables, to a permanent file. Raises Refusal."""
        if self.layer is None or self.is_kept:
            return
        tables = {
            "clusters": tr("Clusters of differences"),
            "matrix": tr("Matrix of differences"),
            "statistics": tr("Differences by township"),
        }
        self.keep_in(copy_to_profile(self._comparison.path, self._comparison.record, library), tables)
