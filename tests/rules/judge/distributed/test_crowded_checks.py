"""Parcels with very many overlaps are judged in smaller blocks, with the answer of a check at once."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from onemap.layers.library.library import open_library
from onemap.rules.judge.distributed import partition
from onemap.rules.judge.distributed.partition import MOST_PARCELS, ROWS_OF_BLOCK, crowded_block, most_rows
from onemap.rules.judge.runs.run_store import KEPT, stored_rows


@pytest.fixture
def crowded_desk(desk):
    """Sixty parcels, each of which meets nine or more of a thousand squares, and two rules that look at them."""
    desk.layer("ZONE", [box(x, y, x + 10, y + 10) for x in range(0, 320, 10) for y in range(0, 320, 10)])
    desk.pack({"id": "first"}, {"id": "second", "verdict": "notice"})
    corners = np.random.default_rng(3).permutation([(x, y) for x in range(5, 305, 30) for y in range(5, 185, 30)])
    desk.parcels({f"P{number}": box(x, y, x + 25, y + 22) for number, (x, y) in enumerate(corners)})
    return desk


def run_check(desk, name, *more):
    out = desk.folder / name
    given = [desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--out", out]
    answer = desk.run("check", *given, "--out", out.with_suffix(""), *more).done()
    return answer.json, out


def assert_same_answer(desk, whole, other):
    with open_library(str(desk.library)) as library:
        one, two = (
            {name: stored_rows(library, found["run"]["id"], name) for name in KEPT} for found, _ in (whole, other)
        )
    assert one == two and len(one["overlaps"]) > 1000
    assert whole[0]["verdicts"] == other[0]["verdicts"]
    for name in ("parcels", "findings", "overlaps"):
        one, two = (gpd.read_file(out, layer=name) for _, out in (whole, other))
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
        one, two = (pd.read_parquet(out.with_suffix("") / f"{name}.parquet") for _, out in (whole, other))
        pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize("parcels", [10, 25_000], ids=["by the layers' sizes", "by what was found"])
@pytest.mark.slow
def test_a_crowded_check_goes_on_in_small_blocks_and_says_the_same(crowded_desk, monkeypatch, parcels):
    whole = run_check(crowded_desk, "whole.gpkg")
    sizes = []
    cut = partition.blocks_of

    def counting(centres, vertices, most):
        sizes.append(most)
        return cut(centres, vertices, most)

    monkeypatch.setattr("onemap.rules.judge.distributed.parcel_files.blocks_of", counting)
    for name, value in (("MOST_ROWS", 300), ("ROWS_OF_BLOCK", 150), ("LEAST_PARCELS", 4), ("MOST_PARCELS", parcels)):
        monkeypatch.setattr(partition, name, value)
    monkeypatch.setattr(partition, "BLOCKS_IN_PARTS", 1000)
    assert_same_answer(crowded_desk, whole, run_check(crowded_desk, "parts.gpkg"))
    assert len(sizes) == 1 and 4 <= sizes[0] <= 12
    assert not (crowded_desk.folder / "library.gpkg.work.part").exists()


def test_the_more_overlaps_a_parcel_has_the_smaller_its_block_is(monkeypatch):
    assert crowded_block(0.0) == crowded_block(ROWS_OF_BLOCK / MOST_PARCELS) == MOST_PARCELS
    assert crowded_block(100.0) == ROWS_OF_BLOCK // 100
    assert crowded_block(1e9) == partition.LEAST_PARCELS
    assert most_rows(partition.LEAST_PARCELS - 1) is None and most_rows(1_000_000) == partition.MOST_ROWS
    monkeypatch.setenv("ONEMAP_BLOCK", "7")
    assert crowded_block(1e9) == 7 and most_rows(1_000_000) is None
