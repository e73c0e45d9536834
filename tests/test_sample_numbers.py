"""The sample city in numbers, by hand: a land-use balance, indicators and two transitions on clean ground.

All numbers follow by mental arithmetic from the rectangles of planted.py, the same for every seed. Coordinates are
metres east and north of (543 000, 4 212 000); the clean ground is x -150..850, y -150..1200.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.tests.rules.command import done

pytestmark = pytest.mark.slow  # a city is made, and some fourteen of its layers are added

LAYERS = {"DLTB", "YJJBNTTB", "STBHHX", "CZKFBJ", "KGDK", "GL", "TL", "WWBHFW", "LSWHJQ", "ZRBHD", "GBZNT", "DXGX"}
CLEAN = shapely.box(542_850, 4_211_850, 543_850, 4_213_200)
GROUND_M2 = 1000 * 1350
# Irrigated land: 170 × 140, 70 × 100, 40 × 80 and 31 × 30 m. All the rest is rough grass.
IRRIGATED_M2 = 23_800 + 7_000 + 3_200 + 930
GRASS_M2 = GROUND_M2 - IRRIGATED_M2
INDICATORS = {
    "farmland.arable": (IRRIGATED_M2 / 1e4, "ha: the irrigated land, declared as surveyed on the ellipsoid"),
    "farmland.protected": (1.703, "ha: 60 × 40 + 70 × 50 + 70 × 100 + 40 × 80 + 31 × 30 = 17 030 m², each declared"),
    "farmland.protected_arable": (100.0, "%: every protected field lies on irrigated land"),
    "farmland.high_standard": (0.0, "%: nothing was levelled here"),
    "ecology.redline": (0.01, "km²: the red line of 2025 is x 100..200, y 300..400"),
    "town.boundary": (0.66, "km²: x -150..400, y -100..1100, 550 × 1200 m"),
    "plan.detailed": (100.0, "%: the detailed plan fills the boundary there"),
    "built.total": (0.0, "ha: grass and fields only, in the survey"),
    "road.network": (1.995 / 1.35 * 100, "km in 100 km²: 520 + 520 + 240 + 180 + 535 = 1995 m in 1.35 km²"),
    "rail.network": (0.5 / 1.35 * 100, "km in 100 km²: 500 m"),
    "heritage.sites": (1, "the old well"),
    "pipes.length": (0.0, "km: the pipes lie below the town's streets"),
}


@pytest.fixture(scope="module")
def city(sample_city: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of the city's layers, and the clean ground as a file and as a layer of one unit."""
    folder = tmp_path_factory.mktemp("city")
    shutil.copytree(sample_city, folder, dirs_exist_ok=True)
    library = folder / "city.gpkg"
    done("new", library, "--crs=EPSG:4547", "--district", folder / "district.gpkg")
    for entry in json.loads((folder / "layers.json").read_text(encoding="utf-8")):
        if entry["code"] in LAYERS:
            options = dict(entry["options"])
            fields = ",".join(f"{target}={source}" for target, source in options.pop("fields", {}).items())
            given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
            given += [f"--fields={fields}"] if fields else []
            done("add", library, folder / entry["file"], "--as", entry["code"], *given)
    gpd.GeoDataFrame({"KEY": ["clean"]}, geometry=[CLEAN], crs="EPSG:4547").to_file(folder / "clean.gpkg")
    define = "name=x,department=land,library=department,kind=vector,geometry=polygon,key=KEY"
    done("add", library, folder / "clean.gpkg", "--as=CLEAN", "--covers=extent", "--define", define)
    return folder


def became(answer: Any, field: str, measure: str) -> dict[tuple[str | None, str | None], float]:
    """The transitions between values of a field; None where a version has nothing."""
    sides = [[(row[side] or {}).get(field) for side in ("from", "to")] for row in answer["rows"]]
    return {(before, after): row[measure] for (before, after), row in zip(sides, answer["rows"], strict=True)}


def test_the_land_use_balance_closes_to_the_hectares_worked_by_hand(city):
    answer = done("statistics", city / "city.gpkg", "DLTB", "--by=DLBM", "--within", city / "clean.gpkg").json
    found = {row["keys"]["DLBM"]: row["area_m2"] for row in answer["rows"]}
    assert found == pytest.approx({"0102": IRRIGATED_M2, "0404": GRASS_M2}, abs=0.01)
    assert answer["total"]["area_m2"] == pytest.approx(GROUND_M2, abs=0.01)
    assert answer["total"]["without_feature_m2"] == answer["total"]["outside_coverage_m2"] == pytest.approx(0, abs=0.01)


def test_a_dozen_indicators_are_those_worked_by_hand(city):
    asked = ["--unit=CLEAN", f"--only={','.join(INDICATORS)}", "--as-of=2026-06-30", "--unrecorded"]
    found = {row["id"]: row["value"] for row in done("indicators", city / "city.gpkg", *asked).json["indicators"]}
    assert found.keys() == INDICATORS.keys()
    # East of the meridian the plane is wider than the ellipsoid, by 43 350² / 6 371 000², or 46 in a million.
    for name, (value, why) in INDICATORS.items():
        assert found[name] == pytest.approx(value, rel=6e-5, abs=1e-9), why


def test_the_red_line_moved_by_a_hectare_between_its_two_versions(city):
    """It was x 100..200, y 450..550, and is x 100..200, y 300..400: a hectare left, and as much came in."""
    asked = ["STBHHX@2023", "STBHHX@2025", "--by=LHLX", "--within", city / "clean.gpkg"]
    answer = done("transitions", city / "city.gpkg", *asked).json
    rows = became(answer, "LHLX", "area_m2")
    nothing = rows.pop((None, None), GROUND_M2 - 20_000)
    assert rows == pytest.approx({("水土保持", None): 10_000, (None, "水土保持"): 10_000}, abs=0.01)
    assert nothing == pytest.approx(GROUND_M2 - 20_000, abs=0.01)


def test_what_the_town_grew_on_between_its_two_surveys_is_what_the_patches_declare(city):
    """The surveys have the same patches: what became what adds up from the areas that the files themselves declare."""
    answer = done("transitions", city / "city.gpkg", "DLTB@2020", "DLTB@2023", "--by=DLBM").json
    found = became(answer, "DLBM", "area_ellipsoidal_m2")
    assert found.pop((None, None), 0.0) < 1.0, "the district's border is drawn to the millimetre"
    files = city / "国土"
    before, after = (
        gpd.read_file(files / name, layer="地类图斑").set_index("图斑编号")
        for name in ("国土调查2020.gdb", "国土空间数据.gdb")
    )
    pairs = [before["地类编码"].rename("from"), after["地类编码"].rename("to")]
    expected = after.groupby(pairs)["图斑面积"].sum().to_dict()
    assert found == pytest.approx(expected, rel=1e-5)
    grown = {pair: area for pair, area in expected.items() if pair[0] != pair[1]}
    assert grown and {pair[0] for pair in grown} == {"0102"}, "new blocks were fields"
    assert 20_000 < sum(grown.values()) < 95_000
