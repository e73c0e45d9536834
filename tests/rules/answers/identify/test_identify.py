"""identify: the features at a place, compared with answers by hand and by shapely, in a file and on a server."""

import json
import random

import numpy as np
import pytest
import rasterio
import shapely
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import LineString, Point, Polygon, box

from onemap.rules.answers.identify.identify_rows import identify_view
from onemap.rules.display.rows.answer_rows import view_json
from onemap.rules.verbs.commands.verb_text import result_text

KEYS = {"code", "title", "department", "library", "kind", "version", "covered", "features"}
FEATURE_KEYS = {"feature", "class", "class_title", "area_m2", "distance_m", "attributes"}
DISTRICT = box(-500, -500, 500, 500)


@pytest.fixture
def identify(desk):
    """Ask about a place; return the answer by layer."""

    def ask(*arguments, library=None, **options):
        answer = desk.run("identify", library or desk.library, *arguments, **options).done()
        return {layer["code"]: layer for layer in answer.json["layers"]}

    return ask


def names(layer):
    return [feature["feature"] for feature in layer["features"]]


def test_a_point_is_in_the_polygons_that_contain_it_their_edge_included(desk, identify):
    shapes = [
        box(0, 0, 10, 10),
        box(5, 0, 20, 10),
        Polygon(box(-10, -10, 30, 30).exterior, [box(-1, -1, 11, 11).exterior]),
    ]
    desk.layer("ZONE", shapes, covers=DISTRICT)
    assert names(identify(2, 2)["ZONE"]) == ["f1"]
    assert names(identify(7, 7)["ZONE"]) == ["f1", "f2"]
    assert names(identify(10, 10)["ZONE"]) == ["f1", "f2"]  # on the edge of both
    assert names(identify(11, -1)["ZONE"]) == ["f3"]  # the corner of the hole
    layer = identify(100, 100)["ZONE"]
    assert (layer["covered"], layer["features"], layer["reason"]) == (True, [], None)
    (feature,) = identify(2, 2)["ZONE"]["features"]
    assert feature.keys() >= FEATURE_KEYS
    assert (feature["area_m2"], feature["distance_m"], feature["attributes"]["KEY"]) == (100.0, 0.0, "f1")


def test_a_corner_that_comes_through_degrees_is_of_both_neighbours(desk, identify):
    """By no coordinate a neighbour is lost: of ten corners on an oblique edge each is of both."""
    east, north = 538_000, 4_212_000
    edge = [(east + 13.7 * n, north + 7.3 * n) for n in range(42)]
    ways = [Polygon([*edge, (edge[-1][0], north)]), Polygon([*edge, (east, edge[-1][1])])]
    desk.layer("ZONE", ways, covers=box(east - 500, north - 500, east + 2_000, north + 2_000))
    degrees = Transformer.from_crs(4547, 4490, always_xy=True)
    for corner in edge[1:-1:4]:
        found = identify(*degrees.transform(*corner), "--crs", "EPSG:4490")["ZONE"]["features"]
        assert [(one["feature"], one["distance_m"]) for one in found] == [("f1", 0.0), ("f2", 0.0)]


def test_lines_and_points_lie_within_the_radius_itself_included(desk, identify):
    desk.layer(
        "ROAD", [LineString([(0, 0), (100, 0)]), LineString([(0, 40), (100, 40)])], covers=DISTRICT, geometry="line"
    )
    desk.layer("WELL", [Point(50, 3), Point(53, 4), Point(50, 40)], covers=DISTRICT, geometry="point")
    desk.layer("ZONE", [box(51, -5, 60, 5)], covers=DISTRICT)
    layers = identify(50, 0, "--radius", 5)
    assert [(f["feature"], f["distance_m"]) for f in layers["WELL"]["features"]] == [("f1", 3.0), ("f2", 5.0)]
    assert [(f["feature"], f["distance_m"], f["area_m2"]) for f in layers["ROAD"]["features"]] == [("f1", 0.0, None)]
    assert layers["ROAD"]["features"][0]["length_m"] == 100.0
    assert layers["ZONE"]["features"] == []  # a radius makes no polygon contain the point
    assert names(identify(50, 0, "--radius", 4.999)["WELL"]) == ["f1"]
    assert names(identify(50, 0)["WELL"]) == ["f1", "f2"]  # ten metres, where nothing is said
    assert names(identify(50, 9, "--radius", 0)["ROAD"]) == []
    assert names(identify(50, 0, "--radius", 0)["ROAD"]) == ["f1"]


def test_what_says_nothing_of_the_place_is_listed_and_not_covered(desk, identify):
    desk.layer("HERE", [box(0, 0, 10, 10)], covers=DISTRICT)
    desk.layer("PART", [box(0, 0, 10, 10)], covers=box(0, 0, 10, 10))
    desk.layer("PAST", [box(0, 0, 10, 10)], covers=DISTRICT, valid_from="2020-01-01", valid_to="2020-12-31")
    layers = identify(300, 0)
    assert all(layer.keys() >= KEYS for layer in layers.values())
    states = {
        code: (layers[code]["covered"], layers[code]["version"], layers[code]["reason"]) for code in ("HERE", "PART")
    }
    assert states == {"HERE": (True, "v1", None), "PART": (False, "v1", "outside_coverage")}
    assert (layers["PAST"]["covered"], layers["PAST"]["version"], layers["PAST"]["reason"]) == (
        False,
        None,
        "not_in_force",
    )
    assert (layers["DLTB"]["covered"], layers["DLTB"]["reason"]) == (False, "layer_missing")
    assert names(identify(5, 5, "--as-of", "2020-06-01")["PAST"]) == ["f1"]
    assert identify(10, 10)["PART"]["covered"]  # the coverage's edge speaks too


def test_features_outside_the_coverage_are_told_and_the_place_is_not_covered(desk, identify):
    desk.layer("ZONE", [box(0, 0, 50, 10)], covers=box(0, 0, 10, 10))
    layer = identify(30, 5)["ZONE"]
    assert (names(layer), layer["covered"]) == (["f1"], False)


def test_only_names_layers_and_an_unknown_one_is_wrong_usage(desk, identify):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=DISTRICT)
    assert list(identify(5, 5, "--only", "ZONE,DLTB")) == ["DLTB", "ZONE"]
    answer = desk.run("identify", desk.library, 5, 5, "--only", "NONE")
    assert (answer.code, answer.codes) == (2, ["layer.unknown"])


def test_classes_have_the_titles_of_their_code_table(desk):
    source = desk.write("dltb", [box(0, 0, 10, 10)], {"BSM": ["a1"], "DLBM": ["0101"], "QSXZ": ["20"]}, "EPSG:4547")
    covers = desk.write("c", [DISTRICT], {"n": [1]}, "EPSG:4547")
    answer = desk.run("add", desk.library, source, "--as", "DLTB", "--covers", covers).done()
    for language, title in (("zh", "水田"), ("en", "Paddy")):
        answer = desk.run("identify", desk.library, 5, 5, "--only", "DLTB", lang=language)
        (feature,) = answer.json["layers"][0]["features"]
        assert (feature["feature"], feature["class"]) == ("a1", "0101")
        assert title in feature["class_title"] and title in feature["meanings"]["DLBM"]
    assert answer.json["layers"][0]["fields"]["DLBM"] == "Land class code"


def test_a_coverage_that_nobody_stated_is_called_assumed(desk, identify, terminal):
    define = "name=b,department=water,library=base,kind=vector,geometry=polygon"
    source = desk.write("boxes", [box(0, 0, 10, 10), box(90, 90, 100, 100)], {"N": [1, 2]}, "EPSG:4547")
    desk.run("add", desk.library, source, "--as", "BOXED", "--define", define, "--covers", "extent").done()
    desk.layer("STATED", [box(0, 0, 10, 10)], covers=box(0, 0, 100, 100))
    assumed = "Its coverage is only assumed, from the box around its features."
    for place, remarks in (((50, 50), [assumed]), ((5, 5), [assumed]), ((200, 50), [])):
        layers = identify(*place)
        assert (layers["BOXED"]["remarks"], layers["STATED"]["remarks"]) == (remarks, [])
    assert assumed in terminal("identify", desk.library, 50, 50, "--lang", "en").stdout.decode()
    answer = desk.run("identify", desk.library, 50, 50).json
    boxed, stated = (next(one for one in answer["layers"] if one["code"] == code) for code in ("BOXED", "STATED"))
    near = {**stated, "nearest": {**stated["nearest"], "distance_m": 1.0}}
    text = result_text("identify", {**answer, "layers": [*[near] * 11, boxed]}, "en")
    assert assumed in text and "1 more: STATED" in text, "also of a layer that lies far"


def test_without_a_key_features_have_the_number_of_their_row(desk, identify):
    source = desk.write("plain", [box(0, 0, 1, 1), box(0, 0, 9, 9)], {"N": [7, None]}, "EPSG:4547")
    define = "name=p,department=water,library=base,kind=vector,geometry=polygon"
    desk.run("add", desk.library, source, "--as", "PLAIN", "--define", define, "--covers", "extent").done()
    features = identify(5, 5)["PLAIN"]["features"]
    assert [feature["feature"] for feature in features] == ["2"]
    assert (features[0]["class"], features[0]["class_title"], features[0]["attributes"]) == (None, None, {"N": None})


def grid(desk, values, crs="EPSG:4547", west=0.0, north=40.0, cell=10.0, unit=None):
    values = np.asarray(values, dtype="float64")
    profile = {"driver": "GTiff", "count": 1, "dtype": "float64", "nodata": -9999.0, "crs": crs}
    shape = {"height": values.shape[0], "width": values.shape[1], "transform": from_origin(west, north, cell, cell)}
    with rasterio.open(desk.folder / "dem.tif", "w", **profile, **shape) as dataset:
        dataset.write(values, 1)
        dataset.units = (unit,)
    desk.run("add", desk.library, desk.folder / "dem.tif", "--as", "DEM", "--covers", "extent").done()


def test_a_raster_says_the_value_of_the_cell_as_class(desk, identify):
    grid(desk, [[1, 2, 3, 4], [5, 6, 7, 8], [9, -9999, 11, 12], [13, 14, 15, 16]])
    assert [f["class"] for f in identify(15, 25)["DEM"]["features"]] == [6.0]
    blank = identify(15, 15)["DEM"]
    assert (blank["features"], blank["covered"], blank["reason"]) == ([], True, "nodata")
    assert identify(99, 15)["DEM"]["features"] == [] and not identify(99, 15)["DEM"]["covered"]
    (feature,) = identify("--box", "1,25,19,39")["DEM"]["features"]
    assert feature["attributes"] == {"low": 1.0, "mean": 3.5, "high": 6.0} and feature["class"] is None
    (feature,) = identify("--line", "LINESTRING (25 5, 25 35)")["DEM"]["features"]
    assert feature["attributes"] == {"low": 3.0, "mean": 9.0, "high": 15.0}
    (desk.folder / "dem.tif").unlink()
    layer = identify(15, 25)["DEM"]
    assert (layer["covered"], layer["features"], layer["reason"]) == (False, [], "unreadable")


@pytest.mark.parametrize(
    ("language", "cell", "span", "least"),
    [
        ("en", "6.00 ft", "cells from 1.00 to 6.00, mean 3.50 ft", "Least value"),
        ("zh", "6.00 ft", "平均 3.50 ft", "最小值"),
    ],
)
def test_a_raster_says_the_unit_that_it_names(desk, identify, language, cell, span, least):
    grid(desk, [[1, 2, 3, 4], [5, 6, 7, 8], [9, -9999, 11, 12], [13, 14, 15, 16]], unit="ft")
    (feature,) = identify(15, 25)["DEM"]["features"]
    assert (feature["class"], feature["attributes"]) == (6.0, {"unit": "ft"})
    answer = desk.run("identify", desk.library, 15, 25, lang=language).json
    assert cell in result_text("identify", answer, language)
    answer = desk.run("identify", desk.library, "--box", "1,25,19,39", lang=language).json
    assert span in result_text("identify", answer, language)
    assert [layer["fields"]["low"] for layer in answer["layers"] if layer["code"] == "DEM"] == [least]


def test_degrees_name_the_same_place(desk):
    east, north = 500_123.25, 4_208_321.5
    desk.layer("ZONE", [box(east - 1, north - 1, east + 1, north + 1)], covers=box(0, 0, 1e6, 5e6))
    longitude, latitude = Transformer.from_crs(4547, 4490, always_xy=True).transform(east, north)
    answer = desk.run("identify", desk.library, longitude, latitude, "--crs", "EPSG:4490", "--only", "ZONE").json
    assert names(answer["layers"][0]) == ["f1"]
    assert (answer["x"], answer["y"], answer["crs"]) == (longitude, latitude, "EPSG:4490")
    there = shapely.from_wkt(answer["wkt"])
    assert there.distance(Point(east, north)) < 0.01


def test_a_line_and_a_box_meet_what_shapely_says(desk, identify):
    chance = random.Random(7)
    corners = [(chance.uniform(-90, 90), chance.uniform(-90, 90)) for _ in range(60)]
    zones = [box(x, y, x + chance.uniform(1, 40), y + chance.uniform(1, 40)) for x, y in corners]
    roads = [LineString([(x, y), (y, x + 7), (x + 30, y)]) for x, y in corners]
    desk.layer("ZONE", zones, covers=DISTRICT)
    desk.layer("ROAD", roads, covers=DISTRICT, geometry="line")
    line, area = LineString([(-60, -50), (10, 20), (70, -10)]), box(-30, -20, 15, 44)
    layers = identify("--line", line.wkt, "--radius", 2)
    assert set(names(layers["ZONE"])) == {f"f{n}" for n, zone in enumerate(zones, 1) if zone.intersects(line)}
    assert set(names(layers["ROAD"])) == {f"f{n}" for n, road in enumerate(roads, 1) if road.distance(line) <= 2}
    for feature in layers["ZONE"]["features"]:
        assert feature["inside_m"] == pytest.approx(zones[int(feature["feature"][1:]) - 1].intersection(line).length)
    layers = identify("--box=-30,-20,15,44", "--radius", 0)
    assert set(names(layers["ZONE"])) == {f"f{n}" for n, zone in enumerate(zones, 1) if zone.intersects(area)}
    for feature in layers["ZONE"]["features"]:
        assert feature["inside_m2"] == pytest.approx(zones[int(feature["feature"][1:]) - 1].intersection(area).area)


def test_the_answer_says_how_long_the_line_and_how_large_the_box_is_and_the_text_what_is_inside(desk, terminal):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=DISTRICT)
    along = desk.run("identify", desk.library, "--line", "LINESTRING (-5 5, 4 5)").json
    assert (along["length_m"], along["area_m2"]) == (9.0, None)
    inside = desk.run("identify", desk.library, "--box=-5,-5,4,5").json
    assert (inside["length_m"], inside["area_m2"]) == (None, pytest.approx(90.0))
    at = desk.run("identify", desk.library, 1, 1).json
    assert (at["length_m"], at["area_m2"]) == (None, None)
    # On the ellipsoid: 500 km from the meridian the plane's scale is 1.0031, so 100 m² of it are 99.4 m².
    assert inside["area_ellipsoidal_m2"] == pytest.approx(90.0 / 1.0031**2, rel=1e-4)
    [zone] = [layer for layer in inside["layers"] if layer["code"] == "ZONE"]
    [feature] = zone["features"]
    sizes = [feature[name] for name in ("area_m2", "area_ellipsoidal_m2", "inside_m2", "inside_ellipsoidal_m2")]
    assert sizes == pytest.approx([100.0, 100.0 / 1.0031**2, 20.0, 20.0 / 1.0031**2], rel=1e-4)
    assert (
        "99 m², inside 20 m²" in terminal("identify", desk.library, "--box=-5,-5,4,5", "--lang", "en").stdout.decode()
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "identify.place"),
        ((5,), "identify.place"),
        ((5, 5, "--box", "0,0,1,1"), "identify.place"),
        (("x", 5), "usage.value"),
        (("nan", 5), "usage.value"),
        (("--box", "0,0,1"), "usage.value"),
        (("--box", "5,0,1,1"), "usage.value"),
        (("--line", "POINT (1 1)"), "usage.value"),
        (("--line", "LINESTRING"), "usage.value"),
        (("--line", "LINESTRING EMPTY"), "usage.value"),
        (("--line", "LINESTRING (1e300 1e300, -1e300 1)"), "usage.value"),
        (("--box", "0,0,1e200,1e200"), "usage.value"),
        (("--box", "0,0,inf,1"), "usage.value"),
        ((1e308, 1e308), "identify.beyond"),
        (("--box", "540000,4212000,541000,4213000", "--crs", "EPSG:4526"), "identify.beyond"),
        (("--line", "LINESTRING (540000 4212000, 541000 4213000)", "--crs", "EPSG:4526"), "identify.beyond"),
        ((540000, 4212000, "--crs", "EPSG:4526"), "identify.beyond"),
        ((38540000, 4212000), "identify.beyond"),
        ((38.05, 114.52, "--crs", "EPSG:4490"), "identify.swapped"),
        ((5, 5, "--radius", "-1"), "usage.value"),
        ((1e300, 95, "--crs", "EPSG:4490"), "identify.beyond"),
    ],
)
def test_a_place_that_is_none_is_wrong_usage(desk, arguments, code):
    answer = desk.run("identify", desk.library, *arguments)
    assert (answer.code, answer.codes) == (2, [code])


def test_rules_that_speak_of_what_lies_here_are_named_with_their_law(desk, tmp_path, onemap):
    library, covers = tmp_path / "own.gpkg", desk.write("c", [DISTRICT], {"n": [1]}, "EPSG:4547")
    pack = desk.pack(
        {"id": "two", "layer": "DLTB", "where": "DLBM = '0101'", "title": {"zh": "甲", "en": "A"}},
        {"id": "all", "layer": "DLTB", "basis": [{"law": "Old", "to": "2020-01-01"}, {"law": "New"}]},
        {"id": "over", "layer": "DLTB", "basis": [{"law": "Old", "to": "2020-01-01"}]},
        {"id": "far", "layer": "STBHHX"},
    )
    assert onemap("new", library, "--crs", "EPSG:4547", "--pack", pack).code == 0
    shapes, columns = [box(0, 0, 10, 10)] * 3, {"BSM": ["a", "b", "c"], "DLBM": ["0101", "0201", None]}
    source = desk.write("dltb", shapes, columns, "EPSG:4547")
    onemap("add", library, source, "--as", "DLTB", "--covers", covers).done()
    layers = {layer["code"]: layer for layer in onemap("identify", library, 5, 5).json["layers"]}
    speaking = {feature["feature"]: feature["rules"] for feature in layers["DLTB"]["features"]}
    assert speaking == {"a": ["two", "all"], "b": ["all"], "c": ["two", "all"]}  # of a null nobody knows
    laws = {law["rule"]: law for law in layers["DLTB"]["laws"]}
    assert (laws["two"]["title"], laws["two"]["basis"][0]["article"]) == ("A", "第一条")
    assert [entry["law"] for entry in laws["all"]["basis"]] == ["New"]
    assert [law["rule"] for law in layers["STBHHX"]["laws"]] == ["far"] and layers["KGDK"]["laws"] == []


@pytest.mark.parametrize(
    ("lang", "words", "name"),
    [
        ("en", "Rule for the ground outside: Out", "For the ground outside: Out"),
        ("zh", "以外的规则：外", "适用于其范围以外：外"),
    ],
)
def test_a_rule_on_the_ground_outside_is_not_told_as_one_on_the_place_inside(
    desk, tmp_path, terminal, onemap, lang, words, name
):
    library = tmp_path / "own.gpkg"
    titles = {"title": {"zh": "外", "en": "Out"}}
    pack = desk.pack({"id": "out", "layer": "CZKFBJ", "kind": "within", "verdict": "restricted", **titles})
    assert onemap("new", library, "--crs", "EPSG:4547", "--pack", pack).code == 0
    source = desk.write("line", [box(0, 0, 10, 10)], {"BSM": ["a"]}, "EPSG:4547")
    covers = desk.write("c", [DISTRICT], {"n": [1]}, "EPSG:4547")
    assert onemap("add", library, source, "--as", "CZKFBJ", "--covers", covers).code == 0
    inside, beside = (terminal("identify", library, at, 5, "--lang", lang).stdout.decode() for at in (5, 50))
    assert words in inside and words not in beside  # beside it nothing of the layer lies
    answer = onemap("identify", library, 5, 5, lang=lang).json
    (layer,) = identify_view(answer, lang).parts[0].rows
    assert name in [row.name for row in layer.rows[-1].rows]


def test_what_rules_speak_of_stands_first_by_gravity_and_the_rest_is_folded_up(desk, tmp_path, onemap):
    library, covers = tmp_path / "own.gpkg", desk.write("c", [DISTRICT], {"n": [1]}, "EPSG:4547")
    pack = desk.pack(
        {"id": "use", "layer": "DLTB", "verdict": "notice"}, {"id": "line", "layer": "STBHHX", "verdict": "prohibited"}
    )
    assert onemap("new", library, "--crs", "EPSG:4547", "--pack", pack).code == 0
    for code, count in (("DLTB", 1), ("STBHHX", 1), ("XZQ", 1), ("CJDCQ", 6)):
        columns = {"BSM": [f"{code}{number}" for number in range(count)]}
        columns |= {name: ["1"] * count for name in ("DLBM", "XZQDM", "XZQMC", "ZLDWDM", "ZLDWMC")}
        source = desk.write(code.lower(), [box(0, 0, 10, 10)] * count, columns, "EPSG:4547")
        onemap("add", library, source, "--as", code, "--covers", covers, "--sure").done()
    rows = identify_view(onemap("identify", library, 5, 5).json, "en").parts
    first, second, others = rows[:3]
    layers = [[layer.hint for layer in row.rows] for row in (first, second)]
    assert layers == [["STBHHX"], ["DLTB"]] and first.is_open and second.is_open
    assert (others.name, others.values, others.is_open) == ("Other layers here, which no rule uses", ["2"], False)
    folded = {layer.hint: layer.is_open for row in others.rows for layer in row.rows}
    assert folded == {"XZQ": True, "CJDCQ": False}  # of many features those are seen that somebody asks for


def test_the_text_is_grouped_by_kind_and_department_in_both_languages(desk, terminal):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=DISTRICT)
    for language, words in (
        ("zh", ["自然资源和规划局（土地）", "编号 f1", "99 m²", "图层未入库"]),
        ("en", ["Land", "No. f1", "99 m²", "Not known here"]),
    ):
        text = terminal("identify", desk.library, 5, 5, "--lang", language).stdout.decode()
        assert [word for word in words if word not in text] == []


@pytest.mark.slow
def test_the_answer_is_one_in_a_file_on_a_server_and_asked_twice(desk, postgis, onemap):
    zones = [Point(97 * n, 61 * n).buffer(83.3, quad_segs=5) for n in range(12)]
    roads = [LineString([(-50, 40 * n), (300, 47.7 * n), (1300, 33.3 * n)]) for n in range(4)]
    columns = {"KEY": [f"z{n}" for n in range(12)], "TYPE": ["甲", None, "O'Neil %"] * 4}
    files = {
        "ZONE": ("polygon", desk.write("zone", zones, columns, "EPSG:4547")),
        "ROAD": ("line", desk.write("road", roads, {"KEY": list("abcd")}, "EPSG:4547")),
    }
    places = [desk.library, f"{postgis.database().url}&schema=identify"]
    assert onemap("new", places[1], "--crs", "EPSG:4547").code == 0
    answers = []
    for place in places:
        for code, (geometry, source) in files.items():
            define = f"name={code},department=land,library=base,kind=vector,geometry={geometry},key=KEY"
            given = ("--as", code, "--define", define, "--covers", "extent", "--label", "one")
            assert onemap("add", place, source, *given).code == 0
        answers += [onemap("identify", place, 200, 130, "--radius", 50).json for _ in range(2)]
    assert all(answer == answers[0] for answer in answers)
    by_hand = {f"z{n}" for n, zone in enumerate(zones) if zone.intersects(Point(200, 130))}
    (zone,) = (layer for layer in answers[0]["layers"] if layer["code"] == "ZONE")
    assert set(names(zone)) == by_hand and by_hand
    json.dumps(answers[0], allow_nan=False)


def test_a_point_beside_everything_says_what_its_numbers_look_like(desk, terminal):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=box(0, 0, 50, 50))

    def lines(*words):
        return terminal("identify", desk.library, *words, "--lang", "en").stdout.decode().splitlines()

    (doubt, *_) = view_json(identify_view(desk.run("identify", desk.library, 114.52, 38.05).json, "en"))
    assert lines(114.52, 38.05)[1].startswith(doubt["name"]) and "--" not in doubt["name"], "in the dock, on a page"
    assert "--crs EPSG:4490" in lines(114.52, 38.05)[1] and "degrees" in lines(114.52, 38.05)[1]
    assert "--crs" not in "".join(lines(5, 5) + lines(900, 900) + lines(114.52, 38.05, "--crs", "EPSG:4490"))
    for swapped in (lines(4_212_000, 540_000)[1], lines(38.05, 114.52)[1]):
        assert swapped.endswith(" Give east before north, longitude before latitude.") and "--crs" not in swapped


def test_a_feature_has_its_own_name_beside_its_class_and_a_class_is_not_named_twice(desk, onemap):
    names = {"DMBH": ["D1"], "DMMC": ["长安小区"]}
    source = desk.write("places", [Point(5, 5)], names, "EPSG:4547")
    assert onemap("add", desk.library, source, "--as", "DMDZ", "--covers", "extent").code == 0
    uses = {"BSM": ["1"], "DLBM": ["0101"], "DLMC": ["水田"]}
    source = desk.write("uses", [box(0, 0, 10, 10)], uses, "EPSG:4547")
    assert onemap("add", desk.library, source, "--as", "DLTB", "--covers", "extent").code == 0
    answer = onemap("identify", desk.library, 5, 5, "--only", "DMDZ,DLTB").done()
    found = {layer["code"]: layer["features"][0] for layer in answer.json["layers"]}
    assert (found["DMDZ"]["name"], found["DMDZ"]["class"]) == ("长安小区", None)
    assert (found["DLTB"]["name"], found["DLTB"]["class_title"]) == (None, "Paddy field")


def test_the_middle_of_a_box_is_told_in_plain_numbers(desk, terminal):
    desk.layer("ZONE", [box(0, 0, 10, 10)], covers=box(0, 0, 10, 10))
    text = terminal("identify", desk.library, "--box=540600,4212700.1,540900,4212900", "--lang", "en").stdout.decode()
    assert text.startswith("What lies at 540750, 4212800.05 (EPSG:4547)")
