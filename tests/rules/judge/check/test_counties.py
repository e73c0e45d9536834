"""Two agencies' boundaries of the same counties: shared ground, planar and ellipsoidal areas as measured by others."""

import csv
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.tests.rules.command import done
from onemap.tests.rules.small_pack import pack_text

CHINA = Path(__file__).resolve().parents[5] / "shared" / "data" / "china"
CITIES = ("130100", "130700")
# Three engines agree on counties of 10⁹ m² to this.
TOLERANCE_M2 = 0.02
# With edges of 50 m, geodesics and the survey rules' lines, straight in latitude and longitude, bound the same ground.
SHORT_M, SHORT_RELATIVE = 50.0, 3e-7
EARTH_M = 6_371_000.0
DEFINE = "name=county,department=land,library=base,kind=vector,geometry=polygon,key=district_adcode"
COUNTY = {"layer": "TIANDITU", "verdict": "notice"}
PACK = pack_text({"id": "meets", **COUNTY}, {"id": "differs", "kind": "within", **COUNTY})

pytestmark = pytest.mark.skipif(not CHINA.is_dir(), reason="the real counties do not lie beside the project")


def rows_of(name: str) -> list[dict[str, str]]:
    with (CHINA / name).open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=CITIES, scope="module")
def county_check(request, tmp_path_factory) -> tuple[str, int, Path]:
    """Amap's counties of a city as parcels on Tianditu's, which speak for their own bounding box."""
    source, folder = CHINA / f"counties_{request.param}_epsg4547.gpkg", tmp_path_factory.mktemp(request.param)
    library, pack, out = folder / "library.gpkg", folder / "pack.toml", folder / "out.gpkg"
    pack.write_text(PACK, encoding="utf-8")
    done("new", library, "--crs", "EPSG:4547")
    layer = ("--layer", "tianditu", "--as", "TIANDITU", "--define", DEFINE, "--covers", "extent")
    added = done("add", library, source, *layer)
    parcels = ("--layer", "amap", "--id", "district_adcode")
    done("check", library, source, *parcels, "--pack", pack, "--out", out)
    return request.param, added.json["features"], out


def test_every_pair_of_counties_shares_the_ground_that_three_engines_measured(county_check):
    city, added, out = county_check
    truth = rows_of(f"truth_amap_x_tianditu_{city}_epsg4547.csv")
    assert len(truth) == {"130100": 120, "130700": 86}[city]
    expected = {(r["amap_adcode"], r["tianditu_adcode"]): float(r["area_geos_m2"]) for r in truth}
    pieces = gpd.read_file(out, layer="overlaps")
    pieces = pieces[pieces.rule == "meets"]
    found = dict(zip(zip(pieces.parcel, pieces.feature, strict=True), pieces.area_m2, strict=True))
    assert set(found) == {pair for pair, area in expected.items() if area >= 1e-6}
    assert max(abs(found[pair] - expected[pair]) for pair in found) < TOLERANCE_M2
    total = {"130100": 14_011_439_336.39, "130700": 36_641_526_811.2}[city]
    assert sum(found.values()) == pytest.approx(total, abs=TOLERANCE_M2 * len(found))
    assert added == {"130100": 22, "130700": 16}[city]


def test_what_is_shared_what_differs_and_what_is_unknown_make_up_each_county(county_check):
    """Counties of one source neither overlap nor leave holes, so the three parts have no ground in common."""
    city, _, out = county_check
    findings = gpd.read_file(out, layer="findings")
    within = findings[(findings.rule == "differs")]
    meets = findings[(findings.rule == "meets") & (findings.verdict != "unknown")]
    sums = meets.set_index("parcel").area_m2.add(within.groupby("parcel").area_m2.sum(), fill_value=0)
    parcels = gpd.read_file(out, layer="parcels").set_index("parcel").area_m2
    assert (sums - parcels).abs().max() < TOLERANCE_M2
    truth = rows_of(f"truth_topology_{city}.csv")
    stated = {row["source"]: float(row["sum_area_m2"]) for row in truth}
    assert parcels.sum() == pytest.approx(stated["amap"], abs=TOLERANCE_M2 * len(parcels))


def between_the_lines_m2(county: shapely.Geometry) -> float:
    """The possible ground between geodesics and lines straight in latitude and longitude: L³ ⁄ 6R for each edge.

    The truth is bounded by geodesics. Some borders run straight for 13 km, and by 40 000 m² apart.
    """
    rings = shapely.get_rings(shapely.get_parts(county))
    edges = np.concatenate([np.hypot(*np.diff(shapely.get_coordinates(ring), axis=0).T) for ring in rings])
    return float((edges**3).sum()) / (6 * EARTH_M) + 1.0


def test_planar_and_ellipsoidal_areas_of_the_counties_are_those_measured(county_check):
    city, _, out = county_check
    truth = {row["adcode"]: row for row in rows_of(f"truth_area_{city}.csv") if row["source"] == "amap"}
    parcels = gpd.read_file(out, layer="parcels").set_index("parcel")
    assert set(parcels.index) == set(truth) and len(truth) == {"130100": 22, "130700": 16}[city]
    for name, county in parcels.iterrows():
        assert county.area_m2 == pytest.approx(float(truth[name]["area_gk_epsg4547_m2"]), abs=TOLERANCE_M2)
        stated = float(truth[name]["area_ellipsoid_GRS80_m2"])
        assert county.area_ellipsoidal_m2 == pytest.approx(stated, abs=between_the_lines_m2(county.geometry))


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize("source", ["tianditu", "amap"])
def test_ellipsoidal_areas_are_those_measured_and_do_not_depend_on_the_plane(city, source):
    plane, beside = pyproj.CRS("EPSG:4547"), pyproj.CRS("EPSG:4498")  # the second: six degrees wide, zone-prefixed
    frame = gpd.read_file(CHINA / f"counties_{city}_epsg4547.gpkg", layer=source)
    rows = [row for row in rows_of(f"truth_area_{city}.csv") if row["source"] == source]
    truth = {row["adcode"]: float(row["area_ellipsoid_GRS80_m2"]) for row in rows}
    stated = np.array([truth[code] for code in frame["district_adcode"].astype(str)])
    counties = frame.geometry.to_numpy()
    areas = ellipsoidal_areas_m2(counties, plane)
    assert (np.abs(areas - stated) < [between_the_lines_m2(county) for county in counties]).all()
    assert ellipsoidal_areas_m2(shapely.segmentize(counties, SHORT_M), plane) == pytest.approx(
        stated, rel=SHORT_RELATIVE
    )
    turn = pyproj.Transformer.from_crs(plane, beside, always_xy=True)
    moved = shapely.transform(counties, lambda xy: np.column_stack(turn.transform(*xy.T)))
    assert ellipsoidal_areas_m2(moved, beside) == pytest.approx(areas, rel=1e-10)
    alone = [ellipsoidal_areas_m2(counties[[n]], plane)[0] for n in range(len(counties))]
    assert alone == pytest.approx(areas, rel=1e-12)
    assert ellipsoidal_areas_m2(shapely.reverse(counties), plane) == pytest.approx(areas, rel=1e-12)
    assert ellipsoidal_areas_m2(shapely.get_parts(counties), plane).sum() == pytest.approx(areas.sum(), rel=1e-12)
