"""A layer compared with the library's same features: real borders in GCJ-02, and what must not be refused."""

import json
import tracemalloc

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.affinity import translate

from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.frames.frames import CleanFrame
from onemap.layers.quality.displacement import KnownLines, displacement

CRS = "EPSG:4547"
SEED = 17


def fields(count: int, seed: int) -> list[shapely.Geometry]:
    """Fields of no regular shape, strewn over a square of 6 km."""
    chance = np.random.default_rng(seed)
    corners = chance.uniform(0, 6000, (count, 2)) + np.array([500_000.0, 4_000_000.0])
    shapes = []
    for corner in corners:
        turns = np.sort(chance.uniform(0, 2 * np.pi, 9))
        shapes.append(shapely.Polygon(corner + np.column_stack([np.cos(turns), np.sin(turns)]) * 80))
    return [shape for shape in shapes if shape.is_valid]


@pytest.fixture
def add(onemap, tmp_path):
    """Add shapes as a version of a layer to one library, or a file as it is."""
    library = tmp_path / "library.gpkg"
    assert onemap("new", library, "--crs", CRS).code == 0

    def run(what, *options, code="GHDK", label="1"):
        path = what
        if isinstance(what, list):
            path = tmp_path / f"{code}_{label}.gpkg"
            key = {"BSM": [str(n) for n in range(len(what))], "DKBH": [str(n) for n in range(len(what))]}
            gpd.GeoDataFrame(key, geometry=what, crs=CRS).to_file(path)
        return onemap("add", library, path, "--as", code, "--covers", "extent", "--label", label, *options)

    return run


def shifts(answer) -> list[dict]:
    return [problem for problem in answer.json["problems"] if problem["code"] == "position.shift"]


def moved_shapes(shapes, east, north):
    return [translate(shape, east, north) for shape in shapes]


@pytest.mark.slow
def test_a_layer_that_lies_half_a_kilometre_beside_its_last_version_is_refused_with_the_step(add):
    shapes = fields(300, SEED)
    assert add(shapes).code == 0
    answer = add(moved_shapes(shapes, 510, -130), label="2")
    (problem,) = shifts(answer)
    assert answer.code == 3
    assert all(text in problem["message"] for text in ("526 m", "+510", "-130", "100 %", "GHDK (1)"))
    accepted = add(moved_shapes(shapes, 510, -130), "--accept", "shift", label="3")
    (problem,) = shifts(accepted)
    assert (accepted.code, problem["level"]) == (0, "warn")


@pytest.mark.slow
def test_what_has_changed_in_part_is_told_by_what_has_not(add):
    shapes = fields(300, SEED)
    assert add(shapes).code == 0
    answer = add([*moved_shapes(shapes[:240], 300, 400), *fields(40, 5)], label="2")
    assert answer.code == 3
    assert "500 m" in shifts(answer)[0]["message"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["near", "anew", "other", "grid", "line", "few"])
def test_what_is_not_certain_is_not_refused(add, name):
    """Nearer than any datum; unmoved; other fields; a grid that would fit many steps; a straight line; two fields."""
    shapes = fields(300, SEED)
    grid = [shapely.box(x, y, x + 100, y + 100) for x in range(0, 3000, 100) for y in range(0, 3000, 100)]
    road = [shapely.box(500_000 + 400 * n, 4_000_000, 500_400 + 400 * n, 4_000_020) for n in range(40)]
    before, after = {
        "near": (shapes, moved_shapes(shapes, 40, 30)),
        "anew": (shapes, shapes),
        "other": (shapes, fields(300, SEED + 1)),
        "grid": (moved_shapes(grid, 500_000, 4_000_000), moved_shapes(grid, 500_150, 4_000_350)),
        "line": (road, moved_shapes(road, 150, 0)),
        "few": (shapes, moved_shapes(shapes[:2], 510, -130)),
    }[name]
    assert add(before).code == 0
    sure = ("--sure",) if name == "few" else ()  # two where there were 300 are doubtful for another reason
    answer = add(after, *sure, label="2")
    assert (answer.code, shifts(answer)) == (0, [])


@pytest.mark.slow
def test_a_geojson_that_names_no_system_is_read_as_wgs84_and_that_is_said_first(add, onemap, tmp_path):
    shapes = gpd.GeoSeries(fields(60, SEED), crs=CRS).to_crs(4326)
    content = json.loads(shapes.to_json())
    for number, feature in enumerate(content["features"]):
        feature["properties"] = {"DKBH": str(number)}
    content.pop("crs", None)
    bare, with_crs = tmp_path / "bare.geojson", tmp_path / "said.geojson"
    bare.write_text(json.dumps(content), encoding="utf-8")
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    with_crs.write_text(json.dumps({**content, "crs": named}), encoding="utf-8")
    crs = onemap("inspect", bare).json["layers"][0]["crs"]
    assert (crs["code"], crs["from"]) == ("EPSG:4326", "guessed")
    assert "RFC 7946" in crs["why"]
    assert onemap("inspect", with_crs).json["layers"][0]["crs"]["from"] == "declared"
    first = add(bare)
    assert (first.code, first.json["problems"][0]["code"]) == (0, "crs.assumed")
    # What lies where the library has the same things needs no doubt; neither does what somebody has said.
    for source, options in ((bare, ()), (with_crs, ()), (bare, ("--crs", "EPSG:4490"))):
        again = add(source, *options, label=f"{source.stem}{len(options)}")
        assert "crs.assumed" not in [problem["code"] for problem in again.json["problems"]]


@pytest.mark.slow
def test_a_shore_of_many_points_beside_another_takes_little_memory():
    """All pairs of points at once would be a gigabyte."""
    turns = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
    far = 900 * (1 + 0.3 * np.sin(5 * turns)) + np.random.default_rng(SEED).uniform(-5, 5, len(turns))
    shore = shapely.Polygon(np.column_stack([far * np.cos(turns), far * np.sin(turns)]) + [500_000.0, 4_000_000.0])
    known = KnownLines("COAST", "1", lambda _: np.array([shore], dtype=object))
    moved_shore = np.array([translate(shore, 410, 260)], dtype=object)
    beside = FrameBlocks.of(CleanFrame(moved_shore, pd.DataFrame(index=[0]), np.array(["1"])))
    tracemalloc.start()
    try:
        found, _ = displacement(beside, [known], 100.0)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found is not None
    assert (found.east_m, found.north_m) == pytest.approx((410, 260), abs=2)
    assert most < 100e6


@pytest.mark.slow
def test_counties_of_a_public_map_are_refused_beside_the_counties_of_the_library(add, shared_data):
    china = shared_data / "china"
    truth = gpd.read_file(china / "tianditu_counties_130100.geojson").to_crs(CRS)
    assert add(list(truth.geometry), "--repair", code="XZQ").code == 0
    public = {name: gpd.read_file(china / f"cnmaps_amap/{name}.geojson").to_crs(CRS) for name in ("130100", "130102")}
    answer = add(list(public["130100"].geometry), "--repair", code="XZQ", label="2")
    assert answer.code == 3
    assert "GCJ-02" in shifts(answer)[0]["message"]
    # Another agency's borders differ from these by some ten metres; those of the public map from them by one step.
    amap = gpd.read_file(china / "amap_counties_130100.geojson").to_crs(CRS)
    answer = add(list(amap.geometry), "--repair", code="XZQ", label="3")
    assert (answer.code, shifts(answer)) == (0, [])
    county = add(list(public["130102"].geometry), "--repair", code="XZQ", label="4")
    assert county.code == 3
    assert "GCJ-02" in shifts(county)[0]["message"]
