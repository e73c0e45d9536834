"""A run against an earlier one computes only changes, and equals a whole run."""

import geopandas as gpd
import pytest
from shapely import Polygon, affinity, box

from onemap.layers.library.library import open_library
from onemap.rules.judge.runs import arrow_blocks
from onemap.rules.judge.runs.run_store import GIVEN, KEPT, stored_rows
from onemap.tests.rules.changing_town import RULES, Town
from onemap.tests.rules.command import command
from onemap.tests.rules.judge.kinds.test_raster import write_grid
from onemap.tests.rules.run_damage import change_library


@pytest.fixture(scope="module")
def checked_town(made_town, tmp_path_factory):
    """A town with its first run."""
    town = made_town.copied(tmp_path_factory.mktemp("checked") / "town", command)
    town.first = town.check()
    return town


@pytest.fixture
def town(checked_town, tmp_path, onemap):
    """A copy of it, which a test may change."""
    return checked_town.copied(tmp_path / "town", onemap)


RASTER = "name=g,department=land,library=base,kind=vector,geometry=raster"


@pytest.mark.slow
def test_nothing_changed_nothing_is_computed(town):
    assert town.first["computed"] == len(RULES) * len(town.parcels)
    again = town.check(against=town.first["id"])
    assert again["computed"] == 0 and town.differing_rows(again) == []


@pytest.mark.slow
def test_one_changed_parcel_is_the_only_one_that_is_computed(town):
    town.parcels["P3"] = affinity.translate(town.parcels["P3"], 5, 5)
    town.wanted[5] = "0102"
    town.parcels = dict(reversed(town.parcels.items()))
    town.wanted.reverse()
    again = town.check(against=town.first["id"])
    assert again["computed"] == 2 * len(RULES) and town.differing_rows(again) == []


@pytest.mark.slow
def test_a_plan_edited_in_one_place_is_computed_there_only(town):
    there = town.parcels["P0"].representative_point()
    at = next(place for place, patch in enumerate(town.plan) if patch.contains(there))
    town.plan[at] = town.plan[at].buffer(-5)
    town.add_plan("b")
    again = town.check(against=town.first["id"])
    of_plan = sum(rule.get("layer") == "PLAN" for rule in RULES) * len(town.parcels)
    assert 0 < again["computed"] < of_plan / 4 and town.differing_rows(again) == []
    (label,) = {layer["label"] for layer in again["layers"] if layer["code"] == "PLAN"}
    assert label == "b"


@pytest.mark.slow
def test_features_in_another_order_are_computed_everywhere(town):
    town.zones.reverse()
    town.grades.reverse()
    town.keys.reverse()
    for column in (town.zones, town.grades, town.keys):
        column.pop()  # else it would be the same again
    town.add_zones("b")
    again = town.check(against=town.first["id"])
    assert again["computed"] == len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"covers": box(-10, -10, 960, 650)}, {"accuracy": 2.0}])
def test_another_coverage_or_accuracy_is_computed_where_it_matters(town, options):
    town.add_zones("b", **options)
    again = town.check(against=town.first["id"])
    assert 0 < again["computed"] <= len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
def test_a_changed_rule_is_computed_for_all_parcels_and_the_others_are_not(town):
    changed = [{**rule, "title": {"zh": "新", "en": "new"}} if rule["id"] == "zone" else rule for rule in RULES]
    again = town.check(*changed, against=town.first["id"])
    assert again["computed"] == len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
def test_a_rule_more_and_a_rule_less_leave_the_others_as_they_were(town):
    first = town.check(*RULES[:-1])
    again = town.check(*RULES[1:], against=first["id"])
    assert again["computed"] == len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
def test_a_layer_that_was_missing_is_computed_once_it_is_there(town):
    desk = town.desk
    desk.layer("LATE", [box(0, 0, 1, 1)], label="future", valid_from="2999-01-01")
    rules = (*RULES, {"id": "late", "layer": "LATE"})
    first = town.check(*rules)
    assert town.check(*rules, against=first["id"])["computed"] == 0
    desk.layer("LATE", [box(100, 100, 300, 300)], label="now", valid_from="2020-01-01")
    again = town.check(*rules, against=first["id"])
    assert again["computed"] == len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_many_small_changes_give_what_a_whole_run_gives(desk, seed):
    town = Town(desk, seed)
    first = town.check()
    for place in town.random.integers(0, 40, 3):
        town.zones[place] = affinity.translate(town.zones[place], 3, -4)
    town.grades[int(town.random.integers(0, 40))] = 1
    for column in (town.zones, town.grades, town.keys):
        del column[17]  # all that follow stand one row before
    town.zones.append(box(400, 400, 430, 440))
    town.grades.append(1)
    town.keys.append("z40")
    town.add_zones("b")
    del town.parcels["P7"]
    del town.wanted[7]
    town.parcels["new"] = box(410, 380, 425, 420)
    town.wanted.append("0701")
    again = town.check(against=first["id"])
    assert again["computed"] < len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
def test_another_language_is_computed_whole(town):
    pack, parcels = town.desk.folder / "test.toml", town.desk.folder / "parcels.gpkg"
    options = ("--pack", pack, "--against", town.first["id"])
    answer = town.desk.run("check", town.desk.library, parcels, *options, lang="zh")
    again = answer.json["run"]
    assert again["computed"] == len(RULES) * len(town.parcels) and town.differing_rows(again) == []


@pytest.mark.slow
def test_a_raster_is_told_of_as_by_a_whole_run_and_computed_once_it_is_another(desk):
    path = desk.folder / "geo.tif"
    place = {"west": 113.99, "north": 38.02, "cell": 0.001, "crs": "EPSG:4490"}
    write_grid(path, [[(20 - row) * 100.0] * 20 for row in range(20)], **place)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", RASTER, "--covers", "extent").done()
    parcels = {f"P{n}": box(499_900 + 90 * n, 4_208_500, 499_980 + 90 * n, 4_208_600) for n in range(4)}
    rule = {"kind": "raster", "layer": "GRID", "above": 40, "derive": "slope"}
    first = desk.check(parcels, rule).answer.json["run"]
    again = desk.check(parcels, rule, against=first["id"])
    assert (again.answer.json["run"]["computed"], again.answer.json["changed"]) == (0, [])
    assert again.answer.json["run"]["warped"] == first["warped"] != []
    write_grid(path, [[0.0] * 20 for row in range(20)], **place)
    gone = desk.check(parcels, rule, against=first["id"])
    assert gone.answer.json["run"]["computed"] == 4 and gone.verdicts() == dict.fromkeys(parcels, "unknown")


@pytest.mark.slow
def test_a_layer_that_is_damaged_since_is_unknown_as_in_a_whole_run(town):
    change_library(town.desk.library, 'DROP TABLE "PLAN__1"')
    again = town.check(against=town.first["id"])
    of_plan = sum(rule.get("layer") == "PLAN" and rule["kind"] != "composition" for rule in RULES)
    assert again["computed"] == of_plan * len(town.parcels)
    # The table is missed by verify; no row of the run is another than that of a whole one.
    assert {problem["code"] for problem in town.differing_rows(again)} == {
        "verify.unreadable",
        "verify.structure_gone",
    }
    assert {layer["code"] for layer in again["layers"] if layer["reason"] == "unreadable"} == {"PLAN"}


def stored_run(town, run, library=None):
    """Every row that a run has in a library, with the types of its values."""
    with open_library(str(library or town.desk.library)) as opened:
        return {
            name: [(row.content, row.wkb) for row in stored_rows(opened, run["id"], name)] for name in (*KEPT, GIVEN)
        }


@pytest.mark.slow
def test_runs_that_follow_each_other_have_the_rows_of_whole_ones_and_need_no_earlier_run(town, monkeypatch, tmp_path):
    monkeypatch.setattr(arrow_blocks, "BLOCK_ROWS", 7)
    town.parcels["P3"] = affinity.translate(town.parcels["P3"], 5, 5)
    second = town.check(against=town.first["id"])
    there = town.parcels["P0"].representative_point()
    at = next(place for place, patch in enumerate(town.plan) if patch.contains(there))
    town.plan[at] = town.plan[at].buffer(-5)
    town.add_plan("b")
    del town.parcels["P40"]
    del town.wanted[40]
    third = town.check(against=second["id"])
    whole = town.check()
    assert (second["computed"], whole["computed"]) == (len(RULES), len(RULES) * len(town.parcels))
    assert 0 < third["computed"] < 2 * len(town.parcels) and stored_run(town, third) == stored_run(town, whole)
    copy = tmp_path / "copy.gpkg"
    assert town.desk.run("copy", town.desk.library, copy).code == 0
    change_library(copy, "DELETE FROM onemap_run_blocks WHERE run IN (?, ?)", town.first["id"], second["id"])
    assert stored_run(town, third, copy) == stored_run(town, whole)
    codes = set(town.desk.run("verify", copy, "--run", third["id"]).codes)
    assert codes == {"verify.record_gone", "verify.more"}  # and no row of the third is another
    for parcel in ("P0", "P3", "P50"):
        steps = [town.desk.run("explain", copy, run["id"], parcel, "plan").json["steps"][1:] for run in (third, whole)]
        assert steps[0] == steps[1]


@pytest.mark.slow
def test_parcels_in_another_order_stand_in_the_rows_of_now(town):
    town.parcels = dict(reversed(town.parcels.items()))
    town.wanted.reverse()
    again, whole = town.check(against=town.first["id"]), town.check()
    assert again["computed"] == 0 and stored_run(town, again) == stored_run(town, whole)


@pytest.mark.slow
def test_a_result_file_of_a_trial_has_the_rows_of_a_whole_one_and_the_run_is_not_kept(town):
    desk = town.desk
    town.plan[7] = town.plan[7].buffer(-3)
    keys = [f"f{n}" for n in range(1, len(town.plan) + 1)]
    trial = desk.write("trial", town.plan, {"KEY": keys, "DLBM": town.uses}, "EPSG:4547")
    words = ("check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml")
    outs = [desk.folder / f"{name}.gpkg" for name in ("against", "whole")]
    answers = [
        desk.run(*words, "--replace", f"PLAN={trial}", "--out", out, *more)
        for out, more in zip(outs, (("--against", town.first["id"]), ()), strict=True)
    ]
    assert answers[0].json["run"]["computed"] < answers[1].json["run"]["computed"]
    assert answers[0].json["verdicts"] == answers[1].json["verdicts"]
    for name in ("parcels", "findings", "overlaps", "overlaps_line", "composition", "land_classes"):
        tables = [gpd.read_file(out, layer=name) for out in outs]
        assert tables[0].equals(tables[1]) and (len(tables[0]) > 0 or name == "land_classes"), name
    assert desk.run("explain", desk.library, answers[0].json["run"]["id"], "P0", "plan").codes == ["run.unknown"]


def test_a_trial_with_the_layer_s_own_features_changes_no_parcel(town):
    desk = town.desk
    keys = [f"f{n}" for n in range(1, len(town.plan) + 1)]
    trial = desk.write("trial", town.plan, {"KEY": keys, "DLBM": town.uses}, "EPSG:4547")
    words = ("check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml")
    answer = desk.run(*words, "--replace", f"PLAN={trial}", "--against", town.first["id"])
    assert answer.code == 0 and answer.json["changed"] == [] and answer.json["run"]["computed"] == 0, answer.json


@pytest.mark.slow
def test_what_is_wrong_with_parcels_is_told_as_ever(desk):
    desk.layer("ZONE", [box(5, 0, 65, 3)])
    shapes = [box(0, 0, 10, 10), Polygon([(20, 0, 5), (40, 0, 5), (40, 30, 5), (20, 30, 5)])]
    bowtie = Polygon([(50, 0), (60, 10), (60, 0), (50, 10)])
    pack, columns = desk.pack({}), {"DKBH": ["a", "b", "c"]}
    words = (
        "check",
        desk.library,
        desk.write("given", [*shapes, box(70, 0, 80, 9)], columns, "EPSG:4547"),
        "--pack",
        pack,
    )
    first = desk.run(*words).json
    same = desk.run(*words, "--against", first["run"]["id"]).json
    assert same["problems"] == first["problems"] != [] and same["run"]["computed"] == 0
    assert same["run"]["parameters"] == first["run"]["parameters"]
    desk.write("given", [*shapes, bowtie], columns, "EPSG:4547")
    for more, code in (((), 3), (("--repair",), 0)):
        again, whole = desk.run(*words, *more, "--against", first["run"]["id"]), desk.run(*words, *more)
        assert (again.code, again.json["problems"]) == (code, whole.json["problems"]) and whole.code == code
    assert again.json["run"]["computed"] == 1
    assert desk.run("verify", desk.library, "--run", again.json["run"]["id"]).json["problems"] == []
