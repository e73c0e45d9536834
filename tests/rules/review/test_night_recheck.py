"""The night: every open case and named check against what changed since; 4 where a verdict turned, 0 where not."""

import geopandas as gpd

from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import ground


def log_length(town):
    return len(command("history", town.library).json["rows"])


def test_a_night_over_three_cases_tells_which_verdicts_turned_and_writes_nothing(town, tmp_path):
    on_farm = town.open(project="甲")
    in_river = town.open(project="乙", parcels=town.parcels("b", DK2=ground(0, 200, 20, 300)))
    gone = town.open(project="丙", parcels=town.parcels("c", DK3=ground(0, 500, 20, 600)))
    town.done("withdraw", gone, "--reason", "申请人撤回", on="2026-03-03", by="lead")
    quiet = command("recheck", town.library, "--open")
    assert (quiet.code, [case["turned"] for case in quiet.json["cases"]]) == (0, [[], []])
    assert [case["case"] for case in quiet.json["cases"]] == [on_farm, in_river]
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")  # the farm is elsewhere now
    town.layer("RIVER", ground(0, 0, 30, 300), label="新")  # and the river is longer
    before, out = log_length(town), tmp_path / "turned.gpkg"
    answer = command("recheck", town.library, "--open", "--out", out)
    assert answer.code == 4
    first, second = answer.json["cases"]
    assert first["turned"] == [{"parcel": "DK1", "from": "prohibited", "to": "consult", "rules": ["farm"]}]
    assert second["turned"] == [{"parcel": "DK2", "from": "clear", "to": "consult", "rules": ["river"]}]
    assert {layer["code"]: layer["to"] for layer in first["layers"]} == {"FARM": "新", "RIVER": "新"}
    assert log_length(town) == before
    rows = gpd.read_file(out, layer="turned")
    assert list(zip(rows["case"], rows["parcel"], rows["to"], strict=True)) == [
        (on_farm, "DK1", "consult"),
        (in_river, "DK2", "consult"),
    ]


def test_a_named_set_of_parcels_is_judged_again(town):
    parcels = town.parcels("set", P1=ground(60, 0, 100, 50), P2=ground(300, 300, 320, 320))
    run = command("check", town.library, parcels, "--pack", town.folder / "town.toml").json["run"]["id"]
    assert command("runs", town.library, run, "--name", "储备地块").code == 0
    assert command("recheck", town.library, "--run", "储备地块").code == 0
    town.layer("FARM", ground(290, 290, 400, 400), label="新")
    answer = command("recheck", town.library, "--run", "储备地块")
    assert answer.code == 4
    turned = {one["parcel"]: (one["from"], one["to"]) for one in answer.json["runs"][0]["turned"]}
    assert turned == {"P1": ("prohibited", "clear"), "P2": ("clear", "prohibited")}
    assert answer.json["cases"] == []


def test_what_cannot_be_judged_again_is_no_quiet_night(town):
    answer = command("recheck", town.library, "--run", "nobody")
    assert (answer.code, answer.json["runs"][0]["problems"][0]["code"]) == (4, "run.unknown")
    assert command("recheck", town.library).code == 2
