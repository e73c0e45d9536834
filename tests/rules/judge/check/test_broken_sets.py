"""Real files with broken polygons: refused by name, or repaired without a change of ground, and judged exactly.

A Swiss survey polygon with 554 holes, Flemish field parcels with an overlay's truth, and sets of invalid drawings.
"""

import csv
import json
import signal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from onemap.layers.geometry.validity import sorted_geometries
from onemap.rules.judge.overlay.overlay import differences, overlaps, union_by
from onemap.rules.judge.overlay.subdivision import subdivide_polygons
from onemap.rules.judge.overlay.threads import Threads

TORTURE = Path(__file__).resolve().parents[5] / "shared" / "data" / "torture"
SWISS = "interlis-valid-ogc-invalid-geometry.txt"
CITY = (38_500_000.0, 4_200_000.0)
THREADS = Threads()
DEFINE = "name=z,department=land,library=base,kind=vector,geometry=polygon"
# Lines and points, rows without ground, coordinates beyond the zone, JSON that ends too soon.
REFUSALS = {
    "geometry.type": {
        "ex20_ogc_line.json",
        "ex21_crossed_lines.json",
        "invalid_coordinates.json",
        "data_corruption_error.shp",
        "max_callstack_error.shp",
        "invalid_coordinates.shp",
        "points.shp",
        "line_layer.shp",
        "point_layer.shp",
    },
    "geometry.null": {"openring.json", "multi_polys_with_empty_geoms.gpkg"},
    "geometry.empty": {"multi_polys_with_empty_geoms.gpkg", "polygon_layer_empty_geometries.geojson"},
    "geometry.collapsed": {"polygon_layer.shp"},
    "crs.contradicted": {
        "ex2.json",
        "invalid_coordinates.json",
        "invalid_coordinates.shp",
        "gap_layer_point_in_poly.shp",
        "overlap_layer_tolerance_bug.shp",
    },
    "source.damaged": {"sample.json", "sample1.json"},
}

pytestmark = pytest.mark.skipif(
    not TORTURE.is_dir(), reason="the corpora of broken polygons are not beside the project"
)


def one(geometry: shapely.Geometry) -> np.ndarray:
    result = np.empty(1, dtype=object)
    result[0] = geometry
    return result


def area(geometry: shapely.Geometry | None) -> float:
    return 0.0 if geometry is None else float(shapely.area(geometry))


@pytest.mark.slow
def test_a_hole_without_points_does_not_end_the_process(core, tmp_path):
    """TestValid2.xml draws such polygons and calls them valid; GeoPackage and GeoJSON can carry them."""
    ring = [[180, 260], [80, 300], [40, 180], [160, 120], [180, 260]]
    feature = {
        "type": "Feature",
        "properties": {"BSM": "1"},
        "geometry": {"type": "Polygon", "coordinates": [ring, []]},
    }
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    source = tmp_path / "empty-hole.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), encoding="utf-8")
    library, pack = tmp_path / "library.gpkg", one_rule(tmp_path, "avoid")
    codes = [
        core("new", library, "--crs", "EPSG:4547").returncode,
        core("add", library, source, "--as", "Z", "--covers", "extent", "--define", DEFINE).returncode,
        core("check", library, source, "--pack", pack).returncode,
    ]
    assert -signal.SIGSEGV not in codes
    assert set(codes) <= {0, 3}, "taken, or refused by name"


def one_rule(folder: Path, *kinds: str) -> Path:
    """A pack of one rule per kind on the layer Z; a rule's id is its kind."""
    text = '[pack]\nid = "p"\nversion = "1"\n'
    for kind in kinds:
        text += f'[[rule]]\nid = "{kind}"\nkind = "{kind}"\nlayer = "Z"\ndepartment = "land"\nverdict = "notice"\n'
        text += 'title = { en = "t" }\nbasis = [{ law = "l" }]\n'
    path = folder / "pack.toml"
    path.write_text(text, encoding="utf-8")
    return path


def cells_over(geometry: shapely.Geometry, number: int) -> np.ndarray:
    """A grid of number × number boxes over a geometry and a little beyond."""
    west, south, east, north = geometry.bounds
    x, y = np.linspace(west - 50, east + 50, number + 1), np.linspace(south - 50, north + 50, number + 1)
    west, south = (corner.ravel() for corner in np.meshgrid(x[:-1], y[:-1]))
    return shapely.box(west, south, west + (x[1] - x[0]), south + (y[1] - y[0]))


@pytest.mark.slow
def test_a_survey_polygon_of_554_holes_keeps_its_area_through_repair_and_check(onemap, tmp_path):
    swiss = shapely.from_wkt((TORTURE / "interlis" / SWISS).read_text())
    with (TORTURE / "interlis" / "truth.csv").open(encoding="utf-8") as file:
        truth = {row["file"]: float(row["area_raw_m2"]) for row in csv.DictReader(file)}[SWISS]
    source, cells = tmp_path / "swiss.gpkg", tmp_path / "cells.gpkg"
    gpd.GeoDataFrame(geometry=[swiss], crs="EPSG:2056").to_file(source)
    gpd.GeoDataFrame(geometry=cells_over(swiss, 8), crs="EPSG:2056").to_file(cells)
    library, out = tmp_path / "library.gpkg", tmp_path / "out.gpkg"
    assert onemap("new", library, "--crs", "EPSG:2056").code == 0
    given = ("add", library, source, "--as", "Z", "--covers", cells, "--define", DEFINE)
    refused = onemap(*given)
    assert (refused.code, refused.codes) == (3, ["geometry.invalid"])
    added = onemap(*given, "--repair")
    assert (added.code, added.json["repaired"]) == (0, 1)
    assert added.json["area_changed_m2"] < 1e-3
    assert onemap("check", library, cells, "--pack", one_rule(tmp_path, "avoid", "within"), "--out", out).code == 0
    rows = gpd.read_file(out, layer="findings")
    parcels = gpd.read_file(out, layer="parcels")
    assert (rows.verdict == "notice").all() and rows.geometry.is_valid.all()
    assert rows[rows.rule == "avoid"].area_m2.sum() == pytest.approx(truth, abs=1e-3)
    both = rows.groupby("parcel").area_m2.sum()
    assert (both - parcels.set_index("parcel").area_m2).abs().max() < 1e-3


@pytest.mark.slow
def test_the_survey_polygon_is_balanced_in_a_citys_zone():
    swiss = shapely.from_wkt((TORTURE / "interlis" / SWISS).read_text())
    moved = shapely.transform(swiss, lambda xy: xy - (2_690_000.0, 1_200_000.0) + np.array(CITY))
    (whole,) = (
        sorted_geometries(one(moved), "polygon", np.array(["f"]), repair=True, place={}).require_sound({}).geometries
    )
    pieces = subdivide_polygons(one(whole))
    assert shapely.is_valid(pieces.geometries).all()
    assert shapely.area(pieces.geometries).sum() == pytest.approx(swiss.area, abs=1e-3)
    cells = cells_over(whole, 8)
    found = overlaps(cells, shapely.STRtree(cells), one(whole), THREADS)
    assert not len(found.failed) and shapely.is_valid(found.geometry).all()
    assert shapely.area(found.geometry).sum() == pytest.approx(swiss.area, abs=1e-3)
    covered = union_by(found.parcel, found.geometry, len(cells))
    rest, failed = differences(cells, covered, THREADS)
    assert not failed.any()
    sums = np.array([area(a) + area(b) for a, b in zip(covered, rest, strict=True)])
    assert np.abs(sums - shapely.area(cells)).max() < 1e-3


def layer_of(path: Path, **options: object) -> gpd.GeoDataFrame:
    """A layer without its attributes, one row per feature as in the file."""
    frame = gpd.read_file(path, **options)
    return frame[[frame.geometry.name]]


@pytest.mark.parametrize("shift", [(0.0, 0.0), CITY], ids=["as they lie", "in a city's zone"])
def test_field_parcels_lie_in_their_zones_as_three_engines_measured(onemap, tmp_path, shift):
    folder = TORTURE / "geofileops"
    parcels, zones = (layer_of(folder / f"polygon-{name}.gpkg") for name in ("parcel", "zone"))
    crs = "EPSG:4526" if shift == CITY else "EPSG:31370"
    files = {}
    for name, frame in (("parcels", parcels), ("zones", zones)):
        moved = shapely.transform(frame.geometry.to_numpy(), lambda xy: xy + np.array(shift))
        filled = ~(shapely.is_missing(moved) | shapely.is_empty(moved))
        files[name] = tmp_path / f"{name}.gpkg"
        row = np.arange(1, len(frame) + 1)
        gpd.GeoDataFrame({"BSM": row[filled]}, geometry=moved[filled], crs=crs).to_file(files[name])
        assert (~filled).sum() == (1 if name == "parcels" else 0), "one empty parcel, which is refused by name"
    library, out = tmp_path / "library.gpkg", tmp_path / "out.gpkg"
    assert onemap("new", library, "--crs", crs).code == 0
    add = ("add", library, files["zones"], "--as", "Z", "--covers", "extent", "--define", f"{DEFINE},key=BSM")
    assert onemap(*add, "--repair").code == 0
    pack = one_rule(tmp_path, "avoid")
    assert onemap("check", library, files["parcels"], "--pack", pack, "--repair", "--out", out).code == 0
    pieces = gpd.read_file(out, layer="overlaps")
    with (folder / "truth_parcel_x_zone.csv").open(encoding="utf-8") as file:
        truth = {(row["parcel_row"], row["zone_row"]): float(row["area_geos_m2"]) for row in csv.DictReader(file)}
    found = dict(zip(zip(pieces.parcel, pieces.feature, strict=True), pieces.area_m2, strict=True))
    assert set(found) == set(truth) and len(truth) == 30
    assert max(abs(found[pair] - truth[pair]) for pair in truth) < 1e-3
    assert sum(found.values()) == pytest.approx(116_522.216, abs=1e-2)


def test_self_touching_polygons_are_refused_each_and_repaired_without_change(onemap, tmp_path):
    source = TORTURE / "geofileops" / "polygon-invalid.gpkg"
    library = tmp_path / "library.gpkg"
    assert onemap("new", library, "--crs", "EPSG:31370").code == 0
    given = ("add", library, source, "--as", "Z", "--covers", "extent", "--define", DEFINE, "--crs", "EPSG:31370")
    refused = onemap(*given)
    invalid = layer_of(source)[~layer_of(source).is_valid]
    assert refused.code == 3 and set(refused.codes) == {"geometry.invalid"}
    assert sorted(int(p["feature"]) for p in refused.json["problems"]) == sorted(invalid.index + 1)
    added = onemap(*given, "--repair")
    assert (added.code, added.json["repaired"], added.json["features"]) == (0, len(invalid), 70)
    assert added.json["area_changed_m2"] < 1e-3
    stored = gpd.read_file(library, layer="Z__1")
    assert stored.is_valid.all()
    assert stored.area.sum() == pytest.approx(31_488.666, abs=1e-3)


def broken_files() -> list[Path]:
    found = [
        *(TORTURE / "mapshaper/test/data/features/clean").glob("*json"),
        *(TORTURE / "mapshaper/test/data/issues").rglob("*.json"),
        *(TORTURE / "mapshaper/test/data/issues").rglob("*.shp"),
        *(TORTURE / "qgis").glob("*.g[ep][ok]*"),
        *(TORTURE / "qgis/geometry_checker").glob("*.[sg][hpe][pko]*"),
    ]
    return sorted(path for path in found if path.suffix in (".json", ".geojson", ".shp", ".gpkg"))


@pytest.mark.slow
def test_every_broken_file_is_taken_with_valid_ground_or_refused_with_reasons(onemap, tmp_path):
    """Bow-ties, unclosed rings, duplicate nodes, nulls, truncated records: valid ground, or a list of what is wrong."""
    refused: dict[str, set[str]] = {}
    files = broken_files()
    for number, path in enumerate(files):
        library = tmp_path / f"{number}.gpkg"
        assert onemap("new", library, "--crs", "EPSG:4547").code == 0
        given = ("--as", "Z", "--crs", "EPSG:4547", "--covers", "extent", "--define", DEFINE, "--repair")
        answer = onemap("add", library, path, *given)
        if answer.code == 0:
            ground = gpd.read_file(library, layer="Z__1").geometry
            assert len(ground) == answer.json["features"] > 0, path
            assert not ground.isna().any() and ground.is_valid.all() and (ground.area > 0).all(), path
        else:
            assert answer.code == 3 and answer.json["problems"], (path, answer.json)
            assert all(problem["message"] for problem in answer.json["problems"])
            for code in answer.codes:
                refused.setdefault(code, set()).add(path.name)
    assert refused == REFUSALS
    assert len(files) - len(set.union(*refused.values())) == 32
