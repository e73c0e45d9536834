"""An edited spatial index is reported with the features that it hides or moves: two-level trees made by GDAL."""

import sqlite3

import geopandas as gpd
import pytest
import shapely

from onemap.layers.stores.index_entries import misplaced_features

INDEX = "rtree_plots_geom"
COUNT = 300  # six leaves of 51, a root above them


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "plots.gpkg"
    # Sides that 32 bits do not hold exactly, on either side of zero.
    shapes = [shapely.box(0.1 + 7.3 * n - 900, 0.1 - 3.7 * n, 4.2 + 7.3 * n - 900, 2.9 - 3.7 * n) for n in range(COUNT)]
    gpd.GeoDataFrame({"n": range(COUNT)}, geometry=shapes, crs=4547).to_file(made, layer="plots")
    return made


def faults(path, *edits):
    with sqlite3.connect(path) as connection:
        for sql in edits:
            assert connection.execute(sql).rowcount > 0, sql
        found = misplaced_features(connection, INDEX)
    connection.close()
    return found


def leaf_of(path, fid):
    with sqlite3.connect(path) as connection:
        (node,) = connection.execute(f"SELECT nodeno FROM {INDEX}_rowid WHERE rowid = {fid}").fetchone()
        under = [row[0] for row in connection.execute(f"SELECT rowid FROM {INDEX}_rowid WHERE nodeno = {node}")]
    connection.close()
    return node, sorted(under)


def test_an_index_as_another_program_made_it_is_right(path):
    assert faults(path) == []


def test_a_feature_that_is_elsewhere_or_gone_in_the_index_is_named(path):
    assert faults(path, f"UPDATE {INDEX} SET minx = minx + 50, maxx = maxx + 50 WHERE id = 7") == [7]
    assert faults(path, f"DELETE FROM {INDEX} WHERE id = 9") == [7, 9]
    assert faults(path, f"INSERT INTO {INDEX} VALUES (5000, 0, 1, 0, 1)") == [7, 9, 5000]


def test_a_feature_whose_entry_stands_under_another_number_is_named(path):
    assert faults(path, f"UPDATE {INDEX}_rowid SET nodeno = nodeno + 1 WHERE rowid = 12") == [12]


def test_all_features_of_a_node_that_is_gone_or_hangs_elsewhere_are_named(path):
    node, under = leaf_of(path, 20)
    assert 1 < len(under) < COUNT
    assert faults(path, f"UPDATE {INDEX}_parent SET parentnode = 99 WHERE nodeno = {node}") == under
    other, more = leaf_of(path, max(set(range(1, COUNT)) - set(under)))
    assert faults(path, f"UPDATE {INDEX}_node SET data = x'00' WHERE nodeno = {other}") == sorted({*under, *more})


def test_without_a_root_every_feature_is_named(path):
    assert faults(path, f"DELETE FROM {INDEX}_node WHERE nodeno = 1") == list(range(1, COUNT + 1))
