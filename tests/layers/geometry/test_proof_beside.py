"""Polygons validated beside their reading: exactly those that GEOS finds valid are valid."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from onemap.layers.geometry.proof_beside import ProofBeside, Provers
from onemap.layers.progress import SILENT
from onemap.rules.judge.overlay.pair_ground import are_simple_rings


def bodies_of(shapes):
    return pa.array(shapely.to_wkb(shapes, byte_order=1), pa.large_binary())


def stars(count):
    """Corners in any order, so that many cross themselves; with holes inside, across and outside; multis; repeats."""
    random = np.random.default_rng(2)
    found = []
    for number in range(count):
        angle = random.uniform(0, 2 * np.pi, 7)
        angle = np.sort(angle) if number % 3 else angle
        corners = np.column_stack([np.cos(angle), np.sin(angle)]) * random.uniform(3, 9, (7, 1)) + number
        corners = np.round(corners, 1) if number % 5 == 0 else corners
        corners = np.vstack([corners, corners[-1:]]) if number % 7 == 0 else corners  # a corner twice
        corners = np.vstack([corners, corners[-2:-1]]) if number % 11 == 0 else corners  # there and back
        middle, far = corners.mean(axis=0), random.uniform(0, 5)
        hole = [middle + (far, 0), middle + (far + 0.3, 0), middle + (far, 0.3)]
        polygon = shapely.Polygon(corners, [hole] if number % 4 == 0 else None)
        if number % 9 == 0:
            polygon = shapely.MultiPolygon([polygon, shapely.box(number + 5, number, number + 9, number + 2)])
        found.append(shapely.MultiPolygon([polygon]) if number % 13 == 1 and number % 9 else polygon)
    return np.array(found, dtype=object)


def proved(provers, *parts):
    with ProofBeside(provers) as proof:
        for part in parts:
            proof.add(bodies_of(part))
        return proof.result(SILENT)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", ["0", "1"])
@pytest.mark.parametrize("are_simple", [None, are_simple_rings])
def test_valid_are_those_that_geos_finds_so(monkeypatch, compiled, are_simple):
    monkeypatch.setenv("ONEMAP_COMPILED", compiled)
    shapes = stars(6_000)
    known = shapely.is_valid(shapes)
    found = proved(Provers(2, are_simple), shapes[:5_500], shapes[5_500:])
    assert 1_000 < known.sum() < 5_000 and found.valid.tolist() == known.tolist()
    assert np.array_equal(found.facts.boxes, shapely.bounds(shapes))
    assert found.facts.vertices.tolist() == shapely.get_num_coordinates(shapes).tolist()
    assert found.facts.parts.tolist() == shapely.get_num_geometries(shapes).tolist()
    column = found.column(bodies_of(shapes))
    assert np.allclose(column.all_areas_m2, shapely.area(shapes), rtol=1e-12)
    assert shapely.to_wkb(column.geometries).tolist() == shapely.to_wkb(shapes).tolist()


@pytest.mark.parametrize(
    "odd", [None, shapely.Polygon(), shapely.Point(1, 1), shapely.box(0, 0, 1e10, 1), shapely.box(0, 0, np.nan, 1)]
)
def test_of_what_is_no_plain_polygon_nothing_is_said(odd):
    shapes = stars(40)
    shapes[17] = odd
    assert proved(Provers(1, are_simple_rings), shapes[:10], shapes[10:]) is None


def test_where_nobody_proves_nothing_is_known():
    assert proved(Provers(), stars(5)) is None
    assert proved(Provers(2)) is None
