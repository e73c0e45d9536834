"""Zones that replace a distance: features without a zone are named, because no rule would protect them."""

import geopandas as gpd
import pytest
import shapely

from onemap.layers.ingest.quality_report import PROBLEMS_TABLE
from onemap.tests.conftest import write_layer

DISTRICT = (499_000, 4_199_000, 506_000, 4_205_000)  # of the library
ROADS = {"G1": 0, "S2": 1000, "X3": 2000, "Y4": 9000}


def road(y):
    return shapely.LineString([(500_000, 4_200_000 + y), (505_000, 4_200_000 + y)])


def strips(y, gap=0.0):
    """A zone on either side of a road, that begins so far from its centreline."""
    sides = [shapely.box(500_000, 4_200_000 + y + of, 500_900, 4_200_000 + y + of + 20) for of in (gap, -gap - 20)]
    return shapely.union_all(sides)


@pytest.fixture
def add(library, tmp_path, onemap):
    """Add shapes to a layer, and return the remarks on missing zones."""

    def run(code, shapes, columns, covers="district"):
        path = write_layer(tmp_path / "a.gpkg", shapes, columns)
        answer = onemap("add", library, path, "--as", code, "--covers", covers, "--sure").done()
        return [one["message"] for one in answer.json["problems"] if one["code"] == "zones.missing"]

    return run


@pytest.fixture
def roads(add):
    columns = {"GLBH": list(ROADS), "GLDJ": ["国道", "省道", "县道", "乡道"]}
    assert add("GL", [road(y) for y in ROADS.values()], columns) == []


def test_zones_of_some_roads_alone_say_which_have_none(add, roads, library):
    words = add("GLJZKZQ", [strips(0, gap=15)], {"BH": ["1"]})
    # Y4 lies beyond the district, for which the zones speak
    assert words == [
        "2 of 3 features of GL have no zone of GLJZKZQ within 100 m: S2, X3. Where GLJZKZQ speaks, its zones stand in "
        "place of the distance that is kept of GL, so that nothing is kept of these."
    ]
    kept = gpd.read_file(library, layer=PROBLEMS_TABLE)
    (place,) = kept.geometry[kept.code == "zones.missing"]
    assert shapely.equals(place, shapely.union_all([road(1000), road(2000)]))


def test_where_zones_do_not_speak_or_all_have_one_nothing_is_said(add, roads, tmp_path):
    drawn = write_layer(tmp_path / "drawn.gpkg", [shapely.box(499_000, 4_199_900, 506_000, 4_200_100)])
    assert add("GLJZKZQ", [strips(0)], {"BH": ["1"]}, covers=drawn) == []
    assert add("GLJZKZQ", [strips(0)], {"BH": ["1"]}, covers="features") == []
    assert add("GLJZKZQ", [strips(y) for y in (0, 1000, 2000)], {"BH": ["1", "2", "3"]}) == []


def test_new_roads_are_held_against_the_zones_that_are_there(add, roads):
    assert add("GLJZKZQ", [strips(y) for y in (0, 1000, 2000)], {"BH": ["1", "2", "3"]}) == []
    columns = {"GLBH": ["G1", "X5"], "GLDJ": ["国道", "县道"]}
    (words,) = add("GL", [road(0), road(3000)], columns)
    assert words.startswith("1 of 2 features of GL has no zone of GLJZKZQ within 100 m: X5.")


def test_many_names_are_cut_and_other_layers_are_not_asked(add):
    columns = {"GLBH": [f"X{n}" for n in range(9)], "GLDJ": ["县道"] * 9}
    assert add("GL", [road(500 * n) for n in range(9)], columns) == []
    (words,) = add("GLJZKZQ", [strips(0)], {"BH": ["1"]})
    assert "8 of 9" in words and "X1, X2, X3, X4, X5, …" in words
    assert add("TLAQBHQ", [strips(0)], {"BH": ["1"]}) == [], "no railway is known"
