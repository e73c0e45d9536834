"""The sample city's two plans: exactly the planted differences are found, with areas worked out by hand."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest

from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import done

pytestmark = pytest.mark.slow  # what they share takes long to make

PLANS = ("TDGHDL", "KGDK")
ANSWERS = tomllib.loads((ROOT / "resources" / "sample_city" / "answers.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def city(sample_city, tmp_path_factory) -> Iterator[Path]:
    folder, made = sample_city, tmp_path_factory.mktemp("city")
    library = made / "city.gpkg"
    done("new", library, "--crs", "EPSG:4547", "--district", folder / "district.gpkg")
    for layer in json.loads((folder / "layers.json").read_text(encoding="utf-8")):
        if layer["code"] in PLANS:
            given = []
            for name, value in layer["options"].items():
                text = ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else value
                given.append(f"--{name.replace('_', '-')}" if value is True else f"--{name.replace('_', '-')}={text}")
            done("add", library, folder / layer["file"], "--as", layer["code"], *given)
    out = made / "out.gpkg"
    done("compare", library, *PLANS, "--out", out)
    return out


def test_the_planted_differences_are_found_with_their_areas(city):
    spots = gpd.read_file(city, layer="spots")
    found = sorted((row.class_a, row.class_b, round(row.area_m2, 3)) for row in spots[spots["conflict"]].itertuples())
    works, line, park, villages = ((item["use_a"], item["use_b"], item["area_m2"]) for item in ANSWERS["difference"])
    # The park has two names that go together, building land in both: no conflict.
    assert found == sorted([works, line, *[(*villages[:2], villages[2] / 3)] * 3])
    assert park[2] == 6000.0 and park[:2] not in {pair[:2] for pair in found}
    assert spots[spots["conflict"]].groupby("type").size().to_dict() == {"04": 2, "05": 3}


def test_the_line_that_moved_the_renamed_class_and_the_works_on_farmland_have_their_causes(city):
    rows = gpd.read_file(city, layer="clusters").set_index("cause")
    renamed = rows.loc["classification"]
    assert renamed[["spots", "types", "class_a", "class_b"]].tolist() == [3, "05", "2110", "070301"]
    assert renamed["area_m2"] == pytest.approx(6000, abs=0.01)
    assert rows.loc["policy", "area_m2"] == pytest.approx(8000, abs=0.01)
    assert rows.loc["boundary_shift", "area_m2"] == pytest.approx(3300, abs=0.01)
    assert rows.loc["boundary_shift", "shift_north_m"] == pytest.approx(6, abs=0.01)
    assert set(rows.index) <= {"policy", "boundary_shift", "classification", "digitising"}


def test_blocks_on_disk_say_what_memory_says(city, monkeypatch):
    library = city.parent / "city.gpkg"
    monkeypatch.setenv("ONEMAP_BLOCK", "25")
    run = done("compare", library, *PLANS).json["run"]["id"]
    monkeypatch.delenv("ONEMAP_BLOCK")
    assert done("verify", library, "--run", run).json["problems"] == []
