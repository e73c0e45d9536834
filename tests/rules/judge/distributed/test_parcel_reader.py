"""Parcels read in parts equal those read at once: the same rows, hashes, remarks and refusals."""

import geopandas as gpd
import pytest
from shapely import LineString, MultiPolygon, Polygon, affinity, box

from onemap.layers.sources import reading
from onemap.rules.judge.distributed import parcel_reader
from onemap.tests.rules.command import command
from onemap.tests.rules.judge.distributed.conftest import arguments, rows_differ, work

BOW_TIE = Polygon([(0, 0), (30, 30), (30, 0), (0, 30)])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setenv("ONEMAP_BLOCK", "7")


@pytest.fixture
def part_by_part(monkeypatch):
    """Every source is large, and is read eleven rows at a time."""

    def begin():
        monkeypatch.setattr(reading, "LARGE_BYTES", 0)
        monkeypatch.setattr(reading, "LARGE_ROWS", 0)
        monkeypatch.setattr(parcel_reader, "_ROWS", 11)

    return begin


def rewrite_parcels(desk, change, suffix=".gpkg", **options):
    """The desk's parcels after `change(frame)`, in another file of the same name."""
    path = desk.folder / "parcels.gpkg"
    frame = change(gpd.read_file(path))
    path.unlink()
    target = path.with_suffix(suffix)
    frame.to_file(target, **options)
    return target


def both_ways(desk, part_by_part, *more):
    """The answers of `check` at once, and in parts."""
    at_once = command(*arguments(desk, *more)).json
    part_by_part()
    return at_once, command(*arguments(desk, *more)).json


@pytest.mark.slow
def test_the_same_parcels_give_the_same_run(town, part_by_part):
    at_once, in_parts = both_ways(town.desk, part_by_part)
    assert in_parts["run"]["parameters"] == at_once["run"]["parameters"]
    assert in_parts["verdicts"] == at_once["verdicts"] and in_parts["problems"] == at_once["problems"]
    assert rows_differ(town.desk, in_parts["run"]["id"]) == []


@pytest.mark.slow
def test_numbers_beside_nulls_and_a_repair_are_the_same(town, part_by_part):
    def change(frame):
        frame["N"] = [None if row % 7 == 3 else row for row in range(len(frame))]
        frame["N"] = frame["N"].astype("Int64")
        frame.loc[40, "geometry"] = affinity.translate(BOW_TIE, 100, 100)
        frame.loc[41, "geometry"] = MultiPolygon([box(0, 0, 9, 9), box(20, 0, 29, 9)])
        return frame

    rewrite_parcels(town.desk, change)
    at_once, in_parts = both_ways(town.desk, part_by_part, "--repair")
    assert in_parts["run"]["parameters"] == at_once["run"]["parameters"]
    assert in_parts["problems"] == at_once["problems"] and len(at_once["problems"]) == 1
    assert rows_differ(town.desk, in_parts["run"]["id"]) == []


def spoil_rows(how):
    def change(frame):
        if how == "ids":
            frame.loc[[3, 50], "DKBH"] = "P7"
            frame.loc[30, "DKBH"] = None
        if how == "ground":
            frame.loc[[2, 33, 59], "geometry"] = BOW_TIE
            frame.loc[20, "geometry"] = None
        if how == "system":
            frame = frame.set_crs("EPSG:4490", allow_override=True)
        if how == "widths":
            frame["HXKD"] = 0.0
            frame.loc[[5, 40], "geometry"] = LineString([(0, 0), (9, 9)])
            frame.loc[50, "geometry"] = BOW_TIE
        return frame

    return change


@pytest.mark.parametrize("how", ["ids", "ground", "system", "widths"])
def test_what_is_wrong_is_refused_in_the_same_words(town, part_by_part, how):
    rewrite_parcels(town.desk, spoil_rows(how))
    more = ("--land-width", "HXKD") if how == "widths" else ()
    at_once, in_parts = both_ways(town.desk, part_by_part, *more)
    assert at_once["problems"] and in_parts == at_once
    assert not work(town.desk).exists()


def test_a_field_of_ids_that_is_not_there_is_refused_in_the_same_words(town, part_by_part):
    at_once, in_parts = both_ways(town.desk, part_by_part, "--id", "NOWHERE")
    assert in_parts == at_once and at_once["problems"][0]["code"] == "field.missing"
