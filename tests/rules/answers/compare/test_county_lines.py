"""Two agencies' lines of the same counties as two plans: the areas by type that three engines have measured."""

import csv
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from onemap.tests.rules.command import done

CHINA = Path(__file__).resolve().parents[5] / "shared" / "data" / "china"
DEFINE = "name=county,department=land,library=base,kind=vector,geometry=polygon,key=district_adcode"
CITIES = ("130100",)  # the other city's lines agree as well, and take as long

pytestmark = pytest.mark.skipif(not CHINA.is_dir(), reason="the real counties do not lie beside the project")


@pytest.mark.slow
@pytest.mark.parametrize("city", CITIES)
def test_the_types_have_the_areas_of_the_truth(city, tmp_path):
    source, library, out = CHINA / f"counties_{city}_epsg4547.gpkg", tmp_path / "l.gpkg", tmp_path / "o.gpkg"
    with (CHINA / f"truth_amap_x_tianditu_{city}_epsg4547.csv").open(encoding="utf-8-sig") as file:
        truth = list(csv.DictReader(file))
    codes = sorted({row["amap_adcode"] for row in truth} | {row["tianditu_adcode"] for row in truth})
    built, other = codes[::2], codes[1::2]
    sides = "".join(
        f'[{side}]\nfield = "district_adcode"\nconstruction = {built}\nother = {other}\n'.replace("'", '"')
        for side in "ab"
    )
    matrix = tmp_path / "m.toml"
    matrix.write_text(f'title = "t"\ndiffer_at = 6\n{sides}', encoding="utf-8")
    done("new", library, "--crs", "EPSG:4547")
    shapes = []
    for layer in ("amap", "tianditu"):
        done(
            "add",
            library,
            source,
            "--layer",
            layer,
            "--as",
            layer.upper(),
            "--define",
            DEFINE,
            "--covers",
            "extent",
            "--repair",
        )
        shapes.append(gpd.read_file(source, layer=layer).geometry.make_valid().to_numpy())
    limits = ("--min-area", "0", "--min-width", "0")
    answer = done("compare", library, "AMAP", "TIANDITU", "--matrix", matrix, "--out", out, *limits)
    expected: dict[str, float] = {}
    for row in truth:
        a, b = row["amap_adcode"], row["tianditu_adcode"]
        uses = (a in built, b in built)
        kind = {(False, False): "01", (True, False): "03", (False, True): "04"}.get(uses, "02" if a == b else "05")
        expected[kind] = expected.get(kind, 0.0) + float(row["area_geos_m2"])
    spots = gpd.read_file(out, layer="spots")
    found = spots.groupby("type")["area_m2"].sum()
    lost = sum(side["area_m2"] for side in answer.json["overlap"].values())
    for kind, area in expected.items():
        # Where an agency's own counties overlap, the truth counts the ground twice.
        assert found[kind] == pytest.approx(area, abs=lost + 0.05 * len(truth)), kind
    extents = [shapely.box(*shapely.total_bounds(side)) for side in shapes]
    whole = shapely.union_all([*shapes[0], *shapes[1]]) & extents[0] & extents[1]
    assert answer.json["area_m2"] == pytest.approx(whole.area, rel=1e-9)
    assert sum(row["area_m2"] for row in answer.json["matrix"]) == pytest.approx(answer.json["area_m2"], rel=1e-9)
