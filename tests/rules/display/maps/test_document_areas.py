"""One rule of rounding: zero stays zero, a ground has one number, and sums that differ say so."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from onemap.layers.area_units import hectares, hectares_text, mu, mu_text
from onemap.rules.display.maps.document_areas import rest_m2, rounding_difference, same_ground_m2, total_m2
from onemap.rules.review.statement.land_areas import COLUMNS, GROUPS, land_table, parcel_areas
from onemap.rules.review.statement.printed_content import _print_value
from onemap.rules.review.statement.rule_tables import three_lines

CASES = 1000
CODES = ("0101", "0102", "0201", "0301", "0401", "1006", "0701", "1003", "1101", "1201", None)
OWNERS = ("State", "Collective", "Unknown")
OF_FARM = ("arable", "garden", "forest", "grass", "other_farm")


def test_areas_are_rounded_half_up_once_and_mu_follow_the_printed_hectares():
    assert [hectares(area) for area in (0.0, 0.49, 0.5, 12.5, 36686.285, 25924.5, 25924.5 - 1e-9, 25924.4)] == [
        *(0.0, 0.0, 0.0001, 0.0013, 3.6686, 2.5925, 2.5925, 2.5924)
    ]
    assert (mu(10_000.0), mu(666.67), mu(25924.5)) == (15.0, 1.0, 38.89)
    assert (hectares_text(0.0), hectares_text(1e-5), hectares_text(0.5)) == ("0.0000", "<0.0001", "0.0001")
    assert (mu_text(0.0), mu_text(0.4), mu_text(12_345_678.0)) == ("0.00", "<0.01", "18,518.52")


def test_what_subtraction_leaves_of_nothing_is_none():
    assert rest_m2(5000.0, 5000.0 - 1e-4) == 0.0
    assert rest_m2(5000.0, 4999.98) == pytest.approx(0.02)
    assert rest_m2(10_000_000.0, 9_999_991.0) == 0.0, "a millionth of a large parcel is the error of its measuring"
    assert rest_m2(5000.0, 3000.0, 2500.0) == 0.0


def test_a_ground_that_survey_and_site_measure_to_the_same_square_metre_has_the_site_s_figure():
    assert (same_ground_m2(25924.4, 25924.6), same_ground_m2(25924.4, 25926.0)) == (25924.6, 25924.4)


def test_what_rounded_parts_lack_is_said_and_never_shared_out():
    assert rounding_difference(1.0, [0.3333, 0.3333, 0.3333]) == 0.0001
    assert rounding_difference(0.0001, [0.0001, 0.0001]) == -0.0001
    assert rounding_difference(0.3, [0.1, 0.2]) == 0.0


def case_of(chance: np.random.Generator) -> tuple[Any, float]:
    """A site in the form of a run: some parcels, the part of each outside a boundary or unknown, and its survey."""
    parcels, findings, classes = [], [], []
    for name in range(int(chance.integers(1, 8))):
        area_m2 = float(chance.choice([chance.uniform(0.1, 3), chance.uniform(3, 60_000), 5000.0, 3333.5]))
        verdicts = {"verdict": "clear", "known_verdict": "clear", "findings": 0, "unknown_rules": 0}
        parcel = {"parcel": str(name), **verdicts, "area_m2": area_m2, "area_ellipsoidal_m2": area_m2}
        parcels.append(parcel)
        shares = chance.dirichlet([1, 1, 1]) if chance.random() < 0.5 else chance.permutation([1.0, 0.0, 0.0])
        noise = 1 + chance.uniform(-1e-9, 1e-9)  # as an overlay errs
        for verdict, share in zip(("restricted", "unknown"), shares, strict=False):
            if share:
                ground = {"area_ellipsoidal_m2": area_m2 * share * noise, "area_m2": area_m2 * share}
                findings.append({"rule": "bound", "parcel": str(name), "verdict": verdict, **ground})
        surveyed = area_m2 + chance.choice([0.0, chance.uniform(-0.4, 0.4), 20.0])
        for share in chance.dirichlet([1] * int(chance.integers(1, 5))):
            given = {"ownership": str(chance.choice(OWNERS)), "class": chance.choice(np.array(CODES, dtype=object))}
            classes.append({"parcel": str(name), "rule": "use", **given, "area_m2": surveyed * share})
    rules = {"use": SimpleNamespace(id="use", layer="DLTB")}
    named = {"layer_title": lambda code: code, "version": lambda code: {"label": "1"}, "language": "zh"}
    site = {"parcels": parcels, "findings": findings, "classes": _one_row_each(classes), "rules": rules, **named}
    return SimpleNamespace(**site), total_m2(parcel["area_ellipsoidal_m2"] for parcel in parcels)


def _one_row_each(classes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per parcel, ownership and class, as a run has it."""
    found: dict[Any, dict[str, Any]] = {}
    for row in classes:
        key = (row["parcel"], row["ownership"], row["class"])
        found[key] = {**row, "area_m2": row["area_m2"] + found.get(key, {"area_m2": 0.0})["area_m2"]}
    return list(found.values())


def bound_rows(evidence: Any, whole_m2: float) -> list[dict[str, Any]]:
    """The rows of one rule on a boundary, as `rule_rows` gives them."""
    named = {"rule": "bound", "title": "bound", "layer": "CZKFBJ", "layer_title": "", "version": "1"}
    fixed = {**named, "department": "land", "kind": "within", "basis": "", "figure": None, "shown_on": []}
    rows = []
    for state, is_unknown in (("conflict", False), ("unknown", True)):
        found = [row for row in evidence.findings if (row["verdict"] == "unknown") == is_unknown]
        area_m2 = total_m2(row["area_ellipsoidal_m2"] for row in found)
        measured = {"area_ellipsoidal_m2": area_m2, "hectares": hectares(area_m2), "share": area_m2 / whole_m2}
        judged = {"state": state, "verdict": found[0]["verdict"], "counted": True, "reason_text": ""} if found else {}
        rows += [{**fixed, **measured, **judged}] if found else []
    clear = {"state": "clear", "verdict": "clear", "counted": False, "reason_text": ""}
    return rows or [{**fixed, **clear, "area_ellipsoidal_m2": 0.0, "hectares": 0.0, "share": 0.0}]


def summed(*values: float) -> Decimal:
    return sum((Decimal(repr(value)) for value in values), Decimal(0))


@pytest.fixture(scope="module")
def cases() -> list[tuple[Any, float]]:
    chance = np.random.default_rng(37)
    return [case_of(chance) for _ in range(CASES)]


def test_of_a_thousand_sites_the_sides_of_a_boundary_are_measured_and_close(cases: list[tuple[Any, float]]):
    apart = 0
    for evidence, whole_m2 in cases:
        lines = three_lines(evidence, bound_rows(evidence, whole_m2), whole_m2)
        sides = {line["item"]: line for line in lines}
        found: dict[str, float] = {}
        for row in evidence.findings:
            found[row["parcel"]] = found.get(row["parcel"], 0.0) + row["area_ellipsoidal_m2"]
        areas_m2 = {row["parcel"]: row["area_ellipsoidal_m2"] for row in evidence.parcels}
        within = [name for name, area_m2 in areas_m2.items() if area_m2 - found.get(name, 0.0) > 0.02]
        if not within:
            assert sides["inside"]["hectares"] <= hectares(0.02 * len(areas_m2))
        if all(area_m2 - found.get(name, 0.0) < 0.009 for name, area_m2 in areas_m2.items()):
            assert (sides["inside"]["hectares"], sides["inside"]["area_ellipsoidal_m2"]) == (0.0, 0.0)
            assert _print_value("three_lines", sides["inside"], "zh")["hectares"] == "0.0000"
        if not any(row["verdict"] != "unknown" for row in evidence.findings):
            assert sides["outside"]["hectares"] == 0.0
        assert summed(*(line["hectares"] for line in lines)) == Decimal(repr(hectares(whole_m2)))
        assert ("rounding" in sides) == bool(sides.get("rounding", {}).get("hectares"))
        apart += "rounding" in sides
    assert CASES / 20 < apart < CASES / 2, "the lines would prove nothing if all closed by themselves"


def test_a_rule_with_a_row_for_each_outcome_closes_too():
    # Six sides of 100.5 m² are 0.0101 ha each, the site of 603 m² is 0.0603 ha.
    ground = {"area_m2": 100.5, "area_ellipsoidal_m2": 100.5}
    verdicts = {
        "counted": "prohibited",
        "small": "prohibited",
        "set": "prohibited",
        "open": "unknown",
        "dim": "unknown",
    }
    found = [{"rule": "bound", "parcel": name, "verdict": verdict, **ground} for name, verdict in verdicts.items()]
    parcels = [{"parcel": name, **ground} for name in (*verdicts, "inside")]
    site = SimpleNamespace(parcels=parcels, findings=found, rules={}, language="zh")
    rows = [row for one in found for row in bound_rows(SimpleNamespace(findings=[one]), 603.0)]
    *sides, last = three_lines(site, rows, 603.0)
    assert [side["hectares"] for side in sides] == [0.0101] * 6
    assert (last["item"], last["hectares"]) == ("rounding", -0.0003)


@pytest.mark.slow
def test_of_a_thousand_sites_every_ground_has_one_figure_and_what_does_not_close_says_so(
    cases: list[tuple[Any, float]],
):
    for evidence, whole_m2 in cases:
        (parcels, totals), land = parcel_areas(evidence), land_table(evidence)
        assert land is not None
        assert totals["hectares"] == hectares(whole_m2)
        lacking = totals["parcels_rounding"] or {"hectares": 0.0, "mu": 0.0}
        for name in ("hectares", "mu"):
            assert summed(lacking[name], *(row[name] for row in parcels)) == Decimal(repr(totals[name]))
        site = {row["parcel"]: row for row in parcels}
        for row in land["parcels"]:
            own = [one for one in evidence.classes if one["parcel"] == row["parcel"]]
            surveyed = total_m2(one["area_m2"] for one in own)
            if abs(surveyed - site[row["parcel"]]["area_ellipsoidal_m2"]) < 1:
                assert row["total"] == site[row["parcel"]]["hectares"]
            present = {row["class"] for row in own}
            assert (row["unknown"] == 0) or None in present
        if len(site) == 1:
            assert [land["parcels"][0][name] for name in COLUMNS] == [land["total"][name] for name in COLUMNS]
        if len(land["rows"]) == 1:
            assert [land["rows"][0][name] for name in COLUMNS] == [land["total"][name] for name in COLUMNS]
        if len(land["classes"]) == 1:
            assert land["classes"][0]["hectares"] == land["total"]["total"]
        for table, rounding in (("rows", "rows_rounding"), ("parcels", "parcels_rounding")):
            rest = land[rounding] or dict.fromkeys(COLUMNS, 0.0)
            for name in COLUMNS:
                assert summed(rest[name], *(row[name] for row in land[table])) == Decimal(repr(land["total"][name]))
        rest = land["classes_rounding"] or {"hectares": 0.0}
        assert summed(rest["hectares"], *(row["hectares"] for row in land["classes"])) == Decimal(
            repr(land["total"]["total"])
        )
        for row in (*land["rows"], *land["parcels"], land["total"]):
            for name, parts in (("total", GROUPS), ("farm", OF_FARM)):
                assert summed(row["rounding"][name], *(row[part] for part in parts)) == Decimal(repr(row[name]))
            texts = _print_value("row", row, "zh")
            for name in COLUMNS:
                assert (texts[name] == "0.0000") == (row["areas_m2"][name] == 0), "none is none, little is little"
                assert (texts[name] == "<0.0001") == (0 < row["areas_m2"][name] < 0.5 - 1e-6)
