"""composition: the ground by class; the parts sum to the parcel."""

import json

import numpy as np
import pandas as pd
import pyogrio
import pytest
from shapely import box

from onemap.layers.area_units import hectares
from onemap.rules.judge.findings.land_classes import rounded_hectares, sum_by_class

SQUARE = box(0, 0, 10, 10)
BY = {"kind": "composition", "by": ["QSXZ", "DLBM"], "verdict": "notice"}


def parts(found):
    rows = found.table("composition")
    return {tuple(json.loads(keys).values()): area for keys, area in zip(rows["keys"], rows.area_m2, strict=True)}


def test_ground_is_summed_by_its_keys_and_bare_ground_has_nulls(desk):
    shapes = [box(0, 0, 3, 10), box(3, 0, 5, 10), box(5, 0, 9, 10)]
    desk.layer("ZONE", shapes, {"QSXZ": ["20", "20", "30"], "DLBM": ["0101", "0101", None]})
    found = desk.check({"A": SQUARE}, BY)
    assert parts(found) == {("20", "0101"): 50.0, ("30", None): 40.0, (None, None): 10.0}
    assert found.verdicts() == {"A": "clear"} and len(found.table("findings")) == 0
    rows = found.table("composition")
    assert rows.share.sum() == pytest.approx(1.0) and (rows.area_ellipsoidal_m2 < rows.area_m2).all()


def test_where_a_survey_overlaps_itself_the_first_row_wins_and_the_sum_closes(desk):
    desk.layer("ZONE", [box(0, 0, 6, 10), box(4, 0, 10, 10)], {"QSXZ": ["a", "b"], "DLBM": ["1", "2"]})
    assert parts(desk.check({"A": SQUARE}, BY)) == {("a", "1"): 60.0, ("b", "2"): 40.0}


def test_of_patches_that_overlap_three_deep_each_keeps_what_no_earlier_one_has_on_every_parcel(desk):
    shapes = [box(0, 0, 4, 10), box(3, 0, 7, 10), box(3.5, 0, 10, 5), box(7, 5, 10, 10), box(20, 0, 22, 10)]
    desk.layer("ZONE", shapes, {"QSXZ": list("abcde"), "DLBM": ["1"] * 5})
    parcels = {"A": SQUARE, "B": box(2, 0, 10, 6), "C": box(20, 0, 30, 10)}
    rows = desk.check(parcels, BY).table("composition")
    areas = {(row.parcel, json.loads(row["keys"])["QSXZ"]): row.area_m2 for _, row in rows.iterrows()}
    assert areas == {
        ("A", "a"): 40.0,
        ("A", "b"): 30.0,
        ("A", "c"): 15.0,
        ("A", "d"): 15.0,
        ("B", "a"): 12.0,
        ("B", "b"): 18.0,
        ("B", "c"): 15.0,
        ("B", "d"): 3.0,
        ("C", "e"): 20.0,
        ("C", None): 80.0,
    }


@pytest.mark.slow
def test_a_parcel_over_a_whole_survey_whose_patches_overlap_by_a_hair_sums_to_the_survey(desk):
    side = 1.0 + 1e-4  # so every patch takes a hair from those east and north of it
    shapes = [box(x, y, x + side, y + side) for x in range(100, 140) for y in range(100, 140)]
    desk.layer("ZONE", shapes, {"QSXZ": [str(n % 3) for n in range(1600)], "DLBM": ["1"] * 1600})
    rows = desk.check({"A": box(100, 100, 140, 140)}, BY).table("composition")
    assert rows.area_m2.sum() == pytest.approx(1600.0, abs=1e-5)
    assert rows.area_m2.tolist() == pytest.approx([534.0, 533.0, 533.0], abs=0.2) and len(rows) == 3


def test_without_its_layer_the_rule_is_skipped_with_the_reason(desk):
    found = desk.check({"A": SQUARE}, {**BY, "layer": "DLTB"})
    assert found.answer.json["run"]["skipped"] == [{"rule": "r", "layer": "DLTB", "reason": "layer_missing"}]
    assert found.verdicts() == {"A": "clear"} and len(found.table("composition")) == 0


def test_it_needs_no_verdict_since_it_judges_nothing(desk):
    desk.layer("ZONE", [box(0, 0, 6, 10)], {"QSXZ": ["a"], "DLBM": ["1"]})
    path = desk.pack({key: value for key, value in BY.items() if key != "verdict"})
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('verdict = "prohibited"\n', ""), encoding="utf-8")
    assert parts(desk.check({"A": SQUARE})) == {("a", "1"): 60.0, (None, None): 40.0}


def test_a_number_that_is_not_finite_is_null_in_what_is_written_as_json(desk):
    desk.layer("ZONE", [box(0, 0, 6, 10)], {"QSXZ": ["a"], "DLBM": ["1"], "N": [float("inf")]})
    with_n = desk.check({"A": SQUARE}, {**BY, "by": ["QSXZ", "N"]})
    assert sorted(with_n.table("composition")["keys"]) == ['{"QSXZ": "a", "N": null}', '{"QSXZ": null, "N": null}']
    overlaps = desk.check({"A": SQUARE}, {"kind": "avoid"}).table("overlaps")
    (text,) = overlaps["attributes"]
    assert json.loads(text, parse_constant=pytest.fail)["N"] is None


SURVEY = {
    "QSXZ": ["30", "20", "20"],
    "DLBM": ["0102", "0201K", "0701"],
    "TBMJ": [600.0, 200.0, 200.0],
    "KCXS": [0.1, None, None],
}


def test_the_land_table_is_by_the_surveys_own_areas_with_ridges_deducted(desk):
    # Patches of 60, 20 and 20 % of the square; the survey's areas are ten times the drawn ones.
    shapes = [box(0, 0, 6, 10), box(6, 0, 8, 10), box(8, 0, 10, 10)]
    desk.layer("ZONE", shapes, SURVEY)
    found = desk.check({"half": box(0, 0, 10, 5)}, BY)
    rows = found.table("land_classes")
    table = {(row.ownership, row["class"], row.group): row.area_m2 for _, row in rows.iterrows()}
    assert table == {
        ("Collective", "0102", "Farm land"): pytest.approx(270.0),  # 600 / 2, less a tenth
        ("Collective", "1203", "Farm land"): pytest.approx(30.0),
        ("State", "0201", "Farm land"): pytest.approx(100.0),
        ("State", "0701", "Built land"): pytest.approx(100.0),
    }


def test_hectares_have_four_decimals_each_rounded_by_itself_as_documents_do():
    areas = np.array([1.0, 3333.3333, 3333.3333, 3333.3334, 0.5, 0.4, 0.0, 12345.5 - 1e-9])
    wanted = [0.0001, 0.3333, 0.3333, 0.3333, 0.0001, 0.0, 0.0, 1.2346]
    assert rounded_hectares(areas).tolist() == wanted == [hectares(area) for area in areas.tolist()]


def test_the_pieces_of_a_parcel_sum_to_the_same_digit_whatever_stands_beside():
    pieces = [3.450042287214382, 2.263795722899286, 25.704629919954495]  # whose order and way show in the last digit
    alone = pd.DataFrame({"_row": 7, "ownership": "state", "class": "1004", "area_m2": pieces})
    others = pd.DataFrame(
        {"_row": np.repeat(np.arange(1500, 3500), 2), "ownership": "state", "class": ["0101", None] * 2000}
    )
    others["area_m2"] = np.random.default_rng(5).random(4000)
    for rows in (alone, pd.concat([others, alone], ignore_index=True), pd.concat([alone, others], ignore_index=True)):
        summed = sum_by_class(rows)
        assert summed.loc[summed["_row"] == 7, "area_m2"].tolist() == [pieces[0] + pieces[1] + pieces[2]]
        assert len(summed) == (1 if rows is alone else 4001)


def test_the_land_table_of_a_stored_run_is_in_the_language_asked_for_now(desk, tmp_path):
    shapes = [box(0, 0, 6, 10), box(6, 0, 8, 10), box(8, 0, 10, 10)]
    desk.layer("ZONE", shapes, {**SURVEY, "DLBM": ["0102", "0701", "9999"]})  # the last is no class of the survey
    found = desk.check({"half": box(0, 0, 10, 5)}, BY)
    run = found.answer.json["run"]["id"]
    for language, farm, housing in (
        ("zh", ("集体", "水浇地", "农用地"), ("国有", "城镇住宅用地", "建设用地")),
        ("en", ("Collective", "Irrigated land", "Farm land"), ("State", "Urban housing", "Built land")),
    ):
        out = tmp_path / f"{language}.gpkg"
        desk.run("runs", desk.library, run, "--out", str(out), lang=language)
        rows = pyogrio.read_dataframe(out, layer="land_classes", read_geometry=False).set_index("class")
        titles = {code: tuple(rows.loc[code, ["ownership", "class_name", "group"]]) for code in ("0102", "0701")}
        assert titles == {"0102": farm, "0701": housing}
        assert pd.isna(rows.loc["9999", "class_name"])
        assert rows.area_m2.to_dict() == found.table("land_classes").set_index("class").area_m2.to_dict()


def test_a_patch_without_a_class_and_ground_without_a_patch_are_one_row(desk):
    desk.layer("ZONE", [box(0, 0, 3, 10), box(3, 0, 7, 10)], {"QSXZ": [None, "20"], "DLBM": [None, "0101"]})
    found = desk.check({"A": SQUARE, "B": box(3, 0, 5, 10)}, BY)
    rows = [tuple(row) for row in found.table("composition")[["parcel", "keys", "area_m2"]].itertuples(index=False)]
    nothing, fields = '{"QSXZ": null, "DLBM": null}', '{"QSXZ": "20", "DLBM": "0101"}'
    assert rows == [("A", fields, 40.0), ("A", nothing, 60.0), ("B", fields, 20.0)]


def test_a_patch_of_which_nobody_knows_whether_the_rule_means_it_gives_no_class(desk):
    """Nor does it take the ground of a later patch that the rule certainly means."""
    shapes = [box(0, 0, 4, 10), box(2, 0, 6, 10), box(6, 0, 8, 10)]
    desk.layer("ZONE", shapes, {"QSXZ": ["30", "20", "20"], "DLBM": ["0101"] * 3, "STATE": [None, "on", "off"]})
    found = desk.check({"A": SQUARE}, {**BY, "where": "STATE = 'on'"})
    assert parts(found) == {("20", "0101"): 40.0, (None, None): 60.0}
    assert sorted(found.table("land_classes")["class"].isna()) == [False, True]
