"""The files of a check against an earlier run: unchanged rows are copied, and their ground is not decoded."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from onemap.rules.judge.runs.arrow_blocks import ArrowTable


def run_check(desk, name, *more):
    out = desk.folder / name
    given = [desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--out", out]
    answer = desk.run("check", *given, "--out", out.with_suffix(""), *more).done()
    return answer.json["run"], out


@pytest.mark.slow
def test_a_file_against_an_earlier_run_is_that_of_a_whole_check_and_decodes_nothing(desk, monkeypatch):
    zones = [box(x, 0, x + 30, 50) for x in range(0, 900, 40)]
    desk.layer("ZONE", zones)
    desk.layer("FAR", [box(5000, 0, 5100, 40)])
    desk.pack({"id": "zone"}, {"id": "far", "layer": "FAR"})
    desk.parcels({f"P{at}": box(x, 10, x + 55, 60) for at, x in enumerate(range(0, 900, 60))})
    first, _ = run_check(desk, "first.gpkg")
    desk.layer("ZONE", [*zones[:-1], box(880, 0, 901, 33)], label="v2")
    _, whole = run_check(desk, "whole.gpkg")

    def refuse_decoding(self):
        raise AssertionError("a stored ground is decoded")

    monkeypatch.setattr(ArrowTable, "geometries", property(refuse_decoding))
    record, again = run_check(desk, "again.gpkg", "--against", first["id"])
    assert 0 < record["computed"] < first["computed"] / 2
    for name in ("parcels", "findings", "overlaps"):
        one, two = (gpd.read_file(path, layer=name) for path in (whole, again))
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
        assert len(one) and (one.geometry.geom_equals_exact(two.geometry, 0)).all()
        one, two = (gpd.read_parquet(path.with_suffix("") / f"{name}.parquet") for path in (whole, again))
        assert one.to_wkb().equals(two.to_wkb()) and one.total_bounds.tolist() == two.total_bounds.tolist()
