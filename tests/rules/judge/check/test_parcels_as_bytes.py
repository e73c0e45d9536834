"""Parcels that stay bytes until a geometry is needed give the rows of geometries, to the last byte."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.ingest.placing import SourceOptions
from onemap.layers.library.library import open_library
from onemap.layers.progress import SILENT
from onemap.layers.sources.gdal import vector
from onemap.layers.sources.open_formats import geoparquet_reading
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.judge.check import run_in_parts
from onemap.rules.judge.inputs import parcels as parcel_reading
from onemap.rules.judge.inputs.parcels import joined_parcels, read_parcels
from onemap.rules.judge.runs.run_store import KEPT, stored_rows
from onemap.rules.verbs.work.check_work import check

EAST, NORTH = 461_000.0, 3_412_000.0
RULES = (
    {"id": "zone", "verdict": "restricted"},
    {"id": "some", "verdict": "restricted", "when": "N > 3"},
    {"id": "inside", "kind": "within", "verdict": "consult"},
    {"id": "apart", "kind": "setback", "layer": "ROAD", "distance_m": 9.0, "verdict": "consult"},
    {"id": "near", "kind": "near", "layer": "ROAD", "distance_m": 30.0, "verdict": "notice"},
    {"id": "across", "kind": "cross", "layer": "ROAD", "verdict": "notice"},
    {"id": "survey", "kind": "composition", "layer": "PLAN", "by": ["DLBM"], "verdict": "notice"},
    {"id": "under", "layer": "PLAN", "where": "DLBM = '0101'", "under": ["zone"]},
    {"id": "lost", "layer": "YJJBNTTB", "verdict": "notice"},
)


def shapes_of_parcels():
    """Squares, some round; with a hole, of parts that meet, lie near and far, twice, as multis of one part."""
    x, y = (axis.ravel() * 40.0 for axis in np.meshgrid(np.arange(11), np.arange(9)))
    shapes = shapely.box(x, y, x + 30, y + 31)
    shapes[::3] = shapely.buffer(shapely.points(x[::3] + 15, y[::3] + 15), 14, quad_segs=5)
    shapes[::7] = shapely.difference(shapes[::7], shapely.buffer(shapely.centroid(shapes[::7]), 4))
    shapes[5] = shapely.multipolygons([shapely.box(0, 500, 9, 509), shapely.box(9, 509, 20, 512)])
    shapes[17] = shapely.multipolygons([shapes[17], shapely.box(1_500, 1_500, 1_512, 1_510)])
    shapes[30] = shapely.multipolygons([shapes[30], shapely.box(415, 330, 421, 335)])
    shapes[41] = shapes[42]
    shapes[50:60] = shapely.multipolygons(shapes[50:60], indices=np.arange(10))
    return shapely.transform(shapes, lambda points: points + (EAST, NORTH))


def move(shapes):
    return shapely.transform(np.array(shapes, dtype=object), lambda points: points + (EAST, NORTH)).tolist()


def write_parcels(path, shapes, **columns):
    ids = [f"P{n}" for n in range(len(shapes))]
    gpd.GeoDataFrame({"DKBH": ids, **columns}, geometry=list(shapes), crs="EPSG:4547").to_file(path)
    return path


@pytest.fixture
def question(desk):
    """A library whose layers speak for part of the ground, and parcels."""
    random = np.random.default_rng(1)
    covers = move([shapely.box(-50, -50, 390, 340)])[0]
    circles = shapely.buffer(shapely.points(random.uniform(0, 420, (40, 2))), 21.0)
    desk.layer("ZONE", move([*circles, shapely.box(150, 100, 300, 250)]), covers=covers)
    strips = [shapely.box(at, -10, at + 25, 300) for at in range(-10, 440, 25)]
    desk.layer("PLAN", move(strips), {"DLBM": ["0101", "0701"] * 9}, covers=covers)
    desk.layer("ROAD", move([shapely.LineString([(-20, 33), (200, 77), (500, 60)])]), geometry="line")
    shapes = shapes_of_parcels()
    path = write_parcels(desk.folder / "given.gpkg", shapes, N=np.arange(len(shapes)) % 8)
    return {"library": str(desk.library), "parcels": str(path), "pack": [str(desk.pack(*RULES))]}


@pytest.fixture
def as_bytes(monkeypatch):
    """From now on a few parcels are enough for it."""

    def begin():
        for module in (vector, geoparquet_reading, parcel_reading):
            monkeypatch.setattr(module, "WORTH_ROWS", 1)

    return begin


def read(path):
    return read_parcels(str(path), None, None, None, SourceOptions(), pyproj.CRS("EPSG:4547"), 2)


def rows_of(question):
    values = {**question, "facts": [], "only": [], "replace": []}
    answer = check(values, VerbContext("en", SILENT))
    with open_library(question["library"]) as library:
        return answer["verdicts"], {name: stored_rows(library, answer["run"]["id"], name) for name in KEPT}


@pytest.mark.slow
@pytest.mark.parametrize("in_parts", [False, True])
def test_a_check_says_the_same(question, as_bytes, monkeypatch, in_parts):
    verdicts, known = rows_of(question)
    as_bytes()
    if in_parts:
        monkeypatch.setattr(run_in_parts, "LEAST_PARCELS", 1)
        monkeypatch.setattr(run_in_parts, "ROWS_OF_PART", 170)
    assert isinstance(read(question["parcels"]).shapes, ShapeColumn)
    assert rows_of(question) == (verdicts, known)
    assert len(known["findings"]) > 200 and len(known["overlaps"]) > 150 and len(known["composition"]) > 80
    assert {"prohibited", "restricted"} & set(verdicts)


def test_parcels_say_the_same_of_themselves(question, as_bytes):
    known = read(question["parcels"])
    as_bytes()
    found = read(question["parcels"])
    assert isinstance(known.shapes, np.ndarray) and isinstance(found.shapes, ShapeColumn)
    few = np.array([17, 5, 30])
    for one, other in (
        (known, found),
        (known.at(few), found.at(few)),
        (known.between(slice(3, 60)), found.between(slice(3, 60))),
        (joined_parcels([known.at(few), known.at(few + 1)]), joined_parcels([found.at(few), found.at(few + 1)])),
    ):
        assert one.bodies.to_pylist() == other.bodies.to_pylist() and one.ground_hash == other.ground_hash
        assert one.multis.to_pylist() == other.multis.to_pylist()
        assert np.array_equal(one.boxes, other.boxes) and one.vertices.tolist() == other.vertices.tolist()
        assert shapely.to_wkb(one.geometries).tolist() == shapely.to_wkb(other.geometries).tolist()
        assert one.attributes.equals(other.attributes) and one.ids.tolist() == other.ids.tolist()


@pytest.mark.parametrize("suffix", [".shp", ".geojson", ".parquet"])
@pytest.mark.parametrize("odd", [False, True])
def test_other_formats_say_the_same(tmp_path, as_bytes, suffix, odd):
    shapes = shapes_of_parcels()
    if odd:
        shapes[23] = shapely.force_3d(shapes[23], 7)
    frame = gpd.GeoDataFrame({"DKBH": [f"P{n}" for n in range(len(shapes))]}, geometry=list(shapes), crs="EPSG:4547")
    path = tmp_path / f"given{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_file(path)
    known = read(path)
    as_bytes()
    found = read(path)
    is_odd = odd and suffix != ".shp"  # which has no heights beside polygons without
    assert isinstance(found.shapes, np.ndarray if is_odd else ShapeColumn)
    assert known.bodies.to_pylist() == found.bodies.to_pylist() and known.problems == found.problems
    assert known.source_hash == found.source_hash and known.attributes.equals(found.attributes)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        shapely.Polygon(),
        shapely.LineString([(0, 0), (9, 9)]),
        shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]),
        shapely.Polygon([(0, 0), (9, 0), (9, 0), (0, 0)]),
        shapely.Polygon([(0, 0), (0, 9), (9, 9), (9, 0)], [[(2, 2), (12, 3), (3, 4)]]),
        shapely.multipolygons([shapely.box(0, 0, 5, 5), shapely.box(3, 0, 9, 5)]),
        shapely.force_3d(shapely.box(0, 0, 9, 9), 5),
        shapely.box(0, 0, 1e10, 9),
        shapely.box(38_460_000, 0, 38_460_009, 9),
    ],
)
def test_of_an_odd_parcel_the_same_is_told(tmp_path, as_bytes, onemap, desk, odd):
    shapes = shapes_of_parcels()
    shapes[23] = odd
    path = write_parcels(tmp_path / "odd.gpkg", shapes)
    pack = desk.pack({"id": "zone", "layer": "YJJBNTTB", "verdict": "notice"})
    answers = [onemap("check", desk.library, path, "--pack", pack).json]
    as_bytes()
    answers.append(onemap("check", desk.library, path, "--pack", pack).json)
    known, found = answers
    assert ("problems" in known or "verdicts" in known) and known.get("verdicts") == found.get("verdicts")
    assert known.get("problems") == found.get("problems")
