"""A part of a layer sent as the whole would free the ground of the rest: a remark says so, with its area."""

import geopandas as gpd
import pytest
import shapely

from onemap.layers.ingest.quality_report import PROBLEMS_TABLE
from onemap.tests.conftest import write_layer

DISTRICT = (499_000, 4_199_000, 509_000, 4_209_000)  # of the library
SIDE = 100.0
KEYS = {"YJJBNTTB": ("BSM",), "GL": ("GLBH", "GLDJ"), "WRY": ("BH",)}


def squares(rows, columns=range(10)):
    """Squares of one hectare, in rows and columns."""
    corners = [(500_000 + SIDE * column, 4_200_000 + SIDE * row) for row in rows for column in columns]
    return [shapely.box(x, y, x + SIDE, y + SIDE) for x, y in corners]


@pytest.fixture
def lost(library, tmp_path, onemap):
    """Add shapes as the next version of a layer, and return the remarks on the last version's ground."""

    def run(shapes, *options, code="YJJBNTTB", covers="district"):
        names = [str(number) for number in range(len(shapes))]
        path = write_layer(tmp_path / "part.gpkg", shapes, dict.fromkeys(KEYS[code], names))
        answer = onemap("add", library, path, "--as", code, "--covers", covers, *options).done()
        return [one["message"] for one in answer.json["problems"] if one["code"].startswith("lost.")]

    return run


def test_the_ground_that_the_last_version_showed_is_said_with_its_size_and_its_features(lost):
    assert lost(squares(range(10)), "--valid-from", "2020-01-01") == []
    words = lost(squares(range(6)), "--valid-from", "2022-01-01")
    # four rows of ten are gone; the first of them touches what is there
    assert words == [
        "About 40.0000 ha (40 %) of what version 2020-01-01 shows lie in no feature of part.gpkg; "
        "in the place of 30 of its 100 features there is nothing."
    ]


def test_a_hole_is_said_and_shown_on_the_map(lost, library):
    assert lost(squares(range(10))) == []
    whole = squares(range(10))
    ring = [square for square in whole if not shapely.box(500_300, 4_200_300, 500_800, 4_200_800).contains(square)]
    (words,) = lost(ring)
    assert "About 25.0000 ha (25 %)" in words and "in the place of 9 of its 100 features" in words
    kept = gpd.read_file(library, layer=PROBLEMS_TABLE)
    (place,) = kept.geometry[kept.code == "lost.ground"]
    assert shapely.equals(place, shapely.box(500_400, 4_200_400, 500_700, 4_200_700))


def test_one_feature_in_the_place_of_many_has_lost_nothing(lost):
    assert lost(squares(range(10))) == []
    assert lost([shapely.box(500_000, 4_200_000, 501_000, 4_201_000)], "--sure") == []


def test_everyday_change_is_not_said(lost):
    assert lost(squares(range(20))) == []
    assert lost(squares(range(20))[:-2]) == []  # a hundredth
    assert lost(squares(range(20))[:-5])[0].startswith("About 3.0000 ha (2 %) of what version v2 shows")


def test_of_ground_for_which_the_file_does_not_speak_nothing_is_said(lost, tmp_path):
    assert lost(squares(range(10))) == []
    part = write_layer(tmp_path / "town.gpkg", [shapely.box(500_000, 4_200_000, 501_000, 4_200_600)])
    assert lost(squares(range(6)), covers=part) == []
    assert lost(squares(range(6)), covers="features") == []
    assert lost(squares(range(6)), covers="extent") == []


@pytest.mark.parametrize("shape", ["line", "point"])
def test_of_lines_and_points_the_features_are_counted(lost, library, shape):
    code = {"line": "GL", "point": "WRY"}[shape]
    places = [(500_000 + SIDE * n, 4_200_000) for n in range(50)]
    made = [shapely.Point(x, y) if shape == "point" else shapely.LineString([(x, y), (x + 50, y)]) for x, y in places]
    assert lost(made, code=code) == []
    assert lost(made[:30], code=code) == [
        "In the place of 20 of the 50 features of version v1 there is nothing in part.gpkg."
    ]
    (place,) = gpd.read_file(library, layer=PROBLEMS_TABLE).query("code == 'lost.features'").geometry
    assert shapely.intersects(place, made).tolist() == [False] * 30 + [True] * 20


def test_a_version_of_an_earlier_day_is_held_against_none_of_later_ones(lost):
    assert lost(squares(range(10)), "--valid-from", "2020-01-01") == []
    assert lost(squares(range(6)), "--valid-from", "2010-01-01") == []


def test_what_is_said_agrees_with_the_ground_of_geopandas(lost, tmp_path):
    whole = [square.buffer(10 * (n % 3)) for n, square in enumerate(squares(range(0, 20, 2), range(0, 20, 2)))]
    part = [square for square in whole if shapely.get_x(square.centroid) < 501_000]
    lost(whole)
    (words,) = lost(part, "--sure")
    before, now = (gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4547") for shapes in (whole, part))
    gone = before.overlay(now, how="difference").area.sum() / 10_000
    assert words.startswith(f"About {gone:,.4f} ha ")


@pytest.mark.parametrize("gone", [0, 1, 3, 40])
def test_of_a_large_layer_all_is_looked_at_where_a_first_look_finds_a_loss(lost, monkeypatch, gone):
    monkeypatch.setattr("onemap.layers.ingest.lost_ground._FIRST_LOOK", 20)
    monkeypatch.setattr("onemap.layers.ingest.lost_ground._AT_ONCE", 5)
    whole = squares(range(0, 20, 2), range(0, 20, 2))
    assert lost(whole) == []
    words = lost(whole[: len(whole) - gone])
    if gone < 3:
        assert words == []
    else:
        assert words[0].startswith(f"About {gone}.0000 ha ({gone} %)") and f"the place of {gone} of its 100" in words[0]
