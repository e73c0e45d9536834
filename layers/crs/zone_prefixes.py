"""Features of which the number before the easting is another than that of the others: another zone's, or none."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyproj

from onemap.layers.crs.systems import CHINA
from onemap.layers.crs.zones import Zone, width_of_number, zone_of
from onemap.layers.errors import Problem

_MILLION = 1_000_000
_MIDDLE = 500_000  # metres, added to eastings so that none is negative
_DEGREE_M = 111_000.0  # about: only whether a place is among others is asked
_APART_M = 300_000.0  # with nothing between: ground that is so far beside all others of a zone is not of its layer
_NEAR_DEGREES = 1.0
# The number before the easting; of its features their count, the corner of the first, and the box of their middles.
PrefixPlaces = tuple[int, int, float, float, float, float, float, float]


def places_by_prefix(boxes: np.ndarray) -> list[PrefixPlaces]:
    """Features by their boxes (n, 4), grouped by prefix."""
    middles = boxes[:, :2] / 2 + boxes[:, 2:] / 2
    rows = np.flatnonzero(np.isfinite(middles).all(axis=1))
    prefixes = middles[rows, 0] // _MILLION
    places = []
    is_one = len(rows) and prefixes.min() == prefixes.max()
    for prefix in prefixes[:1].tolist() if is_one else np.unique(prefixes).tolist():
        mine = rows[prefixes == prefix]
        box = (*middles[mine].min(axis=0).tolist(), *middles[mine].max(axis=0).tolist())
        places.append((int(prefix), len(mine), *boxes[mine[0], :2].tolist(), *box))
    return places


def joined_places(some: Iterable[Sequence[float]]) -> list[PrefixPlaces]:
    """The groups of several parts of a source as those of the whole, the first part first."""
    places: dict[int, PrefixPlaces] = {}
    for prefix, count, x, y, west, south, east, north in some:
        key = int(prefix)
        _, others, *corner, left, low, right, high = places.get(key, (key, 0, x, y, west, south, east, north))
        box = min(west, left), min(south, low), max(east, right), max(north, high)
        places[key] = (key, int(count) + int(others), corner[0], corner[1], *box)
    return list(places.values())


def words_on_prefixes(crs: pyproj.CRS, places: Sequence[PrefixPlaces], *, surely: bool = False) -> Problem | None:
    """The words on features of a system with another prefix among those with its zone's own, or None.

    Other zones' ground may be written in this zone: then it lies beside the rest as it is. surely: that the whole does
    not fit is known already.
    """
    zone = zone_of(crs) if len(places) > 1 else None  # which takes its time
    own = [one for one in places if zone is not None and one[0] == _own_prefix(zone)]
    if zone is None or not own:
        return None
    others = [one for one in places if one is not own[0] and (surely or _is_astray(zone, one, own[0]))]
    if not others:
        return None
    first = others[0]
    return Problem(
        "suggest.other_prefix",
        {"count": sum(one[1] for one in others), "x": f"{first[2]:.10g}", "y": f"{first[3]:.10g}"},
    )


def words_on_some(crs: pyproj.CRS, boxes: np.ndarray) -> Problem | None:
    """The words on the features, by their boxes (n, 4), that make a source contradict its system; None of all."""
    if crs.is_projected:
        return words_on_prefixes(crs, places_by_prefix(boxes), surely=True)
    west, south, east, north = CHINA
    are_swapped = (boxes >= (south, west, south, west)).all(axis=1) & (boxes <= (north, east, north, east)).all(axis=1)
    rows = np.flatnonzero(are_swapped)
    if not 0 < len(rows) < len(boxes):
        return None
    x, y = boxes[rows[0], :2].tolist()
    return Problem("suggest.some_swapped", {"count": len(rows), "x": f"{x:.10g}", "y": f"{y:.10g}"})


def _own_prefix(zone: Zone) -> int:
    return zone.number if zone.prefixed else 0


def _is_astray(zone: Zone, other: PrefixPlaces, own: PrefixPlaces) -> bool:
    """Whether features lie among those with the zone's own prefix by their prefix, and far beside them as they are."""
    width = width_of_number(other[0])
    if other[0] == 0:
        meant_zone = zone  # the number was forgotten
    elif width is None:
        return False
    else:
        meant_zone = replace(zone, width=width, number=other[0])
    gap_m = max(own[4] - other[6], other[4] - own[6])
    if gap_m < _APART_M:
        return False
    west, south = _degrees(zone, own[4], own[5])
    east, north = _degrees(zone, own[6], own[7])
    longitude, latitude = _degrees(meant_zone, (other[4] + other[6]) / 2, (other[5] + other[7]) / 2)
    near = _NEAR_DEGREES
    return west - near <= longitude <= east + near and south - near <= latitude <= north + near


def _degrees(zone: Zone, easting: float, northing: float) -> tuple[float, float]:
    """About where a place of a zone lies, with or without prefix."""
    latitude = northing / _DEGREE_M
    from_meridian = easting % _MILLION - _MIDDLE
    return zone.meridian + from_meridian / (_DEGREE_M * max(math.cos(math.radians(latitude)), 0.1)), latitude
