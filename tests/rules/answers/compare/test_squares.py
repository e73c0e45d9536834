"""Squares worked out by hand: every type, every clause of the work order, and the sums."""

import pytest
from shapely import box
from shapely.geometry import Polygon
from shapely.ops import unary_union

from onemap.tests.rules.answers.compare.conftest import GROUND
from onemap.tests.rules.small_pack import matrix_text


def row(spots, kind):
    found = spots[spots["type"] == kind]
    assert len(found) == 1, found
    return found.iloc[0]


def codes_and_uses(spot):
    return tuple(spot[name] for name in ("code_a", "code_b", "use_a", "use_b"))


def test_every_type_from_one_row_of_squares(table):
    squares = [box(100 * n, 0, 100 * n + 50, 40) for n in range(8)]
    a = ["0101", "0701", "0702", "03", "0703", "07", None, "0701"]
    b = ["E2", "R2", "E1", "R21", "M1", None, "R", "Z9"]
    table.plan("A", list(zip(squares[:5], a[:5], strict=True)) + [(squares[5], "07"), (squares[6], None)])
    table.plan("B", [*zip(squares[:5], b[:5], strict=True), (squares[6], "R"), (squares[7], "R2")])
    found = table.compare()
    spots = found.spots
    assert list(spots.columns[:9]) == [
        *("spot", "type", "conflict", "code_a", "code_b", "use_a", "use_b", "area_m2", "share")
    ]
    assert codes_and_uses(row(spots, "01")) == ("0101", "E2", "other", "other")
    assert codes_and_uses(row(spots, "02")) == ("0701", "R2", "construction", "construction")
    assert codes_and_uses(row(spots, "03")) == ("0702", "E1", "construction", "other")
    assert codes_and_uses(row(spots, "04")) == ("03", "R21", "other", "construction")
    assert codes_and_uses(row(spots, "05")) == ("0703", "M1", "construction", "construction")
    assert codes_and_uses(row(spots, "99")) == (None, "R", "unknown", "construction")
    alone = {codes_and_uses(spot) for _, spot in spots[spots["type"] == "98"].iterrows()}
    assert alone == {("07", None, "construction", None), (None, "R2", None, "construction")}
    assert list(spots.area_m2) == pytest.approx([2000.0] * 8)
    assert set(spots[spots["conflict"]]["type"]) == {"03", "04", "05"}
    assert found.answer["area_m2"] == pytest.approx(16_000.0)
    assert found.answer["spots"] == 8
    assert spots.share.sum() == pytest.approx(1.0)
    assert spots.area_m2.to_numpy() == pytest.approx(spots.geometry.area.to_numpy(), rel=1e-9)
    assert spots.spot.is_unique and (spots.geometry.geom_type == "MultiPolygon").all()
    assert (spots.geometry.count_geometries() == 1).all()


def test_the_matrix_sums_to_the_compared_ground_and_is_in_the_answer(table):
    table.plan("A", [(box(0, 0, 100, 100), "07")])
    table.plan("B", [(box(50, 50, 150, 150), "E")])
    found = table.compare()
    assert [(r["type"], r["use_a"], r["use_b"], r["spots"]) for r in found.answer["matrix"]] == [
        ("03", "construction", "other", 1),
        ("98", "construction", None, 1),
        ("98", None, "other", 1),
    ]
    assert [r["area_m2"] for r in found.answer["matrix"]] == pytest.approx([2500, 7500, 7500])
    assert [r["share"] for r in found.answer["matrix"]] == pytest.approx([1 / 7, 3 / 7, 3 / 7])
    assert list(found.matrix.columns) == ["type", "use_a", "use_b", "spots", "area_m2", "share"]
    assert found.matrix.area_m2.sum() == pytest.approx(17_500, rel=1e-9)
    assert found.answer["run"]["id"] and found.answer["run"]["matrix"]["name"] == "matrix.toml"


def test_only_ground_where_both_coverages_meet_is_compared(table):
    table.plan("A", [(box(0, 0, 400, 100), "07")], covers=box(0, 0, 300, 1000))
    table.plan("B", [(box(0, 0, 400, 50), "E")], covers=box(100, 0, 1000, 1000))
    assert table.compare().areas() == pytest.approx({"03": 200 * 50, "98": 200 * 50})


@pytest.mark.parametrize("east", [10, 500])
def test_coverages_that_touch_or_do_not_meet_are_refused(table, east):
    table.plan("A", [(box(0, 0, 10, 10), "07")], covers=box(0, 0, 10, 10))
    table.plan("B", [(box(east, 0, east + 10, 10), "E")], covers=box(east, 0, east + 10, 10))
    answer = table.run("compare", table.library, "A", "B", "--matrix", table.matrix())
    assert (answer.code, answer.codes) == (3, ["compare.no_ground"])


def test_where_a_plan_overlaps_itself_the_first_row_wins_and_the_overlap_is_told_once(table):
    table.plan("A", [(box(0, 0, 100, 100), "07"), (box(50, 0, 150, 100), "01"), (box(60, 0, 90, 100), "03")])
    table.plan("B", [(box(0, 0, 200, 100), "E")])
    found = table.compare()
    assert found.areas() == pytest.approx({"03": 10_000, "01": 5_000, "98": 5_000})
    assert found.answer["overlap"] == {
        "a": {"features": 2, "area_m2": pytest.approx(5000 + 3000)},
        "b": {"features": 0, "area_m2": 0.0},
    }
    assert found.answer["area_m2"] == pytest.approx(20_000)
    (overlap,) = found.answer["problems"]
    assert (overlap["code"], overlap["layer"]) == ("compare.overlap", "A__1") and "8,000.0 m²" in overlap["message"]


def test_touching_pieces_of_one_type_and_use_are_one_spot_with_all_their_codes(table):
    table.plan("A", [(box(0, 0, 50, 50), "0702"), (box(50, 0, 100, 50), "0701"), (box(300, 0, 350, 50), "0701")])
    table.plan("B", [(box(0, 0, 500, 50), "E1")])
    found = table.compare()
    conflicts = found.spots[found.spots["type"] == "03"]
    assert [(s.code_a, s.area_m2) for s in conflicts.itertuples()] == [("0701,0702", 5000.0), ("0701", 2500.0)]


def test_pieces_that_meet_in_a_point_only_are_two_spots(table):
    table.plan("A", [(box(0, 0, 50, 50), "07"), (box(50, 50, 100, 100), "07")])
    table.plan("B", [(box(0, 0, 100, 100), "E")])
    found = table.compare()
    assert found.counts() == {"03": 2, "98": 2}


@pytest.mark.parametrize(
    ("first", "later"),
    [
        (((0, 0), (674, 340), (-315, 841)), ((-103, 20), (197, 50), (674, 300))),
        (((0, 0), (189, 580), (-347, 554)), ((-289, 20), (11, 50), (666, 300))),
    ],
)
def test_ground_along_an_oblique_line_that_a_plan_draws_twice_is_one_spot(table, first, later):
    # The later feature loses what the first one has, and its new corners are not on the first one's line to the digit.
    shapes, ground = [Polygon(first), Polygon(later)], box(-2000, -2000, 2000, 2000)
    table.plan("A", [(shape, "07") for shape in shapes], covers=ground)
    table.plan("B", [(ground, "E")], covers=ground)
    conflicts = table.compare(min_width=0, min_area=0).spots.query("type == '03'")
    assert list(conflicts.area_m2) == pytest.approx([unary_union(shapes).area])
    assert [len(spot.geoms[0].interiors) for spot in conflicts.geometry] == [0]


def test_a_spot_with_a_hole_is_single(table):
    table.plan("A", [(box(0, 0, 100, 100) - box(40, 40, 60, 60), "07"), (box(40, 40, 60, 60), "01")])
    table.plan("B", [(box(0, 0, 100, 100), "E")])
    spots = table.compare().spots
    assert spots[spots["type"] == "03"].area_m2.tolist() == [9600.0]


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (box(0, 0, 300, 1.9), "90"),  # 570 m², thinner than 2 m
        (box(0, 0, 300, 2.0), "03"),  # as wide as the limit is not thinner
        (box(0, 0, 14.1, 14.1), "90"),  # 198.81 m², smaller than 200 m²
        (box(0, 0, 20, 10), "03"),  # 200 m² is not smaller
        (Polygon([(0, 0), (600, 0), (600, 1), (20, 1), (20, 20), (0, 20)]), "03"),  # a thin arm, but a broad body
    ],
)
def test_what_is_thin_or_small_is_an_artefact_that_keeps_its_uses(table, shape, kind):
    table.plan("A", [(shape, "0701")])
    table.plan("B", [(GROUND, "E2")])
    found = table.compare()
    spot = found.spots[found.spots["type"] != "98"].iloc[0]
    assert spot["type"] == kind and spot["conflict"] == (kind == "03")
    assert codes_and_uses(spot) == ("0701", "E2", "construction", "other")
    assert spot.area_m2 == pytest.approx(shape.area)


@pytest.mark.slow
def test_the_limits_are_options_and_zero_takes_everything(table):
    table.plan("A", [(box(0, 0, 300, 1), "07"), (box(0, 10, 5, 15), "07")])
    table.plan("B", [(GROUND, "E")])
    assert table.compare(min_area=0, min_width=0).counts()["03"] == 2
    assert table.compare(min_area=25, min_width=1.5).counts()["03"] == 1
    assert table.compare(min_area=26, min_width=1.5).counts() == {"90": 2, "98": 1}


def test_ground_of_one_plan_or_of_unknown_use_is_never_an_artefact(table):
    table.plan("A", [(box(0, 0, 1, 1), "07"), (box(5, 0, 6, 1), None)])
    table.plan("B", [(box(5, 0, 7, 1), "E")])
    assert table.compare().counts() == {"98": 2, "99": 1}


def test_artefacts_are_set_apart_after_the_dissolve_and_single_polygons(table):
    # Two strips of 1 m side by side are one spot of 2 m; a third one apart from them is thin.
    table.plan("A", [(box(0, 0, 300, 1), "0701"), (box(0, 1, 300, 2), "0702"), (box(0, 50, 300, 51), "0701")])
    table.plan("B", [(GROUND, "E")])
    assert {k: v for k, v in table.compare().counts().items() if k != "98"} == {"03": 1, "90": 1}


def test_the_longest_prefix_decides_and_signs_are_narrowed(table):
    # 1 is construction, 19 is not; full-width letters and small ones are the same code.
    table.plan("A", [(box(0, 0, 50, 50), "1801"), (box(100, 0, 150, 50), "1901"), (box(200, 0, 250, 50), "07")])
    table.plan("B", [(box(0, 0, 160, 50), "e2"), (box(200, 0, 250, 50), "Ｒ２")])
    found = table.compare().areas()
    assert {k: v for k, v in found.items() if k != "98"} == pytest.approx({"03": 2500, "01": 2500, "02": 2500})


@pytest.mark.slow
def test_versions_are_named_by_their_label_else_the_one_in_force_counts(table):
    table.plan("A", [(box(0, 0, 100, 100), "01")], label="old", valid_from="2020-01-01")
    table.plan("A", [(box(0, 0, 100, 100), "07")], label="new", valid_from="2024-01-01")
    table.plan("B", [(box(0, 0, 100, 100), "E")])
    assert set(table.compare().areas()) == {"03"}
    assert set(table.compare(a="A@old").areas()) == {"01"}
    assert set(table.compare(as_of="2021-06-30").areas()) == {"01"}
    same = matrix_text(("USE", ["07"], ["01"]))
    assert set(table.compare(a="A@old", b="A@new", matrix=same).areas()) == {"04"}


@pytest.mark.parametrize(
    ("a", "code"),
    [
        ("NOPE", "layer.unknown"),
        ("A@nope", "compare.label"),
        ("XZQ", "compare.not_in_force"),
        ("GL", "compare.geometry"),
    ],
)
def test_a_plan_that_is_not_there_is_refused_by_name(table, a, code):
    table.plan("A", [(box(0, 0, 100, 100), "01")])
    table.plan("B", [(box(0, 0, 100, 100), "E")])
    answer = table.run("compare", table.library, a, "B", "--matrix", table.matrix())
    assert answer.code == 3
    assert answer.codes == [code]
    assert answer.json["problems"][0]["message"] and answer.json["problems"][0]["mend"]


def test_a_plan_without_features_on_the_common_ground_gives_empty_tables(table):
    table.plan("A", [(box(0, 0, 10, 10), "07")], covers=box(0, 0, 900, 900))
    table.plan("B", [(box(950, 950, 960, 960), "E")], covers=box(500, 500, 1000, 1000))
    table.plan("C", [(box(0, 0, 10, 10), "07")], covers=box(0, 0, 600, 600))
    found = table.compare("A", "B")
    assert found.areas() == pytest.approx({}) and found.answer["area_m2"] == 0
    assert found.answer["matrix"] == []


def test_where_the_plans_have_no_place_in_common_each_speaks_alone(table):
    table.plan("A", [(box(0, 0, 100, 100), "07")])
    table.plan("B", [(box(500, 500, 600, 600), "E")])
    found = table.compare()
    assert found.areas() == {"98": pytest.approx(20_000.0)} and found.counts() == {"98": 2}
