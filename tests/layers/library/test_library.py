"""The library as a file: plain layers for any GIS, one file at rest, and a log that reveals tampering."""

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import pyproj
import pytest
import shapely

from onemap.layers.errors import Cancelled, OneMapError
from onemap.layers.files.journal_folder import is_locked_by_us
from onemap.layers.library.library import open_library, system_user
from onemap.layers.library.versions import read_version, versions
from onemap.layers.stores.file_store import make_file


@pytest.fixture
def filled_shelf(shelf, layer_file, box):
    for label, west in (("1", "西"), ("2", "西郊")):
        path = layer_file("a.gpkg", [box(0, 0), box(200, 0)], {"BSM": ["A", "B"], "名称": ["东", west]})
        assert shelf.add(path, label=label).code == 0
    return shelf


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", "2026-11-30T23:40:00.000000Z", "2026-12-01"),  # 07:40
        ("Asia/Shanghai", "2026-11-30T15:59:59Z", "2026-11-30"),  # 23:59:59
        ("America/New_York", "2026-12-01T03:00:00Z", "2026-11-30"),  # 22:00
        ("America/New_York", "2026-07-01T04:00:00Z", "2026-07-01"),  # midnight, in summer
        ("Asia/Shanghai", "no moment", "no moment"),
        ("Asia/Shanghai", "9999-12-31T23:00:00Z", "9999-12-31T23:00:00Z"),  # no calendar goes so far
    ],
)
def test_the_day_of_a_moment_is_that_of_the_clock_here(shelf, in_zone, zone, moment, day):
    in_zone(zone)
    with open_library(str(shelf.path)) as library:
        assert library.day_text(moment) == day


PLAIN_GDAL = """
import json, sys, warnings
import pyogrio
warnings.simplefilter("error")
names = [name for name, kind in pyogrio.list_layers(sys.argv[1]) if kind is not None]
layers = {}
for name in names:
    info = pyogrio.read_info(sys.argv[1], layer=name)
    frame = pyogrio.read_dataframe(sys.argv[1], layer=name, bbox=(500150, 4000000, 500400, 4000400))
    layers[name] = [info["features"], info["crs"], info["geometry_type"], list(info["fields"]), list(frame["BSM"])]
print(json.dumps(layers))
"""


@pytest.mark.slow
def test_plain_gdal_in_another_process_sees_versions_and_view_as_layers(filled_shelf):
    output = subprocess.run(
        [sys.executable, "-c", PLAIN_GDAL, str(filled_shelf.path)], capture_output=True, check=True, timeout=60
    )
    layers = json.loads(output.stdout)
    expected = [2, "EPSG:4547", "MultiPolygon", ["BSM", "名称"], ["B"]]  # the box holds the second square only
    assert layers == {"T__1": expected, "T__2": expected, "T": expected}
    assert output.stderr == b""


@pytest.mark.slow
def test_gdal_reads_the_whole_state_before_while_someone_writes(filled_shelf):
    with contextlib.closing(sqlite3.connect(filled_shelf.path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute('DELETE FROM "T__1" WHERE fid = 1')
        command = [sys.executable, "-c", PLAIN_GDAL, str(filled_shelf.path)]
        output = subprocess.run(command, capture_output=True, check=True, timeout=60)
        assert json.loads(output.stdout)["T__1"][0] == 2
        writer.execute("ROLLBACK")


def test_at_rest_a_library_is_one_file(filled_shelf):
    beside = [path.name for path in filled_shelf.path.parent.iterdir() if path.name.startswith("city.")]
    assert beside == ["city.gpkg"]


def test_the_file_is_a_geopackage_in_wal_mode(filled_shelf):
    assert filled_shelf.rows("PRAGMA journal_mode") == [("wal",)]
    assert filled_shelf.rows("PRAGMA application_id") == [(0x47504B47,)]
    assert filled_shelf.rows("PRAGMA user_version") == [(10300,)]
    assert filled_shelf.rows("PRAGMA integrity_check") == [("ok",)]
    assert filled_shelf.rows("PRAGMA foreign_key_check") == []
    kinds = dict(filled_shelf.rows("SELECT table_name, data_type FROM gpkg_contents"))
    assert kinds == {"T__1": "features", "T__2": "features", "T": "features"}
    boxes = filled_shelf.rows("SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'T__1'")
    assert boxes == [(500_000, 4_000_000, 500_300, 4_000_100)]
    index = filled_shelf.rows("SELECT id, minx, maxx, miny, maxy FROM rtree_T__1_geom ORDER BY id")
    assert index == [(1, 500_000, 500_100, 4_000_000, 4_000_100), (2, 500_200, 500_300, 4_000_000, 4_000_100)]


def test_wal_is_turned_on_again_if_another_program_has_turned_it_off(filled_shelf, layer_file, box):
    with contextlib.closing(sqlite3.connect(filled_shelf.path)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    assert filled_shelf.add(layer_file("b.gpkg", [box(0, 0)])).code == 0
    assert filled_shelf.rows("PRAGMA journal_mode") == [("wal",)]


def test_wal_is_turned_on_again_by_whoever_only_looks(filled_shelf):
    with contextlib.closing(sqlite3.connect(filled_shelf.path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    assert filled_shelf.run("layers", filled_shelf.path).code == 0
    assert filled_shelf.rows("PRAGMA journal_mode") == [("wal",)]


def test_a_reader_of_another_program_does_not_hinder_whoever_looks(filled_shelf):
    with contextlib.closing(sqlite3.connect(filled_shelf.path, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = DELETE")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM onemap_library").fetchone()
        assert filled_shelf.run("layers", filled_shelf.path).code == 0


def test_every_write_is_a_row_of_the_log_and_each_row_holds_the_hash_of_the_one_before(filled_shelf):
    rows = filled_shelf.rows(
        "SELECT at, who, action, subject, detail, content_hash, previous_hash, hash FROM onemap_audit ORDER BY number"
    )
    assert [(action, subject) for _, _, action, subject, *_ in rows] == [
        ("new", "city"),
        ("define", "T"),
        ("add", "T__1"),
        ("add", "T__2"),
    ]
    before = ""
    for at, who, action, subject, detail, content_hash, previous, chained in rows:
        assert content_hash == hashlib.sha256(detail.encode()).hexdigest()
        assert previous == before
        text = "\n".join((before, at, who, action, subject, content_hash))
        assert chained == hashlib.sha256(text.encode()).hexdigest()
        before = chained
    versions = dict(filled_shelf.rows("SELECT table_name, hash FROM onemap_versions"))
    assert json.loads(rows[2][4])["features"]["hash"] == versions["T__1"]


def test_a_refused_add_leaves_no_trace(filled_shelf, layer_file, box):
    before = filled_shelf.path.read_bytes()
    bad = layer_file("bad.gpkg", [box(0, 0), None])
    assert filled_shelf.add(bad).code == 3
    assert filled_shelf.add(layer_file("good.gpkg", [box(0, 0)]), label="1").code == 3
    assert filled_shelf.add(bad, code="NEW").code == 3
    assert filled_shelf.path.read_bytes() == before


def test_a_transaction_that_fails_is_undone(filled_shelf):
    def lose_versions():
        with open_library(str(filled_shelf.path)) as library, library.writing() as connection:
            connection.execute("DELETE FROM onemap_versions")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lose_versions()
    assert len(filled_shelf.rows("SELECT * FROM onemap_versions")) == 2


def test_two_readers_and_a_writer_do_not_wait_for_one_another(filled_shelf, layer_file, box):
    with open_library(str(filled_shelf.path)) as reader:
        known = versions(reader)
        assert filled_shelf.add(layer_file("b.gpkg", [box(0, 0)]), label="3").code == 0
        assert len(read_version(reader, known[0], None).fids) == 2
        assert len(versions(reader)) == 3  # the next question sees the new state


def test_a_version_whose_table_or_index_was_damaged_is_not_read_in_part(filled_shelf):
    with contextlib.closing(sqlite3.connect(filled_shelf.path)) as connection:
        connection.execute("DELETE FROM rtree_T__1_geom WHERE id = 2")
        connection.commit()
    with open_library(str(filled_shelf.path)) as library:
        known = versions(library)
        with pytest.raises(OneMapError) as refused:
            read_version(library, known[0], None)
        assert refused.value.code == "version.unreadable"
        assert len(read_version(library, known[1], None).fids) == 2


def test_features_near_a_box_are_read_and_no_others(filled_shelf):
    with open_library(str(filled_shelf.path)) as library:
        version = versions(library)[0]
        near = read_version(library, version, (500_150, 4_000_000, 500_200, 4_000_050))
        assert (near.fids.tolist(), near.attributes["名称"].tolist()) == ([2], ["西"])
        assert shapely.area(near.geometries).tolist() == [10_000]
        nowhere = read_version(library, version, (0, 0, 1, 1))
        assert (len(nowhere.fids), list(nowhere.attributes.columns)) == (0, ["BSM", "名称"])


def test_a_library_is_opened_through_a_link(filled_shelf, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    os.symlink(filled_shelf.path, folder / "link.gpkg")
    assert filled_shelf.run("layers", folder / "link.gpkg").code == 0
    assert [path.name for path in folder.iterdir()] == ["link.gpkg"]


def test_a_library_that_is_closed_while_rows_are_read_is_one_file(filled_shelf, tmp_path):
    """As where work was cancelled: what broke off remembers the rows."""
    with open_library(str(filled_shelf.path)) as library:
        rows = library.connection.read_rows("onemap_audit", ["number"])
        next(rows)
    assert [path.name for path in tmp_path.glob("city.gpkg*")] == ["city.gpkg"]
    with pytest.raises(sqlite3.ProgrammingError):
        next(rows)


def test_a_library_whose_opening_is_cancelled_is_one_file(filled_shelf, tmp_path, monkeypatch):
    held = []

    def cancel(connection):
        held.append(connection)  # as the error's frames do
        raise Cancelled

    monkeypatch.setattr("onemap.layers.stores.file_store.geopackage.add_functions", cancel)
    with pytest.raises(Cancelled), open_library(str(filled_shelf.path)):
        pass
    assert [path.name for path in tmp_path.glob("city.gpkg*")] == ["city.gpkg"]


def test_a_new_library_never_takes_the_place_of_another(shelf):
    before = shelf.path.read_bytes()
    assert shelf.run("new", shelf.path, "--crs", "EPSG:4547").codes == ["library.exists"]
    assert shelf.path.read_bytes() == before


def test_what_a_killed_new_left_is_cleared_by_the_next(shelf, tmp_path):
    killed, working = (tmp_path / f"town.gpkg.{name}.part" for name in ("killed_0", "working0"))
    for folder in (killed, working):
        folder.mkdir()
        (folder / "lock").touch()
        (folder / "town.gpkg").write_bytes(b"half")
    with (working / "lock").open("a+b") as lock:
        assert is_locked_by_us(lock)
        assert shelf.run("new", tmp_path / "town.gpkg", "--crs", "EPSG:4547").code == 0
        assert (killed.exists(), working.exists()) == (False, True)


def test_of_those_who_make_one_library_at_once_the_first_to_finish_has_it(shelf, tmp_path):
    path = tmp_path / "town.gpkg"

    def fill(connection):
        connection.execute("CREATE TABLE later (number INTEGER)")
        if not path.exists():
            assert shelf.run("new", path, "--crs", "EPSG:4547", "--name", "first").code == 0

    with pytest.raises(OneMapError) as refused:
        make_file(path, pyproj.CRS(4547), fill)
    assert refused.value.code == "library.exists"
    assert shelf.run("verify", path).json["ok"]
    with open_library(str(path)) as library:
        assert library.name == "first" and not library.connection.has_table("later")
    assert not list(tmp_path.glob("town.gpkg?*"))


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no name"), ImportError("pwd")])
def test_whoever_has_no_name_is_known_by_a_number_or_as_unknown(monkeypatch, error):
    """A container's user may have no name; on Windows the variable USERNAME may be missing."""

    def fail():
        raise error

    monkeypatch.setattr("getpass.getuser", fail)
    monkeypatch.setattr("onemap.layers.library.library.os", SimpleNamespace(getuid=lambda: 10001))
    assert system_user() == "uid 10001"
    monkeypatch.setattr("onemap.layers.library.library.os", SimpleNamespace())  # as on Windows
    assert system_user() == "unknown"
