"""Many parcels as WKB: remainders and cuts equal those of geometries and of GEOS."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.flat_ground import FlatGround
from onemap.layers.geometry.parts import shift_geometries
from onemap.layers.geometry.shape_column import ShapeColumn, shapes_from
from onemap.rules.answers.remedy.cuts import ObstacleRows, Obstacles, Parts, cut_off, drop_small
from onemap.rules.judge.overlay import overlay
from onemap.rules.judge.overlay.threads import Threads

ORIGIN = (40_500_000.0, 3_400_000.0)
COUNT, THREADS = 6_000, Threads(2)


def on_the_plane_s_grid(shapes):
    return shift_geometries(shift_geometries(shapes, ORIGIN), (-ORIGIN[0], -ORIGIN[1]))


@pytest.fixture(scope="module")
def parcels():
    """Rounds on a grid, counted from the origin, some with a hole, some of two parts."""
    x, y = (axis.ravel() * 60.0 for axis in np.meshgrid(np.arange(75), np.arange(80)))
    shapes = shapely.buffer(shapely.points(x, y), np.random.default_rng(3).uniform(3, 20, COUNT), quad_segs=6)
    shapes[::40] = shapely.difference(shapes[::40], shapely.buffer(shapely.points(x[::40], y[::40]), 1.5))
    shapes[7::40] = shapely.union(shapes[7::40], shapely.box(x[7::40] + 22, y[7::40], x[7::40] + 28, y[7::40] + 5))
    return on_the_plane_s_grid(shapes)


@pytest.fixture(scope="module")
def obstacles(parcels):
    """The parcel itself against every third, a strip across every second, a ball at every fourth's corner, or far."""
    west, south, east, north = shapely.bounds(parcels).T
    strips = shapely.box(west + 1.3, south - 1, west + 3.1, north + 1)
    balls = shapely.buffer(shapely.points(east, north), 9, quad_segs=8)
    balls[::8] = shift_geometries(balls[::8], (9_000.0, 0.0))
    parcel = [np.arange(0, COUNT, step) for step in (3, 2, 4)]
    ground = np.concatenate([shapes[rows] for shapes, rows in zip((parcels, strips, balls), parcel, strict=True)])
    rule, parcel = np.repeat(np.arange(3), list(map(len, parcel))), np.concatenate(parcel)
    order = np.lexsort((rule, parcel))
    return Obstacles(
        ObstacleRows(parcel[order], rule[order], np.zeros(len(order), dtype=np.int64)),
        on_the_plane_s_grid(ground[order]),
    )


def column_of(shapes):
    bodies = pa.array(shapely.to_wkb(shift_geometries(shapes, ORIGIN), byte_order=1), pa.large_binary())
    column, _ = shapes_from([bodies], ORIGIN)
    return column


def parts_cut(parcels, obstacles):
    parts = Parts.whole(parcels)
    cut_off(parts, obstacles, 0.0, THREADS)
    drop_small(parts, 2.0, 0.5, one_piece=False)
    return parts


@pytest.mark.slow
def test_what_is_cut_and_left_of_a_column_is_that_of_geometries_and_of_geos(parcels, obstacles):
    column, many = column_of(parcels), column_of(obstacles.ground)
    assert isinstance(column, ShapeColumn) and isinstance(many, ShapeColumn)
    parts = parts_cut(column, Obstacles(obstacles.against, many))
    by_geometries = parts_cut(parcels, obstacles)
    made = int((~shapely.is_missing(vars(column)["_geometries"])).sum())
    is_alone = shapely.get_num_geometries(parcels) == 1
    assert made <= (~is_alone).sum() + 100  # parts are looked at one by one
    assert shapely.to_wkb(parts.rest.geometries).tolist() == shapely.to_wkb(by_geometries.rest.geometries).tolist()
    assert parts.dropped_m2.tolist() == by_geometries.dropped_m2.tolist() and parts.dropped_m2.sum() > 30
    for one, other in zip(parts.cuts, by_geometries.cuts, strict=True):
        assert one.area_m2.tolist() == other.area_m2.tolist()
        assert shapely.to_wkb(one.ground.geometries).tolist() == shapely.to_wkb(other.ground.geometries).tolist()
    # And those of GEOS, obstacle after obstacle.
    known, dropped = parcels.copy(), np.zeros(COUNT)
    for row, ground in zip(obstacles.against.parcel, obstacles.ground, strict=True):
        known[row] = shapely.difference(known[row], ground)
    pieces, owner = shapely.get_parts(known, return_index=True)
    is_dropped = (shapely.area(pieces) < 2) | shapely.is_empty(shapely.buffer(pieces, -0.25))
    np.add.at(dropped, owner, np.where(is_dropped, shapely.area(pieces), 0.0))
    assert parts.dropped_m2 == pytest.approx(dropped, abs=1e-6)
    left = np.nan_to_num(parts.rest.area_m2)
    assert left == pytest.approx(shapely.area(known) - dropped, abs=1e-6)
    assert (left == 0).sum() >= COUNT / 3 and (left == shapely.area(parcels)).sum() > 1_000


@pytest.mark.parametrize("broken", [shapely.intersection, shapely.difference])
def test_where_one_half_of_a_division_breaks_down_the_whole_ground_is_cut(monkeypatch, broken):
    proved = overlay._proved_ground

    def fail(operation, *pair):
        ground, failed = proved(operation, *pair)
        return ground, failed | (operation is broken)

    monkeypatch.setattr(overlay, "_proved_ground", fail)
    whole = np.array([shapely.box(0, 0, 10, 10)], dtype=object)
    taken = np.array([shapely.box(5, 5, 15, 15)], dtype=object)
    left, cut = overlay.divided_ground(FlatGround.all_of(whole), taken, THREADS)
    assert left.dimension.tolist() == [-1] and cut.area_m2.tolist() == [100.0]
