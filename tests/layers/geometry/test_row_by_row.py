"""Operations of GEOS row by row: a failing row does not affect the others."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.row_by_row import apply_by_row

BOX = shapely.box(0.3, 0.1, 1.7, 1.1)
HALF = shapely.box(1.0, 0.1, 3.0, 1.1)
CROSSED = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])  # GEOS has no intersection of it with BOX


@pytest.mark.parametrize("crossed", [(), (0,), (4,), (1, 2), (0, 1, 2, 3, 4)])
def test_only_the_rows_that_break_down_have_none(crossed: tuple[int, ...]) -> None:
    left, right = np.array([HALF] * 5), np.array([BOX] * 5)
    left[list(crossed)] = CROSSED

    found = apply_by_row(shapely.intersection, left, right)

    assert np.flatnonzero(shapely.is_missing(found)).tolist() == list(crossed)
    assert shapely.area(found[~shapely.is_missing(found)]) == pytest.approx([0.7] * (5 - len(crossed)))


def test_of_nothing_there_is_nothing() -> None:
    nothing = np.empty(0, dtype=object)
    assert apply_by_row(shapely.intersection, nothing, nothing).shape == (0,)
