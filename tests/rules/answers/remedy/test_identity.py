"""Remainder, cuts and dropped parts sum to the parcel: ten thousand random parcels with random obstacles."""

import numpy as np
import pytest
import shapely

from onemap.rules.answers.remedy.cuts import ObstacleRows, Obstacles, Parts, cut_off, drop_small
from onemap.rules.judge.overlay.threads import Threads

SIDE_M, PARCELS = 20_000, 10_000


def stars(dice, count, reach, corners=9):
    """Random stars (count,), most of them not convex."""
    centres = 40_000 + dice.uniform(0, SIDE_M, (count, 1, 2))
    turn = np.sort(dice.uniform(0, 2 * np.pi, (count, corners)), axis=1)
    radius = dice.uniform(0.2, 1, (count, corners)) * reach
    ring = centres + radius[:, :, None] * np.stack([np.cos(turn), np.sin(turn)], axis=2)
    shapes = shapely.polygons(np.round(ring, 3))
    return shapes[shapely.is_valid(shapes) & (shapely.area(shapes) > 1)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7])
def test_remainder_cuts_and_dropped_parts_make_up_ten_thousand_random_parcels(seed):
    dice = np.random.default_rng(seed)
    parcels = stars(dice, PARCELS * 2, 60)[:PARCELS]
    zones = stars(dice, 30_000, 90)
    assert len(parcels) == PARCELS
    tree = shapely.STRtree(zones)
    parcel, zone = tree.query(parcels, predicate="intersects")
    order = np.lexsort((zone % 3, parcel))
    parcel, zone = parcel[order], zone[order]
    obstacles = Obstacles(ObstacleRows(parcel, zone % 3, np.zeros(len(zone), dtype=np.int64)), zones[zone])
    parts = Parts.whole(parcels)
    cut_off(parts, obstacles, 0.0, Threads(2))
    drop_small(parts, 50.0, 1.0, one_piece=False)
    rest, cuts = parts.rest.geometries, parts.cuts
    of_cuts, cut_m2 = (
        np.concatenate(column) for column in zip(*((c.against.parcel, c.area_m2) for c in cuts), strict=True)
    )
    cut = np.bincount(of_cuts, cut_m2, minlength=PARCELS)
    left = np.nan_to_num(shapely.area(rest))
    assert left + cut + parts.dropped_m2 == pytest.approx(shapely.area(parcels), abs=1e-6, rel=1e-9)
    shown_m2 = np.concatenate([shapely.area(c.ground.geometries) for c in cuts])
    assert np.bincount(of_cuts, shown_m2, minlength=PARCELS) == pytest.approx(cut, abs=1e-3)
    rows = np.flatnonzero(parts.is_left)
    assert 1000 < len(rows) < PARCELS and (parts.dropped_m2 > 0).sum() > 100
    assert shapely.is_valid(rest[rows]).all()
    at, met = tree.query(rest[rows], predicate="intersects")
    assert shapely.area(shapely.intersection(rest[rows][at], zones[met])).max() < 1e-5
