"""The benchmark against peers: the workload is the same everywhere, results agree, the page states them."""

import csv
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import shapely

from onemap.layers.geometry.parts import polygon_parts
from onemap.rules.judge.kinds.raster_grids import cell_sums, cell_weights
from onemap.tests.bench import bench_peers, benchmark_page, ours, peer_frames
from onemap.tests.bench.benchmark_programs import Pythons, Row, by_peer
from onemap.tests.bench.workload_files import workload_folder

CELLS = 500  # a side of the terrain, instead of 4000
PEERS_PYTHON = bench_peers.peers_python()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return workload_folder("XS", tmp_path_factory.mktemp("workload"), CELLS)


def test_the_workload_is_the_same_city_each_time(folder):
    counts_and_vertices = {"parcels": (983, 18_532), "landuse": (1_935, 40_715), "plan2": (992, 18_803)}
    found = {name: ours.shapes(folder, name) for name in counts_and_vertices}
    assert {
        name: (len(shapes), shapely.get_num_coordinates(shapes).sum()) for name, shapes in found.items()
    } == counts_and_vertices
    assert all(shapely.is_valid(shapes).all() for shapes in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("job", [job for job in ours.JOBS if job not in ("v", "vii")])
def test_ours_agrees_with_whole_overlays_of_an_array_library(job, folder):
    theirs = peer_frames.with_shapely(job.partition("-")[0], folder)()
    assert ours.JOBS[job](folder)() == pytest.approx(theirs, rel=bench_peers.AGREE)


def test_ellipsoidal_areas_agree_with_geodesics(folder):
    allowed = bench_peers.LESS_EXACT["geod"][0]
    assert ours.JOBS["vii"](folder)() == pytest.approx(peer_frames.with_geod("vii", folder)(), rel=allowed)


@pytest.mark.slow
@pytest.mark.skipif(PEERS_PYTHON is None, reason="the peers are not installed: `build.py bench` makes .venv-bench")
@pytest.mark.parametrize(
    ("peer", "job"), [("exactextract", "v"), ("duckdb", "ii"), ("sedonadb", "iii"), ("gometry", "ii")]
)
def test_ours_agrees_with_a_peer_in_a_process_of_its_own(peer, job, folder):
    theirs = by_peer(peer, job, folder, Pythons(PEERS_PYTHON, None), 0, 60)
    if theirs.why:
        pytest.skip(theirs.why)
    assert theirs.software["Python"] and theirs.command.endswith(f"{peer}:{job} XS 0")
    mine = Row("One Map", list(ours.JOBS[f"{job}-areas" if f"{job}-areas" in ours.JOBS else job](folder)()))
    assert bench_peers.disagreements([mine, theirs]) == []


def test_totals_that_differ_are_told_and_those_that_cannot_agree_are_held_to_less():
    mine = Row("One Map", [1000.0, 2000.0])
    assert bench_peers.disagreements([mine, Row("geopandas", [1000.0, 2000.0 + 1e-7])]) == []
    assert "geopandas" in bench_peers.disagreements([mine, Row("geopandas", [1000.0, 2000.0 + 1e-5])])[0]
    assert bench_peers.disagreements([mine, Row("exactextract", [1000.0, 2000.0 + 1e-5])]) == []
    assert bench_peers.disagreements([mine, Row("geopandas", [1000.0])])
    assert bench_peers.disagreements([mine, Row("geopandas", why="not installed")]) == []
    assert bench_peers.disagreements([Row("One Map", why="more than 300 s")])


def test_a_peer_without_its_python_is_named_and_left_out(folder):
    assert by_peer("duckdb", "ii", folder, Pythons(None, None), 0, 60).why
    assert by_peer("qgis", "ii", folder, Pythons(None, None), 0, 60).why


def test_a_program_that_takes_too_long_is_ended_and_said_to(folder):
    row = by_peer("geopandas", "i", folder, Pythons(Path(sys.executable), None), 0, 0.05)
    assert row.why == "more than 0 s" and row.first_s is None


def _measured_rows(**seconds):
    rows = [Row(who.replace("_", ", "), [1.0], first, [first], [first], 0.0, 100.0) for who, first in seconds.items()]
    rows = [Row("One Map, areas", [1.0], 1.0, [0.9, 1.0, 1.1], [], 0.0, 100.0), *rows, Row("absent", why="not here")]
    rows.append(Row("geopandas", why="more than 30 s"))
    about = {
        "processor": "P",
        "processors": 2,
        "used": 2,
        "load_before": 0.1,
        "day": "2026-01-01",
        "commit": "0a0a0a0a",
    }
    return {"machine": about, "rows": [asdict(row) for row in rows]}


def test_the_page_keeps_its_words_and_says_which_targets_are_missed(tmp_path):
    (tmp_path / "images").mkdir()
    words = f"# Words\n\n{benchmark_page.BEGIN}\nold\n{benchmark_page.END}\n\nMore words.\n"
    (tmp_path / "benchmarks.md").write_text(words, encoding="utf-8")
    benchmark_page.write({"M": {"ii": _measured_rows(sedonadb=8.5, duckdb=4.5)}}, tmp_path)
    text = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    assert text.startswith("# Words\n") and text.endswith("More words.\n") and "old" not in text
    assert re.search(r"\| sedonadb \| 8 × \| 8\.5 × \|", text)
    assert re.search(r"\| duckdb \| 5 × \| 4\.5 ×, missed \|", text)
    assert re.search(r"\| geopandas \| 12 × \| more than 30 × \|", text)
    assert "| absent | not here |" in text
    plot = ElementTree.parse(tmp_path / "images" / "benchmarks.svg")
    bars = [
        float(bar.get("width")) for bar in plot.iter("{http://www.w3.org/2000/svg}rect") if bar.get("height") == "14"
    ]
    assert bars[0] < bars[2] < bars[1]


def test_the_history_keeps_every_figure_with_its_commit_and_versions(tmp_path):
    path, found = tmp_path / "benchmarks.csv", _measured_rows(sedonadb=8.5)
    found["rows"][0] |= {"software": {"GEOS": "3.14.1"}, "command": "python -m ours ii-areas M 3"}
    for _ in range(2):
        benchmark_page.add_to_history(path, "M", "ii", found)
    lines = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [(line["who"], line["then_s"]) for line in lines] == 2 * [("One Map, areas", "1.000"), ("sedonadb", "8.500")]
    assert {line["commit"] for line in lines} == {"0a0a0a0a"}
    assert (lines[2]["software"], lines[2]["command"]) == ("GEOS 3.14.1", "python -m ours ii-areas M 3")


def test_weights_of_cells_sum_to_the_area_of_a_parcel(folder):
    parcels = ours.shapes(folder, "parcels")[:50]
    cells = cell_weights(shapely.transform(parcels, lambda xy: (xy - [480_000, 2_490_000]) / 5))
    summed = np.bincount(cells.parcel, cells.fraction, len(parcels)) * 25
    assert summed == pytest.approx(shapely.area(polygon_parts(parcels)), rel=1e-9)


def test_sums_over_cells_are_those_of_their_weights_wherever_the_grid_begins(folder):
    parcels = ours.shapes(folder, "parcels")[:60]
    cells = shapely.transform(parcels, lambda xy: (xy - [480_000, 2_490_000]) / 5 + 9)
    west, south, east, north = (int(value) for value in shapely.total_bounds(cells) + [0, 0, 1, 1])
    grid = np.random.default_rng(3).integers(0, 3, (north + 5, east + 5))
    (sums,) = cell_sums(cells, grid)
    weights = cell_weights(cells)
    by_weight = np.bincount(weights.parcel, weights.fraction * grid[weights.row, weights.column], len(cells))
    assert sums == pytest.approx(by_weight, rel=1e-9)
    (again,) = cell_sums(cells, grid[south:, west - 3 :], corner=(south, west - 3))
    assert np.array_equal(again, sums)
    (beyond,) = cell_sums(cells, grid[: south + 9, : west + 9])
    on_grid = (weights.row < south + 9) & (weights.column < west + 9)
    part = np.bincount(
        weights.parcel[on_grid],
        weights.fraction[on_grid] * grid[weights.row[on_grid], weights.column[on_grid]],
        len(cells),
    )
    assert beyond == pytest.approx(part, rel=1e-9, abs=1e-9)


def test_the_weights_of_a_polygon_do_not_depend_on_those_before_it(folder):
    cells = shapely.transform(ours.shapes(folder, "parcels")[:40], lambda xy: (xy - [480_000, 2_490_000]) / 5)
    every = cell_weights(cells)
    for at in range(len(cells)):
        alone = cell_weights(cells[[at]])
        mine = every.parcel == at
        for name in ("row", "column", "fraction"):
            assert np.array_equal(getattr(every, name)[mine], getattr(alone, name))
