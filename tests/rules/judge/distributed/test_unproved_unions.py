"""A union whose area cannot be proved makes its parcel unknown for that rule; all other rows stay the same."""

import numpy as np
import pyogrio
import pytest
import shapely

from onemap.rules.judge.overlay import overlay
from onemap.tests.rules.command import command
from onemap.tests.rules.judge.distributed.conftest import arguments

LOST = 2  # every second union is one that GEOS loses on every grid


def findings(desk, name, *more):
    path = desk.folder / f"{name}.gpkg"
    assert command(*arguments(desk, "--out", path, *more)).code == 0
    rows = pyogrio.read_dataframe(path, layer="findings", fid_as_index=False)
    return rows.drop(columns=["area_check_m2", "check_differs"], errors="ignore").set_index(["parcel", "rule"])


@pytest.mark.slow
def test_one_parcel_whose_union_is_lost_is_unknown_and_the_others_are_judged(town, monkeypatch):
    before, unite = findings(town.desk, "before"), overlay._unite

    def lose_some(block, grid_size):
        united = unite(block, grid_size)
        # By what is united alone, whatever stands beside it.
        united[np.round(shapely.area(block).sum(axis=1) * 1000).astype(np.int64) % LOST == 0] = None
        return united

    monkeypatch.setattr(overlay, "_unite", lose_some)
    after = findings(town.desk, "after")
    again = findings(town.desk, "again", "--workers", "1", "--overwrite")
    monkeypatch.setenv("ONEMAP_BLOCK", "7")
    blocks = findings(town.desk, "blocks")
    unproved = after[after.reason.fillna("").str.contains("arithmetic")]
    assert set(unproved.index.get_level_values("rule")) >= {"inside", "plan"}
    assert (unproved.verdict == "unknown").all() and (unproved.area_m2 > 0).all()
    unproved_rows = unproved.index
    assert before.drop(index=unproved_rows, errors="ignore").equals(after.drop(index=unproved_rows))
    assert after.equals(again) and after.equals(blocks)
    for parcel in {parcel for parcel, _ in unproved_rows}:
        ground = shapely.area(town.parcels[parcel])
        assert np.allclose(unproved.loc[parcel].area_m2, ground, atol=1e-3)
