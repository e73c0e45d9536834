"""Polygons as flat arrays: the same arrays block by block as all at once."""

import numpy as np
import pytest
import shapely

from onemap.rules.judge.overlay import flat_polygons
from onemap.rules.judge.overlay.flat_polygons import FlatPolygons
from onemap.rules.judge.overlay.threads import Threads


def shapes(count: int) -> np.ndarray:
    """Squares, rounds of several chunks and groups, with holes, of two parts, and some that are empty."""
    made = []
    for row in range(count):
        at = shapely.Point(row * 100.0, -row)
        ground = at.buffer(20, quad_segs=1 + (row * 37) % 90)
        if row % 3 == 0:
            ground = ground.difference(at.buffer(5))
        if row % 4 == 0:
            ground = ground.union(shapely.box(row * 100.0 + 40, 0, row * 100.0 + 45, 5))
        made.append(shapely.Polygon() if row % 7 == 6 else ground)
    return np.array(made, dtype=object)


@pytest.mark.parametrize("at_once", [1, 2, 5])
@pytest.mark.parametrize("workers", [1, 2])
def test_arrays_made_block_by_block_are_those_made_at_once(monkeypatch, at_once, workers):
    polygons = shapes(30)
    whole = FlatPolygons(polygons, Threads())
    monkeypatch.setattr(flat_polygons, "_AT_ONCE", at_once)
    parts = FlatPolygons(polygons, Threads(workers))
    for name, one, other in zip(whole.arrays._fields, whole.arrays, parts.arrays, strict=True):
        assert one.dtype == other.dtype, name
        assert one.tobytes() == other.tobytes(), name
    assert whole.edges.tolist() == parts.edges.tolist()
    parts_of, owner = shapely.get_parts(polygons, return_index=True)
    rings = np.bincount(owner, shapely.get_num_interior_rings(parts_of) + ~shapely.is_empty(parts_of), len(polygons))
    # Each ring has its first point twice.
    assert whole.edges.tolist() == (shapely.get_num_coordinates(polygons) - rings).tolist()
