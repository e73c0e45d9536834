"""What of a layer lies in none of the units of a whole division: told with its amount, since no figure has it.

A border with other vertices is another line: where an edge that is straight in degrees is drawn by its two ends in one
layer and by many points in another, the two lie up to some metres apart in the library's plane. So what is lost is what
counting did not get of a feature, and no second overlay, which would round the border in another way.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import area_to_hundredths
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import AnyShapes, all_of, areas_of, some_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.stores.store import DamagedTable
from onemap.rules.answers.statistics.conditions_of_layers import truth_of
from onemap.rules.answers.statistics.layer_in_units import LayerInUnits
from onemap.rules.answers.statistics.unit_pieces import LINE, POLYGON, pieces_size
from onemap.rules.answers.statistics.units import AreaUnits, version_titles
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.overlay.threads import Threads

_LEAST = {POLYGON: 1e-4, LINE: 1e-6}  # of a feature, in m² or m: less is arithmetic
_TOLD = {POLYGON: 0.1, LINE: 0.01}  # of all features; less is how coordinates were rounded


class OutsideUnits:
    """What of a version's features lies in none of the units; nothing if units were chosen, or for a table.

    Ground and lines of two features are counted twice.
    """

    def __init__(self, library: Library, version: Version, units: AreaUnits) -> None:
        self.version, self._library, self._units = version, library, units
        self._entry = library.catalogue()[version.code]
        self._is_told = units.are_all and self._entry.geometry != "table"
        # By fid, the first of which is 1: what may be lost of a feature, and what counting has of it.
        self._is_read = np.zeros(version.count + 1, dtype=bool)
        self._whole, self._counted_sizes = np.zeros(version.count + 1), np.zeros(version.count + 1)

    def add(self, layer: LayerInUnits, may_count: np.ndarray) -> None:
        """Add what is counted in some of the units. may_count: mask of the layer's features (n,)."""
        if not self._is_told:
            return
        shapes, fids, pieces = layer.shapes, layer.source.features.fids, layer.pieces_once
        whole = self._sizes(shapes)
        counted_sizes = np.bincount(pieces.feature, layer.sizes_of(pieces), len(fids))
        if self._entry.geometry != POLYGON:  # of what is cut and lies twice in a feature, counting has it once
            cut = np.flatnonzero(may_count & (counted_sizes > 0) & (counted_sizes < whole))
            whole[cut] = np.minimum(whole[cut], self._sizes_once(all_of(some_of(shapes, cut)), layer.threads))
        here = fids[may_count]
        known_sizes = np.where(self._is_read[here], self._whole[here], np.inf)
        self._whole[here] = np.minimum(known_sizes, whole[may_count])
        self._counted_sizes[here] += counted_sizes[may_count]
        self._is_read[fids] = True

    def problems(self, wheres: Collection[str | None]) -> list[Problem]:
        """A problem if features lie, wholly or in part, in none of the units.

        wheres: conditions of which a feature must meet one, or may; None is met by all. Features far from all units,
        which counting did not read, are read here. Raises OneMapError version.unreadable.
        """
        if not self._is_told:
            return []
        self._add_far_features(wheres)
        lost_sizes, kind = self._whole - self._counted_sizes, self._entry.geometry
        lost_sizes = lost_sizes[lost_sizes > _LEAST.get(kind, 0.0)]
        amount = float(lost_sizes.sum())
        if amount <= _TOLD.get(kind, 0.0):
            return []
        of_units = self._library.catalogue()[self._units.record["code"]]
        facts = {"layer": self.version.code, "count": len(lost_sizes)}
        facts["table"] = version_titles(self._entry, self.version.label)
        facts["units"] = version_titles(of_units, self._units.record["label"])
        amount_text = area_to_hundredths(amount) if kind in _TOLD else round(amount)
        facts["amount"] = {one: phrase(f"outside_units.{kind}", one, amount=amount_text) for one in LANGUAGES}
        return [Problem("statistics.outside_units", facts)]

    def _add_far_features(self, wheres: Collection[str | None]) -> None:
        field_names = {name.lower() for where in wheres if where is not None for name in fields_of(where)}
        connection, table = self._library.connection, self.version.table
        for block in blocks(self.version.count):
            far = np.flatnonzero(~self._is_read[block.start + 1 : block.stop + 1])
            if len(far) == 0:
                continue
            fields = [name for name in connection.field_types(table) if name.lower() in field_names]
            try:
                rows = connection.read_block(
                    table, fields, block.start + 1 + int(far[0]), block.start + 1 + int(far[-1])
                )
            except DamagedTable as error:
                raise OneMapError("version.unreadable", file=self._library.label, layer=table) from error
            far = np.flatnonzero(~self._is_read[rows.fids] & self._may_count(rows.values, wheres, len(rows.fids)))
            self._whole[rows.fids[far]] = self._sizes(some_of(rows.shapes, far))

    def _may_count(self, values: Mapping[str, Sequence[Any]], wheres: Collection[str | None], count: int) -> np.ndarray:
        """Which features (count,) meet one of the conditions, or may meet it."""
        attributes = pd.DataFrame(values, index=range(count), dtype=object)
        place: ProblemPlace = {**self._entry.place_in(self._library.label), "field": "where"}
        possible_rows = [truth_of(where, attributes, place, self._entry).possible for where in wheres]
        return np.logical_or.reduce(possible_rows, initial=False) & np.ones(count, dtype=bool)

    def _sizes(self, shapes: AnyShapes) -> np.ndarray:
        """The size of each feature (n,): m², m, or the number of its points."""
        kind = self._entry.geometry
        return np.array(areas_of(shapes) if kind == POLYGON else pieces_size(all_of(shapes), kind))

    def _sizes_once(self, geometries: np.ndarray, threads: Threads) -> np.ndarray:
        """The size of each line or group of points (n,), of which what lies twice in it counts once."""
        once = threads.each(lambda geometry: shapely.union_all([geometry]), geometries.tolist())
        return pieces_size(np.array(once, dtype=object), self._entry.geometry)
