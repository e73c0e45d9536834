"""Declared areas: every remark is the one that measuring all areas on the ellipsoid would give."""

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from onemap.layers.catalogue.catalogue import Field, LayerEntry
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.geometry.areas import areal_scale, ellipsoidal_areas_m2, most_bent_m2
from onemap.layers.progress import SILENT
from onemap.layers.quality.declared_areas import area_flaws

LIMITS = {"share": 0.001, "least_m2": 1.0}
WIDE = "+proj=tmerc +lon_0=117 +k=1 +x_0=500000 +ellps=GRS80 +units=m"


def polygons_of(chance, count, extent_m, size_m):
    """Crooked polygons of 3 to 12 points about a zone's middle, small ones and large ones."""
    result = []
    for _ in range(count):
        corners = int(chance.integers(3, 13))
        angle = np.sort(chance.uniform(0, 2 * np.pi, corners))
        radius = size_m * 10 ** chance.uniform(-2, 0) * chance.uniform(0.5, 1.0, corners)
        middle = np.array([500_000, 4_000_000]) + chance.uniform(-extent_m, extent_m, 2)
        result.append(shapely.Polygon(middle + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]))
    shapes = np.array(result, dtype=object)
    return shapes[shapely.is_valid(shapes) & (shapely.area(shapes) > 0.5)]


def facts_by_row(shapes, declared, crs):
    """The remarks on declared areas, by row."""
    entry = LayerEntry(
        "X", {}, "land", "department", "vector", "polygon", None, fields=(Field("MJ", "number", area=True),)
    )
    frame = CleanFrame(
        shapes, pd.DataFrame({"MJ": pd.Series(declared, dtype=object)}), np.arange(len(shapes)).astype(object)
    )
    flaws = area_flaws(FrameBlocks.of(frame), entry, crs, LIMITS, lambda code: None, SILENT)
    return {int(row): facts for flaw in flaws for row, facts in zip(flaw.rows, flaw.facts, strict=True)}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("extent_m", "size_m"), [(20_000, 300), (400_000, 3_000), (100_000, 60_000)])
def test_what_is_told_is_what_all_areas_on_the_ellipsoid_tell(seed, extent_m, size_m):
    chance, crs = np.random.default_rng(seed), pyproj.CRS(WIDE)
    shapes = polygons_of(chance, 600, extent_m, size_m)
    computed = ellipsoidal_areas_m2(shapes, crs)
    # In the plane, on the ellipsoid, about as far apart as may be, and none or nonsense.
    least = np.maximum(LIMITS["share"] * computed, LIMITS["least_m2"])
    near = computed + least * chance.choice([-1, 1], len(shapes)) * chance.uniform(0.9, 1.1, len(shapes))
    declared = np.choose(chance.integers(0, 4, len(shapes)), [computed, shapely.area(shapes), near, near]).tolist()
    declared[0], declared[1], declared[2] = None, float("nan"), "no number"
    expected = {
        row: f"{value - area:+,.2f}"
        for row, (value, area, most) in enumerate(zip(declared, computed.tolist(), least.tolist(), strict=True))
        if isinstance(value, float) and abs(value - area) > most
    }
    assert 20 < len(expected) < len(shapes)
    assert {row: facts["difference"] for row, facts in facts_by_row(shapes, declared, crs).items()} == expected


def test_a_square_metre_lies_between_the_scales_and_edges_bend_no_more_than_is_said():
    chance, crs = np.random.default_rng(3), pyproj.CRS(WIDE)
    shapes = polygons_of(chance, 400, 300_000, 50_000)
    least, greatest = areal_scale(crs, shapely.total_bounds(shapes))
    ground, computed = shapely.area(shapes), ellipsoidal_areas_m2(shapes, crs)
    bent = most_bent_m2(shapely.length(shapes))
    assert (computed >= least * ground - bent).all() and (computed <= greatest * ground + bent).all()
    assert least < 1.0 and greatest - least < 0.01
