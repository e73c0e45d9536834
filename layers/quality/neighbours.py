"""The polygons of a layer in spatial blocks, each with the neighbours that its own may touch.

A giant, such as a city's streets in one polygon, is cut up, and its pieces are spread over the blocks.
"""

import numpy as np
import shapely

from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.hilbert import hilbert_order
from onemap.layers.geometry.parts import polygon_parts

GIANT = 2000  # points
POINTS_AT_ONCE = 500_000
_PIECE = 200
_LEAST_POINTS = 20  # that a polygon counts for: each takes its room, however simple


class Items:
    """What is held against one another: the polygons of a frame but its giants, then the giants' pieces.

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
        self.blocks = self._in_blocks(points)
        self._extents = np.array([self._extent(block) for block in self.blocks])

    def _in_blocks(self, points: np.ndarray) -> list[np.ndarray]:
        order = hilbert_order(self.boxes)
        block = np.cumsum(np.maximum(points[order], _LEAST_POINTS)) // POINTS_AT_ONCE
        ends = np.flatnonzero(np.diff(block)) + 1
        return [np.sort(items) for items in np.split(order, ends)]

    def block_of(self, items: np.ndarray) -> np.ndarray:
        """The number of the block that each item (k,) is in."""
        result = np.empty(len(self.owner), dtype=np.int64)
        for number, own in enumerate(self.blocks):
            result[own] = number
        return result[items]

    def _extent(self, items: np.ndarray) -> np.ndarray:
        boxes = self.boxes[items]
        return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])

    def neighbours_of(self, number: int) -> np.ndarray:
        """The items of other blocks whose boxes meet one of this block's, ascending."""
        extent = self._extents[number]
        near = [other for other in np.flatnonzero(_meet(self._extents, extent)).tolist() if other != number]
        found = [items[_meet(self.boxes[items], extent)] for items in (self.blocks[other] for other in near)]
        items = np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
        if len(items) == 0:
            return items
        tree = shapely.STRtree(shapely.box(*self.boxes[self.blocks[number]].T))
        return items[np.unique(tree.query(shapely.box(*self.boxes[items].T))[0])]

    def geometries(self, items: np.ndarray) -> np.ndarray:
        """The polygons of some items (k,), which ascend."""
        small, pieces = items[items < self.small], items[items >= self.small]
        return np.concatenate([self._frame.geometries(self.owner[small]), self._pieces[pieces - self.small]])

    def is_piece(self, items: np.ndarray) -> np.ndarray:
        """Which items are pieces of giants (k,)."""
        return items >= self.small


def _meet(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    return np.asarray(
        (boxes[:, 0] <= box[2]) & (boxes[:, 2] >= box[0]) & (boxes[:, 1] <= box[3]) & (boxes[:, 3] >= box[1])
    )


def _cut_up(polygon: shapely.Geometry) -> np.ndarray:
    """A polygon as pieces of few points, halved across its longer side again and again."""
    waiting, done = [polygon], []
    while waiting:
        piece = waiting.pop()
        west, south, east, north = piece.bounds
        if shapely.get_num_coordinates(piece) <= _PIECE or max(east - west, north - south) < 1.0:
            done.append(piece)
            continue
        middle, centre = (west + east) / 2, (south + north) / 2
        if east - west > north - south:
            halves = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
        else:
            halves = shapely.box(west, south, east, centre), shapely.box(west, centre, east, north)
        parts = polygon_parts(shapely.intersection(piece, np.array(halves, dtype=object)))
        waiting += [part for part in parts if part is not None]
    return np.array(done, dtype=object)
