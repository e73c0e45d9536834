"""SQLite describes a GeoPackage instead of GDAL: only a file of one table, and only as GDAL would."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from onemap.layers.files.foreign_database import settled_database
from onemap.layers.sources.gdal.geopackage_schema import only_layer, row_count
from onemap.layers.sources.gdal.readable_file import layer_names

TRIANGLES = [shapely.Polygon([(x, 0), (x + 1, 0), (x, 1)]) for x in range(5)]


def make_layer(path: Path, layer: str = "地块") -> Path:
    gpd.GeoDataFrame({"n": range(5)}, geometry=TRIANGLES, crs="EPSG:4547").to_file(path, layer=layer)
    return path


def a_second_layer(path: Path) -> None:
    make_layer(path, "more")


def a_table_without_geometry(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (fid INTEGER PRIMARY KEY, text TEXT)")


def a_view(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute('CREATE VIEW some AS SELECT * FROM "地块"')


def another_mark(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA application_id = 0")


def test_a_file_of_one_table_has_the_layer_and_rows_that_gdal_reads(tmp_path):
    path = make_layer(tmp_path / "one.gpkg")
    assert only_layer(path) == "地块"
    assert [only_layer(path)] == [name for name, _ in pyogrio.list_layers(path)] == layer_names(path)
    assert row_count(path, "地块") == pyogrio.read_info(path, layer="地块")["features"] == 5


@pytest.mark.parametrize("change", [a_second_layer, a_table_without_geometry, a_view, another_mark])
def test_of_any_other_file_gdal_is_asked(tmp_path, change: Callable[[Path], None]):
    path = make_layer(tmp_path / "one.gpkg")
    assert only_layer(path) == "地块"
    change(path)
    assert only_layer(path) is None
    assert layer_names(path) == [name for name, _ in pyogrio.list_layers(path)]


def test_rows_that_another_program_has_still_to_put_away_are_counted(tmp_path):
    path = make_layer(tmp_path / "open.gpkg")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute('DROP TRIGGER "trigger_delete_feature_count_地块"')
    connection.execute('DROP TRIGGER "rtree_地块_geom_delete"')
    connection.execute('DELETE FROM "地块" WHERE n = 2')
    assert path.with_name("open.gpkg-wal").stat().st_size > 0
    with settled_database(path) as settled:
        assert (only_layer(settled), row_count(settled, "地块")) == ("地块", 4)
    connection.close()
    assert (only_layer(path), row_count(path, "地块")) == ("地块", 4)


def test_rows_are_counted_and_not_believed(tmp_path):
    path = make_layer(tmp_path / "one.gpkg")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE gpkg_ogr_contents SET feature_count = 7")
    assert row_count(path, "地块") == 5
