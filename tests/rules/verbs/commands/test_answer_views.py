"""Answers as rows: the closing of a balance, the first contradiction, the tip for a place."""

import pytest

from onemap.rules.display.rows.answer_rows import view_json, view_text
from onemap.rules.verbs.commands.verb_text import VIEWS

SITE = {"site": "P1", "rank": 1, "verdict": "clear", "area_m2": 5000.0, "width_m": 60.0, "clearance_m": 2.0}
PAIR = {"a": "A", "b": "B", "matrix": "m", "title": "A against B", "conflicts": 3, "conflict_ha": 1.5, "run": "r"}
PAIR |= {"compared_ha": 10.0, "ha_03": 1.0, "ha_04": 0.5, "ha_05": 0.0, "reason": None}


def test_the_nearest_rule_of_a_place_is_called_by_its_title_where_there_is_one():
    known = SITE | {"nearest_rule": "farmland.test", "nearest_m": 12.0, "nearest_title": "Farmland"}
    titleless, nothing = (
        known | {"nearest_title": None},
        known | dict.fromkeys(("nearest_rule", "nearest_title", "nearest_m")),
    )
    (table,) = view_json(VIEWS["sites"]({"sites": [known, titleless, nothing], "layers": []}, "en"))
    assert [row["values"][1] for row in table["rows"]] == ["Farmland", "farmland.test", "–"]
    assert table["rows"][0]["hint"] == "5,000 m², 60.0 m wide" and table["rows"][2]["values"][2] == "–"
    assert table["rows"][0]["values"][0] == {"value": 2.0, "measure": "m"}


def test_pairs_of_plans_stand_by_conflict_and_what_was_not_compared_last_with_why():
    lost = PAIR | {"b": "C", "conflict_ha": None, "compared_ha": None, "reason": "No.", "run": None}
    result = {"pairs": [lost, PAIR, PAIR | {"a": "B", "conflict_ha": 2.0}], "layers": []}
    result["titles"] = {"A": "Plan A", "B": "Plan B"}
    (table,) = view_json(VIEWS["contradictions"](result, "en"))
    assert [row["name"] for row in table["rows"]] == ["Plan B × Plan B", "Plan A × Plan B", "Plan A × C"]
    assert table["rows"][2]["values"][0] == "–" and "No." in table["rows"][2]["values"]
    assert "15.0%" in table["rows"][1]["hint"] and table["rows"][1]["about"]["run"] == "r"


def test_plans_that_several_matrices_compare_are_one_row_with_their_sum_and_the_matrices_below():
    other = PAIR | {"matrix": "n", "title": "By class", "conflict_ha": 0.25, "compared_ha": 8.0, "conflicts": 1}
    lost = PAIR | {"matrix": "o", "title": "By age", "conflict_ha": None, "reason": "No."}
    (table,) = view_json(VIEWS["contradictions"]({"pairs": [lost, other, PAIR], "titles": {}, "layers": []}, "en"))
    (plans,) = table["rows"]
    assert [word["value"] for word in plans["values"][:3]] == [1.75, 18.0, 4] and not plans["about"]["run"]
    assert [row["name"] for row in plans["rows"]] == ["A against B", "By class", "By age"]
    assert [row["about"]["matrix"] for row in plans["rows"]] == ["m", "n", "o"]


def balance_row(unit, code, group, area_m2):
    titles = {"DLBM/group": group, "DLBM": f"class {code}"}
    row = {"unit": unit, "keys": {"DLBM/group": group, "DLBM": code}, "titles": titles, "features": 1}
    return row | {"area_ellipsoidal_m2": area_m2, "length_m": None, "share": None}


def ground(area_m2, matched_m2, **more):
    known = {"area_ellipsoidal_m2": area_m2, "matched_ellipsoidal_m2": matched_m2, "length_m": None, "features": 2}
    apart = dict.fromkeys(("no_value", "without_feature", "outside_coverage"), 0.0)
    return known | {f"{name}_ellipsoidal_m2": value for name, value in (apart | more).items()}


def test_a_balance_closes_by_what_no_class_has_and_by_what_several_count():
    rows = [balance_row("U", "01", "farm", 60_000.0), balance_row("U", "07", "built", 30_000.0)]
    total = ground(80_000.0, None, without_feature=15_000.0, outside_coverage=5_000.0) | {"units_ellipsoidal_m2": 1e5}
    layer = {"code": "DLTB", "coverage": "district", "title": "Land", "label": "2025"}
    result = {"total": total, "rows": rows, "units": [ground(1e5, 80_000.0) | {"unit": "U"}], "layer": layer}
    (table,) = view_json(VIEWS["statistics"](result | {"within": {}, "problems": []}, "en"))
    (whole,) = table["rows"]
    areas = {row["name"]: row["values"][0]["value"] for row in whole["rows"]}
    assert areas == pytest.approx({"farm": 6.0, "built": 3.0, **CLOSING})
    assert sum(areas.values()) == pytest.approx(whole["values"][0]["value"]) == pytest.approx(10.0)
    text = view_text(VIEWS["statistics"](result | {"within": {}, "problems": []}, "en"), "en").splitlines()
    assert text[2].split() == ["Total", "10.0000", "100.0%", "2"] and text[4].startswith("      01 class 01")


CLOSING = {"counted twice: features overlap": -1.0, "no feature": 1.5, "outside the coverage of the layer": 0.5}


def alternative(east_m, north_m, turned_deg):
    change = {f"{when}_m2": 0.0 for when in ("before", "after", "kept", "given_up", "unknown_before", "unknown_after")}
    change |= {
        "before_m2": 5000.0,
        "unknown_after_m2": 20.0,
        "verdict_before": "prohibited",
        "verdict_after": "unknown",
    }
    row = {"parcel": "P", "alternative": "moved", "verdict": "clear", "area_m2": 10_000.0, "share": 1.0}
    row |= {"moved_m": (east_m**2 + north_m**2) ** 0.5, "east_m": east_m, "north_m": north_m}
    return row | {"turned_deg": turned_deg, "departments": {"land": change}}


@pytest.mark.parametrize(
    ("language", "steps"),
    [
        ("en", ["50.0 m east", "50.0 m south-west, 5.0° clockwise", "2.5° anticlockwise"]),
        ("zh", ["向东移 50.0 米", "向西南移 50.0 米、顺时针 5.0°", "逆时针 2.5°"]),
    ],
)
def test_an_alternative_says_whither_it_moved_and_what_each_department_has_then(language, steps):
    ways = [(50.0, 0.0, 0.0), (-30.0, -40.0, -5.0), (0.0, 0.0, 2.5)]
    result = {"alternatives": [alternative(*way) for way in ways], "search": {"text": ""}}
    result |= {"parcels": 1, "passing": 1, "whole": 1, "cut_m2": 0.0, "dropped_m2": 0.0}
    result |= {"run": {"id": "r", "recorded": True, "layers": []}, "rules": 1, "unasked": []}
    *rows, asked = view_json(VIEWS["remedy"](result, language))
    assert asked["about"] == {"list": "unasked", "rules": 1, "count": 0}
    assert [row["about"]["step"] for row in rows] == steps
    (land,) = rows[0]["rows"]
    assert [word["value"] for word in land["values"]] == [5000.0, 20.0], "where nothing is in conflict, what is unknown"
    assert (land["about"]["before"], land["about"]["after"]) == ("prohibited", "unknown") and len(land["rows"]) == 4
