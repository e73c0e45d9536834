"""Layers in a folder of GeoParquet: reading near features gives the library's own rows, value by value."""

import contextlib
import sqlite3

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from onemap.layers.geometry.shape_column import ShapeColumn
from onemap.layers.library import shared_layers
from onemap.layers.library.library import Library, open_library
from onemap.layers.library.versions import content_hash, read_version, stored_features, versions
from onemap.layers.progress import SILENT
from onemap.layers.stores.shared_store import open_shared
from onemap.layers.stores.store import DamagedTable

SIDE_M = 20.0


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(shared_layers, "_PART_ROWS", 100)
    monkeypatch.setattr(shared_layers, "_GROUP_ROWS", 10)


@pytest.fixture
def town(shelf, tmp_path, small_parts):
    """A library of 900 squares in no order, one of them across the others and with many points."""
    chance = np.random.default_rng(3)
    place = chance.permutation(900)
    west, south = 500_000 + place % 30 * SIDE_M, 2_500_000 + place // 30 * SIDE_M
    squares = shapely.box(west, south, west + 18, south + 18)
    squares[0] = shapely.Point(500_300, 2_500_300).buffer(200, quad_segs=10_000)
    columns = {
        "NAME": [None if row % 7 == 0 else f"甲{row}" for row in range(900)],
        "SIZE": [row / 3 if row % 5 else None for row in range(900)],
        "NUMBER": pd.array([row * 10**15 if row % 3 else None for row in range(900)], dtype="Int64"),
        "geom_bbox": ["a name that a covering would take"] * 900,
    }
    source = tmp_path / "squares.gpkg"
    gpd.GeoDataFrame(columns, geometry=squares, crs="EPSG:4547").to_file(source)
    assert shelf.add(source).code == 0
    with open_library(str(shelf.path), read_only=True) as library:
        yield library


def share_library(library, folder):
    """The library as the folder shows it, and what its files are."""
    facts = shared_layers.share_versions(library, versions(library), folder, SILENT)
    return Library(open_shared(facts)), sorted(folder.glob("*.parquet"))


def boxes():
    """Some ground, all of it, none of it, and a box that only touches."""
    chance = np.random.default_rng(4)
    corners = np.column_stack([chance.uniform(500_000, 500_600, 20), chance.uniform(2_500_000, 2_500_600, 20)])
    return [None, (0, 0, 1, 1), (500_018, 2_500_000, 500_020, 2_500_001), *(np.c_[corners, corners + 55].tolist())]


def test_what_is_read_is_what_the_library_gives(town, tmp_path):
    there, _ = share_library(town, tmp_path / "shared")
    assert there.id == town.id and there.crs == town.crs and there.catalogue() == town.catalogue()
    (version,) = versions(there)
    assert versions(town) == [version]
    for box in boxes():
        one, other = (stored_features(of, version.table, box, version.count) for of in (town, there))
        assert one.fids.tolist() == other.fids.tolist()
        assert shapely.to_wkb(one.geometries).tolist() == shapely.to_wkb(other.geometries).tolist()
        assert one.attributes.to_dict() == other.attributes.to_dict()
        assert [set(map(type, one.attributes[name])) for name in one.attributes] == [
            set(map(type, other.attributes[name])) for name in other.attributes
        ]
    whole = stored_features(there, version.table, None, version.count)
    assert content_hash(whole.geometries, whole.attributes) == version.hash


def test_of_the_files_only_groups_of_rows_near_the_box_are_read(town, tmp_path):
    there, files = share_library(town, tmp_path / "shared")
    shelf, box = there.connection.shelf, (500_100, 2_500_100, 500_140, 2_500_140)
    read = [(len(shelf.groups_near(file.name, box)), len(shelf.groups_near(file.name, None))) for file in files]
    assert len(files) == 9 and sum(every for _, every in read) > 80
    assert 1 <= sum(near for near, _ in read) <= 9


def test_other_programs_find_the_boxes_in_the_files(town, tmp_path):
    there, files = share_library(town, tmp_path / "shared")
    (version,), box = versions(there), (500_100, 2_500_100, 500_140, 2_500_140)
    theirs = pd.concat([gpd.read_parquet(file, bbox=box) for file in files])
    assert sorted(theirs["fid"]) == stored_features(there, version.table, box, None).fids.tolist()
    assert theirs.crs == town.crs and theirs.geometry.notna().all()


@pytest.mark.slow
def test_what_is_there_is_not_written_again_and_another_version_has_files_of_its_own(town, tmp_path, shelf):
    folder = tmp_path / "shared"
    share_library(town, folder)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    share_library(town, folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert shelf.add(tmp_path / "squares.gpkg", valid_from="2026-01-01").code == 0
    there, _ = share_library(town, folder)
    assert [version.table for version in versions(there)] == ["T__1", "T__2"]
    assert before.items() < {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}.items()


def test_a_damaged_file_and_a_lost_one_are_no_ground_without_features(town, tmp_path):
    folder = tmp_path / "shared"
    there, files = share_library(town, folder)
    content = bytearray(files[0].read_bytes())
    content[200:260] = bytes(60)
    files[0].write_bytes(content)
    with pytest.raises((DamagedTable, OSError)):
        stored_features(there, "T__1", None, None)
    files[0].unlink()
    with pytest.raises(FileNotFoundError):
        stored_features(share_library(town, folder)[0], "T__1", None, None)


def test_a_version_of_which_features_are_lost_cannot_be_read_there_either(town, tmp_path, shelf):
    with contextlib.closing(sqlite3.connect(shelf.path, isolation_level=None)) as connection:
        connection.execute('DELETE FROM "rtree_T__1_geom" WHERE id < 5')
    there, files = share_library(town, tmp_path / "shared")
    assert versions(there) == versions(town)
    with pytest.raises(DamagedTable):
        stored_features(there, "T__1", None, None)


def test_of_a_large_layer_no_geometry_is_made_until_somebody_asks(shelf, tmp_path):
    place = np.random.default_rng(5).permutation(6_000)
    circles = shapely.buffer(
        shapely.points(500_000 + place % 80 * 30.0, 2_500_000 + place // 80 * 30.0), 14, quad_segs=6
    )
    gpd.GeoDataFrame({"NAME": place}, geometry=circles, crs="EPSG:4547").to_file(tmp_path / "circles.gpkg")
    assert shelf.add(tmp_path / "circles.gpkg").code == 0
    origin = (400_000.0, 2_400_000.0)
    with open_library(str(shelf.path), read_only=True) as library:
        there, _ = share_library(library, tmp_path / "shared")
        (version,) = versions(there)
        known, found = (read_version(of, version, None, origin) for of in (library, there))
    assert isinstance(known.shapes, ShapeColumn) and isinstance(found.shapes, ShapeColumn)
    assert known.fids.tolist() == found.fids.tolist() and np.array_equal(known.boxes, found.boxes)
    assert shapely.to_wkb(known.geometries).tolist() == shapely.to_wkb(found.geometries).tolist()
