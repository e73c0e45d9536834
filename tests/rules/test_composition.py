"""composition: the ground by classes; the parts sum to the parcel."""

import json

import pytest
from shapely import box

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


def test_without_its_layer_the_rule_is_skipped_with_the_reason(desk):
    found = desk.check({"A": SQUARE}, {**BY, "layer": "DLTB"})
    assert found.answer.json["run"]["skipped"] == [{"rule": "r", "layer": "DLTB", "reason": "layer_missing"}]
    assert found.verdicts() == {"A": "clear"} and len(found.table("composition")) == 0
