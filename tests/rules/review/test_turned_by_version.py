"""`onemap changes --open --run`: the verdicts that a new version would turn, and the opinions that rest on them."""

import geopandas as gpd
import pytest

from onemap.tests.rules.command import command
from onemap.tests.rules.review.conftest import ground, log_length


def test_what_a_delivery_would_turn_before_it_is_in_force(town, tmp_path):
    on_farm = town.open(project="甲")
    beside = town.open(project="乙", parcels=town.parcels("b", DK2=ground(300, 300, 320, 320)))
    town.done("circulate", on_farm, on="2026-03-03", by="lead")
    parcels = town.parcels(
        "set", P1=ground(60, 0, 100, 50), P2=ground(290, 300, 320, 320), P3=ground(500, 500, 510, 510)
    )
    run = command("check", town.library, parcels, "--pack", town.folder / "town.toml").json["run"]["id"]
    assert command("runs", town.library, run, "--name", "储备地块").code == 0
    # The farm of next year lies elsewhere; the river, which has a new version too, is not what is asked about.
    town.layer("FARM", ground(290, 290, 400, 400), label="明年", valid_from="2199-01-01")
    town.layer("RIVER", ground(0, 0, 900, 900), label="另一")
    before, out, page = log_length(town), tmp_path / "out.gpkg", tmp_path / "page.html"
    old = command("layers", town.library).json["layers"]
    (first,) = [layer["versions"][0]["label"] for layer in old if layer["code"] == "FARM"]
    wishes = ("--open", "--run", "储备地块", "--out", out, "--page", page)
    answer = command("changes", town.library, "FARM", first, "明年", *wishes)
    assert answer.code == 0, answer.json
    cases = {record["case"]: record for record in answer.json["cases"]}
    assert cases[on_farm]["turned"] == [{"parcel": "DK1", "from": "prohibited", "to": "consult", "rules": ["farm"]}]
    assert cases[beside]["turned"] == [{"parcel": "DK2", "from": "clear", "to": "prohibited", "rules": ["farm"]}]
    (kept,) = answer.json["runs"]
    assert {one["parcel"]: (one["from"], one["to"]) for one in kept["turned"]} == {
        "P1": ("prohibited", "clear"),
        "P2": ("clear", "prohibited"),
    }
    assert (kept["rests_on"], kept["departments"], kept["problems"]) == (first, ["land"], [])
    # The land department's draft rests on the farm, and would be another; the water bureau's rests on the river.
    opinions = {one["department"]: one for one in cases[on_farm]["opinions"]}
    assert set(opinions) == {"land"}
    land = opinions["land"]
    assert (land["state"], land["from"]["conclusion"]) == ("drafted", land["conclusion"])
    assert land["to"]["conclusion"] != land["from"]["conclusion"]
    rows = gpd.read_file(out, layer="opinions")
    assert sorted(zip(rows["case"], rows["department"], strict=True)) == sorted([(on_farm, "land"), (beside, "land")])
    assert len(gpd.read_file(out, layer="turned")) == 4
    text = page.read_text(encoding="utf-8")
    assert all(part in text for part in ("甲", "乙", "储备地块", "DK1", "prohibited", "明年"))
    rule = answer.json["titles"]["rules"]["farm"]
    assert rule != "farm" and f">{rule}<" in text and ">farm<" not in text, "rules by their titles"
    assert log_length(town) == before


def test_a_run_that_rests_on_another_version_or_none_says_so(town):
    parcels = town.parcels("set", P1=ground(60, 0, 100, 50))
    run = command("check", town.library, parcels, "--pack", town.folder / "town.toml").json["run"]["id"]
    town.layer("FARM", ground(5000, 0, 5100, 100), label="二")
    town.layer("FARM", ground(6000, 0, 6100, 100), label="三")
    (record,) = command("changes", town.library, "FARM", "二", "三", "--run", run).json["runs"]
    assert [one["code"] for one in record["problems"]] == ["changes.rests"]
    assert [(one["from"], one["to"]) for one in record["turned"]] == [("prohibited", "clear")]
    # A layer that no rule asks for turns nothing, and needs no check to say so.
    town.layer("POND", ground(0, 0, 10, 10), label="一")
    town.layer("POND", ground(0, 0, 20, 20), label="二")
    (record,) = command("changes", town.library, "POND", "一", "二", "--run", run).json["runs"]
    assert (record["turned"], record["rests_on"], record["problems"]) == ([], None, [])


@pytest.mark.slow
def test_it_says_so_in_words(town, terminal):
    case = town.open(project="甲")
    town.layer("FARM", ground(5000, 0, 5100, 100), label="新")
    label = next(one for one in command("layers", town.library).json["layers"] if one["code"] == "FARM")
    first = next(one["label"] for one in label["versions"] if one["label"] != "新")
    outcome = terminal("changes", town.library, "FARM", first, "新", "--open", "--lang", "zh", "--progress", "none")
    text = outcome.stdout.decode()
    assert outcome.returncode == 0 and case in text
    assert "DK1：禁止 → 征求意见（占用农田）" in text and "自然资源" in text
