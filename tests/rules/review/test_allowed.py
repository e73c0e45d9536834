"""What a panel is told: which steps are allowed and why not, a round's tables for the map, counts by verdict."""

import geopandas as gpd
import pyogrio
import pytest

from onemap.rules.review.allowed import STEPS

NOBODY_TOLD = "the step was refused although the case said that it is allowed, or the other way round"


def test_the_case_tells_for_every_step_whether_it_would_be_refused(town):
    case = town.open()["case"]
    for by_clicks in (None, "circulate"):
        if by_clicks:
            town.done("circulate", case, "--by", "li")
        told = town.done("show", case, "--by", "wang")
        assert set(told["steps"]) == set(STEPS)
        assert bool(told["steps"]["circulate"]) == (by_clicks is not None)
        refused = town.refused("consolidate", case, "--by", "wang")
        assert refused[0]["message"] in told["steps"]["consolidate"]
    assert told["steps"]["withdraw"] is None


def test_who_wrote_a_draft_is_told_that_another_must_sign(town):
    case = town.open()["case"]
    town.done("circulate", case, "--by", "li")
    town.done("opine", case, "land", "--conclusion", "agree", "--text", "fine", "--by", "wang")
    steps = {
        by: {one["department"]: one["steps"] for one in town.done("show", case, "--by", by)["opinions"]}
        for by in ("wang", "zhao")
    }
    assert steps["zhao"]["land"] == {"opine": None, "sign": None, "return": None, "extend": None}
    assert town.refused("sign", case, "land", "--by", "wang")[0]["message"] in steps["wang"]["land"]["sign"]


def test_the_tables_of_a_round_come_back_as_the_check_wrote_them(town, tmp_path):
    first, again = tmp_path / "first.gpkg", tmp_path / "again.gpkg"
    case = town.open("--out", str(first))["case"]
    town.done("show", case, "--out", str(again))
    names = set(pyogrio.list_layers(first)[:, 0])
    assert set(pyogrio.list_layers(again)[:, 0]) == names
    for name in sorted(names - {"run"}):
        before, after = (pyogrio.read_dataframe(path, layer=name) for path in (first, again))
        assert before.equals(after) if not isinstance(before, gpd.GeoDataFrame) else before.equals(after), name


def test_a_round_that_there_is_not_is_refused(town):
    case = town.open()["case"]
    assert town.refused("show", case, "--round", "2", "--out", "x.gpkg")[0]["code"] == "review.round"


@pytest.mark.parametrize(("overridden", "expected"), [(False, "prohibited"), (True, "consult")])
def test_verdicts_are_counted_as_people_have_overridden_them(town, overridden, expected):
    case = town.open()["case"]
    if overridden:
        parcel = town.parcel_id
        town.done("override", case, parcel, "farm", "--verdict", "notice", "--reason", "an old survey", "--by", "li")
    counts = town.done("list")["cases"][0]["verdicts"]
    assert {verdict: count for verdict, count in counts.items() if count} == {expected: 1}
