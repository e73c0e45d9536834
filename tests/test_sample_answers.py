"""The sample city as a library: every department, library and kind of data, and answers worked out by hand."""

import json
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import pytest

from onemap.tests.rules.command import done

pytestmark = pytest.mark.slow  # what they share takes long to make

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "resources" / "sample_city"
CATALOGUE = ROOT / "resources" / "catalogue"
ANSWERS = tomllib.loads((PLACE / "answers.toml").read_text(encoding="utf-8"))
PACKS = {"sample-city": PLACE / "local-pack.toml"}
COMMON_RULES = tomllib.loads((ROOT / "resources" / "packs" / "city-preliminary.toml").read_text("utf-8"))["rule"]
ASKS_THE_SILENT = {rule["id"] for rule in COMMON_RULES if rule.get("silent")}


@pytest.fixture(scope="module")
def city(sample_city: Path) -> Path:
    return sample_city


@pytest.fixture(scope="module")
def entries(city: Path) -> list[dict[str, Any]]:
    return json.loads((city / "layers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def library(sample_library: Path) -> Path:
    return sample_library


def test_the_library_holds_something_of_every_department_library_and_kind(library):
    listed = done("layers", library, "--as-of", ANSWERS["as_of"]).json["layers"]
    filled = [layer for layer in listed if any(version["in_force"] for version in layer["versions"])]
    every = {
        subject: set(tomllib.loads((CATALOGUE / f"{file}.toml").read_text("utf-8")))
        for subject, file in (("department", "departments"), ("library", "libraries"), ("kind", "kinds"))
    }
    assert {subject: len(names) for subject, names in every.items()} == {"department": 10, "library": 6, "kind": 8}
    for subject, names in every.items():
        assert {layer[subject] for layer in filled} == names, subject


def test_every_layer_is_added_whole_with_its_key(library, entries):
    catalogue: dict[str, dict[str, Any]] = {}
    for path in sorted(CATALOGUE.glob("layers-*.toml")):
        catalogue |= tomllib.loads(path.read_text(encoding="utf-8"))
    with closing(sqlite3.connect(f"file:{library}?mode=ro", uri=True)) as connection:
        for entry in entries:
            table = f'"{entry["code"]}__1"'
            count, *_ = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert count > 0, entry["code"]
            key = catalogue[entry["code"]].get("key")
            if key:
                query = f'SELECT count(DISTINCT "{key}") FROM {table}'
                assert connection.execute(query).fetchone() == (count,), entry["code"]


def test_points_and_sheets_lie_where_the_town_lies(library, city):
    district = geopandas.read_file(city / "district.gpkg", engine="pyogrio").geometry.item()
    for code, fewest in (("DMDZ", 40), ("WLWJD", 62), ("ZDXM", 10), ("YSYJ", 24), ("CSGXFW", 3), ("YJGH", 4)):
        layer = geopandas.read_file(library, layer=f"{code}__1", engine="pyogrio")
        assert len(layer) >= fewest, code
        assert layer.within(district.buffer(30.0)).all(), code


Tables = dict[str, geopandas.GeoDataFrame]


@pytest.fixture(scope="module")
def check(city: Path, library: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Tables]:
    """Checks by date, pack and parcels, each run once."""
    folder, made = tmp_path_factory.mktemp("checks"), {}

    def tables(as_of: str = ANSWERS["as_of"], pack: str = ANSWERS["pack"], parcels: str = "parcels.gpkg") -> Tables:
        key = (as_of, pack, parcels)
        if key not in made:
            out = folder / f"{len(made)}.gpkg"
            options = ["--pack", PACKS[pack]] if pack in PACKS else []
            answer = done("check", library, city / parcels, "--as-of", as_of, "--out", out, *options).json
            assert answer["run"]["packs"][0]["id"] == pack
            made[key] = {
                name: geopandas.read_file(out, layer=name, engine="pyogrio") for name in ("parcels", "findings")
            }
        return made[key]

    return tables


def title(answer: dict[str, Any]) -> str:
    return " ".join([answer["parcel"], answer["rule"], answer.get("as_of", "")]).strip()


@pytest.mark.parametrize("answer", ANSWERS["answer"], ids=title)
def test_the_tool_finds_the_answer_worked_by_hand(answer, check):
    found = check(answer.get("as_of", ANSWERS["as_of"]), answer.get("pack", ANSWERS["pack"]))["findings"]
    found = found[(found["parcel"] == answer["parcel"]) & (found["rule"] == answer["rule"])]
    if answer["verdict"] == "clear":
        assert not found["counted"].any()
        return
    found = found[found["verdict"] == answer["verdict"]]
    assert len(found) == 1
    row = found.iloc[0]
    assert bool(row["counted"]) == answer.get("counted", True)
    for column in ("area_m2", "counted_area_m2", "distance_m"):
        if column in answer:
            assert row[column] == pytest.approx(answer[column], abs=ANSWERS["tolerance_m2"]), column
    if "features" in answer:
        assert row["features"] == answer["features"]
    if "reason" in answer:
        assert row["reason"] == answer["reason"]


def test_planted_parcels_meet_nothing_but_their_answers(check):
    found = check()["findings"]
    found = found[found["counted"] & found["parcel"].isin(ANSWERS["verdicts"])]
    expected = {
        (answer["parcel"], answer["rule"], answer["verdict"])
        for answer in ANSWERS["answer"]
        if "as_of" not in answer
        and "pack" not in answer
        and answer["verdict"] != "clear"
        and answer.get("counted", True)
    }
    assert set(zip(found["parcel"], found["rule"], found["verdict"], strict=True)) == expected


def test_planted_parcels_have_the_verdicts_worked_by_hand(check):
    found = check()["parcels"].set_index("parcel")["verdict"]
    assert {parcel: found[parcel] for parcel in ANSWERS["verdicts"]} == ANSWERS["verdicts"]


def test_the_red_line_text_gives_what_the_geopackage_gives(check):
    columns = ["parcel", "rule", "verdict", "counted"]
    text, whole = check(parcels="redline.txt")["findings"], check()["findings"]
    # The text says nothing of the projects: what asks the silent tells them all, and the rest names what is missing.
    asking = text["rule"].isin(ASKS_THE_SILENT)
    assert set(text["verdict"][asking]) == {"notice"}
    text = text[~asking].reset_index(drop=True)
    assert set(text["reason"][text["rule"] == "boundary.urban"]) == {"no_fact"}
    whole = whole[~whole["rule"].isin(ASKS_THE_SILENT)]
    whole = whole[whole["parcel"].isin(text["parcel"])].reset_index(drop=True)
    assert text["parcel"].nunique() == 5
    assert text[columns].equals(whole[columns])
    assert list(text["features"]) == list(whole["features"])
    assert text["area_m2"].to_numpy() == pytest.approx(whole["area_m2"].to_numpy(), abs=0.001)


def test_ordinary_parcels_meet_what_a_town_meets_and_some_ground_is_unknown(check):
    found = check()["findings"]
    ordinary = found[found["counted"] & (found["parcel"] < "DK90000")]
    assert ordinary["rule"].nunique() >= 15
    assert set(ordinary["verdict"]) == {"prohibited", "restricted", "unknown", "consult", "notice"}
    assert "outside_coverage" in set(ordinary["reason"])
    verdicts = check()["parcels"]["verdict"].value_counts()
    assert verdicts["clear"] > len(ordinary["parcel"].unique()) / 4
