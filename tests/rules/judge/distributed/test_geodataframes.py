"""Frames of dask-geopandas are judged by partition, with the rows of a check at once."""

import geopandas as gpd
import pandas as pd
import pytest

from onemap.layers.errors import OneMapError
from onemap.rules.judge.distributed.geodataframes import check_frame
from onemap.tests.rules.command import done
from onemap.tests.rules.judge.distributed.conftest import arguments

dask_geopandas = pytest.importorskip("dask_geopandas")


@pytest.mark.slow
@pytest.mark.parametrize("table", ["parcels", "findings", "composition"])
def test_a_frame_gives_the_rows_of_a_check(town, table):
    desk = town.desk
    done(*arguments(desk, "--out", desk.folder / "out"))
    frame = dask_geopandas.from_geopandas(gpd.read_file(desk.folder / "parcels.gpkg"), npartitions=4)
    how = {"id_field": "DKBH", "packs": [str(desk.folder / "test.toml")], "table": table}
    found = check_frame(frame, str(desk.library), **how).compute(scheduler="synchronous").reset_index(drop=True)
    read = gpd.read_parquet if table != "composition" else pd.read_parquet
    expected = read(desk.folder / "out" / f"{table}.parquet")
    assert len(found) == len(expected) > 20 and list(found.columns) == list(expected.columns)
    for name in found.columns:
        one, two = (frame[name].astype(object).where(frame[name].notna(), None).tolist() for frame in (found, expected))
        assert [str(value) for value in one] == [str(value) for value in two], name


def test_a_table_that_is_none_is_refused(town):
    frame = dask_geopandas.from_geopandas(gpd.read_file(town.desk.folder / "parcels.gpkg"), npartitions=2)
    with pytest.raises(OneMapError):
        check_frame(frame, str(town.desk.library), id_field="DKBH", table="nothing")
