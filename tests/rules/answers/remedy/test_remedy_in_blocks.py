"""A remedy in blocks equals a remedy of all parcels at once, to the last digit, and is verified like it."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from shapely import affinity, box

from onemap.layers.errors import Cancelled
from onemap.layers.library.library import open_library
from onemap.layers.progress import Progress
from onemap.rules.answers.remedy import remedy_storage
from onemap.rules.answers.remedy.remedy import KIND
from onemap.rules.answers.remedy.remedy_in_blocks import RemedyInBlocks
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_store import GIVEN, run_record, stored_rows
from onemap.rules.verbs.commands.verbs import VERBS
from onemap.rules.verbs.work.rerun import repeat_run
from onemap.tests.rules.judge.kinds.test_raster import DEFINE as OF_GRID
from onemap.tests.rules.judge.kinds.test_raster import write_grid

BLOCK = "ONEMAP_BLOCK"
OF_THE_ATTEMPT = ("id", "started", "seconds")
TABLES = ("remainder", "cuts", "alternatives", "departments")
RULES = (
    {"id": "farmland", "department": "land"},
    {"id": "river", "layer": "RIVER", "kind": "setback", "distance_m": 3, "department": "water", "verdict": "consult"},
    {"id": "power", "layer": "RIVER", "department": "transport", "verdict": "restricted"},
)


@pytest.fixture
def ground(desk):
    """Thirty parcels of no order, most of which meet farmland or a river, and a pack of three departments."""
    chance = np.random.default_rng(18)
    corners = chance.permutation([(x, y) for x in range(0, 600, 100) for y in range(0, 500, 100)])
    parcels = {
        f"P{number}": affinity.rotate(box(x + 10, y + 10, x + 70, y + 70), chance.uniform(0, 90))
        for number, (x, y) in enumerate(corners)
    }
    desk.layer("ZONE", [affinity.rotate(box(x, y, x + 60, y + 33), 7) for x, y in chance.uniform(0, 560, (25, 2))])
    desk.layer("RIVER", [box(-10, 222, 700, 229), box(333, -10, 339, 700)])
    desk.pack(*RULES)
    desk.parcels(parcels, {"USE": [None if n % 3 else f"0{n}" for n in range(len(parcels))]})
    return desk


def run_remedy(desk, name, *more):
    out = desk.folder / name
    given = [desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml"]
    answer = desk.run("remedy", *given, "--out", out, "--out", out.with_suffix(""), "--overwrite", *more).done()
    return answer.json, out


def stored_run(desk, run):
    with open_library(str(desk.library)) as library:
        rows = {name: stored_rows(library, run, name) for name in (*TABLES, GIVEN)}
        record = run_record(library, run, KIND)
    return rows, {key: value for key, value in record.items() if key not in OF_THE_ATTEMPT}


@pytest.mark.slow
@pytest.mark.parametrize(
    "more",
    [
        pytest.param((), id="cut"),
        pytest.param(("--move", "30", "--min-part", "50"), id="searched", marks=pytest.mark.nightly),
    ],
)
def test_a_remedy_in_blocks_is_that_of_all_parcels_at_once(ground, monkeypatch, more):
    whole, out = run_remedy(ground, "whole.gpkg", *more)
    monkeypatch.setenv(BLOCK, "4")
    parts, other = run_remedy(ground, "parts.gpkg", *more)
    assert whole["cut_m2"] > 1000 and len({row["parcel"] for row in whole["alternatives"]}) > 10
    apart = ("run", "seconds", "out")
    assert {k: v for k, v in whole.items() if k not in apart} == {k: v for k, v in parts.items() if k not in apart}
    assert stored_run(ground, whole["run"]["id"]) == stored_run(ground, parts["run"]["id"])
    for name in TABLES:
        one, two = (gpd.read_file(path, layer=name) for path in (out, other))
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
        files = [path.with_suffix("") / f"{name}.parquet" for path in (out, other)]
        one, two = map(pd.read_parquet, files)
        pd.testing.assert_frame_equal(one, two)
    for size in ("4", "1000"):
        monkeypatch.setenv(BLOCK, size)
        for run in (whole, parts):
            assert ground.run("verify", ground.library, "--run", run["run"]["id"]).json["problems"] == []


@pytest.mark.slow
def test_verifying_in_blocks_tells_which_row_of_a_remedy_is_another(ground, monkeypatch):
    monkeypatch.setenv(BLOCK, "4")
    found, _ = run_remedy(ground, "parts.gpkg")
    ground.layer("ZONE", [box(0, 0, 1, 1)])  # a later version is not what was known then
    run = found["run"]["id"]
    assert ground.run("verify", ground.library, "--run", run).json["problems"] == []
    with open_library(str(ground.library)) as library, library.writing() as connection:
        record = json.loads(connection.execute("SELECT record FROM onemap_runs WHERE id = ?", (run,)).fetchone()[0])
        record["parameters"]["min_part_m2"] = 3000.0
        connection.execute("UPDATE onemap_runs SET record = ? WHERE id = ?", (json.dumps(record), run))
    with open_library(str(ground.library)) as library:
        found = repeat_run(library, run, Threads()).differences
    assert {"remainder"} <= {name for name, *_ in found} <= set(TABLES)
    assert len({row for name, row, *_ in found if name == "remainder"}) > 3


@pytest.mark.slow
def test_a_remedy_in_blocks_that_was_cancelled_goes_on_where_it_was(ground, monkeypatch):
    monkeypatch.setenv(BLOCK, "4")
    values = {
        "library": str(ground.library),
        "parcels": str(ground.folder / "parcels.gpkg"),
        "pack": [str(ground.folder / "test.toml")],
    }

    def report(fraction, step):
        if fraction > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        VERBS["remedy"].run(values, VerbContext("en", Progress(report)))
    work = ground.folder / f"{ground.library.name}.work.part"
    finished = list(work.glob("remedy-*/done/*"))
    assert 0 < len(finished) < 8
    with open_library(str(ground.library)) as library:
        assert library.connection.execute("SELECT count(*) FROM onemap_runs").fetchone()[0] == 0
    found, _ = run_remedy(ground, "parts.gpkg")
    assert [problem["code"] for problem in found["problems"]] == ["journal.resumed"] and not work.exists()
    monkeypatch.delenv(BLOCK)
    whole, _ = run_remedy(ground, "whole.gpkg")
    assert stored_run(ground, whole["run"]["id"]) == stored_run(ground, found["run"]["id"])


@pytest.mark.slow
@pytest.mark.parametrize("block", ["4", "100000"])
def test_a_remedy_that_is_cancelled_when_all_is_written_is_done(ground, monkeypatch, block):
    monkeypatch.setenv(BLOCK, block)
    out = ground.folder / "whole.gpkg"
    values = {
        "library": str(ground.library),
        "parcels": str(ground.folder / "parcels.gpkg"),
        "pack": [str(ground.folder / "test.toml")],
        "out": [str(out)],
    }

    def report(fraction, step):
        if out.exists():
            raise Cancelled

    found = VERBS["remedy"].run(values, VerbContext("en", Progress(report)))
    assert out.exists() and found["run"]["recorded"]
    with open_library(str(ground.library)) as library:
        assert library.connection.execute("SELECT count(*) FROM onemap_runs").fetchone()[0] == 1


@pytest.mark.slow
def test_an_answer_in_blocks_says_the_first_alternatives_and_how_many_more_there_are(ground, monkeypatch):
    from onemap.rules.verbs.work import remedy_work

    whole, _ = run_remedy(ground, "whole.gpkg")
    monkeypatch.setattr(remedy_work, "_MOST_ROWS", 5)
    monkeypatch.setenv(BLOCK, "4")
    found, _ = run_remedy(ground, "parts.gpkg")
    assert found["alternatives"] == whole["alternatives"][:5] and "alternatives_left" not in whole
    assert found["alternatives_left"] == len(whole["alternatives"]) - 5
    assert len(stored_run(ground, found["run"]["id"])[0]["alternatives"]) == len(whole["alternatives"])


@pytest.mark.slow
def test_the_rows_of_a_remedy_in_blocks_are_never_held_together(ground, monkeypatch):
    monkeypatch.setenv(BLOCK, "4")
    most = []
    append = remedy_storage.RemedyRecorder.append

    def counting(self, chunk):
        most.append(max(table.count for table in chunk.tables.values()))
        append(self, chunk)

    monkeypatch.setattr(remedy_storage.RemedyRecorder, "append", counting)
    found, _ = run_remedy(ground, "parts.gpkg")
    assert RemedyInBlocks.chunks and len(most) == 9 and max(most) < len(found["alternatives"])


@pytest.mark.slow
def test_a_remedy_in_blocks_keeps_which_rasters_were_warped(ground, monkeypatch):
    west, north = pyproj.Transformer.from_crs(4547, 4490, always_xy=True).transform(-30, 560)
    heights = 40 * np.sin(np.add.outer(np.arange(70), np.arange(70)) / 5)
    grid = write_grid(ground.folder / "grid.tif", heights, west=west, north=north, cell=9e-5, crs="EPSG:4490")
    ground.run("add", ground.library, grid, "--as", "GRID", "--define", OF_GRID, "--covers", "extent").done()
    ground.pack(*RULES, {"id": "steep", "kind": "raster", "layer": "GRID", "above": 25, "derive": "slope"})
    whole, _ = run_remedy(ground, "whole.gpkg")
    monkeypatch.setenv(BLOCK, "8")
    parts, _ = run_remedy(ground, "parts.gpkg")
    assert whole["run"]["warped"] == parts["run"]["warped"] != []
