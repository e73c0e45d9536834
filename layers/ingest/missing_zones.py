"""Features without the zone that stands for the distance which is kept of them: nothing would be kept of these."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import feature_names
from onemap.layers.ingest.lost_ground import NextVersion
from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, coverage_of, layer_in_force, read_version, versions

_BESIDE_M = 100.0  # a zone may begin at the edge of a road's land, beside its centreline
_MOST_NAMES = 5


@dataclass(frozen=True)
class _FeaturesAndZones:
    """Features and their names (m,), the zones (k,) that stand for them, and the ground for which these speak."""

    names: np.ndarray
    features: np.ndarray
    zones: np.ndarray
    ground: shapely.Geometry


def missing_zones(library: Library, coming: NextVersion) -> Iterator[tuple[Problem, shapely.Geometry]]:
    """The remarks on features that have no zone near where a layer of zones speaks, with their geometries.

    Asked of zones that are added, and of features to whose layer there are zones already. Of a version that cannot be
    read nothing is said.
    """
    entry = coming.entry
    zone_layers = [one.code for one in library.catalogue().values() if one.zones_of == entry.code]
    for code in zone_layers if entry.zones_of is None else [entry.zones_of]:
        other = layer_in_force(versions(library), code, coming.from_day or library.today())
        if other is None:
            continue
        try:
            pair = _features_and_zones(library, coming, other)
        except OneMapError:
            continue
        shapely.prepare(pair.ground)
        are_asked = shapely.intersects(pair.ground, pair.features)
        with_zone, _ = shapely.STRtree(pair.zones).query(pair.features, predicate="dwithin", distance=_BESIDE_M)
        rows = np.setdiff1d(np.flatnonzero(are_asked), with_zone)
        if len(rows):
            names = [*pair.names[rows[:_MOST_NAMES]], *["…"] * (len(rows) > _MOST_NAMES)]
            layers = (entry.code, code) if entry.zones_of is None else (code, entry.code)
            facts = {"features": layers[0], "zones": layers[1], "count": len(rows), "of": int(are_asked.sum())}
            problem = Problem("zones.missing", {**coming.place, "layer": entry.code, **facts, "names": names})
            yield problem, shapely.union_all(pair.features[rows])


def _features_and_zones(library: Library, coming: NextVersion, other: Version) -> _FeaturesAndZones:
    """What comes, and the other layer's version in force. Raises OneMapError version.unreadable."""
    stored, every = read_version(library, other, None), np.arange(coming.frame.count)
    shapes = coming.frame.geometries(every)
    if coming.entry.zones_of is None:
        own_names = np.array([*coming.frame.names(every).values()], dtype=object)
        return _FeaturesAndZones(own_names, shapes, stored.geometries, coverage_of(library, other))
    names = feature_names(stored.attributes, library.catalogue()[other.code].key, len(stored.fids))
    return _FeaturesAndZones(names, stored.geometries, shapes, coming.ground)
