"""The sample city: a town that looks like one, files with their traps, and the tool held to answers worked by hand."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from onemap.resources.sample_city import FEWEST_PARCELS, MOST_PARCELS, make

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "resources" / "sample_city"
ANSWERS = tomllib.loads((PLACE / "answers.toml").read_text(encoding="utf-8"))
PACKS = {"sample-city": PLACE / "local-pack.toml"}
COMMON_RULES = tomllib.loads((ROOT / "resources" / "packs" / "city-preliminary.toml").read_text("utf-8"))["rule"]
ASKS_FOR_THE_PROJECT = {rule["id"] for rule in COMMON_RULES if "when" in rule}
CORNER = np.array([543_000.0, 4_212_000.0])
COUNT = 600  # enough for every kind of parcel; the planted ones are the same in any number


def read(folder: Path, entry: dict[str, Any]) -> geopandas.GeoDataFrame:
    """One delivered layer with the catalogue's field names, in the city's coordinate system."""
    encoding = "GBK" if entry["file"].endswith(".shp") else None
    layer = geopandas.read_file(
        folder / entry["file"], layer=entry["options"].get("layer"), encoding=encoding, engine="pyogrio"
    )
    theirs = {source: target for target, source in entry["options"].get("fields", {}).items()}
    assert set(theirs) <= set(layer.columns), entry
    return layer.rename(columns=theirs).to_crs("EPSG:4547")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city")
    make(folder, parcels=COUNT)
    return folder


@pytest.fixture(scope="module")
def entries(city: Path) -> list[dict[str, Any]]:
    return json.loads((city / "layers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def layers(city: Path, entries: list[dict[str, Any]]) -> dict[str, geopandas.GeoDataFrame]:
    """Every delivered layer by its code; versions of one layer by code and label."""
    return {
        " ".join([entry["code"], *([entry["options"]["label"]] if entry["code"] == "STBHHX" else [])]): read(
            city, entry
        )
        for entry in entries
    }


@pytest.fixture(scope="module")
def parcels(city: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_file(city / "parcels.gpkg", layer="parcels", engine="pyogrio")


@pytest.fixture(scope="module")
def catalogue() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "resources" / "catalogue").glob("layers-*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found


# ---- The town ----


def test_one_seed_makes_one_town(city, entries, tmp_path):
    make(tmp_path, parcels=COUNT)
    for name in ("layers.json", "city.json", "redline.txt"):
        assert (tmp_path / name).read_bytes() == (city / name).read_bytes()
    for entry in [*entries, {"file": "parcels.gpkg", "options": {}}, {"file": "district.gpkg", "options": {}}]:
        one, other = read(city, entry), read(tmp_path, entry)
        assert (shapely.to_wkb(one.geometry) == shapely.to_wkb(other.geometry)).all(), entry["file"]
        assert one.drop(columns="geometry").equals(other.drop(columns="geometry")), entry["file"]


def test_another_seed_makes_another_town_with_the_same_planted_parcels(parcels, tmp_path):
    make(tmp_path, seed=7, parcels=FEWEST_PARCELS)
    other = geopandas.read_file(tmp_path / "parcels.gpkg", engine="pyogrio")
    assert len(other) == FEWEST_PARCELS
    assert not shapely.equals_exact(other.geometry[0], parcels.geometry[0])
    mine, theirs = (each[each["DKBH"] > "DK90000"].reset_index(drop=True) for each in (parcels, other))
    assert len(mine) == len(ANSWERS["verdicts"])
    assert mine.drop(columns="geometry").equals(theirs.drop(columns="geometry"))
    assert shapely.equals_exact(mine.geometry.to_numpy(), theirs.geometry.to_numpy()).all()


@pytest.mark.parametrize("number", [FEWEST_PARCELS - 1, MOST_PARCELS + 1])
def test_a_town_without_room_for_its_parcels_is_refused(number, tmp_path):
    with pytest.raises(ValueError, match="parcels must be from"):
        make(tmp_path / "town", parcels=number)
    assert not (tmp_path / "town").exists()


def test_parcels_are_valid_apart_and_named(parcels):
    ground = parcels.geometry.to_numpy()
    assert len(parcels) == COUNT
    assert parcels["DKBH"].is_unique
    assert list(parcels.columns) == ["DKBH", "DKMC", "YDXZ", "XMMC", "XMLX", "geometry"]
    assert shapely.is_valid(ground).all()
    one, other = shapely.STRtree(ground).query(ground, predicate="intersects")
    shared = shapely.area(shapely.intersection(ground[one[one < other]], ground[other[one < other]]))
    assert shared.max() == 0.0


def test_parcels_are_of_many_sizes_some_in_parts_some_with_courts(parcels):
    grown = parcels[parcels["DKBH"] < "DK90000"].geometry.to_numpy()
    area_m2 = np.sort(shapely.area(grown))
    assert area_m2[-len(area_m2) // 20] > 8 * area_m2[len(area_m2) // 20]
    assert (shapely.get_num_geometries(grown) > 1).sum() >= 2
    assert (shapely.get_num_interior_rings(shapely.get_parts(grown)) > 0).sum() >= 2
    corners = shapely.get_num_coordinates(grown)
    assert np.mean(corners > 5) > 0.5  # bent streets and cut corners, not a chequered board


def test_layers_come_from_eight_departments_with_the_catalogues_codes_and_fields(layers, entries, catalogue):
    assert len({entry["code"] for entry in entries}) >= 10
    assert len({catalogue[entry["code"]]["department"] for entry in entries}) >= 8
    for name, layer in layers.items():
        definition = catalogue[name.split()[0]]
        known = {field["name"]: field.get("values") for field in definition["fields"]}
        assert set(layer.columns) - {"geometry"} <= set(known), name
        assert layer[definition["key"]].is_unique, name
        assert layer.geometry.is_valid.all(), name
        assert set(layer.geom_type.str.removeprefix("Multi")) <= {"Polygon", "LineString"}, name
        for field, values in known.items():
            if values and field in layer:
                assert set(layer[field].dropna()) <= set(values), (name, field)


def test_land_cover_and_land_use_plan_fill_the_district_without_gap_or_overlap(city, layers):
    district = geopandas.read_file(city / "district.gpkg", engine="pyogrio").geometry.item()
    for code in ("DLTB", "TDGHDL", "JSYDGZQ"):
        ground = shapely.get_parts(layers[code].geometry.to_numpy())
        assert shapely.coverage_is_valid(ground)
        assert shapely.area(ground).sum() == pytest.approx(district.area, abs=1.0)


def test_two_plans_disagree_where_the_answers_say(layers):
    clean = shapely.box(*(CORNER + (-150, -150)), *(CORNER + (850, 1200)))
    plan_a, plan_b = layers["TDGHDL"], layers["KGDK"]
    plan_a, plan_b = plan_a[plan_a.intersects(clean)], plan_b[plan_b.intersects(clean)]
    both = geopandas.overlay(plan_a, plan_b, how="intersection", keep_geom_type=True)
    both = both[both.representative_point().within(clean)]
    area_m2 = both.geometry.area.groupby([both["GHDLDM"], both["YDXZDM"]]).sum()
    for answer in ANSWERS["difference"]:
        assert area_m2[answer["use_a"], answer["use_b"]] == pytest.approx(answer["area_m2"], abs=0.001)


# ---- The files and their traps ----


def test_shapefiles_are_gbk_and_do_not_say_so(city):
    shapefiles = sorted(city.rglob("*.shp"))
    assert len(shapefiles) >= 5
    for path in shapefiles:
        assert not path.with_suffix(".cpg").exists()
        table = path.with_suffix(".dbf").read_bytes()
        assert table[29] == 0
        assert path.with_suffix(".prj").read_text("ascii").startswith('PROJCS["CGCS2000_3_Degree_GK_CM_114E"')
    table = (city / "环保" / "生态保护红线2023.dbf").read_bytes()
    assert "西岭水源涵养生态保护红线".encode("gbk") in table
    assert "红线名称".encode("gbk") in table[:512]
    with pytest.raises(UnicodeDecodeError):
        table.decode("utf-8")


def test_the_geodatabase_has_chinese_layers_and_fields(city):
    path = city / "国土" / "国土空间数据.gdb"
    assert {"地类图斑", "永久基本农田图斑", "土地规划地类"} <= set(pyogrio.list_layers(path)[:, 0])
    fields = pyogrio.read_info(path, layer="地类图斑")["fields"]
    assert {"标识码", "地类编码", "权属性质"} <= set(fields)


def test_the_red_line_text_is_as_surveyors_write_it(city, parcels):
    content = (city / "redline.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert content.count(b"\n") == content.count(b"\r\n") == content.count(b"\r")
    lines = content.decode("gb18030").split("\r\n")
    assert {"带号=38", "几度分带=3", "坐标系=2000国家大地坐标系"} <= set(lines)
    assert sum(line.endswith(",@") for line in lines) == 5
    points = [line.split(",") for line in lines if line.startswith("J")]
    assert {point[1] for point in points} == {"1", "2"}  # one of them has a court
    assert all(point[3].startswith("38543") and point[2].startswith("4212") for point in points)


def test_geojson_is_in_degrees_fine_enough_for_a_tenth_of_a_millimetre(city):
    plain = json.loads((city / "林业" / "自然保护地.geojson").read_text(encoding="utf-8"))
    declared = json.loads((city / "水利" / "蓄滞洪区.geojson").read_text(encoding="utf-8"))
    assert "crs" not in plain
    assert declared["crs"]["properties"]["name"].endswith("EPSG::4490")
    for content in (plain, declared):
        east, north = content["features"][0]["geometry"]["coordinates"][0][0][:2]
        assert 114.4 < east < 114.6
        assert 38.0 < north < 38.1
    here = geopandas.read_file(city / "水利" / "蓄滞洪区.geojson", engine="pyogrio").to_crs("EPSG:4547")
    coordinates = shapely.get_coordinates(here.geometry.to_numpy())
    assert np.abs(coordinates - np.round(coordinates, 3)).max() < 0.0001


def test_planted_coordinates_survive_their_formats(layers):
    planted = {
        "YJJBNTTB": (470, 20, 530, 60),
        "STBHHX 2023": (100, 450, 200, 550),
        "YYSSYBHQ": (100, 150, 160, 210),
        "WWBHFW": (-120, 0, -80, 40),
    }
    for name, (west, south, east, north) in planted.items():
        wanted = shapely.box(*(CORNER + (west, south)), *(CORNER + (east, north)))
        found = shapely.get_parts(layers[name].geometry.to_numpy())
        assert shapely.equals_exact(shapely.normalize(found), shapely.normalize(wanted), tolerance=0.0).sum() == 1, name


# ---- The tool held to the answers ----


def run(*arguments: object) -> dict[str, Any]:
    """One verb through the real command line; its JSON."""
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), *map(str, arguments)]
    done = subprocess.run(  # noqa: S603
        [*command, "--json", "--lang", "en"], capture_output=True, env={**os.environ, "PYTHONPATH": ""}, timeout=300
    )
    assert done.returncode == 0, done.stdout.decode("utf-8") + done.stderr.decode("utf-8")
    return json.loads(done.stdout.decode("utf-8"))


@pytest.fixture(scope="module")
def library(city: Path, entries: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with every layer of the city, added one after another as layers.json says."""
    path = tmp_path_factory.mktemp("library") / "city.gpkg"
    about = json.loads((city / "city.json").read_text(encoding="utf-8"))
    run("new", path, "--crs", about["crs"], "--district", city / about["district"])
    for entry in entries:
        options: list[object] = []
        for name, value in entry["options"].items():
            if name == "fields":
                value = ",".join(f"{target}={source}" for target, source in value.items())
            options += [f"--{name.replace('_', '-')}", city / value if name == "covers" else value]
        added = run("add", path, city / entry["file"], "--as", entry["code"], *options)
        assert added["repaired"] == 0
    return path


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
            answer = run("check", library, city / parcels, "--as-of", as_of, "--out", out, *options)
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
    # The text has no field for the kind of project: rules that ask for it apply to all of its parcels.
    asking = text["rule"].isin(ASKS_FOR_THE_PROJECT)
    assert set(text["verdict"][asking]) == {"notice"}
    text = text[~asking].reset_index(drop=True)
    whole = whole[~whole["rule"].isin(ASKS_FOR_THE_PROJECT)]
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
