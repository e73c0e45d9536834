"""A check in blocks, or in parts, equals a check of all parcels at once, to the last digit."""

import contextlib
import sqlite3
from dataclasses import replace

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from shapely import LineString, affinity, box

from onemap.layers.geometry.shape_column import vertices_of
from onemap.layers.library.library import open_library
from onemap.layers.progress import SILENT
from onemap.rules.judge.check import layers_of_check, run_in_parts
from onemap.rules.judge.check.check import check, check_in_parts
from onemap.rules.judge.distributed import parcel_files
from onemap.rules.judge.distributed.parcel_reader import ParcelsInMemory
from onemap.rules.judge.distributed.run_in_blocks import AskedWork, run_in_blocks
from onemap.rules.judge.distributed.work import LocalEngine
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.parcels import no_parcels
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.question.check_plan import check_plan_of
from onemap.rules.judge.question.question import CheckOptions, question_of
from onemap.rules.judge.runs.run import RowsOutdated
from onemap.tests.rules.changing_town import RULES
from onemap.tests.rules.judge.check.test_by_formula import PERMITS, REACH, World, shapes
from onemap.tests.rules.judge.kinds.test_raster import DEFINE, write_grid

OF_THE_ATTEMPT = ("id", "started", "seconds")


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    """Many parts are judged although there are few parcels."""
    monkeypatch.setattr(run_in_parts, "LEAST_PARCELS", 3)
    monkeypatch.setattr(run_in_parts, "MOST_PARCELS", 5)


def whole_tables(run):
    """All rows of all chunks at once."""
    while True:
        parts = {}
        with contextlib.suppress(RowsOutdated):
            for chunk in run.chunks():
                for name, table in chunk.tables.items():
                    parts.setdefault(name, []).append(table)
            return {name: put_together(tables) for name, tables in parts.items()}


def put_together(tables):
    filled = [table for table in tables if len(table.columns)] or tables[:1]
    columns = pd.concat([table.columns for table in filled], ignore_index=True)
    geometries = None if filled[0].geometries is None else np.concatenate([table.geometries for table in filled])
    return Table(columns, geometries, filled[0].geometry_type)


def both_ways(desk, most_parcels=7, workers=1, against=None, parcels=None, in_parts=False):
    """The run at once and the run in blocks of the parcels and the pack that the desk has.

    in_parts: rows are taken while others are judged.
    """
    wishes = CheckOptions(str(parcels or desk.folder / "parcels.gpkg"), packs=(str(desk.folder / "test.toml"),))
    with open_library(str(desk.library)) as library:
        question = question_of(library, wishes, "en")
        whole = check(library, question, Threads(workers), against)
        blank = replace(question, parcels=no_parcels(question.parcels.source, question.parcels.source_hash))
        how = AskedWork(None, None, most_parcels, against), LocalEngine(library, workers), SILENT
        with run_in_blocks(library, blank, ParcelsInMemory(question.parcels), *how, in_parts=in_parts) as run:
            assert run.blocks > 1 and whole.tables and run.is_ahead == in_parts
            return whole, run, whole_tables(run)


def part_by_part(desk, workers=1):
    """The same run of which one part is written while the next is judged."""
    wishes = CheckOptions(str(desk.folder / "parcels.gpkg"), packs=(str(desk.folder / "test.toml"),))
    with open_library(str(desk.library)) as library:
        run = check_in_parts(library, question_of(library, wishes, "en"), Threads(workers))
        return run, whole_tables(run)


def assert_same(desk, **how):
    for in_parts in (False, True):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(parcel_files, "are_compact", lambda boxes, are=in_parts: are)
            whole, run, tables = both_ways(desk, **how, in_parts=in_parts)
            assert_same_run(whole, run, tables)
    if set(how) <= {"workers", "most_parcels"}:
        assert_same_run(whole, *part_by_part(desk, how.get("workers", 1)))
    return whole


def assert_same_run(whole, run, tables):
    assert list(tables) == list(whole.tables)
    for name, table in whole.tables.items():
        mine, other = table, tables[name]
        if name == "run":
            kept = [column for column in mine.columns if column not in OF_THE_ATTEMPT]
            assert mine.columns[kept].equals(other.columns[kept])
            continue
        assert mine.columns.dtypes.equals(other.columns.dtypes), name
        assert mine.columns.equals(other.columns), mine.columns.compare(other.columns)
        assert mine.geometry_type == other.geometry_type
        assert (mine.geometries is None) == (other.geometries is None)
        if mine.geometries is not None:
            one, two = (shapely.to_wkb(one.geometries) for one in (mine, other))
            assert (one == two).all(), (name, np.flatnonzero(one != two))
    assert whole.problems == run.problems
    assert whole.verdicts == run.verdicts and run.parcels == len(whole.tables["parcels"].columns)


def write_question(desk, parcels, *rules, columns=None):
    desk.pack(*rules)
    desk.parcels(parcels, columns)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in (1, 2))])
def test_blocks_of_a_random_world_give_what_one_block_gives(desk, seed):
    world = World(seed)
    desk.layer("ZONE", world.features, {"T": world.classes}, covers=world.coverage, accuracy=0.5)
    limits = {"min_area_m2": world.least_m2, "min_width_m": world.width_m, "verdict": "restricted"}
    use = {"parcel_field": "U", "plan_field": "T", "permits": PERMITS}
    # More than are judged by one call for all layers, which a block of seven is.
    several = [world, World(seed + 10), World(seed + 20)]
    parcels = {f"{at}{name}": shape for at, some in enumerate(several) for name, shape in some.parcels.items()}
    write_question(
        desk,
        parcels,
        {"id": "avoid", "where": "T = 'a' OR T = 'b'", **limits},
        {"id": "within", "kind": "within", "where": "T <> 'c'", **limits},
        {"id": "setback", "kind": "setback", "distance_m": {"field": "T", "values": REACH}, **limits},
        {"id": "use", "kind": "use", **use, **limits},
        columns={"U": [use for some in several for use in some.uses]},
    )
    whole = assert_same(desk)
    assert len(whole.tables["findings"].columns) > 90
    assert not (desk.folder / "library.gpkg.work.part").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_every_kind_of_rule_gives_the_same_in_blocks_with_any_number_of_threads(town, workers):
    whole = assert_same(town.desk, workers=workers, most_parcels=7)
    filled = {name for name, table in whole.tables.items() if len(table.columns)}
    assert filled == {"parcels", "findings", "overlaps", "overlaps_line", "composition", "land_classes", "run"}


@pytest.mark.slow
def test_rows_that_stand_by_rule_first_do_so_in_blocks_too(town):
    survey = {"kind": "composition", "layer": "PLAN", "verdict": "notice"}
    write_question(
        town.desk,
        town.parcels,
        {"id": "z", **survey, "by": ["DLBM"]},
        {"id": "a", **survey, "by": ["KEY"]},
        columns={"USE": town.wanted},
    )
    whole = assert_same(town.desk)
    assert list(dict.fromkeys(whole.tables["land_classes"].columns["rule"])) == ["z", "a"]


@pytest.mark.slow
def test_a_run_against_an_earlier_one_computes_the_same_rows_in_blocks(town):
    first = town.check()
    town.parcels["P3"] = affinity.translate(town.parcels["P3"], 5, 5)
    town.wanted[5] = "0102"
    write_question(town.desk, town.parcels, *RULES, columns={"USE": town.wanted})
    whole = assert_same(town.desk, against=first["id"])
    assert whole.record["computed"] == 2 * len(RULES)


@pytest.mark.slow
def test_widths_that_the_data_say_reach_from_one_block_into_another(desk):
    random = np.random.default_rng(2)
    roads = [LineString(random.uniform(0, 2000, (4, 2))) for _ in range(9)]
    desk.layer("ROAD", roads, {"W": [*random.uniform(5, 80, 8), None]}, geometry="line")
    boxes = {f"P{n}": box(x, y, x + 20, y + 20) for n, (x, y) in enumerate(random.uniform(0, 2000, (80, 2)))}
    write_question(desk, boxes, {"kind": "setback", "layer": "ROAD", "distance_m": 10, "half_width_field": "W"})
    assert_same(desk)


def hills(cells, seed):
    """A terrain of some waves, with a hole in it."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 9, cells), np.linspace(0, 7, cells))
    heights = 40 * np.sin(x) + 30 * np.cos(y) + random.uniform(0, 2, x.shape)
    heights[5:9, 20:24] = -9999
    return heights


@pytest.mark.parametrize("system", ["plane", pytest.param("degrees", marks=pytest.mark.slow)])
def test_rasters_give_the_same_digits_in_blocks_also_where_they_are_warped(desk, system):
    place = {"west": 539_990.0, "north": 4_210_520.0, "cell": 9.0, "crs": "EPSG:4547"}
    if system == "degrees":  # the same ground
        west, north = pyproj.Transformer.from_crs(4547, 4490, always_xy=True).transform(539_990, 4_210_520)
        place = {"west": west, "north": north, "cell": 8e-5, "crs": "EPSG:4490"}
    path = write_grid(desk.folder / "grid.tif", hills(70, 3), **place)
    desk.run("add", desk.library, path, "--as", "GRID", "--define", DEFINE, "--covers", "extent").done()
    write_question(
        desk,
        {f"p{n}": shape for n, shape in enumerate(shapes(np.random.default_rng(1), 50, 60))},
        {"id": "high", "kind": "raster", "layer": "GRID", "above": 20},
        {"id": "steep", "kind": "raster", "layer": "GRID", "above": 25, "derive": "slope", "min_share": 0.1},
    )
    whole = assert_same(desk)
    assert len(whole.tables["findings"].columns) > 40
    assert bool(whole.record["warped"]) == (system == "degrees")


@pytest.mark.slow
def test_a_damaged_layer_is_unreadable_for_all_parcels_however_late_it_is_found(town, monkeypatch):
    monkeypatch.setattr(layers_of_check, "_FEATURES_HELD", 0)  # else it would be read at once
    with sqlite3.connect(town.desk.library) as connection:
        fid = connection.execute("SELECT id FROM rtree_ZONE__1_geom ORDER BY minx + miny DESC LIMIT 1").fetchone()[0]
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ZONE__1'"
        for (trigger,) in connection.execute(sql).fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE ZONE__1 SET geom = X'4750' WHERE fid = ?", (fid,))
    whole = assert_same(town.desk)
    (zone,) = (layer for layer in whole.record["layers"] if layer["code"] == "ZONE")
    assert zone["reason"] == "unreadable"


def test_a_layer_is_not_held_for_all_blocks_where_the_zones_around_its_features_are_large(town, monkeypatch):
    desk, extent = town.desk, (-1e7, -1e7, 1e7, 1e7)
    wishes = CheckOptions(str(desk.folder / "parcels.gpkg"), packs=(str(desk.folder / "test.toml"),))
    with open_library(str(desk.library)) as library:
        plan = check_plan_of(library, question_of(library, wishes, "en"), (0.0, 0.0))
        sources = plan.sources(library)
        grown = {rule.layer for rule in plan.rules if rule.kind == "setback"}
        held = layers_of_check.small_layers(plan, sources, extent).read
        vertices = sum(vertices_of(layer.stored.shapes) for layer in held.values() if layer.stored)
        monkeypatch.setattr(layers_of_check, "_VERTICES_HELD", vertices)
        without_grown = layers_of_check.small_layers(plan, sources, extent).read
    assert grown and grown <= set(held)
    assert set(without_grown) == set(held) - grown
