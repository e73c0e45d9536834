"""Large polygons cut small, or cut to what lies around a box, since every overlay and sum scans both polygons whole.

Boxes are cut from tiles that overlap and are halved again and again; which tile serves a box depends on the polygon and
the box alone, and so do the digits. An error made here is found by the area of the overlay, which is then repeated with
the whole polygon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from onemap.layers.geometry.boxes import Bounds
from onemap.layers.geometry.parts import polygon_parts, sound
from onemap.rules.judge.overlay.threads import Threads

MOST_VERTICES = 256  # of a piece
RECIPE = f"halves of {MOST_VERTICES}"  # how pieces are made: those that are kept are good for no other
_CUTS_IN_VAIN = 3  # all points of a piece may lie at one end of it
_TILED = 1024  # vertices: below, a polygon is cut at once
_CLIPS_AT_ONCE = 16
_OVERLAP = 0.125  # of a tile's side, that it reaches into its neighbours on each side


@dataclass(frozen=True)
class Pieces:
    """Polygons cut small: geometries (m,), and for each the row of its polygon."""

    geometries: np.ndarray
    owner: np.ndarray

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The index of all pieces."""
        return shapely.STRtree(self.geometries)

    def only(self, is_wanted: np.ndarray) -> "Pieces":
        """The pieces of some of the polygons. is_wanted: (n,)."""
        is_of_them = is_wanted[self.owner]
        return Pieces(self.geometries[is_of_them], self.owner[is_of_them])

    def of_rows(self, rows: np.ndarray, count: int) -> "Pieces":
        """The pieces of some of `count` polygons as pieces of those alone: rows (k,), ascending."""
        place = np.full(count, -1)
        place[rows] = np.arange(len(rows))
        is_of_them = place[self.owner] >= 0
        return Pieces(self.geometries[is_of_them], place[self.owner[is_of_them]])

    @staticmethod
    def concatenate(parts: "Sequence[Pieces]") -> "Pieces":
        """Pieces of the same polygons, those of each polygon together and in the order in which they were cut."""
        owner = np.concatenate([np.empty(0, dtype=np.int64), *(part.owner for part in parts)])
        order = np.argsort(owner, kind="stable")
        geometries = np.concatenate([np.empty(0, dtype=object), *(part.geometries for part in parts)])
        return Pieces(geometries[order], owner[order])


Cut = Callable[[], Pieces]  # pieces that are cut only where somebody wants them
_Clip = Callable[[shapely.Geometry, Bounds], shapely.Geometry]


def clip_polygon(polygon: shapely.Geometry, box: Bounds) -> shapely.Geometry:
    """The part of a polygon in a box, found fast; rings may touch along its edge, degenerate ones may be wrong."""
    try:
        return shapely.clip_by_rect(polygon, *box)
    except shapely.GEOSException:  # some valid polygons leave it with a ring of three points
        return _cut_exactly(polygon, box)


def _cut_exactly(polygon: shapely.Geometry, box: Bounds) -> shapely.Geometry:
    return polygon & shapely.box(*box)


def subdivide_polygons(polygons: np.ndarray) -> Pieces:
    """Polygons (n,) cut in halves until each piece has at most MOST_VERTICES vertices; small ones stay whole."""
    large = shapely.get_num_coordinates(polygons) > MOST_VERTICES
    if not large.any():
        return Pieces(polygons, np.arange(len(polygons)))
    small_rows, left = np.flatnonzero(~large), np.flatnonzero(large)
    sound_pieces = [Pieces(polygons[small_rows], small_rows)]
    # A fast cut may go wrong on degenerate input; its areas and its validity tell.
    for cut in (clip_polygon, _cut_exactly):
        rough = _cut_small(polygons, left, cut)
        pieces = Pieces(sound(rough.geometries), rough.owner)  # rings may touch along a cut
        is_sound = _are_sound(polygons, pieces)
        sound_pieces.append(pieces.only(is_sound))
        left = left[~is_sound[left]]
    return Pieces.concatenate([*sound_pieces, Pieces(polygons[left], left)])


def _are_sound(polygons: np.ndarray, pieces: Pieces) -> np.ndarray:
    """Whether the pieces of each polygon (n,) are valid and make up all of it; False where there are none."""
    area = shapely.area(polygons)
    of_pieces = np.bincount(pieces.owner, shapely.area(pieces.geometries), len(polygons))
    invalid_count = np.bincount(pieces.owner, ~shapely.is_valid(pieces.geometries), len(polygons))
    any_there = np.bincount(pieces.owner, minlength=len(polygons)) > 0
    whole: np.ndarray = any_there & (invalid_count == 0) & (np.abs(of_pieces - area) <= 1e-9 * area)
    return whole


def _cut_small(polygons: np.ndarray, rows: np.ndarray, cut: _Clip) -> Pieces:
    """The polygons in `rows` cut small; a piece that repeated cuts make no smaller stays."""
    small_pieces: list[Pieces] = []
    geometries, owner, in_vain = polygons[rows], rows, np.zeros(len(rows), dtype=np.int64)
    while len(geometries):
        large = shapely.get_num_coordinates(geometries) > MOST_VERTICES
        small_pieces.append(Pieces(geometries[~large], owner[~large]))
        geometries, owner, in_vain = geometries[large], owner[large], in_vain[large]
        boxes = _half_boxes(geometries)
        pairs = [cut(polygon, tuple(box)) for polygon, both in zip(geometries, boxes, strict=True) for box in both]
        halves = polygon_parts(np.array(pairs, dtype=object))
        size = shapely.get_num_coordinates(halves).reshape(-1, 2)
        no_smaller = (size >= shapely.get_num_coordinates(geometries)[:, None]).any(axis=1)
        in_vain = np.where(no_smaller, in_vain + 1, 0)
        stuck = in_vain > _CUTS_IN_VAIN
        small_pieces.append(Pieces(geometries[stuck], owner[stuck]))
        geometries = halves.reshape(-1, 2)[~stuck].ravel()
        owner, in_vain = np.repeat(owner[~stuck], 2), np.repeat(in_vain[~stuck], 2)
        there = ~shapely.is_missing(geometries)
        geometries, owner, in_vain = geometries[there], owner[there], in_vain[there]
    return Pieces.concatenate(small_pieces)


def _half_boxes(polygons: np.ndarray) -> np.ndarray:
    """The boxes (n, 2, 4) of both halves of each polygon across its longer side, with a metre to spare outside."""
    west, south, east, north = shapely.bounds(polygons).T
    across = (east - west) >= (north - south)
    x, y = (west + east) / 2, (south + north) / 2
    first = np.column_stack([west - 1, south - 1, np.where(across, x, east + 1), np.where(across, north + 1, y)])
    second = np.column_stack([np.where(across, x, west - 1), np.where(across, south - 1, y), east + 1, north + 1])
    boxes: np.ndarray = np.stack([first, second], axis=1)
    return boxes


def tiles_near(
    polygons: np.ndarray, polygon: np.ndarray, boxes: np.ndarray, margin_m: float, threads: Threads
) -> np.ndarray:
    """The parts of polygon (k,), of polygons (m,), in boxes (k, 4) and at least a margin around them: (k,).

    They are tiles, which may be larger than needed; small polygons stay whole.
    """
    result: np.ndarray = polygons[polygon]
    bounds = shapely.bounds(polygons)
    side = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1])[polygon]
    origin = bounds[polygon, :2]
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    size = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    active = np.flatnonzero(shapely.get_num_coordinates(result) > _TILED)
    while len(active):
        side[active] /= 2
        active = active[size[active] / 2 + margin_m <= _OVERLAP * side[active]]
        tile = np.floor((middle[active] - origin[active]) / side[active, None])
        keys = np.column_stack([polygon[active], tile])
        _, first, which = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        at = active[first]
        west, south = (origin[at] + tile[first] * side[at, None] - _OVERLAP * side[at, None]).T
        tile_side = side[at] + 2 * (_OVERLAP * side[at])
        tiles = _clip_polygons(result[at], np.column_stack([west, south, west + tile_side, south + tile_side]), threads)
        result[active] = tiles[which.ravel()]
        active = active[shapely.get_num_coordinates(result[active]) > _TILED]
    return result


def cut_around(polygons: np.ndarray, boxes: np.ndarray, margin_m: float) -> np.ndarray:
    """Cut large polygons (k,) down to what lies around boxes (k, 4): as far as the box is wide, or by a margin.

    The margin keeps cuts away from the edges inside the box.
    """
    result: np.ndarray = polygons.copy()
    rows = np.flatnonzero(shapely.get_num_coordinates(polygons) > MOST_VERTICES)
    far = np.maximum((boxes[rows, 2:] - boxes[rows, :2]).max(axis=1, initial=0.0), margin_m)[:, None]
    result[rows] = _clip_polygons(polygons[rows], np.hstack([boxes[rows, :2] - far, boxes[rows, 2:] + far]), Threads())
    return result


def _clip_polygons(polygons: np.ndarray, boxes: np.ndarray, threads: Threads) -> np.ndarray:
    """The parts of polygons (k,) in boxes (k, 4): (k,)."""

    def of_some(start: int) -> list[shapely.Geometry]:
        some = slice(start, start + _CLIPS_AT_ONCE)
        pairs = zip(polygons[some].tolist(), boxes[some].tolist(), strict=True)
        return [clip_polygon(polygon, (west, south, east, north)) for polygon, (west, south, east, north) in pairs]

    result = np.empty(len(polygons), dtype=object)
    result[:] = [part for some in threads.each(of_some, range(0, len(polygons), _CLIPS_AT_ONCE)) for part in some]
    return result
