"""A database open in another program is read as that program saved it, and nothing is written beside it."""

import contextlib
import hashlib
import sqlite3
import threading
from pathlib import Path

import pytest
import shapely
from shapely import box

from onemap.layers.errors import OneMapError
from onemap.layers.files.files_beside import SHM, WAL
from onemap.layers.files.foreign_database import settled_database
from onemap.layers.sources import reading
from onemap.layers.sources.reading import open_source, read_source
from onemap.tests.conftest import drop_triggers, write_layer

X, Y = 500_000, 4_200_000
_SAVED = "saved in the other file"


def plots(folder: Path, layers: int = 1, suffix: str = ".gpkg") -> Path:
    """Three plots a layer."""
    path = folder / f"plots #1 100%{suffix}"
    folder.mkdir(exist_ok=True)
    shapes = [box(X + at, Y, X + at + 50, Y + 50) for at in (0, 100, 200)]
    if suffix == ".gpkg":
        for number in range(layers):
            mode = "a" if number else "w"
            write_layer(path, shapes, {"name": ["a", "b", "c"]}, layer=f"plots{number}", mode=mode)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # They speak of geometries, of which SQLite alone knows nothing.
        drop_triggers(connection)
        if suffix == ".sqlite":
            connection.execute("CREATE TABLE geometry_columns (f_table_name, f_geometry_column, srid, geometry_format)")
            connection.execute("INSERT INTO geometry_columns VALUES ('plots0', 'geom', 1, 'WKB')")
            connection.execute("CREATE TABLE spatial_ref_sys (srid, auth_name, auth_srid)")
            connection.execute("INSERT INTO spatial_ref_sys VALUES (1, 'epsg', 4547)")
            connection.execute("CREATE TABLE plots0 (name TEXT, geom BLOB)")
            rows = [(name, shapely.to_wkb(shape)) for name, shape in zip("abc", shapes, strict=True)]
            connection.executemany("INSERT INTO plots0 VALUES (?, ?)", rows)
    return path


@contextlib.contextmanager
def open_elsewhere(path: Path):
    """Another program, which has saved a name, and has the file still open."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute(f"UPDATE plots0 SET name = '{_SAVED}' WHERE name = 'b'")
        yield connection


def state_of_folder(folder: Path) -> dict:
    """The content of a folder, and its own time, which would reveal a file that existed only meanwhile."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    return {**found, "": folder.stat().st_mtime_ns}


def left_in_wal_mode(path: Path) -> None:
    """As a program leaves a file that ended without closing it, after all was folded in."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert path.read_bytes()[18:20] == b"\x02\x02"
    assert not path.with_name(path.name + WAL).exists()


@pytest.mark.parametrize(("layers", "suffix"), [(1, ".gpkg"), (3, ".gpkg"), (1, ".sqlite")])
def test_what_another_program_has_saved_is_read_and_nothing_is_written_beside_it(onemap, tmp_path, layers, suffix):
    source = plots(tmp_path / "sent", layers, suffix)
    with open_elsewhere(source):
        assert source.with_name(source.name + WAL).stat().st_size > 0
        assert _SAVED.encode() not in source.read_bytes()
        before = state_of_folder(source.parent)
        assert onemap("inspect", source).code == 0
        frame = read_source(source, "plots0", None)
        assert list(frame.attributes["name"]) == ["a", _SAVED, "c"]
        assert frame.path == source
        assert onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547").code == 0
        city, layer = tmp_path / "city.gpkg", ("--layer", "plots0")
        added = onemap("add", city, source, *layer, "--as", "YJJBNTTB", "--covers", "extent", "--fields", "BSM=name")
        assert (added.code, added.json.get("features")) == (0, 3), added.json
        assert onemap("check", city, source, *layer, "--out", tmp_path / "out.gpkg").json["parcels"] == 3
        assert state_of_folder(source.parent) == before


@pytest.mark.parametrize(("layers", "suffix"), [(1, ".gpkg"), (3, ".gpkg"), (1, ".sqlite")])
def test_nothing_is_made_beside_a_file_that_was_left_in_wal_mode(onemap, tmp_path, layers, suffix):
    source = plots(tmp_path / "sent", layers, suffix)
    left_in_wal_mode(source)
    before = state_of_folder(source.parent)
    answer = onemap("inspect", source)
    assert [layer["name"] for layer in answer.json["layers"]] == [f"plots{number}" for number in range(layers)]
    assert [layer["count"] for layer in answer.json["layers"]] == [3] * layers
    source.parent.chmod(0o555)
    try:
        assert len(read_source(source, "plots0", None).shapes) == 3
    finally:
        source.parent.chmod(0o755)
    assert state_of_folder(source.parent) == before


def test_records_that_break_are_looked_at_without_a_trace(onemap, tmp_path):
    source = plots(tmp_path / "sent")
    with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("UPDATE plots0 SET geom = x'475000' WHERE name = 'b'")
    left_in_wal_mode(source)
    before = state_of_folder(source.parent)
    answer = onemap("inspect", source)
    assert "source.record" in [problem["code"] for problem in answer.json["layers"][0]["problems"]]
    assert state_of_folder(source.parent) == before


def test_the_same_rows_have_one_hash_whether_folded_in_or_not(tmp_path):
    source = plots(tmp_path / "sent")
    with open_elsewhere(source) as connection:
        beside = read_source(source, None, None).source_hash
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert read_source(source, None, None).source_hash == beside
        connection.execute("UPDATE plots0 SET name = 'other' WHERE name = 'c'")
        assert read_source(source, None, None).source_hash != beside


def test_a_copy_is_of_one_state_while_another_program_goes_on_saving(tmp_path):
    """Two tables are changed in one step each time; the writer folds in, and begins anew, as often as it can."""
    path, is_over = tmp_path / "busy.gpkg", threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            number = 0
            while not is_over.is_set():
                number += 1
                connection.execute("BEGIN")
                connection.execute("UPDATE one SET n = ?, filler = randomblob(3000)", (number,))
                connection.execute("UPDATE two SET n = ?, filler = randomblob(3000)", (number,))
                connection.execute("COMMIT")
                if number % 7 == 0:
                    connection.execute(f"PRAGMA wal_checkpoint({'RESTART' if number % 2 else 'PASSIVE'})")

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for name in ("one", "two"):
            connection.execute(f"CREATE TABLE {name} (n INTEGER, filler BLOB)")
            connection.executemany(f"INSERT INTO {name} VALUES (0, ?)", [(b"",)] * 200)
        writer = threading.Thread(target=write)
        writer.start()
        seen, too_busy = set(), 0
        try:
            while len(seen) < 10 and too_busy < 200:
                try:
                    with settled_database(path) as settled, contextlib.closing(sqlite3.connect(settled)) as copied:
                        if settled == path:
                            continue
                        assert copied.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                        numbers = copied.execute("SELECT n FROM one UNION SELECT n FROM two").fetchall()
                    assert len(numbers) == 1
                    seen.add(numbers[0])
                except OneMapError as error:
                    assert error.code == "source.changed"
                    too_busy += 1
        finally:
            is_over.set()
            writer.join()
    assert len(seen) == 10


def test_a_copy_during_which_the_file_beside_begins_anew_is_made_again(tmp_path, monkeypatch):
    path, is_new = tmp_path / "busy.gpkg", []
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE one (n INTEGER)")
        writer.execute("INSERT INTO one VALUES (1)")

        def copy_slowly(source, target):
            """Copy the head; then the writer folds in and begins anew; then copy the rest."""
            with Path(source).open("rb") as read, Path(target).open("wb") as written:
                written.write(read.read(32))
                if str(source).endswith("-wal") and not is_new:
                    is_new.append(writer.execute("PRAGMA wal_checkpoint(RESTART)").fetchone())
                    writer.execute("UPDATE one SET n = 2")
                read.seek(32)
                written.write(read.read())

        monkeypatch.setattr("onemap.layers.files.foreign_database.shutil.copyfile", copy_slowly)
        with settled_database(path) as settled, contextlib.closing(sqlite3.connect(settled)) as copied:
            assert copied.execute("SELECT n FROM one").fetchall() == [(2,)]
    assert is_new


def test_what_is_found_wrong_in_a_file_that_was_changed_meanwhile_is_called_so(tmp_path):
    source = plots(tmp_path / "sent")
    with pytest.raises(OneMapError) as refused, open_source(source) as found:
        source.write_bytes(source.read_bytes()[:-4096])
        raise OneMapError("source.damaged", file=found.name, reason="")
    assert refused.value.code == "source.changed"


def test_a_library_is_never_read_as_a_copy(onemap, tmp_path):
    library = tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    with contextlib.closing(sqlite3.connect(library, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE more (x)")
        assert library.with_name(library.name + WAL).stat().st_size > 0
        assert library.with_name(library.name + SHM).exists()
        with open_source(library) as found:
            assert found == library


def test_a_file_that_is_saved_while_it_is_read_is_refused(tmp_path, monkeypatch):
    source = plots(tmp_path / "sent")
    read = reading.read_layer

    def read_and_save(*given, **wishes):
        frame = read(*given, **wishes)
        with contextlib.closing(sqlite3.connect(source)) as connection, connection:
            connection.execute("UPDATE plots0 SET name = 'other'")
        return frame

    monkeypatch.setattr(reading, "read_layer", read_and_save)
    with pytest.raises(OneMapError) as refused:
        read_source(source, None, None)
    assert refused.value.code == "source.changed"
