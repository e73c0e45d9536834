"""What a panel gets: allowed steps and reasons against others, a round's tables for the map, counts by verdict."""

import json

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from pyarrow import parquet

from onemap.layers.catalogue.schema import DEPARTMENTS
from onemap.rules.display.rows.answer_rows import view_text
from onemap.rules.judge.kinds.reasons import reasons_text
from onemap.rules.review.allowed_steps import STEPS
from onemap.rules.review.cases.case import CASE_STATES
from onemap.rules.verbs.commands.verb_text import VIEWS
from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import ground, opinion

ARGUMENTS = {
    "override": ("DK1", "farm", "--verdict", "notice", "--reason", "an old survey"),
    "extend": ("--days", "2", "--reason", "holidays of the office"),
    "sign": ("land",),
    "return": ("land",),
    "opine": ("land", "--conclusion", "agree", "--text", "fine"),
    "respond": ("1", "--text", "thanks"),
    "erase": ("1", "--reason", "asked for"),
}


@pytest.mark.parametrize("state", CASE_STATES)
def test_a_step_is_told_as_allowed_exactly_if_it_is_done(town, walk, state):
    case = walk(state)
    record = town.show(case, "2026-03-05")
    assert set(record["steps"]) == set(STEPS)
    both = {**record["steps"], **opinion(record, "land")["steps"]}
    both["extend"] = record["steps"]["extend"]
    acts = ("sign", "return", "opine", "extend", "override", "circulate", "issue", "consolidate", "withdraw")
    for step in (*acts, "respond", "erase"):
        if both[step] is None:
            continue
        answer = town.step(step, case, *ARGUMENTS.get(step, ()), on="2026-03-05")
        assert answer.code == 3, f"{step} was told to be refused: {both[step]}"
        assert answer.json["problems"][0]["message"] in both[step]
    allowed = next((step for step in ("withdraw", "recheck") if both[step] is None), None)
    if allowed:
        town.done(allowed, case, on="2026-03-05")


def test_who_wrote_a_draft_is_told_that_another_must_sign(town, walk):
    case = walk("circulating")
    town.done("opine", case, *ARGUMENTS["opine"], by="wang", on="2026-03-02")

    def steps(by):
        record = command("review", "show", town.library, case, "--by", by, "--on", "2026-03-02").json
        return opinion(record, "land")["steps"]

    assert steps("zhao") == {"opine": None, "sign": None, "return": None, "extend": None, "override": None}
    refused = town.step("sign", case, "land", by="wang", on="2026-03-02").json
    assert refused["problems"][0]["message"] in steps("wang")["sign"]


@pytest.mark.parametrize(("language", "department"), [("zh", "水务局（water）"), ("en", "Water Affairs (water)")])
def test_a_refusal_calls_departments_as_the_bureau_s_profile_does(town, walk, onemap, language, department):
    case = walk("circulating")
    profile = '[departments.water]\nname = { zh = "水务局", en = "Water Affairs" }\n'
    (town.folder / "town.profile.toml").write_text(profile, encoding="utf-8")
    day = ("--on", "2026-03-03")
    answer = onemap("review", "consolidate", town.library, case, "--by", "lead", *day, lang=language)
    assert answer.codes == ["review.unsigned"]
    assert department in answer.json["problems"][0]["message"]
    assert department in onemap("review", "show", town.library, case, *day, lang=language).json["steps"]["consolidate"]
    town.done("sign", case, "water", on="2026-03-03", by="head")
    signed = onemap("review", "show", town.library, case, *day, lang=language).json
    assert department in opinion(signed, "water")["steps"]["sign"]


def test_the_tables_of_a_round_come_back_as_the_check_wrote_them(town, tmp_path):
    first, again = tmp_path / "first.gpkg", tmp_path / "again.gpkg"
    case = town.open("--out", str(first))
    assert command("review", "show", town.library, case, "--out", again).code == 0
    names = set(pyogrio.list_layers(first)[:, 0])
    assert set(pyogrio.list_layers(again)[:, 0]) == names
    for name in sorted(names - {"run"}):
        before, after = (pyogrio.read_dataframe(path, layer=name) for path in (first, again))
        pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))


def test_a_new_round_writes_its_tables_too(town, tmp_path):
    case, out = town.open(), tmp_path / "second.gpkg"
    town.done("circulate", case, on="2026-03-02")
    town.done("revise", case, town.parcels("smaller", DK1=ground(0, 0, 50, 100)), "--out", str(out), on="2026-03-03")
    again = tmp_path / "again.gpkg"
    assert command("review", "show", town.library, case, "--out", again).code == 0
    for name in ("parcels", "findings", "unasked_rules"):
        before, after = (pyogrio.read_dataframe(path, layer=name) for path in (out, again))
        pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(after))


def test_the_findings_of_a_department_are_those_of_the_tables(town, tmp_path):
    case, count = town.open(), 0
    answer = command("review", "show", town.library, case, "--out", tmp_path / "tables")
    assert answer.code == 0
    table = parquet.read_table(tmp_path / "tables" / "findings.parquet").to_pylist()
    names = ("parcel", "rule", "title", "verdict", "area_ellipsoidal_m2", "reason", "counted", "assumed", "basis")
    for department in DEPARTMENTS:
        shown = command("review", "show", town.library, case, "--findings", department)
        rows = [{name: row[name] for name in names} for row in table if row["department"] == department]
        assert shown.json["findings"] == rows
        text = view_text(VIEWS["review show"](shown.json, "en"), "en")
        for row in rows:
            (line,) = (line for line in text.splitlines() if row["parcel"] in line and f" · {row['title']} · " in line)
            assert line.endswith(f" · {row['basis']}") or not row["basis"]
            assert not row["reason"] or f" · {reasons_text(row['reason'], 'en')}" in line, "why it is unknown"
        count += len(rows)
    assert count == len(table) > 0


def test_the_ground_of_a_case_is_that_of_the_tables_in_degrees(town, tmp_path):
    case = town.open()
    assert command("review", "show", town.library, case, "--out", tmp_path / "tables").code == 0
    ground = command("review", "show", town.library, case, "--ground").json["ground"]
    for name, columns in (("parcels", ["parcel", "verdict"]), ("findings", ["parcel", "verdict", "rule", "title"])):
        table = gpd.read_parquet(tmp_path / "tables" / f"{name}.parquet").to_crs(4326)
        table = table[~(table.geometry.isna() | table.geometry.is_empty)]
        assert [[one[column] for column in columns] for one in ground[name]] == table[columns].to_numpy().tolist()
        shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in ground[name]])
        assert len(shapes) and shapely.equals_exact(shapes, table.geometry.to_numpy(), 1e-9).all()


def test_a_round_that_there_is_not_is_refused(town, tmp_path):
    case = town.open()
    answer = command("review", "show", town.library, case, "--round", "2", "--out", tmp_path / "x.gpkg")
    assert (answer.code, answer.json["problems"][0]["code"]) == (3, "review.round")
    assert not (tmp_path / "x.gpkg").exists()


@pytest.mark.parametrize(("overridden", "expected"), [(False, "prohibited"), (True, "consult")])
def test_verdicts_are_counted_as_people_have_overridden_them(town, overridden, expected):
    case = town.open()
    if overridden:
        town.done("override", case, *ARGUMENTS["override"], on="2026-03-02")
    counts = command("review", "list", town.library).json["cases"][0]["verdicts"]
    assert {verdict: count for verdict, count in counts.items() if count} == {expected: 1}
