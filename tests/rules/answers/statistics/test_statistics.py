"""statistics: areas of unions by class and unit, worked out by hand on squares."""

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPoint, Point, affinity, box

from onemap.layers.library.library import open_library
from onemap.layers.messages import wording
from onemap.layers.progress import Progress
from onemap.rules.answers.statistics.units import overlap_problems
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.tests.conftest import write_layer

WEST, EAST = box(0, 0, 10, 10), box(10, 0, 20, 10)


def ask(desk, *arguments, code=0, **options):
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    answer = desk.run("statistics", desk.library, *arguments, *given)
    assert answer.code == code, answer.json
    return answer.json


def areas(found, field="area_m2"):
    return {(row["unit"], *row["keys"].values()): row[field] for row in found["rows"]}


@pytest.fixture
def units(desk):
    desk.layer("UNITS", [WEST, EAST, box(30, 0, 40, 10)], {"NAME": ["W", "E", "far"]})
    return {"within": "UNITS", "unit": "NAME"}


def test_ground_under_two_features_counts_once(desk):
    shapes = [box(0, 0, 10, 10), box(5, 0, 15, 10), box(20, 0, 30, 10)]
    desk.layer("ZONE", shapes, {"K": ["a", "a", "b"]})
    found = ask(desk, "ZONE", by="K")
    assert areas(found) == {(None, "a"): 150.0, (None, "b"): 100.0}
    assert found["total"]["area_m2"] == 250.0 and found["total"]["overlap_m2"] == 50.0
    assert [row["share"] for row in found["rows"]] == [0.6, 0.4] and [row["features"] for row in found["rows"]] == [
        2,
        1,
    ]
    assert 0 < found["total"]["area_ellipsoidal_m2"] < 250.0
    assert ask(desk, "ZONE")["rows"][0]["area_m2"] == 250.0


def test_codes_are_read_as_their_table_writes_them_and_blanks_are_none(desk, tmp_path):
    codes = ["0101", " ０１０１", "01 01", "0l01", "", "1001"]
    shapes = [box(10 * at, 0, 10 * at + 10, 10) for at in range(len(codes))]
    columns = {"BSM": [str(at) for at in range(len(codes))], "DLBM": codes}
    source = write_layer(tmp_path / "dltb.gpkg", shapes, columns)
    desk.run("add", desk.library, source, "--as", "DLTB", "--covers", "extent").done()
    assert areas(ask(desk, "DLTB", by="DLBM")) == {
        (None, "0101"): 300.0,
        (None, "0l01"): 100.0,
        (None, "1001"): 100.0,
        (None, None): 100.0,
    }
    assert areas(ask(desk, "DLTB", by="DLBM/2"))[None, "01"] == 300.0
    found = ask(desk, "DLTB", where="DLBM NOT LIKE '01%'")["total"]
    assert (found["area_m2"], found["no_value_m2"]) == (100.0, 200.0)  # nobody knows what 0l01 is


def test_a_number_that_no_sum_can_hold_is_none(desk):
    desk.layer("ZONE", [box(0, 0, 5, 5), box(5, 0, 9, 5), box(9, 0, 15, 5)], {"N": [1.5, 1.7e308, 1.7e308]})
    total = ask(desk, "ZONE", sum="N")["total"]
    assert (total["sums"], total["without_value"]) == ({"N": 1.5}, {"N": 2})


def test_a_feature_across_a_border_is_shared_out_by_its_ground(desk, units):
    desk.layer("ZONE", [box(5, 0, 15, 8), box(0, 0, 2, 2)], {"K": ["a", "b"], "N": [100.0, None]})
    found = ask(desk, "ZONE", by="K", sum="N", **units)
    assert areas(found) == {("W", "a"): 40.0, ("W", "b"): 4.0, ("E", "a"): 40.0}
    assert {key: sums["N"] for key, sums in areas(found, "sums").items()} == {
        ("W", "a"): 50.0,
        ("W", "b"): None,
        ("E", "a"): 50.0,
    }
    assert areas(found, "without_value")["W", "b"] == {"N": 1}
    assert areas(found, "share")["W", "a"] == pytest.approx(0.4)
    assert found["total"]["features"] == 2 and found["total"]["area_m2"] == 84.0
    assert found["total"]["sums"] == {"N": 100.0}


def test_without_classes_every_unit_has_a_row_and_says_what_it_does_not_know(desk, units):
    desk.layer("ZONE", [box(0, 0, 5, 10)], covers=box(0, 0, 15, 10))
    found = ask(desk, "ZONE", **units)
    assert areas(found) == {("W",): 50.0, ("E",): 0.0, ("far",): 0.0}
    unknown_areas = {one["unit"]: (one["without_feature_m2"], one["outside_coverage_m2"]) for one in found["units"]}
    assert unknown_areas == {"W": (50.0, 0.0), "E": (50.0, 50.0), "far": (0.0, 100.0)}
    assert found["total"]["share"] == pytest.approx(50 / 300)
    assert found["within"]["code"] == "UNITS" and len(found["within"]["hash"]) == 64


def test_a_unit_that_cannot_be_laid_over_the_coverage_is_refused_by_its_name(desk, units):
    desk.layer("ZONE", [box(0, 0, 5, 10)], covers=box(0, 0, 15, 10))
    desk.damage_coverage("ZONE", box(-5, 0, 15, 10), box(12, 2, 14, 6))
    (problem,) = ask(desk, "ZONE", code=3, **units)["problems"]
    assert problem["code"] == "compare.arithmetic" and (problem["layer"], problem["feature"]) == ("UNITS", "E")


def test_a_unit_whose_covered_ground_is_not_known_is_refused_by_its_name(desk, units, broken_overlay):
    desk.layer("ZONE", [box(0, 0, 5, 10)], covers=box(0, 0, 15, 10))
    broken_overlay("onemap.rules.judge.overlay.overlay.intersections")
    (problem,) = ask(desk, "ZONE", code=3, **units)["problems"]
    assert problem["code"] == "compare.arithmetic" and (problem["layer"], problem["feature"]) == ("UNITS", "E")


def test_where_the_condition_is_unknown_ground_is_told_apart(desk):
    desk.layer("ZONE", [box(0, 0, 10, 10), box(5, 0, 15, 10), box(20, 0, 30, 10)], {"K": ["a", None, "b"]})
    found = ask(desk, "ZONE", where="K = 'a'")
    assert found["total"]["area_m2"] == 100.0
    assert found["total"]["no_value_m2"] == 50.0 and found["total"]["no_value_features"] == 1
    assert ask(desk, "ZONE", where="NOT K = 'a'")["total"]["area_m2"] == 100.0


def test_lines_are_measured_by_their_union_and_points_are_counted(desk, units):
    lines = [LineString([(5, 5), (15, 5)]), LineString([(5, 5), (12, 5)]), LineString([(18, 0), (18, 30)])]
    desk.layer("ROAD", lines, {"K": ["a", "a", "b"]}, geometry="line")
    found = ask(desk, "ROAD", by="K", **units)
    assert areas(found, "length_m") == {("W", "a"): 5.0, ("E", "a"): 5.0, ("E", "b"): 10.0}
    assert found["total"]["length_m"] == 20.0 and found["total"]["area_m2"] is None
    desk.layer("DOT", [Point(1, 1), Point(2, 2), Point(11, 1), Point(99, 99)], {"N": [1, 2, 3, 4]}, geometry="point")
    found = ask(desk, "DOT", sum="N", **units)
    assert areas(found, "features") == {("W",): 2, ("E",): 1, ("far",): 0}
    assert areas(found, "sums") == {("W",): {"N": 3.0}, ("E",): {"N": 3.0}, ("far",): {"N": 0.0}}
    assert ask(desk, "DOT")["total"]["features"] == 4


def test_units_that_overlap_are_told_of_and_the_total_counts_their_ground_once(desk):
    desk.layer("UNITS", [box(0, 0, 10, 10), box(5, 0, 15, 10)], {"NAME": ["A", "B"]})
    desk.layer("ZONE", [box(0, 0, 15, 10)])
    found = ask(desk, "ZONE", within="UNITS", unit="NAME")
    assert areas(found) == {("A",): 100.0, ("B",): 100.0}
    assert found["total"]["area_m2"] == 150.0 and found["total"]["units_m2"] == 150.0
    (problem,) = found["problems"]
    assert (problem["code"], problem["layer"]) == ("statistics.units_overlap", "UNITS")


def test_units_are_named_by_the_title_of_their_layer_and_a_file_by_itself(desk):
    with open_library(str(desk.library)) as library:
        (problem,) = overlap_problems(library, "XZQ@2023", 5.0)
        (of_file,) = overlap_problems(library, "units.gpkg", 5.0)
    assert wording(problem, "zh")[0] == "行政区 2023 的统计单元之间重叠 5.00 平方米，重叠处计入各单元，合计只计一次。"
    assert wording(problem, "en")[0].startswith("Units of Administrative divisions 2023 overlap by 5.00 m²")
    assert wording(of_file, "en")[0].startswith("Units of units.gpkg overlap")


@pytest.mark.parametrize(("lang", "titles"), [("zh", ["水浇地", "农用地"]), ("en", ["Irrigated land", "Farm land"])])
def test_codes_are_called_by_their_table_in_the_language_that_is_asked(desk, lang, titles):
    survey = desk.write("survey", [WEST], {"BSM": ["1"], "DLBM": ["0102"], "QSDWMC": ["0102"]}, "EPSG:4547")
    assert desk.run("add", desk.library, survey, "--as", "DLTB", "--covers", "features").code == 0
    answer = desk.run("statistics", desk.library, "DLTB", "--by", "DLBM,DLBM/group,QSDWMC", lang=lang)
    (row,) = answer.json["rows"]
    assert row["titles"] == dict(zip(["DLBM", "DLBM/group"], titles, strict=True))  # a name that looks like a code
    (row,) = desk.run("statistics", desk.library, "DLTB", "--by", "DLBM/2").json["rows"]
    assert (row["keys"], row["titles"]) == ({"DLBM/2": "01"}, {})


def test_classes_by_group_class_and_first_characters_of_a_code(desk):
    desk.layer("ZONE", [box(n, 0, n + 1, 10) for n in range(4)], {"DLBM": ["0101", "0201K", "0701", "9999"]})
    group = areas(ask(desk, "ZONE", by="DLBM/group"))
    assert group == {(None, "farm"): 20.0, (None, "built"): 10.0, (None, None): 10.0}
    assert (None, "0201") in areas(ask(desk, "ZONE", by="DLBM/class"))
    assert set(areas(ask(desk, "ZONE", by="DLBM/2"))) == {(None, "01"), (None, "02"), (None, "07"), (None, "99")}


def test_codes_of_the_second_survey_have_the_group_of_its_own_table(desk):
    """011 is paddy, 051 trade; 203 is a village, or 0203 without its zero, and has none; 9 is nothing."""
    desk.layer("ZONE", [box(n, 0, n + 1, 10) for n in range(5)], {"DLBM": ["011", "051", "203", "9", "0101"]})
    group = areas(ask(desk, "ZONE", by="DLBM/group"))
    assert group == {(None, "farm"): 20.0, (None, "built"): 10.0, (None, None): 20.0}
    found = ask(desk, "ZONE", by="DLBM/class")
    assert areas(found) == {(None, "011"): 10.0, (None, "0101"): 10.0, (None, "051"): 10.0, (None, None): 20.0}
    assert [row["titles"].get("DLBM/class") for row in found["rows"]][:2] == ["Paddy field", "Paddy"]


def test_units_of_a_file_are_dissolved_by_their_field(desk):
    desk.layer("ZONE", [box(0, 0, 20, 10)])
    file = desk.write("towns", [WEST, EAST], {"T": ["one", "one"]}, "EPSG:4547")
    found = ask(desk, "ZONE", within=file, unit="T")
    assert areas(found) == {("one",): 200.0} and found["within"]["file"] == "towns.gpkg"


def test_what_cannot_be_asked_is_refused(desk, units):
    desk.layer("ZONE", [box(0, 0, 5, 10)], {"K": ["a"]})
    desk.layer("ROAD", [LineString([(0, 0), (1, 1)])], geometry="line")
    for arguments, options, code in (
        (["NOPE"], {}, "layer.unknown"),
        (["ZONE@2001"], {}, "compare.label"),
        (["ZONE"], {"by": "NOPE"}, "statistics.field"),
        (["ZONE"], {"sum": "NOPE"}, "statistics.field"),
        (["ZONE"], {"where": "K ="}, "statistics.where"),
        (["ZONE"], {"where": "NOPE = 1"}, "statistics.field"),
        (["ZONE"], {"within": "ROAD"}, "statistics.units"),
        (["ZONE"], {"within": "UNITS", "units_where": "NAME = 'x'"}, "statistics.no_units"),
        (["ZONE"], {"as_of": "1900-01-01", "within": "UNITS", "unit": "NOPE"}, "field.missing"),
    ):
        refused = ask(desk, *arguments, code=3, **options)
        assert [problem["code"] for problem in refused["problems"]] == [code], refused
        assert "{" not in refused["problems"][0]["message"]
        assert code != "field.missing" or refused["problems"][0]["mend"] == "Choose one that is there with --unit."


@pytest.mark.parametrize("option", ["--by=NOPE", "--sum=NOPE", "--where=NOPE = 1"])
@pytest.mark.parametrize(
    ("lang", "message"),
    [("zh", "图层“公益林”没有字段 NOPE。"), ("en", "There is no field NOPE in the layer Public welfare forest.")],
)
def test_a_field_that_is_not_there_is_told_with_the_layers_title(desk, option, lang, message):
    forest = desk.write("forest", [box(0, 0, 10, 10)], {"BH": ["1"], "MC": ["a"]}, "EPSG:4547")
    assert desk.run("add", desk.library, forest, "--as", "GYL", "--covers", "extent").code == 0
    (problem,) = desk.run("statistics", desk.library, "GYL", option, lang=lang).json["problems"]
    assert (problem["code"], problem["layer"], problem["message"]) == ("statistics.field", "GYL", message)


@pytest.mark.parametrize("suffix", [".gpkg", ".xlsx", ""])
def test_tables_are_written_in_every_form(desk, units, suffix):
    desk.layer("ZONE", [box(5, 0, 15, 8)], {"K": ["a"], "N": [3]})
    out = desk.folder / f"out{suffix}"
    found = ask(desk, "ZONE", by="K", sum="N", out=out, **units)
    assert found["out"] == str(out) and out.exists()
    if suffix == ".gpkg":
        rows, grounds = gpd.read_file(out, layer="statistics"), gpd.read_file(out, layer="units")
        assert list(rows.columns[:4]) == ["unit", "keys", "K", "features"] and rows["sum_N"].tolist() == [1.5, 1.5]
        assert grounds.geometry.area.tolist() == [100.0, 100.0, 100.0]


def test_all_is_done_when_the_page_is_written_too(desk, units):
    desk.layer("ZONE", [box(0, 0, 15, 10)], {"K": ["a"]})
    page, is_there = desk.folder / "page.html", []

    def report(fraction, step):
        if fraction == 1:
            is_there.append(page.exists())

    values = {"library": str(desk.library), "code": "ZONE", "by": ["K"], "page": str(page), **units}
    VERBS["statistics"].run(values, VerbContext("en", Progress(report)))
    assert is_there and all(is_there)


def test_units_without_any_line_have_none(desk, units):
    desk.layer("ROAD", [LineString([(500, 0), (600, 0)])], geometry="line")
    assert areas(ask(desk, "ROAD", **units), "length_m") == {("W",): 0.0, ("E",): 0.0, ("far",): 0.0}


@pytest.mark.parametrize("field", ["share", "paved_m", "features"])
def test_a_class_may_be_called_as_a_measure_is(desk, field, tmp_path):
    desk.layer("ZONE", [WEST, EAST], {field: ["north", "south"]})
    found = ask(desk, "ZONE", by=field, out=tmp_path / "out.gpkg")
    assert areas(found) == {(None, "north"): 100.0, (None, "south"): 100.0}
    rows = gpd.read_file(tmp_path / "out.gpkg", layer="statistics")
    name = field if field == "paved_m" else f"key_{field}"
    assert dict(zip(rows[name], rows["area_m2"], strict=True)) == {"north": 100.0, "south": 100.0}


@pytest.mark.parametrize(
    ("geometry", "shapes", "amount"),
    [
        ("polygon", [box(5, 5, 25, 15), box(-5, 0, 5, 10), box(1, 1, 2, 2), box(200, 0, 300, 1)], "275.00 m²"),
        ("line", [LineString([(0, 0), (5, -1), (10, 0)]), LineString([(5, 5), (5, 14), (5, 5)])], "14.20 m"),
        ("line", [LineString([(5, 5), (5, 14)]), LineString([(900, 0), (903, 4)])], "9.00 m"),
        ("point", [Point(10, 0), Point(5, -0.002), Point(500, 5), MultiPoint([(1, 1), (1, 1)])], "2 points"),
    ],
)
def test_what_lies_in_none_of_all_units_is_told_with_its_amount(desk, geometry, shapes, amount):
    # The line beside the border is 2 × √26 m long; of the other one, there and back, 4 m stand out. What a city chose
    # is no loss.
    desk.layer("UNITS", [WEST, EAST], {"NAME": ["W", "E"]})
    desk.layer("THINGS", shapes, {"K": ["a"] * len(shapes)}, geometry=geometry)
    (problem,) = ask(desk, "THINGS", within="UNITS", unit="NAME", lang="en")["problems"]
    count = {"polygon": 3, "line": 2, "point": 2}[geometry]
    assert (problem["code"], problem["message"].split()[0]) == ("statistics.outside_units", str(count))
    assert amount in problem["message"]
    assert ask(desk, "THINGS", within="UNITS", unit="NAME", where="K = 'b'")["problems"] == []
    assert ask(desk, "THINGS", within="UNITS", unit="NAME", units_where="NAME = 'W'")["problems"] == []


@pytest.mark.parametrize("angle", [7, 31, 58])
def test_of_lines_on_the_outer_border_all_is_counted_or_told(desk, angle):
    """A turned town of 25 units; each line has other vertices than the border on which it runs."""
    chance = np.random.default_rng(angle)

    def turned(shape):
        return affinity.translate(affinity.rotate(shape, angle, origin=(0, 0)), 512345.678, 3345678.912)

    units = [turned(box(x, y, x + 200, y + 200)) for x in range(0, 1000, 200) for y in range(0, 1000, 200)]
    sides = [LineString([(0, 0), (1000, 0)]), LineString([(1000, 0), (1000, 1000)]), LineString([(0, 1000), (0, 0)])]
    lines = [
        turned(LineString(shapely.line_interpolate_point(side, np.sort(chance.uniform(0, 1000, 9))))) for side in sides
    ]
    desk.layer("UNITS", units, {"NAME": [str(number) for number in range(25)]})
    desk.layer("WAYS", lines, geometry="line")
    found = ask(desk, "WAYS", within="UNITS", unit="NAME", lang="en")
    (message,) = [one["message"] for one in found["problems"] if one["code"] == "statistics.outside_units"]
    lost_m = float(re.search(r"([\d,.]+) m", message)[1].replace(",", ""))
    assert found["total"]["length_m"] + lost_m == pytest.approx(sum(line.length for line in lines), abs=0.01)
    assert found["total"]["length_m"] == pytest.approx(sum(areas(found, "length_m").values()), abs=0.001)
