"""A cache of the features that a session read near its last question, for the next question nearby.

A planner who drags a corner asks ten times about the same ground. A version never changes, and a library in a file that
another connection writes to is opened anew, so what was read of a version is valid while its library is open. On a
server a later opening may use it once the marks of its ground prove unchanged.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import numpy as np

from onemap.layers.geometry.boxes import Bounds

MOST_VERTICES = 500_000  # kept of all layers together: 8 MB of coordinates, some 50 MB with all that is made of them
_MOST_OF_ONE = 100_000  # of one layer, so that a block of a large run, which is read once, is not kept
_SPARE_M = 50.0  # around a question that went past what was kept, so that the next one need not
_DESK_M = 5_000.0  # how long a side of what is near a desk's question is at most
_PER_FEATURE = 20  # what a feature's values and its geometry's frame take, as vertices

Layer = TypeVar("Layer")


@dataclass(frozen=True)
class CachedLayer(Generic[Layer]):
    """A layer's features near some ground, their boxes (n, 4) in the library's plane, and their total of vertices.

    is_whole: everything could be read; otherwise the layer is read again next time.
    """

    layer: Layer
    boxes: np.ndarray
    vertices: int
    is_whole: bool = True

    @property
    def size(self) -> int:
        """The memory that an entry needs, in vertices."""
        return self.vertices + _PER_FEATURE * len(self.boxes)


@dataclass(frozen=True)
class _KeptGround(Generic[Layer]):
    """Ground that was read within a box. opening: of the library; mark: by which another opening recognises it."""

    box: Bounds
    found: CachedLayer[Layer]
    opening: Hashable
    mark: Hashable


@dataclass
class LayerCache(Generic[Layer]):
    """A cache of layers and the ground read of them, least recently used first; of each only the last ground."""

    kept: dict[Hashable, _KeptGround[Layer]] = field(default_factory=dict)
    size: int = 0

    def box_for(self, name: Hashable, bounds: Sequence[float]) -> Bounds:
        """The ground that `near` has read or will read for `bounds`: the cached ground, if it includes them."""
        cached = self.kept.get(name)
        if cached is not None and _holds(cached.box, bounds):
            return cached.box
        spare_m = _SPARE_M if cached is not None and _are_near(cached.box, bounds) else 0.0
        return bounds[0] - spare_m, bounds[1] - spare_m, bounds[2] + spare_m, bounds[3] + spare_m

    def confirm(self, name: Hashable, opening: Hashable, mark: Hashable) -> None:
        """Let an opening use what another one has read, if the mark is the same."""
        cached = self.kept.get(name)
        if cached is not None and cached.mark == mark:
            self.kept[name] = replace(cached, opening=opening)

    def near(
        self,
        name: Hashable,
        bounds: Sequence[float],
        read: Callable[[Sequence[float]], CachedLayer[Layer]],
        opening: Hashable,
        mark: Hashable = None,
    ) -> tuple[Layer, np.ndarray | None]:
        """A layer's features near `bounds` (west, south, east, north), and which rows (k,) these are, None for all.

        name: of the layer's version, and of everything else besides the bounds on which `read` depends; opening: of the
        library, in which what is read is valid; mark: of the ground of `box_for`, taken before it is read.
        """
        box = self.box_for(name, bounds)
        cached = self.kept.pop(name, None)
        self.size -= cached.found.size if cached is not None else 0
        if cached is None or cached.box != box or cached.opening != opening:
            cached = _KeptGround(box, read(box), opening, mark)
        cached_layer = cached.found
        if cached_layer.is_whole and cached_layer.size <= _MOST_OF_ONE:
            self.kept[name] = cached
            self.size += cached_layer.size
            while self.size > MOST_VERTICES:
                self.size -= self.kept.pop(next(iter(self.kept))).found.size
        if len(cached_layer.boxes) == 0:
            return cached_layer.layer, None
        west, south, east, north = cached_layer.boxes.T
        meets = (west <= bounds[2]) & (south <= bounds[3]) & (east >= bounds[0]) & (north >= bounds[1])
        return cached_layer.layer, None if meets.all() else np.flatnonzero(meets)


def _holds(box: Sequence[float], other: Sequence[float]) -> bool:
    return box[0] <= other[0] and box[1] <= other[1] and box[2] >= other[2] and box[3] >= other[3]


def is_of_desk(box: Sequence[float]) -> bool:
    """Whether a box is no larger than the ground of a question at a desk."""
    return max(box[2] - box[0], box[3] - box[1]) <= _DESK_M


def _are_near(box: Sequence[float], other: Sequence[float]) -> bool:
    meet = box[0] <= other[2] and box[1] <= other[3] and box[2] >= other[0] and box[3] >= other[1]
    return meet and is_of_desk(other)
