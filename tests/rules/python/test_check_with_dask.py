"""A check called with frames of dask-geopandas, and with a client of Dask."""

import geopandas as gpd
import pandas as pd
import pytest
from geopandas.testing import assert_geodataframe_equal
from shapely import box

import onemap
from onemap.tests.rules.command import command, done
from onemap.tests.rules.conftest import Desk

dask_geopandas = pytest.importorskip("dask_geopandas")
distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def desk_made_once(tmp_path_factory):
    desk = Desk(tmp_path_factory.mktemp("dask"), lambda *arguments, lang="en": command(*arguments))
    done("new", desk.library, "--crs", "EPSG:4547")
    desk.layer("ZONE", [box(5, 0, 20, 10), box(50, 0, 61, 10)])
    desk.pack({})
    return desk


@pytest.fixture
def parcels():
    shapes = [box(x, 0, x + 10, 10) for x in range(0, 80, 10)]
    return gpd.GeoDataFrame({"DKBH": [f"P{n}" for n in range(8)]}, geometry=shapes, crs=4547)


def plain(frame):
    """Every value as text, so that types do not matter that Dask chooses for columns without values."""
    return frame.astype(object).where(frame.notna(), None).astype(str).to_dict("records")


@pytest.mark.slow
def test_a_partitioned_frame_gives_partitioned_tables_with_the_rows_of_a_check(desk_made_once, parcels):
    pack = desk_made_once.folder / "test.toml"
    frame = dask_geopandas.from_geopandas(parcels, npartitions=3)
    with onemap.open(desk_made_once.library, language="en") as library:
        lazy = library.check(frame, packs=pack)
        whole = library.check(parcels, packs=pack, record=False)
        assert lazy.verdicts.npartitions == 3 and lazy.verdicts.crs == library.crs and not lazy.is_recorded
        for name in ("verdicts", "findings", "overlaps"):
            found = getattr(lazy, name).compute(scheduler="synchronous").reset_index(drop=True)
            expected = getattr(whole, name)
            assert list(found.columns) == list(expected.columns) and len(found) == len(expected) > 0
            assert plain(found) == plain(expected)
            texts = [value for column in found.columns for value in found[column] if isinstance(value, str)]
            assert set(map(type, texts)) == {str}  # what a person sees, and any other program takes
        assert lazy.verdict_counts == whole.verdict_counts and lazy.verdict == "prohibited"
        assert "<strong>onemap check</strong>" in lazy._repr_html_()
        for wrong in ({"against": "x"}, {"replace": {"ZONE": parcels}}, {"known_at": "2026-01-01"}):
            with pytest.raises(onemap.OneMapError) as refused:
                library.check(frame, packs=pack, **wrong)
            assert refused.value.code == "usage.apart"
        for wrong, code in (
            (frame.rename(columns={"DKBH": "X"}), "usage.required"),
            (frame.set_crs(None, allow_override=True), "crs.missing"),
            (frame.set_crs(2383, allow_override=True), "crs.no_transformation"),
            (frame.geometry, "python.kind"),
            (frame.drop(columns="geometry"), "python.kind"),
        ):
            with pytest.raises(onemap.OneMapError) as refused:
                library.check(wrong, packs=pack)
            assert refused.value.code == code and refused.value.problems[0].message


@pytest.mark.slow
def test_a_partitioned_result_is_written_like_any_other(desk_made_once, parcels, tmp_path):
    frame = dask_geopandas.from_geopandas(parcels, npartitions=2)
    with onemap.open(desk_made_once.library) as library:
        lazy = library.check(frame, packs=desk_made_once.folder / "test.toml")
        lazy.to_file(tmp_path / "out")
    assert pd.read_parquet(tmp_path / "out" / "parcels.parquet").parcel.tolist() == parcels.DKBH.tolist()


@pytest.mark.slow
def test_partitions_are_written_and_read_again_as_one_table(desk_made_once, parcels, tmp_path):
    frame = dask_geopandas.from_geopandas(parcels, npartitions=4)  # the last has no finding
    with onemap.open(desk_made_once.library) as library:
        lazy = library.check(frame, packs=desk_made_once.folder / "test.toml")
        for name in ("findings", "overlaps_line", "composition"):
            lazy.table(name).to_parquet(tmp_path / name)
        assert len(gpd.read_parquet(tmp_path / "findings")) == len(lazy.findings.compute()) > 0


@pytest.mark.slow
def test_a_client_of_dask_gives_the_same_rows(desk_made_once, parcels, monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "3")
    pack = desk_made_once.folder / "test.toml"
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with (
        distributed.LocalCluster(processes=False, protocol="tcp://", **options) as cluster,
        distributed.Client(cluster) as client,
        onemap.open(desk_made_once.library) as library,
    ):
        spread = library.check(parcels, packs=pack, client=client)
        whole = library.check(parcels, packs=pack)
        for name in ("verdicts", "findings", "overlaps"):
            assert_geodataframe_equal(getattr(spread, name), getattr(whole, name))
