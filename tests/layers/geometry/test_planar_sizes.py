"""Areas and lengths computed from rings equal those of GEOS to the last digit, without making its polygons."""

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.rings import Rings, is_like_geos, planar_areas_m2, planar_lengths_m, rings_of


def polygons(seed):
    """Stars, with holes, of several parts, of four points and of thousands, near zero and with a zone's prefix."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(120):
        corners = int(random.choice([3, 4, 9, 60, 600]))
        angle = np.sort(random.uniform(0, 2 * np.pi, corners))
        far = random.uniform(20, 80, corners)
        middle = random.uniform(0, 500_000, 2) + (38_000_000.0 * (number % 3 == 0), 3_000_000.0)
        star = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * far[:, None] + middle)
        holes = [shapely.Point(*middle + 25 * at).buffer(1.7, quad_segs=3) for at in range(number % 4)]
        shape = star.buffer(0).difference(shapely.union_all(holes)) if holes else star
        found.append(shape if shape.geom_type in ("Polygon", "MultiPolygon") else star)
    return np.array(found, dtype=object)


@pytest.mark.parametrize(("by_rings", "by_geos"), [(planar_areas_m2, shapely.area), (planar_lengths_m, shapely.length)])
def test_sizes_are_those_of_geos(by_rings, by_geos):
    for seed in (3, 4):
        shapes = polygons(seed)
        known, found = by_geos(shapes), by_rings(rings_of(shapes), len(shapes))
        if is_like_geos():
            assert found.tolist() == known.tolist()
        assert np.allclose(found, known, rtol=1e-11)
        assert {"Polygon", "MultiPolygon"} == set(map(str, (shape.geom_type for shape in shapes)))


def test_polygons_without_rings_have_no_size():
    shapes = np.array([None, shapely.box(1, 2, 4, 6), shapely.Polygon(), shapely.MultiPolygon()])
    nothing = np.empty(0, dtype=np.int64)
    no_rings = Rings(np.empty((0, 2)), nothing, nothing, nothing.astype(bool))
    for by_rings, size in ((planar_areas_m2, 12.0), (planar_lengths_m, 14.0)):
        assert by_rings(rings_of(shapes), 4).tolist() == [0.0, size, 0.0, 0.0]
        assert by_rings(no_rings, 2).tolist() == [0.0, 0.0]


def test_on_this_machine_it_is_known_whether_digits_are_alike():
    shapes = polygons(9)
    alike = (planar_areas_m2(rings_of(shapes), len(shapes)) == shapely.area(shapes)).all()
    assert alike or not is_like_geos()
