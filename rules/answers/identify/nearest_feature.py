"""The nearest feature of a layer that has none at a place, with its distance and direction."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.reason import Reason
from onemap.layers.records import Record
from onemap.layers.value_groups import groups_of
from onemap.rules.answers.identify.feature_designation import feature_designation, own_name_field, plain_records
from onemap.rules.answers.identify.layer_grades import FARTHEST_M
from onemap.rules.judge.inputs.layer_sources import LayerSource, Sources

_REACHES_M = (500.0, 2_000.0, 8_000.0, FARTHEST_M)  # most layers have something near: little of them is read

_TOUCHING_M = 0.001  # what is nearer lies in no direction but that of rounding


@dataclass(frozen=True)
class NearestFeature:
    """The nearest feature of a layer to a shape.

    shape: counted from the layer's origin; source, row: the layer as read, and the feature's row in it; distance_m:
    between the two in the library's plane.
    """

    shape: shapely.Geometry
    source: LayerSource
    row: int
    distance_m: float

    @property
    def bearing_deg(self) -> float | None:
        """The direction from the shape to the feature, clockwise from grid north, 0 to 360; None if they touch."""
        if self.distance_m < _TOUCHING_M:
            return None
        line = shapely.shortest_line(self.shape, self.source.features.geometries[self.row])
        (x, y), (to_x, to_y) = shapely.get_coordinates(line)
        return math.degrees(math.atan2(to_x - x, to_y - y)) % 360.0

    @property
    def is_certain(self) -> bool:
        """Whether the layer covers all nearer ground, so that no other feature can be nearer."""
        return known_around_m(self.source.coverage, self.shape) >= self.distance_m


def known_around_m(coverage: shapely.Geometry | None, shape: shapely.Geometry) -> float:
    """The distance around a shape within which a layer covers all ground; below 0 if it lacks the shape itself."""
    if coverage is None or not shapely.covers(coverage, shape):
        return -1.0
    return float(shapely.distance(shape, shapely.boundary(coverage)))


def nearest_features(sources: Sources, code: str, shapes: np.ndarray, boxes: np.ndarray) -> list[NearestFeature | None]:
    """The nearest feature of a layer to each shape (n,) within FARTHEST_M; None if there is none.

    shapes: counted from the origin of `sources`; boxes (n, 4): of the shapes in the library's plane. Among equally near
    features the first in the layer's order is taken. A layer without a version has none.
    Raises OneMapError version.unreadable for a layer that cannot be read around them, and if a replacing file is
    refused.
    """
    nearest: list[NearestFeature | None] = [None] * len(shapes)
    open_rows = np.arange(len(shapes))
    for reach_m in _REACHES_M:
        grown = boxes[open_rows] + np.array([-reach_m, -reach_m, reach_m, reach_m])
        bounds = [*grown[:, :2].min(axis=0).tolist(), *grown[:, 2:].max(axis=0).tolist()]
        source = sources.read(code, bounds, grown)
        if source.reason == Reason.UNREADABLE:
            raise OneMapError("version.unreadable", file=sources.library.label, layer=code)
        if source.stored is None:
            return nearest
        geometries = source.features.geometries
        tree = shapely.STRtree(geometries)
        pairs, distances_m = tree.query_nearest(shapes[open_rows], max_distance=reach_m, return_distance=True)
        shape_places, first = np.unique(pairs[0], return_index=True)  # of one shape they come in the layer's order
        for at, pair in zip(shape_places.tolist(), first.tolist(), strict=True):
            row = int(open_rows[at])
            nearest[row] = NearestFeature(shapes[row], source, int(pairs[1][pair]), float(distances_m[pair]))
        open_rows = np.delete(open_rows, shape_places)
        if len(open_rows) == 0:
            break
    return nearest


def nearest_facts(features: Sequence[NearestFeature], entry: LayerEntry, language: str) -> list[Record]:
    """The facts of each nearest feature (n,): key, name, class, distance in metres, degrees clockwise from north."""
    rows_of = groups_of((id(feature.source), at) for at, feature in enumerate(features))
    facts: list[dict[str, Any]] = [{} for _ in features]
    for places in rows_of.values():
        source = features[places[0]].source
        rows = [features[at].row for at in places]
        attributes = source.features.attributes.iloc[rows].reset_index(drop=True)
        named_by = own_name_field(entry, attributes)
        for at, row, values in zip(places, rows, plain_records(attributes), strict=True):
            facts[at] = {
                "feature": source.names[row],
                "fid": int(source.features.fids[row]),
                **feature_designation(entry, named_by, values, language),
                "distance_m": features[at].distance_m,
                "bearing_deg": features[at].bearing_deg,
                "certain": features[at].is_certain,
            }
    return facts
