"""Hilbert's curve: the numbers of geopandas; every cell of a square once, each next to the one before."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from onemap.layers.geometry.hilbert import hilbert_order, places_on_curve


@pytest.mark.parametrize("spread", [(1.0, 1.0), (30_000.0, 50.0), (0.0, 7.0), (1e7, 1e7)])
def test_points_lie_on_the_curve_where_geopandas_has_them(spread):
    chance = np.random.default_rng(6)
    points = chance.uniform(0, 1, (50_001, 2)) * spread + [39_500_000, 4_000_000]
    points[:300] = points[300:600]
    low = points.min(axis=0)
    square = (*low, *(low + np.ptp(points, axis=0).max()))
    assert np.array_equal(
        places_on_curve(points), gpd.GeoSeries(shapely.points(points)).hilbert_distance(square).to_numpy()
    )


def test_the_curve_steps_from_each_cell_to_one_beside_it():
    cells = np.stack(np.meshgrid(np.arange(64), np.arange(64)), axis=-1).reshape(-1, 2)
    order = np.argsort(places_on_curve(cells * 1.0))
    assert (np.abs(np.diff(cells[order], axis=0)).sum(axis=1) == 1).all()


def test_boxes_of_one_place_keep_their_order():
    boxes = np.array([[0, 0, 9, 9], [4, 4, 5, 5], [1, 1, 8, 8]], dtype=float)
    assert hilbert_order(boxes).tolist() == [0, 1, 2]
    assert hilbert_order(np.empty((0, 4))).tolist() == []
