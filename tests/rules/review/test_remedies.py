"""A stored remedy belongs to its case and round: in the record, in answers, and void with its round."""

import geopandas as gpd
import pytest

from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import alter, ground

DAY = "2026-03-03"


def farms(case):
    """Departments of each alternative of the last remedy."""
    return {row["alternative"]: row["departments"] for row in case["remedies"][-1]["alternatives"]}


@pytest.mark.slow
def test_a_remedy_of_the_rounds_parcels_is_kept_and_shown_with_what_departments_keep(town):
    case = town.open()
    shown = town.done("remedy", case, "--move", "120", on=DAY, by="planner")
    (kept,) = shown["remedies"]
    assert (kept["number"], kept["round"], kept["state"], kept["by"], kept["on"]) == (1, 1, "current", "planner", DAY)
    assert (kept["parcels"], kept["passing"], kept["whole"], kept["moved"]) == (1, 1, 0, 1)
    # The parcel is 100 m wide: 30 m are the river's and 50 m the farm's.
    assert kept["cut_m2"] == pytest.approx(8000) and kept["move_m"] == 120
    assert [(row["parcel"], row["area_m2"]) for row in kept["remainder"]] == [("DK1", pytest.approx(2000))]
    assert [(row["rule"], row["title"], row["area_m2"]) for row in kept["cuts"]] == [
        ("farm", "Takes farmland", pytest.approx(5000)),
        ("river", "Within the river's bounds", pytest.approx(3000)),
    ]
    cut = farms(shown)["cut"]
    assert (cut["land"]["kept_m2"], cut["water"]["kept_m2"]) == pytest.approx((5000, 3000))
    assert cut["land"]["verdict_before"] == "prohibited" and cut["land"]["verdict_after"] == "clear"
    assert kept["search"]["complete"] is False and "120 m" in kept["search"]["text"]
    assert shown["entries"][-1]["action"] == "remedy" and shown["entries"][-1]["detail"]["run"] == kept["run"]
    assert done("verify", town.library).json["ok"]
    assert done("verify", town.library, "--run", kept["run"]).json["ok"]


def test_of_several_remedies_all_are_listed_and_the_last_one_is_shown_in_full(town):
    case = town.open()
    town.done("remedy", case, on=DAY)
    shown = town.done("remedy", case, "--keep-verdict", "consult", on=DAY)
    assert [(row["number"], "cuts" in row) for row in shown["remedies"]] == [(1, False), (2, True)]
    assert [row["rule"] for row in shown["remedies"][-1]["cuts"]] == ["farm"]


def test_a_remedy_whose_entry_in_the_log_was_changed_is_named_as_damaged_and_its_case_is_shown(town):
    case = town.open()
    town.done("remedy", case, on=DAY)
    alter(town, "UPDATE onemap_audit SET who = 'somebody' WHERE action = 'remedy'")
    (kept,) = town.show(case, DAY)["remedies"]
    assert "The audit chain breaks" in kept["damaged"] and "cuts" not in kept


def test_a_new_round_voids_the_remedies_of_the_round_before(town, walk):
    case = walk("circulating")
    town.done("remedy", case, on=DAY)
    shown = town.done("revise", case, town.parcels("next", DK1=ground(30, 0, 60, 100)), on=DAY, by="lead")
    (old,) = shown["remedies"]
    assert (old["round"], old["state"]) == (1, "void") and "remainder" not in old
    shown = town.done("remedy", case, on=DAY)
    assert [(row["round"], row["number"], row["state"]) for row in shown["remedies"]] == [
        (1, 1, "void"),
        (2, 1, "current"),
    ]
    assert shown["remedies"][-1]["cut_m2"] == pytest.approx(1000)
    assert done("verify", town.library).json["ok"]


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE onemap_audit SET detail = detail || ' ' WHERE subject = ?",
        "DELETE FROM onemap_run_blocks WHERE name = 'cuts' AND run = ?",
    ],
)
def test_a_case_is_shown_also_where_its_remedy_cannot_be_trusted(town, edit):
    case = town.open()
    (kept,) = town.done("remedy", case, on=DAY)["remedies"]
    alter(town, edit, (kept["run"],))
    (shown,) = town.show(case, DAY)["remedies"]
    assert shown["damaged"] and "cuts" not in shown
    assert command("verify", town.library).code == 5


@pytest.mark.slow
def test_the_tables_of_a_round_have_those_of_its_last_remedy(town, tmp_path):
    case = town.open()
    out = tmp_path / "before.gpkg"
    done("review", "show", town.library, case, "--out", out)
    assert "remainder" not in set(gpd.list_layers(out)["name"])
    asked = tmp_path / "asked.gpkg"
    answer = town.step("remedy", case, "--move", "120", "--out", asked, on=DAY)
    assert answer.json["out"] == [str(asked)]
    out = tmp_path / "after.gpkg"
    done("review", "show", town.library, case, "--out", out)
    for name in ("remainder", "cuts", "alternatives", "departments"):
        first, again = (gpd.read_file(path, layer=name) for path in (asked, out))
        assert len(first) and first.equals(again), name
        assert first.dtypes.equals(again.dtypes), name
    assert gpd.read_file(out, layer="alternatives").geometry.notna().all()


def test_the_remedy_is_found_by_the_layers_that_the_round_was_judged_by(town):
    case = town.open()
    town.layer("FARM", ground(0, 0, 900, 900), valid_from="2026-01-01", label="newer")
    kept = town.done("remedy", case, on=DAY)["remedies"][-1]
    assert kept["cut_m2"] == pytest.approx(8000)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--parcel", "nobody"), "parcel.unknown"),
        (("--out", "x.shp"), "out.format"),
        (("--expect", "9"), "review.expect"),
    ],
)
def test_what_is_refused_leaves_nothing_in_the_case(town, given, code):
    case = town.open()
    before = town.show(case, DAY)
    answer = town.step("remedy", case, *given, on=DAY)
    assert (answer.code, answer.codes) == (3, [code])
    assert town.show(case, DAY) == before


def test_a_remedy_that_was_changed_behind_the_log_is_found(town):
    case = town.open()
    town.done("remedy", case, on=DAY)
    alter(town, "UPDATE onemap_events SET who = 'somebody' WHERE action = 'remedy'")
    answer = command("verify", town.library)
    assert answer.code == 5 and answer.codes == ["verify.record_changed"]
