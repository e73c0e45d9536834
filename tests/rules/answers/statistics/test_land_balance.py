"""The sample city's land-use balance, compared with geopandas' overlay and dissolve."""

import json
from pathlib import Path

import geopandas as gpd
import pytest

pytestmark = pytest.mark.slow  # the city takes its time to make


@pytest.fixture(scope="module")
def city(sample_city: Path) -> Path:
    return sample_city


def test_the_district_closes_to_the_square_centimetre_and_geopandas_agrees(city, onemap, tmp_path):
    about = json.loads((city / "city.json").read_text(encoding="utf-8"))
    entries = {entry["code"]: entry for entry in json.loads((city / "layers.json").read_text(encoding="utf-8"))}
    library, district = tmp_path / "city.gpkg", city / about["district"]
    assert onemap("new", library, "--crs", about["crs"], "--district", district).code == 0
    for code in ("DLTB", "XZQ"):
        options = {name: value for name, value in entries[code]["options"].items() if name != "fields"}
        given = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        fields = ",".join(f"{target}={source}" for target, source in entries[code]["options"]["fields"].items())
        given = [city / entries[code]["file"], "--as", code, "--fields", fields, *given]
        onemap("add", library, *given).done()
    found = onemap("statistics", library, "DLTB", "--by", "DLBM", "--within", district).json
    (unit,) = found["units"]
    known = sum(row["area_m2"] for row in found["rows"]) - unit["overlap_m2"]
    assert known + unit["without_feature_m2"] + unit["outside_coverage_m2"] == pytest.approx(unit["area_m2"], abs=0.01)
    assert found["total"]["declared_m2"] == pytest.approx(found["total"]["area_ellipsoidal_m2"], rel=1e-3)
    assert 0 < found["total"]["net_m2"] <= found["total"]["declared_m2"]

    patches = gpd.read_file(library, layer="DLTB__1")
    towns = gpd.read_file(library, layer="XZQ__1")
    parts = gpd.overlay(patches[["DLBM", "geometry"]], towns[["XZQMC", "geometry"]], keep_geom_type=True)
    expected = parts.dissolve(["XZQMC", "DLBM"]).geometry.area
    found = onemap("statistics", library, "DLTB", "--by", "DLBM", "--within", "XZQ", "--unit", "XZQMC").json
    areas = {(row["unit"], row["keys"]["DLBM"]): row["area_m2"] for row in found["rows"]}
    assert len(areas) > 20 and areas == pytest.approx(expected.to_dict(), abs=0.01)
