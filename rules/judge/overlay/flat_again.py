"""The flat arrays of a few polygons that are used many times, such as those near a parcel that is moved."""

import threading
from collections import OrderedDict

from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn
from onemap.rules.judge.overlay.flat_polygons import FlatPolygons
from onemap.rules.judge.overlay.threads import Threads

_MOST_POLYGONS = 5_000
_MOST_EDGES = 500_000  # of all that are kept, some 15 MB; as lists, before the compiler is loaded, three times that
_LOCK = threading.Lock()
# The arrays and their edges, by the polygons' identities, the last asked last.
_KEPT: "OrderedDict[tuple[int, ...], tuple[FlatPolygons, int]]" = OrderedDict()


def flat_again(polygons: AnyShapes, threads: Threads) -> FlatPolygons:
    """The flat arrays of polygons (n,), made once for the same objects in the same order while they are few."""
    if isinstance(polygons, ShapeColumn) or not 0 < len(polygons) <= _MOST_POLYGONS:
        return FlatPolygons(polygons, threads)
    # What is kept holds its polygons, so that no other object can have their identities.
    key = tuple(map(id, polygons.tolist()))
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key][0]
    made = FlatPolygons(polygons, threads)
    with _LOCK:
        _KEPT[key] = made, int(made.edges.sum())
        while sum(edges for _, edges in _KEPT.values()) > _MOST_EDGES:
            _KEPT.popitem(last=False)
    return made
