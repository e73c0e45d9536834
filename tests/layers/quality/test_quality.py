"""Findings of `add` in a layer: every check on a file made by hand, with the answer worked out by hand."""

import json
import math

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyproj
import pytest
import shapely

from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.gcj02 import gcj02_step_m
from onemap.layers.progress import SILENT
from onemap.layers.quality.duplicates import duplicate_flaws
from onemap.layers.quality.neighbours import Items
from onemap.layers.quality.position import shift_flaws
from onemap.layers.quality.topology import (
    SizeLimits,
    check_block,
    check_blocks_met,
    gap_flaws,
    overlap_flaws,
    union_of,
)

CRS = pyproj.CRS.from_epsg(4547)
LEAST = SizeLimits(0.01, 0.001)


@pytest.fixture
def district_shelf(shelf, layer_file, tmp_path):
    """A library whose district is a square of 10 km."""

    def make(ground=None, name="with_district"):
        ground = ground or shapely.box(500_000, 4_000_000, 510_000, 4_010_000)
        path = layer_file(f"{name}_district.gpkg", [ground])
        shelf.path = tmp_path / f"{name}.gpkg"
        assert shelf.run("new", shelf.path, "--crs", "EPSG:4547", "--district", path).code == 0
        return shelf

    return make


@pytest.fixture
def survey(shelf, layer_file, box):
    """Add patches of the land survey (DLTB, which should leave no gap) side by side, 100 m wide each."""

    def add(columns, shapes=None, **options):
        count = len(next(iter(columns.values())))
        shapes = shapes or [box(100 * at, 0) for at in range(count)]
        columns = {"BSM": [str(at + 1) for at in range(count)], "DLBM": ["0101"] * count, **columns}
        path = layer_file("dltb.gpkg", shapes, columns)
        return shelf.add(path, code="DLTB", define=None, **options)

    return add


def problems_of(answer, code):
    """The problems of one kind."""
    return [problem for problem in answer.json["problems"] if problem["code"] == code]


def kinds(answer):
    """The kinds of problem besides absent fields, in order, each once."""
    return list(dict.fromkeys(p["code"] for p in answer.json["problems"] if p["code"] != "field.absent"))


# Keys and values.


def test_sound_data_have_nothing_told_of_them_but_absent_fields(survey):
    answer = survey({"DLMC": ["水田", "水田"], "QSXZ": ["10", "30"], "SJNF": [2024, 2024]}).done()
    assert kinds(answer) == []
    assert {problem["level"] for problem in answer.json["problems"]} == {"note"}
    assert answer.json["codes"] == {"DLBM": "survey-classes 2019"}


def test_a_key_that_is_empty_or_used_twice_is_a_warning_that_names_the_other_row(survey):
    answer = survey({"BSM": ["1", None, "1", "2", " "]}).done()
    assert [(p["row"], p["level"]) for p in problems_of(answer, "key.null")] == [(2, "warn"), (5, "warn")]
    (repeated,) = problems_of(answer, "key.repeated")
    assert (repeated["row"], repeated["field"]) == (3, "BSM")
    assert "row 1" in repeated["message"]


def test_a_text_longer_than_the_schema_allows_is_told_character_by_character(survey):
    # BSM has 18 characters; Chinese characters count one each.
    answer = survey({"BSM": ["1" * 18, "1" * 19, "一" * 18]})
    assert [problem["row"] for problem in problems_of(answer, "value.length")] == [2]


def test_a_value_of_another_type_is_told_and_no_number_beside_it(survey):
    answer = survey({"SJNF": ["2024", "二〇二四"], "TBMJ": ["a", "1e3"]})
    assert {(p["row"], p["field"]) for p in problems_of(answer, "value.type")} == {(2, "SJNF"), (1, "TBMJ")}


def test_numbers_held_as_text_become_numbers_if_all_of_them_are(survey, shelf):
    answer = survey({"SJNF": ["2024", " 2025 "], "KCXS": ["0.05", ""], "TBBH": ["01", "02"]})
    assert [p["field"] for p in problems_of(answer, "field.as_number")] == ["KCXS", "SJNF"]
    assert shelf.column("SJNF", "DLTB__1") == [2024, 2025]
    assert shelf.column("KCXS", "DLTB__1") == [None, 0.05]
    assert shelf.column("TBBH", "DLTB__1") == ["01", "02"], "a code keeps its zero"


def test_a_missing_class_is_told_because_a_check_cannot_judge_by_it(survey):
    answer = survey({"DLBM": ["0101", None]})
    assert [(p["row"], p["field"], p["level"]) for p in problems_of(answer, "value.missing")] == [(2, "DLBM", "warn")]


def test_a_code_outside_its_table_is_told_and_a_working_suffix_is_none(survey):
    # 0201K is an orchard that can be made arable again; 011 is of the survey before; QSXZ has a list of its own.
    answer = survey({"DLBM": ["0101", "0201K", "011", "9999"], "QSXZ": ["10", "１０", "99", None]})
    assert [(p["row"], p["field"]) for p in problems_of(answer, "value.code")] == [
        (3, "DLBM"),
        (4, "DLBM"),
        (3, "QSXZ"),
    ]
    assert "TD/T 1055" in problems_of(answer, "value.code")[0]["message"]


def test_codes_written_otherwise_are_told_once_a_field_with_their_number_and_kept_as_delivered(survey, shelf):
    answer = survey(
        {"DLBM": ["０１０１", "0201k", "０１０１", "0101", "abc"], "QSXZ": ["10", "１０", "20\u200b", None, "99"]}
    )
    remarks = {problem["field"]: problem for problem in problems_of(answer, "value.form")}
    assert set(remarks) == {"DLBM", "QSXZ"} and {problem["level"] for problem in remarks.values()} == {"warn"}
    assert "features: 3" in remarks["DLBM"]["message"] and "０１０１ → 0101" in remarks["DLBM"]["message"]
    assert "0201k → 0201K" in remarks["DLBM"]["message"] and "abc" not in remarks["DLBM"]["message"]
    assert "features: 2" in remarks["QSXZ"]["message"] and "１０ → 10" in remarks["QSXZ"]["message"]
    assert sorted(shelf.column("DLBM", "DLTB__1")) == ["0101", "0201k", "abc", "０１０１", "０１０１"]


def test_refinements_of_a_plan_in_small_letters_are_as_their_table_writes_them(shelf, layer_file, box):
    path = layer_file("kgdk.gpkg", [box(0, 0), box(100, 0)], {"DKBH": ["1", "2"], "YDXZDM": ["R2b", "r2"]})
    answer = shelf.add(path, code="KGDK", define=None)
    (remark,) = problems_of(answer, "value.form")
    assert "r2 → R2" in remark["message"] and "R2b" not in remark["message"]


def test_codes_belong_to_the_table_that_knows_most_of_them(survey):
    # 0801 to 0808 are of GB/T 21010; the survey has 08H1 and 08H2 in their place.
    answer = survey({"DLBM": ["0101", "0801", "0803", "08H1"]})
    assert answer.json["codes"] == {"DLBM": "current-uses 2017"}
    assert [problem["row"] for problem in problems_of(answer, "value.code")] == [4]


def test_a_name_that_is_not_its_codes_is_told_with_the_right_one(survey):
    answer = survey({"DLBM": ["0101", "0103", "0201K", "9999"], "DLMC": ["水田", "水田", "可调整果园", "水田"]})
    (wrong,) = problems_of(answer, "value.name")
    assert (wrong["row"], wrong["field"]) == (2, "DLMC")
    assert "旱地" in wrong["message"]


def test_plans_may_mix_and_refine_codes_and_word_names_their_own_way(shelf, layer_file, box):
    columns = {
        "DKBH": ["1", "2", "3", "4"],
        "YDXZDM": ["R2b", "B1/R2", "Ａ３３（G1）", "Q1"],
        "YDXZMC": ["二类居住用地", "商住混合用地", "工业用地", "其他"],
    }
    path = layer_file("kgdk.gpkg", [box(100 * at, 0) for at in range(4)], columns)
    answer = shelf.add(path, code="KGDK", define=None)
    assert answer.json["codes"] == {"YDXZDM": "urban-uses 2011"}
    assert [p["row"] for p in problems_of(answer, "value.code")] == [4]
    assert [p["row"] for p in problems_of(answer, "value.name")] == [3]


# Areas.


def test_a_declared_area_is_held_against_the_ellipsoid(survey, box):
    exact = float(ellipsoidal_areas_m2(np.array([box(0, 0)], dtype=object), CRS)[0])
    assert exact == pytest.approx(10_000, abs=10)
    # A thousandth may differ, and a square metre in any case.
    answer = survey({"TBMJ": [exact, exact + 9.9, exact + 10.2, 20_000.0, None]})
    found = problems_of(answer, "area.declared")
    assert [problem["row"] for problem in found] == [3, 4]
    assert "20,000.00" in found[1]["message"]


@pytest.mark.parametrize(("factor", "unit"), [(1e-4, "hectares"), (0.0015, "mu"), (1e-6, "square kilometres")])
def test_areas_that_are_all_in_another_unit_are_told_once(survey, factor, unit):
    answer = survey({"TBMJ": [10_000 * factor] * 5})
    assert kinds(answer) == ["area.unit"]
    (problem,) = problems_of(answer, "area.unit")
    assert problem["feature"] is None
    assert unit in problem["message"]


@pytest.mark.parametrize(
    ("heights", "sentence"),
    [
        ([1_850.0, 2_400.0, 950.0], "2 values of JZGD are below 0 or above 1000 m, of 3; all lie between 950 and 2400"),
        (["24", "-1", "x"], "1 value of JZGD is below 0 or above 1000 m, of 2; all lie between -1 and 24"),
        ([0.0, 632.0, None], None),
        ([None] * 3, None),
    ],
)
def test_heights_that_cannot_be_are_told_once(shelf, layer_file, box, heights, sentence):
    columns = {"BH": ["1", "2", "3"], "YT": ["住宅"] * 3, "JZGD": heights}
    path = layer_file("jzw.gpkg", [box(100 * at, 0) for at in range(3)], columns)
    found = problems_of(shelf.add(path, code="JZW", define=None), "value.heights")
    assert [problem["message"].partition(". ")[0] for problem in found] == [sentence] * (sentence is not None)


# Shapes.


def test_the_same_shape_twice_is_told_wherever_it_begins(survey, box):
    square = box(0, 0)
    turned = shapely.Polygon(list(square.exterior.coords[2:-1]) + list(square.exterior.coords[:3]))
    answer = survey({"BSM": ["a", "b", "c"]}, [square, box(100, 0), turned])
    (problem,) = problems_of(answer, "topology.duplicate")
    assert problem["feature"] == "c"
    assert "feature a" in problem["message"]
    assert problems_of(answer, "topology.overlap") == [], "it is told once"


def test_an_overlap_is_a_pair_with_its_ground(survey, shelf, box):
    # b lies 2 m over a: 2 × 100 m; c only touches b; d lies whole in c.
    shapes = [box(0, 0), box(98, 0), box(198, 0), box(210, 10, 20, 30)]
    answer = survey({"BSM": ["a", "b", "c", "d"]}, shapes)
    found = {
        (p["feature"], p["message"].split("the feature ")[1].split(" by ")[0])
        for p in problems_of(answer, "topology.overlap")
    }
    assert found == {("a", "b"), ("c", "d")}
    rows = shelf.rows("SELECT feature, message, geom FROM onemap_problems WHERE code = 'topology.overlap' ORDER BY 1")
    areas = [shapely.area(shapely.from_wkb(blob[40:])) for _, _, blob in rows]
    assert areas == [pytest.approx(200), pytest.approx(600)]


def test_a_gap_is_ground_of_the_coverage_without_a_feature(survey, shelf, box, layer_file):
    cover = layer_file("cover.gpkg", [box(0, 0, 400, 100)])
    # From 0 to 100 and from 150 to 350 of 400 m: gaps of 50 × 100 m twice.
    shapes = [box(0, 0), box(150, 0), box(250, 0)]
    answer = survey({"BSM": ["a", "b", "c"]}, shapes, covers=cover)
    assert sorted(p["message"].split(" ")[0] for p in problems_of(answer, "topology.gap")) == ["5,000.00", "5,000.00"]
    assert {p["level"] for p in problems_of(answer, "topology.gap")} == {"warn"}


def test_without_a_given_ground_only_what_is_enclosed_is_a_gap(survey, box):
    ring = shapely.difference(box(0, 0, 300, 300), box(100, 100))
    answer = survey({"BSM": ["a", "b"]}, [ring, box(120, 120, 20, 20)])
    (problem,) = problems_of(answer, "topology.gap")
    assert problem["message"].startswith("9,600.00")


def test_a_layer_that_need_be_no_coverage_may_overlap_and_leave_gaps(shelf, layer_file, box):
    path = layer_file("a.gpkg", [box(0, 0), box(50, 0), box(500, 0)], {"BH": ["1", "2", "3"]})
    assert kinds(shelf.add(path, code="HLGLFW", define=None)) == []


def test_neighbours_whose_corners_do_not_meet_overlap_by_nothing(survey, box):
    # b and c stand against the middle of a's side: no ground is shared, and none is left.
    shapes = [box(0, 0, 100, 200), box(100, 0, 100, 70), box(100, 70, 100, 130)]
    assert kinds(survey({"BSM": ["a", "b", "c"]}, shapes)) == []


def held_together(shapes):
    """Polygons named by their places, held against one another."""
    names = np.arange(len(shapes)).astype(str).astype(object)
    frame = FrameBlocks.of(CleanFrame(shapes, pd.DataFrame(index=range(len(shapes))), names))
    items = Items(frame)
    blocks = range(len(items.blocks))
    return frame, items, [check_block(frame, items, block, overlaps=True, union=True) for block in blocks]


def test_a_giant_is_cut_up_and_found_to_overlap_as_any_other():
    # A comb of 1,200 teeth, each 1 m wide, on a back of 10 m; ten squares of 1 m stand on a tooth each.
    teeth = [shapely.box(2 * at, 0, 2 * at + 1, 50) for at in range(1200)]
    comb = shapely.union_all([shapely.box(0, -10, 2400, 0), *teeth])
    squares = [shapely.box(200 * at, 20, 200 * at + 1, 21) for at in range(10)]
    free = [shapely.box(200 * at + 1, 20, 200 * at + 2, 21) for at in range(10)]
    shapes = np.array([comb, *squares, *free], dtype=object)
    frame, items, found = held_together(shapes)
    assert items.giants.tolist() == [0]
    (flaws,) = overlap_flaws(frame, found, LEAST, None)
    assert [fact["other"] for fact in flaws.facts] == [str(at) for at in range(1, 11)]
    assert shapely.area(flaws.geometries) == pytest.approx(np.ones(10))
    union = union_of(frame, items, found, SILENT)
    assert shapely.area(union) == pytest.approx(2400 * 10 + 1200 * 50 + 10)


def test_a_coverage_with_planted_errors_shows_exactly_those():
    # 60 × 60 squares of 10 m; ten are moved by 1 m east: each overlaps its neighbour by 10 m² and leaves as much.
    squares = np.array(
        [shapely.box(10 * x, 10 * y, 10 * x + 10, 10 * y + 10) for y in range(60) for x in range(60)], dtype=object
    )
    moved = [3660 // 11 * at + 61 for at in range(10)]
    squares[moved] = shapely.transform(squares[moved], lambda xy: xy + [1, 0])
    frame, items, found = held_together(squares)
    (overlaps,) = overlap_flaws(frame, found, LEAST, None)
    pairs = {(int(row), int(fact["other"])) for row, fact in zip(overlaps.rows, overlaps.facts, strict=True)}
    assert pairs == {(at, at + 1) for at in moved}
    union = union_of(frame, items, found, SILENT)
    (gaps,) = gap_flaws(union, shapely.box(0, 0, 600, 600), LEAST)
    assert [fact["area_m2"] for fact in gaps.facts] == pytest.approx([10.0] * 10)
    assert duplicate_flaws(frame, None, SILENT) == []


@pytest.mark.slow
@pytest.mark.parametrize("points_at_once", [500_000, 600, 90])
def test_of_two_coverages_that_lie_on_each_other_every_pair_is_found(points_at_once, monkeypatch):
    # A coverage delivered twice, the second time turned and moved: inside, each fits its own neighbours to the point.
    monkeypatch.setattr("onemap.layers.quality.neighbours.POINTS_AT_ONCE", points_at_once)
    squares = shapely.box(*np.mgrid[0:150:10, 0:150:10].reshape(2, -1), *np.mgrid[10:160:10, 10:160:10].reshape(2, -1))
    turned = shapely.transform(squares, lambda xy: xy @ np.array([[0.96, 0.28], [-0.28, 0.96]]) + [31.0, 17.0])
    shapes = np.concatenate([squares, turned])
    frame, items, found = held_together(shapes)
    check_blocks_met(frame, items, found, union=True)
    assert len(found) >= 450 * 20 // points_at_once
    one, other = np.triu_indices(len(shapes), 1)
    grounds = shapely.intersection(shapes[one], shapes[other])
    shared = shapely.area(grounds)
    real = LEAST.sizes_exceed_limits(shared, shapely.length(grounds))
    expected = dict(zip(zip(one[real].tolist(), other[real].tolist(), strict=True), shared[real], strict=True))
    (flaws,) = overlap_flaws(frame, found, LEAST, None)
    pairs = [(int(row), int(fact["other"])) for row, fact in zip(flaws.rows, flaws.facts, strict=True)]
    assert sorted(tuple(sorted(pair)) for pair in pairs) == sorted(expected)
    areas = {tuple(sorted(pair)): fact["area_m2"] for pair, fact in zip(pairs, flaws.facts, strict=True)}
    assert [areas[pair] for pair in expected] == pytest.approx(list(expected.values()))
    union = union_of(frame, items, found, SILENT)
    assert shapely.area(union) == pytest.approx(shapely.area(shapely.union_all(shapes)))


# Position.


def test_a_frame_far_outside_the_district_is_refused(district_shelf, layer_file):
    shelf = district_shelf()
    # The neighbouring zone: 20.1 km east of the district's edge.
    path = layer_file("far.gpkg", [shapely.box(530_100, 4_000_000, 530_200, 4_000_100)])
    answer = shelf.add(path, covers="extent")
    assert (answer.code, answer.codes) == (3, ["position.outside"])
    assert "20 km" in answer.json["problems"][0]["message"]


def test_one_file_of_several_far_outside_the_district_is_refused_by_its_name(district_shelf, layer_file):
    shelf = district_shelf()
    near = layer_file("near.gpkg", [shapely.box(500_000, 4_000_000, 500_100, 4_000_100)])
    far = layer_file("far.gpkg", [shapely.box(x, 4_000_000, x + 100, 4_000_100) for x in (530_100, 540_000)])
    given = (
        "--as",
        "T",
        "--define",
        "name=T,department=land,library=base,kind=vector,geometry=polygon",
        "--covers",
        "district",
    )
    answer = shelf.run("add", shelf.path, near, far, *given)
    assert (answer.code, answer.codes) == (3, ["position.outside"])
    assert (answer.json["problems"][0]["file"], "20 km" in answer.json["problems"][0]["message"]) == ("far.gpkg", True)
    # 19.9 km away it may be a neighbour's: a remark for each feature.
    other = layer_file("other.gpkg", [shapely.box(529_900, 4_000_000, 530_000, 4_000_100)])
    answer = shelf.run("add", shelf.path, near, other, *given).done()
    assert [(one["file"], one["row"]) for one in answer.json["problems"] if one["code"] == "position.partly"] == [
        ("other.gpkg", 1)
    ]


def test_what_lies_beyond_the_district_but_not_far_is_a_warning_for_each_feature(district_shelf, layer_file):
    shelf = district_shelf()
    shapes = [shapely.box(x, 4_000_000, x + 100, 4_000_100) for x in (500_000, 509_950, 510_100, 529_000)]
    answer = shelf.add(layer_file("near.gpkg", shapes), covers="extent").done()
    assert [(p["row"], p["level"]) for p in problems_of(answer, "position.partly")] == [(3, "warn"), (4, "warn")]


def winding_border(step=(0.0, 0.0)):
    """A district of some 40 km with a winding border, moved by a step."""
    angle = np.linspace(0, 2 * math.pi, 2000, endpoint=False)
    radius = 20_000 + 1500 * np.sin(5 * angle) + 400 * np.sin(23 * angle) + 120 * np.cos(61 * angle)
    ring = np.column_stack([500_000 + radius * np.cos(angle), 4_200_000 + radius * np.sin(angle)])
    return shapely.Polygon(ring + np.array(step))


@pytest.mark.parametrize("step", [(520.0, 130.0), (-300.0, 400.0), (0.0, -150.0), (1150.0, 600.0)])
def test_a_layer_whose_borders_run_beside_the_districts_by_one_step_is_told(step):
    (flaws,) = shift_flaws([np.array([winding_border(step)], dtype=object)], winding_border(), CRS, 100, 60)
    (facts,) = flaws.facts
    assert (facts["east_m"], facts["north_m"]) == pytest.approx(step, abs=2)


@pytest.mark.parametrize("step", [(0.0, 0.0), (5.0, 5.0), (40.0, -20.0)])
def test_borders_that_differ_by_what_surveys_differ_by_are_none(step):
    assert shift_flaws([np.array([winding_border(step)], dtype=object)], winding_border(), CRS, 100, 60) == []


@pytest.mark.slow
def test_roads_and_patches_inside_show_no_step():
    district = winding_border()
    rings = np.array([shapely.buffer(district, -500), shapely.Point(500_000, 4_200_000).buffer(9000)], dtype=object)
    assert shift_flaws([rings], district, CRS, 100, 60) == []
    random = np.random.default_rng(7)
    ends = random.uniform((480_000, 4_180_000), (520_000, 4_220_000), (300, 2))
    roads = shapely.linestrings(np.stack([ends[:-1], ends[1:]], axis=1))
    assert shift_flaws([roads], district, CRS, 100, 60) == []


def test_a_ring_road_that_turns_a_corner_as_the_district_does_is_no_border():
    district = shapely.box(500_000, 4_000_000, 520_000, 4_016_000)
    road = shapely.LineString([(501_000, 4_015_000), (501_000, 4_001_500), (518_000, 4_001_500)])
    smaller = shapely.box(501_200, 4_001_200, 515_000, 4_012_000)
    for shape in (road, smaller, shapely.boundary(smaller)):
        assert shift_flaws([np.array([shape], dtype=object)], district, CRS, 100, 60) == []
    # The district itself, moved, is told even though it has four corners only.
    moved = shapely.transform(district, lambda xy: xy + [400, -300])
    (flaws,) = shift_flaws([np.array([moved], dtype=object)], district, CRS, 100, 60)
    assert (flaws.facts[0]["east_m"], flaws.facts[0]["north_m"]) == pytest.approx((400, -300), abs=2)


def test_what_is_thinner_than_coordinates_are_rounded_is_neither_overlap_nor_gap(survey, box):
    # Half a millimetre over a kilometre is half a square metre of overlap, and as much of gap on the other side.
    shapes = [box(0, 0, 1000, 100), box(0, 99.9995, 1000, 100), box(0, 200, 1000, 100)]
    assert kinds(survey({"BSM": ["a", "b", "c"]}, shapes)) == []
    shapes[1] = box(0, 99.99, 1000, 100)
    assert kinds(survey({"BSM": ["a", "b", "c"]}, shapes, label="2")) == ["topology.overlap"]


def test_along_a_straight_border_nothing_can_be_said_of_a_step():
    district = shapely.box(400_000, 4_000_000, 600_000, 4_000_500)
    line = shapely.LineString([(400_000, 4_000_300), (600_000, 4_000_300)])
    assert shift_flaws([np.array([line], dtype=object)], district, CRS, 100, 60) == []


def test_the_step_of_gcj02_is_half_a_kilometre_east_and_a_hundred_metres_north():
    # Measured between two agencies' borders along the Bohai coast: about 510 m east and 130 m north.
    x, y = pyproj.Transformer.from_crs(4490, 4547, always_xy=True).transform(119.0, 39.3)
    assert gcj02_step_m(x, y, CRS) == (pytest.approx(510, abs=20), pytest.approx(130, abs=20))


def test_real_borders_in_gcj02_under_the_name_of_wgs84_are_told(district_shelf, shared_data, layer_file):
    counties = gpd.read_file(shared_data / "china/tianditu_counties_130100.geojson").to_crs(4547)
    shelf = district_shelf(shapely.union_all(counties.geometry.to_numpy()), "hebei")
    path = shared_data / "china/cnmaps_amap/130100.geojson"
    answer = shelf.add(path, covers="extent")
    (problem,) = problems_of(answer, "position.shift")
    assert answer.code == 3
    assert "GCJ-02" in problem["message"]
    answer = shelf.add(path, covers="extent", accept="shift")
    (problem,) = problems_of(answer, "position.shift")
    assert (answer.code, problem["level"]) == (0, "warn")
    # The other agency's borders in WGS 84 differ by digitising only.
    assert problems_of(shelf.add(shared_data / "china/amap_counties_130100.geojson", label="2"), "position.shift") == []


@pytest.mark.slow
def test_the_country_in_gcj02_is_told_at_the_coast_of_a_district(district_shelf, shared_data):
    text = (shared_data / "china/cnmaps_amap/130000.geojson").read_text(encoding="utf-8")
    carry = pyproj.Transformer.from_crs(4490, 4547, always_xy=True).transform
    province = shapely.transform(shapely.from_geojson(text), lambda xy: np.column_stack(carry(xy[:, 0], xy[:, 1])))
    # That file is in GCJ-02 as well; taken back by the step at its coast it is what a district should be.
    step = gcj02_step_m(*carry(119.0, 39.3), CRS)
    shelf = district_shelf(shapely.transform(province, lambda xy: xy - np.array(step)), "province")
    country = shared_data / "china/gcj02_country_GaryBikini/country.shp"
    (problem,) = problems_of(shelf.add(country, covers="extent"), "position.shift")
    assert "GCJ-02" in problem["message"]


# Levels and report.


def test_the_report_lies_in_the_library_with_a_place_for_each_problem(survey, shelf, box):
    answer = survey({"DLBM": ["0101", "9999"]}, label="2026")
    rows = shelf.rows(
        "SELECT layer, version, table_name, feature, row, field, code, level, message FROM onemap_problems"
    )
    assert len(rows) == len(answer.json["problems"])
    (wrong,) = [row for row in rows if row[6] == "value.code"]
    assert wrong[:6] == ("DLTB", "2026", "DLTB__1", "2", 2, "DLBM")
    (blob,) = [row[0] for row in shelf.rows("SELECT geom FROM onemap_problems WHERE code = 'value.code'")]
    assert shapely.from_wkb(blob[40:]).equals(box(100, 0))
    told_gis = shelf.rows("SELECT data_type FROM gpkg_contents WHERE table_name = 'onemap_problems'")
    assert told_gis == [("features",)]


def test_a_library_without_problems_has_no_table_of_them(shelf, layer_file, box):
    shelf.add(layer_file("a.gpkg", [box(0, 0)]))
    assert "onemap_problems" not in shelf.tables()


def test_the_sheet_tells_every_problem_and_where_it_is(survey, tmp_path):
    sheet = tmp_path / "back.xlsx"
    answer = survey({"DLBM": ["0101", "=1+1"]}, report=sheet)
    assert answer.json["report"] == str(sheet)
    book = openpyxl.load_workbook(sheet)
    rows = list(book["Problems"].iter_rows(values_only=True))
    assert len(rows) == 1 + len(answer.json["problems"])
    (wrong,) = [row for row in rows if row[-1] == "value.code"]
    assert wrong[1:5] == ("warn", "2", 2, "DLBM")
    assert (wrong[7], wrong[8]) == (500_150, 4_000_050)
    for page in book:  # codes are folded away until somebody asks for them
        head = next(cell for row in page.iter_rows() for cell in row if cell.value == "Code")
        assert page.column_dimensions[head.column_letter].hidden
    assert {cell.data_type for row in book["Problems"].iter_rows() for cell in row} <= {"s", "n"}


def test_a_refused_file_has_its_sheet_too_and_leaves_the_library_as_it_was(shelf, layer_file, box, tmp_path):
    path = layer_file("a.gpkg", [box(0, 0), None], {"BSM": ["1", "2"], "DLBM": ["9999", "0101"]})
    sheet = tmp_path / "back.xlsx"
    before = shelf.path.read_bytes()
    answer = shelf.add(path, code="DLTB", define=None, report=sheet)
    assert (answer.code, answer.codes) == (3, ["geometry.null"])
    assert shelf.path.read_bytes() == before
    codes = [row[-1] for row in openpyxl.load_workbook(sheet)["Problems"].iter_rows(min_row=2, values_only=True)]
    assert {"geometry.null", "value.code"} <= set(codes), "one sheet tells all, so that a file is sent back once"
    missing = tmp_path / "second.xlsx"
    keyless = layer_file("b.gpkg", [box(0, 0)], {"DLBM": ["0101"]})
    assert shelf.add(keyless, code="DLTB", define=None, report=missing).codes[0] == "field.missing"
    rows = openpyxl.load_workbook(missing)["Problems"].iter_rows(min_row=2, values_only=True)
    assert {row[-1] for row in rows} == {"field.missing"}


@pytest.mark.parametrize(
    ("lang", "page", "words"),
    [("zh", "问题清单", "请说明对应字段，或补充该字段。"), ("en", "Problems", "Say which field it is, or add it.")],
)
def test_the_sheet_speaks_to_the_sender_and_its_texts_wrap(onemap, shelf, layer_file, box, tmp_path, lang, page, words):
    sheet, source = tmp_path / "back.xlsx", layer_file("a.gpkg", [box(0, 0)], {"DLBM": ["0101"]})
    asked = ("--as", "DLTB", "--covers", "extent", "--report", sheet)
    (problem,) = onemap("add", shelf.path, source, *asked, lang=lang).json["problems"]
    assert "--fields" in problem["mend"], "whoever adds has the option"
    (row,) = openpyxl.load_workbook(sheet)[page].iter_rows(min_row=2)
    assert row[6].value == words and row[5].value == problem["message"]
    assert row[5].alignment.wrap_text and row[6].alignment.wrap_text


def test_a_sheet_replaces_nothing_and_is_an_xlsx(survey, tmp_path):
    (tmp_path / "there.xlsx").write_bytes(b"")
    assert survey({"DLBM": ["0101"]}, report=tmp_path / "there.xlsx").codes == ["out.exists"]
    assert survey({"DLBM": ["0101"]}, report=tmp_path / "a.pdf").codes == ["out.format"]
    assert survey({"DLBM": ["0101"]}, report=tmp_path / "no" / "a.xlsx").codes == ["out.folder"]


def test_a_sheet_about_a_database_tells_no_password(shelf, tmp_path):
    sheet = tmp_path / "back.xlsx"
    source = "postgresql://planner:hush@127.0.0.1:1/city?password=hush"
    answer = shelf.add(source, report=sheet)
    assert answer.code == 3
    cells = [
        str(cell) for page in openpyxl.load_workbook(sheet) for row in page.iter_rows(values_only=True) for cell in row
    ]
    assert len(cells) > 10
    assert not any("hush" in text for text in [*cells, json.dumps(answer.json)])


def test_more_than_a_thousand_of_a_kind_are_counted_and_kept_in_the_library(survey, shelf):
    answer = survey({"DLBM": ["9999"] * 1100, "DLMC": [None] * 1100})
    assert len(problems_of(answer, "value.code")) == 1000
    (more,) = problems_of(answer, "problems.more_of")
    assert "100 more" in more["message"]
    assert shelf.rows("SELECT count(*) FROM onemap_problems WHERE code = 'value.code'") == [(1100,)]
