"""Rows of consecutive blocks are written while the next are judged: all of them, and only true ones."""

import sqlite3
from dataclasses import replace

import pandas as pd
import pyogrio
import pytest

from onemap.layers.library.library import open_library
from onemap.layers.progress import SILENT
from onemap.rules.display.outputs import outputs
from onemap.rules.judge.check import layers_of_check
from onemap.rules.judge.distributed.merging import ChunkOnDisk
from onemap.rules.judge.distributed.parcel_reader import ParcelsInMemory
from onemap.rules.judge.distributed.run_in_blocks import AskedWork, run_in_blocks
from onemap.rules.judge.distributed.work import LocalEngine
from onemap.rules.judge.inputs.parcels import no_parcels
from onemap.rules.judge.question.question import CheckOptions, question_of
from onemap.rules.judge.runs import background_recorder
from onemap.rules.judge.runs.background_recorder import BackgroundRecorder, run_recorder
from onemap.tests.rules.command import command
from onemap.tests.rules.judge.distributed.conftest import arguments, finished_blocks, put_in_a_row, rows_differ, work


@pytest.fixture
def row(town, monkeypatch):
    """The desk of a town whose parcels are in a row, in blocks of seven."""
    monkeypatch.setenv("ONEMAP_BLOCK", "7")
    put_in_a_row(town)
    return town.desk


@pytest.mark.slow
def test_rows_wait_in_the_journal_until_all_are_there_and_come_in_their_order(row, monkeypatch):
    blocks, insert_all = [], BackgroundRecorder.insert_all

    def looking(self, *more):
        blocks.append(len(finished_blocks(row)))
        return insert_all(self, *more)

    monkeypatch.setattr(background_recorder, "MOST_HELD", 0)
    monkeypatch.setattr(BackgroundRecorder, "insert_all", looking)
    outcome = command(*arguments(row)).json
    assert set(blocks) == {9}
    assert rows_differ(row, outcome["run"]["id"]) == []
    assert not work(row).exists()


@pytest.mark.slow
def test_rows_that_lie_packed_are_kept_without_being_read(row):
    wishes = CheckOptions(str(row.folder / "parcels.gpkg"), packs=(str(row.folder / "test.toml"),))
    with open_library(str(row.library)) as library:
        question = question_of(library, wishes, "en")
        blank = replace(question, parcels=no_parcels(question.parcels.source, question.parcels.source_hash))
        how = AskedWork(None, None, 7), LocalEngine(library, 1), SILENT
        with (
            run_in_blocks(library, blank, ParcelsInMemory(question.parcels), *how) as run,
            run_recorder(library, run.record["id"], run.parcels) as recorder,
        ):
            chunks = list(run.chunks())
            for chunk in chunks:
                recorder.append(chunk)
            recorder.finish_check(run.record, run.packs, run.verdicts)
    on_disk = [chunk for chunk in chunks if isinstance(chunk, ChunkOnDisk)]
    assert len(on_disk) == run.blocks > 1
    assert not any(chunk.are_read for chunk in on_disk)
    assert rows_differ(row, run.record["id"]) == []


def damage_easternmost_zone(library):
    """Spoil the geometry of the zone that only the last blocks are near."""
    with sqlite3.connect(library) as connection:
        (fid,) = connection.execute("SELECT id FROM rtree_ZONE__1_geom ORDER BY minx DESC LIMIT 1").fetchone()
        sql = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ZONE__1'"
        for (trigger,) in connection.execute(sql).fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        connection.execute("UPDATE ZONE__1 SET geom = X'4750' WHERE fid = ?", (fid,))


@pytest.mark.slow
def test_a_layer_that_proves_damaged_late_is_unreadable_in_the_files_that_were_begun(row, monkeypatch, tmp_path):
    damage_easternmost_zone(row.library)
    opened, output_opened = [], outputs.output_opened

    def counting(*given, **more):
        opened.append(given[1])
        return output_opened(*given, **more)

    monkeypatch.setattr(outputs, "output_opened", counting)
    monkeypatch.setattr(layers_of_check, "_FEATURES_HELD", 0)  # else it would be read at once
    blocks = command(*arguments(row, "--out", tmp_path / "blocks.gpkg")).json
    assert len(opened) == 2
    monkeypatch.setenv("ONEMAP_BLOCK", "1000")
    whole = command(*arguments(row, "--out", tmp_path / "whole.gpkg")).json
    for outcome in (blocks, whole):
        (zone,) = (layer for layer in outcome["run"]["layers"] if layer["code"] == "ZONE")
        assert zone["reason"] == "unreadable"
    assert blocks["verdicts"] == whole["verdicts"]
    for name, _ in pyogrio.list_layers(tmp_path / "whole.gpkg"):
        if name != "run":
            one, two = (pyogrio.read_dataframe(tmp_path / f"{way}.gpkg", layer=name) for way in ("blocks", "whole"))
            pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
    assert not work(row).exists()
