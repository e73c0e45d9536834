"""What of a layer lies in none of the units of a whole division: told with its amount, since no figure has it.

A border with other vertices is another line: where an edge that is straight in degrees is drawn by its two ends in one
layer and by many points in another, the two lie up to some metres apart in the library's plane.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import area_to_hundredths
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import all_of, boxes_of, some_of
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.stores.store import DamagedTable
from onemap.rules.answers.statistics.conditions_of_layers import truth_of
from onemap.rules.answers.statistics.unit_pieces import LINE, POLYGON, pieces_size
from onemap.rules.answers.statistics.units import AreaUnits, version_titles
from onemap.rules.judge.kinds.conditions import fields_of
from onemap.rules.judge.overlay.common_areas import common_areas
from onemap.rules.judge.overlay.lines_inside import proved_pieces
from onemap.rules.judge.overlay.threads import Threads

_LEAST = 1e-6  # of a feature, in m² or m: less is arithmetic
_TOLD = {POLYGON: 0.1, LINE: 0.01}  # of all features; less is how coordinates were rounded


def outside_problems(
    library: Library, version: Version, units: AreaUnits, wheres: Collection[str | None], threads: Threads
) -> list[Problem]:
    """A problem if features of a version lie, wholly or in part, in none of the units; none if units were chosen.

    wheres: conditions of which a feature must meet one, or may; None is met by all. Ground and lines of two features
    are counted twice. Raises OneMapError version.unreadable.
    """
    entry = library.catalogue()[version.code]
    if not units.are_all or entry.geometry == "table":
        return []
    whole = units.whole
    shapely.prepare(whole)
    named = {name.lower() for where in wheres if where is not None for name in fields_of(where)}
    fields = [name for name in library.connection.field_types(version.table) if name.lower() in named]
    count, amount = 0, 0.0
    for block in blocks(version.count):
        try:
            rows = library.connection.read_block(version.table, fields, block.start + 1, block.stop)
        except DamagedTable as error:
            raise OneMapError("version.unreadable", file=library.label, layer=version.table) from error
        # In a box lies what it has; that one touches the border is asked in more time than is spared by it.
        is_near = ~shapely.contains_properly(whole, shapely.box(*boxes_of(rows.shapes).T))
        here = np.flatnonzero(is_near & _may_count(library, entry, rows.values, wheres, len(rows.fids)))
        sizes = _sizes_outside(all_of(some_of(rows.shapes, here)), whole, units, entry.geometry, threads)
        count, amount = count + int((sizes > _LEAST).sum()), amount + float(sizes.sum())
    if amount <= _TOLD.get(entry.geometry, 0.0):
        return []
    of_units = library.catalogue()[units.record["code"]]
    facts = {"layer": version.code, "count": count, "table": version_titles(entry, version.label)}
    facts["units"] = version_titles(of_units, units.record["label"])
    written = area_to_hundredths(amount) if entry.geometry in _TOLD else round(amount)
    facts["amount"] = {one: phrase(f"outside_units.{entry.geometry}", one, amount=written) for one in LANGUAGES}
    return [Problem("statistics.outside_units", facts)]


def _may_count(
    library: Library, entry: LayerEntry, values: Mapping[str, Sequence[Any]], wheres: Collection[str | None], count: int
) -> np.ndarray:
    """Which features (count,) meet one of the conditions, or may meet it."""
    attributes = pd.DataFrame(values, index=range(count), dtype=object)
    place: ProblemPlace = {**entry.place_in(library.label), "field": "where"}
    found = [truth_of(where, attributes, place, entry).possible for where in wheres]
    return np.logical_or.reduce(found, initial=False) & np.ones(count, dtype=bool)


def _sizes_outside(
    shapes: np.ndarray, whole: shapely.Geometry, units: AreaUnits, kind: str, threads: Threads
) -> np.ndarray:
    """What of each feature (n,) lies in no unit: m², m, or the number of its points."""
    if kind == POLYGON:  # by sums: an overlay finds it hard that hundreds of features share their edges with the border
        west, south, *_ = shapely.bounds(whole)
        own, (ground,) = (shift_geometries(some, (-west, -south)) for some in (shapes, np.array([whole])))
        common, errors = common_areas(own, np.full(len(own), ground, dtype=object), threads)
        return np.maximum(shapely.area(own) - common - errors, 0.0)
    if kind == LINE:
        inside = proved_pieces(shapely.intersection, shapes, np.full(len(shapes), whole, dtype=object))
        return np.maximum(pieces_size(shapes, LINE) - pieces_size(inside, LINE), 0.0)
    points, owner = shapely.get_parts(shapes, return_index=True)
    is_inside = np.zeros(len(points), dtype=bool)
    # By the units themselves: a union may move its border by a rounding.
    is_inside[shapely.STRtree(units.grounds).query(points, predicate="intersects")[0]] = True
    return np.bincount(owner[~is_inside], minlength=len(shapes)).astype(float)
