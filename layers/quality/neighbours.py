"""The polygons of a layer in spatial blocks, each with the neighbours that its own polygons may touch.

A giant, such as a city's streets in one polygon, is cut up, and its pieces are spread over the blocks.
"""

import math

import numpy as np
import shapely

from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.boxes import boxes_that_meet, meet_box
from onemap.layers.geometry.parts import polygon_parts
from onemap.layers.geometry.rings import Rings

GIANT = 2000  # points
POINTS_AT_ONCE = 500_000
_PIECE = 200
_LONG = 8  # of a block's extent: one part of so many is long for a polygon
_LEAST_POINTS = 20  # that a polygon counts for: each takes its room, however simple


class Items:
    """The polygons that are compared: those of a frame except its giants, then the giants' pieces.

    owner: the place in the frame of each item (n,); boxes: (n, 4); blocks: the items of each block, ascending; giants:
    the places of the giants.
    """

    def __init__(self, frame: FrameBlocks) -> None:
        self._frame = frame
        is_giant = frame.points > GIANT
        self.giants = np.flatnonzero(is_giant)
        small = np.flatnonzero(~is_giant)
        self.small = len(small)
        pieces, owners = [], [small]
        for giant in self.giants.tolist():
            cut = _cut_up(frame.geometries(np.array([giant]))[0])
            pieces.append(cut)
            owners.append(np.full(len(cut), giant))
        self._pieces = np.concatenate(pieces) if pieces else np.empty(0, dtype=object)
        self.owner = np.concatenate(owners)
        self.boxes = frame.boxes
        points = frame.points
        if len(self.giants):
            self.boxes = np.concatenate([frame.boxes[small], np.reshape(shapely.bounds(self._pieces), (-1, 4))])
            points = np.concatenate([points[small], shapely.get_num_coordinates(self._pieces)])
        self.blocks = _tiles(self.boxes, np.maximum(points, _LEAST_POINTS))
        self._extents = np.array([_extent(self.boxes[block]) for block in self.blocks])

    def block_of(self, items: np.ndarray) -> np.ndarray:
        """Return the number of each item's block (k,)."""
        result = np.empty(len(self.owner), dtype=np.int64)
        for number, own in enumerate(self.blocks):
            result[own] = number
        return result[items]

    def neighbours_of(self, number: int) -> np.ndarray:
        """Return the items of other blocks, ascending, whose boxes meet one of this block's, and a few more."""
        boxes, extent = self.boxes[self.blocks[number]], self._extents[number]
        near = [other for other in np.flatnonzero(meet_box(self._extents, extent)).tolist() if other != number]
        near_items = [items[meet_box(self.boxes[items], extent)] for items in (self.blocks[other] for other in near)]
        items = np.sort(np.concatenate(near_items)) if near_items else np.empty(0, dtype=np.int64)
        # Few long ones make the extent wide: what lies beyond all others is compared with these alone.
        is_long = ((boxes[:, 2:] - boxes[:, :2]) > (extent[2:] - extent[:2]) / _LONG).any(axis=1)
        is_beside = np.zeros(len(items), dtype=bool)
        if not is_long.all():
            is_beside = meet_box(self.boxes[items], _extent(boxes[~is_long]))
        far_items = items[~is_beside]
        return np.union1d(items[is_beside], far_items[boxes_that_meet(self.boxes[far_items], boxes[is_long])])

    def geometries(self, items: np.ndarray) -> np.ndarray:
        """Return the polygons of some items (k,), ascending."""
        small, pieces = items[items < self.small], items[items >= self.small]
        return np.concatenate([self._frame.geometries(self.owner[small]), self._pieces[pieces - self.small]])

    def rings(self, items: np.ndarray) -> Rings:
        """Return the rings, in any order, of some items (k,), ascending and without pieces."""
        return self._frame.rings(self.owner[items])

    def is_piece(self, items: np.ndarray) -> np.ndarray:
        """Which items are pieces of giants (k,)."""
        return items >= self.small


def _extent(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _tiles(boxes: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Divide boxes (n, 4) into tiles of about POINTS_AT_ONCE by their sizes (n,).

    Strips from west to east are cut from south to north. Return the boxes of each tile, ascending.
    """
    x, y = ((boxes[:, side] + boxes[:, side + 2]) / 2 for side in (0, 1))
    tiles = -(-int(sizes.sum()) // POINTS_AT_ONCE)
    from_west = np.argsort(x, kind="stable")
    strip = np.empty(len(boxes), dtype=np.int64)
    strip[from_west] = _shares(sizes[from_west], math.ceil(math.sqrt(tiles)))
    order = np.lexsort((y, strip))
    ends = np.flatnonzero(np.diff(strip[order])) + 1
    tile_rows = []
    for rows in np.split(order, ends):
        own = sizes[rows]
        share = _shares(own, -(-int(own.sum()) // POINTS_AT_ONCE))
        tile_rows += np.split(rows, np.flatnonzero(np.diff(share)) + 1)
    return [np.sort(rows) for rows in tile_rows]


def _shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """Assign sizes (n,) in order to `count` parts of about equal size: (n,)."""
    ends = np.cumsum(sizes)
    return np.minimum((ends - sizes) * count // max(int(ends[-1]), 1), count - 1) if len(sizes) else ends


def _cut_up(polygon: shapely.Geometry) -> np.ndarray:
    """Cut a polygon into pieces of few points by halving it across its longer side."""
    waiting, pieces = [polygon], []
    while waiting:
        piece = waiting.pop()
        west, south, east, north = piece.bounds
        if shapely.get_num_coordinates(piece) <= _PIECE or max(east - west, north - south) < 1.0:
            pieces.append(piece)
            continue
        middle, centre = (west + east) / 2, (south + north) / 2
        if east - west > north - south:
            halves = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
        else:
            halves = shapely.box(west, south, east, centre), shapely.box(west, centre, east, north)
        parts = polygon_parts(shapely.intersection(piece, np.array(halves, dtype=object)))
        waiting += [part for part in parts if part is not None]
    return np.array(pieces, dtype=object)
