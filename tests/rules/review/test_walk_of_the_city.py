"""A case of the sample city from its first day to its statement, over National Day and a worked Saturday, by hand."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import pytest

from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import opinion

WANTED = {"YJJBNTTB": "2022", "STBHHX": "2023"}  # the red line of 2025 comes while the case is under way


@pytest.fixture(scope="module")
def city(sample_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city's files, and a library with the farmland and the red line of 2023."""
    folder = tmp_path_factory.mktemp("city")
    shutil.copytree(sample_city, folder, dirs_exist_ok=True)
    done("new", folder / "city.gpkg", "--crs", "EPSG:4547", "--district", folder / "district.gpkg", "--rehearsal")
    for entry in json.loads((folder / "layers.json").read_text(encoding="utf-8")):
        if WANTED.get(entry["code"]) == entry["options"].get("label"):
            add(folder, entry, valid_to=None)
    return folder


def add(folder: Path, entry: dict, **changes) -> None:
    """Add a delivered layer as in its list, with changes."""
    given = []
    for name, value in {**entry["options"], **changes}.items():
        if isinstance(value, dict):
            value = ",".join(f"{target}={source}" for target, source in value.items())
        given += [f"--{name.replace('_', '-')}", value] if value is not None else []
    done("add", folder / "city.gpkg", folder / entry["file"], "--as", entry["code"], *given)


@pytest.mark.slow
def test_a_case_goes_its_way_over_the_holidays(city):
    library = city / "city.gpkg"
    parcels = gpd.read_file(city / "parcels.gpkg")
    sites = {}
    for name in ("DK90001", "DK90006"):
        sites[name] = city / f"{name}.gpkg"
        parcels[parcels["DKBH"].eq(name)].to_file(sites[name], layer="site")

    opened = done(
        *("review", "open", library, sites["DK90001"], "--project", "城北第三小学"),
        *("--on", "2026-09-24", "--by", "lead", "--id", "DKBH"),
    ).json
    case = opened["case"]
    land = opinion(opened, "land")
    # 4300 m² of the farmland by hand (answers.toml); documents print the ellipsoid's hectares.
    assert (land["conclusion"], opened["verdicts"]["prohibited"]) == ("disagree", 1)
    assert "0.4300 ha of the site are permanent basic farmland" in land["text"]
    assert "第三十五条" in land["basis"]
    assert opened["proposal"] is None  # nobody has signed
    # What no machine looked at is asked, and not said.
    asked = {(item["department"], item["title"], item["reason"]) for item in opened["checklist"]}
    titles = {department: [title for one, title, _ in asked if one == department] for department, _, _ in asked}
    assert ("land", "To be checked: Over proven mineral resources", "layer_missing") in asked
    assert "mineral" not in land["text"] and "KCZY" not in land["text"]
    # What is asked only after a finding, and of a layer that nobody has only once.
    key_project = "Whether it is a national key project that cannot avoid permanent farmland"
    assert any(title.startswith(key_project) for title in titles["land"])
    assert not any("Discharges, outfalls" in title for title in titles["environment"])
    cables = [title for title in titles["reform"] if "cable" in title]
    assert cables == ["To be checked: In an underground cable protection area"]

    def step(verb, *arguments, on, by="head"):
        answer = command("review", verb, library, case, *arguments, "--on", on, "--by", by)
        return answer.json if answer.code == 0 else answer.codes

    # Friday 25 September is Mid-Autumn; 28, 29, 30; National Day 1–7 October; 8 and 9 October.
    assert opinion(step("circulate", on="2026-09-24", by="lead"), "land")["due"] == "2026-10-09"
    more = ("--conclusion", "supplement", "--text", "请补充避让方案。")
    assert opinion(step("opine", "land", *more, on="2026-09-28", by="clerk"), "land")["due"] is None
    step("sign", "land", on="2026-09-29")
    moved = step("revise", sites["DK90006"], "--reason", "避让基本农田", on="2026-09-30", by="lead")
    # 8, 9, Saturday the 10th is worked, 12, 13.
    assert [moved["round"], opinion(moved, "land")["due"]] == [2, "2026-10-13"]
    assert opinion(moved["rounds"][0], "land")["text"] == "请补充避让方案。"
    assert opinion(moved, "land")["conclusion"] != "disagree"

    for one in moved["opinions"]:
        if one["routed"] and one["conclusion"] != "open":
            step("sign", one["department"], "--unanswered", "另行核实", on="2026-10-08")
    later = next(
        entry
        for entry in json.loads((city / "layers.json").read_text(encoding="utf-8"))
        if entry["options"].get("label") == "2025"
        if entry["code"] == "STBHHX"
    )
    add(city, later, valid_from="2026-10-09")
    assert step("consolidate", on="2026-10-09", by="lead") == ["review.unsigned", "review.stale"]
    changes = step("recheck", on="2026-10-09")["changes"]
    assert {layer["code"]: (layer["from"], layer["to"]) for layer in changes["layers"]} == {"STBHHX": ("2023", "2025")}

    again = step("revise", sites["DK90006"], on="2026-10-09", by="lead")
    # Saturday the 10th, 12, 13, 14, 15.
    assert [again["round"], opinion(again, "land")["due"]] == [3, "2026-10-15"]
    asked = [one for one in again["opinions"] if one["routed"]]
    # Layers that every city has and this library lacks leave ground that nobody could judge: people must choose.
    still_open = [one["department"] for one in asked if one["conclusion"] == "open"]
    assert step("sign", still_open[0], on="2026-10-10") == ["review.open"]
    for department in still_open:
        words = ("--conclusion", "conditional", "--text", "缺少的图层已人工核实，按意见办理。")
        step("opine", department, *words, on="2026-10-10", by="clerk")
    for one in asked:
        step("sign", one["department"], "--unanswered", "另行核实", on="2026-10-10")
    decided = step("consolidate", on="2026-10-12", by="lead")
    assert (decided["state"], decided["conclusion"]) == ("consolidated", "conditional")
    issued = step("issue", on="2026-10-12", by="lead")
    assert (issued["state"], issued["document"], issued["conclusion"]) == ("issued", "演练〔2026〕1号", "conditional")
    assert done("verify", library).json["problems"] == []
