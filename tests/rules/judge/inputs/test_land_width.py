"""Lines and points are checked as land of a stated width; without a width the refusal says how to state it."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import GeometryCollection, LineString, MultiLineString, MultiPoint, Point, box

from onemap.rules.judge.inputs.land_width import LandWidth
from onemap.rules.judge.inputs.line_land import ground_along

ROAD = LineString([(0, 0), (100, 0)])  # through a zone from 20 to 50, by 30 m


@pytest.fixture
def zone(desk):
    desk.layer("ZONE", [box(20, -50, 50, 50)])
    desk.pack({})
    return desk


def check(desk, shapes, columns, *more, crs="EPSG:4547"):
    source = desk.write("route", shapes, columns, crs)
    out = desk.folder / "out.gpkg"
    arguments = ("--pack", desk.folder / "test.toml", "--out", out, "--overwrite", *more)
    return desk.run("check", desk.library, source, *arguments)


def areas(desk):
    found = gpd.read_file(desk.folder / "out.gpkg", layer="parcels").set_index("parcel")
    hits = gpd.read_file(desk.folder / "out.gpkg", layer="findings").set_index("parcel")
    return found.geometry.area.to_dict(), hits[hits.verdict == "prohibited"].area_m2.to_dict()


def test_the_land_of_a_line_is_as_wide_as_it_is_said(zone):
    answer = check(zone, [ROAD], {"DKBH": ["R"]}, "--land-width", "12")
    assert (answer.code, answer.codes) == (0, ["parcel.land"])
    assert "12 m" in answer.json["problems"][0]["message"]
    ground, hits = areas(zone)
    assert ground == {"R": pytest.approx(1200)} and hits == {"R": pytest.approx(30 * 12)}


def test_a_corner_is_round_and_the_ends_are_flat(zone):
    turn = LineString([(0, 0), (100, 0), (100, 100)])
    check(zone, [turn], {"DKBH": ["R"]}, "--land-width", "10")
    # Two strips share a square of the half width; outside the corner lies a quarter of a circle.
    strips, quarter = 2 * 100 * 10 - 25, 3.14159 * 25 / 4
    assert areas(zone)[0]["R"] == pytest.approx(strips + quarter, abs=0.1)


def test_points_are_squares_and_polygons_stay(zone):
    shapes = [Point(30, 0), box(0, 100, 10, 110)]
    source = zone.folder / "mixed.gpkg"
    gpd.GeoDataFrame({"DKBH": ["mast", "yard"]}, geometry=shapes, crs="EPSG:4547").to_file(source)
    out = zone.folder / "out.gpkg"
    given = ("--pack", zone.folder / "test.toml", "--out", out, "--land-width", "6")
    assert zone.run("check", zone.library, source, *given).code == 0
    found = gpd.read_file(out, layer="parcels").set_index("parcel").geometry
    assert found["mast"].bounds == (27, -3, 33, 3) and found["yard"].area == 100


def test_a_field_says_the_width_of_each(zone):
    parts = MultiLineString([[(0, 0), (10, 0)], [(60, 0), (70, 0)]])
    answer = check(zone, [ROAD, parts], {"DKBH": ["R", "S"], "HXKD": [8.0, 20.0]}, "--land-width", "hxkd")
    assert answer.code == 0 and "hxkd" in answer.json["problems"][0]["message"]
    assert areas(zone)[0] == {"R": pytest.approx(800), "S": pytest.approx(400)}


@pytest.mark.parametrize("value", [0.0, -3.0, None])
def test_a_width_that_is_none_is_refused_by_row(zone, value):
    answer = check(zone, [ROAD, ROAD], {"DKBH": ["R", "S"], "HXKD": [8.0, value]}, "--land-width", "HXKD")
    (problem,) = answer.json["problems"]
    assert (answer.codes, problem["row"], problem["field"]) == (["parcel.width"], 2, "HXKD")


def test_a_width_that_is_none_is_set_aside_with_the_bad(zone):
    columns = {"DKBH": ["R", "S"], "HXKD": ["8", "12m"]}
    answer = check(zone, [ROAD, ROAD], columns, "--land-width", "HXKD", "--keep-bad")
    assert (answer.code, answer.json["set_aside"], areas(zone)[0]) == (0, 1, {"R": pytest.approx(800)})
    assert [one["code"] for one in answer.json["problems"]] == ["parcel.land", "parcel.width"]
    bad = gpd.read_file(zone.folder / "out.gpkg", layer=answer.json["bad_table"])
    assert (bad.geometry.geom_type.tolist(), bad.problem.tolist()) == (["LineString"], ["parcel.width"])


@pytest.mark.parametrize("text", ["0", "-5", "20000", "nan", "12m", "7.5 米"])
def test_a_width_that_no_land_has_is_wrong_usage(zone, text):
    assert check(zone, [ROAD], {"DKBH": ["R"]}, f"--land-width={text}").code == 2


@pytest.mark.parametrize(("shape", "kind"), [(ROAD, "lines"), (Point(1, 1), "points")])
def test_without_a_width_it_is_said_how_to_state_one(zone, shape, kind):
    answer = check(zone, [shape], {"DKBH": ["R"]})
    (problem,) = answer.json["problems"]
    assert answer.codes == ["geometry.type"]
    assert kind in problem["message"] and "--land-width" in problem["mend"]
    answer = check(zone, [shape], {"DKBH": ["R"]}, "--land-width", "WIDE")
    assert answer.codes == ["field.missing"] and "--land-width" in answer.json["problems"][0]["mend"]


def test_widths_are_metres_of_the_library_s_plane_whatever_the_file_s_system(zone):
    degrees = gpd.GeoSeries([shapely.affinity.translate(ROAD, 500_000, 4_000_000)], crs=4547).to_crs(4490)
    check(zone, list(degrees), {"DKBH": ["R"]}, "--land-width", "12", crs="EPSG:4490")
    assert areas(zone)[0]["R"] == pytest.approx(1200, abs=0.01)


def test_a_large_file_of_lines_is_read_part_by_part_alike(zone, monkeypatch):
    from onemap.layers.sources import reading

    lines = [shapely.affinity.translate(ROAD, 0, 200 * n) for n in range(40)]
    columns = {"DKBH": [f"R{n}" for n in range(40)]}
    check(zone, lines, columns, "--land-width", "12")
    whole = areas(zone)
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(reading, "LARGE_ROWS", 1)
    answer = check(zone, lines, columns, "--land-width", "12")
    assert (answer.codes, areas(zone)) == (["parcel.land"], whole)


def test_a_stored_run_of_lines_is_repeated(zone):
    run = check(zone, [ROAD], {"DKBH": ["R"]}, "--land-width", "12").json["run"]["id"]
    assert zone.run("verify", zone.library, "--run", run).json["problems"] == []
    other = check(zone, [ROAD], {"DKBH": ["R"]}, "--land-width", "24", "--against", run)
    assert other.code == 0 and areas(zone)[0]["R"] == pytest.approx(2400)


def test_what_a_width_is():
    assert (LandWidth("12.5").metres, LandWidth("HXKD").metres, LandWidth().metres) == (12.5, None, None)
    assert LandWidth().remarks({}) == []


@pytest.mark.parametrize("block", ["1000", "1"])
def test_a_width_that_no_parcel_needed_is_not_recorded(zone, monkeypatch, block):
    monkeypatch.setenv("ONEMAP_BLOCK", block)
    recorded = []
    for shape in (ROAD, box(0, 200, 10, 210)):
        run = check(zone, [box(0, 100, 10, 110), shape], {"DKBH": ["A", "B"]}, "--land-width", "12").json["run"]
        recorded.append(run["parameters"].get("land_width"))
    assert recorded == ["12", None]


def ground(shape, width=40.0):
    """The land of a shape, and its area."""
    (found,) = ground_along(np.array([shape], dtype=object), np.array([width / 2]))
    assert shapely.is_valid(found)
    return found, found.area


QUARTER = 3.14159 * 20**2 / 4  # of a circle as wide as 40 m


@pytest.mark.parametrize("hook", [-0.01, 0.01, -1.0, 5.0])
def test_a_hook_at_the_end_takes_no_ground_from_the_line(hook):
    found, area = ground(LineString([(0, 0), (100, 0), (100, hook)]))
    assert shapely.difference(box(0, -20, 100, 20), found).area == pytest.approx(0, abs=1e-6)
    # Besides, the half of the hook's own strip that lies beyond the line's end, and the round corner outside of it.
    assert area == pytest.approx(100 * 40 + abs(hook) * 20 + QUARTER, abs=1.0)


def test_parts_that_meet_are_one_line_with_round_corners():
    parts = [[(0, 0), (100, 0)], [(100, 100), (100, 0)]]
    assert ground(MultiLineString(parts))[1] == pytest.approx(2 * 100 * 40 - 400 + QUARTER, abs=1.0)
    # A third one goes on straight: its strip takes half of that corner's place.
    junction = [*parts, [(100, 0), (200, 0)]]
    assert ground(MultiLineString(junction))[1] == pytest.approx(200 * 40 + 80 * 40)


def test_a_ring_has_its_round_corner_where_it_closes():
    square = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)]
    assert ground(LineString(square))[1] == pytest.approx(4 * 100 * 40 - 4 * 400 + 4 * QUARTER, abs=3.0)


def test_lines_and_points_of_one_feature_each_have_their_land():
    points = MultiPoint([(900, 0), (1000, 0)])
    mixed = GeometryCollection([LineString([(0, 0), (100, 0)]), Point(500, 0), points])
    assert ground(mixed)[1] == pytest.approx(100 * 40 + 3 * 40 * 40)
    assert ground(LineString([(0, 0), (0, 0)]))[0].is_empty


def test_no_line_has_less_than_half_of_its_width_at_both_sides():
    drawn = np.random.default_rng(7)
    lines = [LineString(np.cumsum(drawn.normal(0, 15, (6, 2)), axis=0)) for _ in range(300)]
    grounds = ground_along(np.array(lines, dtype=object), np.full(300, 20.0))
    for line, found in zip(lines, grounds, strict=True):
        for one, other in zip(line.coords[:-1], line.coords[1:], strict=True):
            strip = shapely.buffer(LineString([one, other]), 20, cap_style="flat")
            assert shapely.difference(strip, found).area < 0.01
