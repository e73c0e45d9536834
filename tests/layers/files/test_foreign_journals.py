"""A journal beside a foreign database is never played back: it is refused, and nothing is changed."""

import shutil
import sqlite3
import struct
import threading
import zipfile
from pathlib import Path

import py7zr
import pytest
from shapely import box

from onemap.layers.files.files_beside import JOURNAL
from onemap.tests.conftest import write_layer

_MAGIC = bytes.fromhex("d9d505f920a163d7")


def hot_journal(database: Path, victim: Path) -> Path:
    """A journal as a crash leaves it, whose super-journal is a file of the user's: SQLite would remove that file."""
    name = str(victim).encode()
    total = sum(name) & 0xFFFFFFFF
    head = _MAGIC + struct.pack(">IIIII", 0, 0, database.stat().st_size // 4096, 512, 4096)
    lock_page = struct.pack(">I", 0x40000000 // 4096 + 1)
    path = database.with_name(database.name + JOURNAL)
    path.write_bytes(head.ljust(512, b"\0") + lock_page + name + struct.pack(">II", len(name), total) + _MAGIC)
    return path


@pytest.fixture
def delivery(tmp_path):
    """A GeoPackage with a journal beside it that names a file of the desk."""
    (tmp_path / "sent").mkdir()
    source = write_layer(tmp_path / "sent" / "plots.gpkg", [box(500_000, 4_200_000, 500_100, 4_200_100)], {"n": [1]})
    victim = tmp_path / "thesis.docx"
    victim.write_bytes(b"years of work")
    hot_journal(source, victim)
    return source


def archive_of(delivery: Path, suffix: str) -> Path:
    """The delivery as an archive."""
    target = delivery.parent.parent / f"sent{suffix}"
    files = sorted(delivery.parent.iterdir())
    if suffix == ".zip":
        with zipfile.ZipFile(target, "w") as archive:
            for path in files:
                archive.write(path, path.name)
    else:
        with py7zr.SevenZipFile(target, "w") as archive:
            for path in files:
                archive.write(path, path.name)
    return target


def refusal_of(onemap, *words) -> str:
    answer = onemap(*words)
    assert answer.code == 3, answer.json
    assert answer.json["problems"][0]["mend"]
    return answer.codes[0]


def test_sqlite_itself_would_remove_the_file_that_the_journal_names(delivery, tmp_path):
    """The danger is real: this is what merely looking at the tables does."""
    with sqlite3.connect(delivery) as connection:
        connection.execute("SELECT * FROM sqlite_master").fetchall()
    connection.close()
    assert not (tmp_path / "thesis.docx").exists()


def test_a_source_with_a_journal_beside_it_is_refused_and_nothing_is_touched(onemap, delivery, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert refusal_of(onemap, "inspect", delivery) == "source.journal"
    assert onemap("new", tmp_path / "city.gpkg", "--crs", "EPSG:4547").code == 0
    code = refusal_of(onemap, "add", tmp_path / "city.gpkg", delivery, "--as", "YJJBNTTB", "--covers", "extent")
    assert code == "source.journal"
    assert (
        refusal_of(onemap, "check", tmp_path / "city.gpkg", delivery, "--out", tmp_path / "out.gpkg")
        == "source.journal"
    )
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("suffix", [".zip", ".7z"])
def test_an_archive_with_a_journal_is_refused_before_it_is_unpacked(onemap, delivery, tmp_path, suffix):
    archive = archive_of(delivery, suffix)
    assert refusal_of(onemap, "inspect", archive) == "source.journal_inside"
    assert (tmp_path / "thesis.docx").exists()


def test_an_empty_wal_in_an_archive_hinders_nothing(onemap, delivery, tmp_path):
    delivery.with_name(delivery.name + JOURNAL).unlink()
    delivery.with_name(delivery.name + "-wal").write_bytes(b"")
    assert onemap("inspect", archive_of(delivery, ".zip")).code == 0
    delivery.with_name(delivery.name + "-wal").write_bytes(b"frames")
    assert refusal_of(onemap, "inspect", archive_of(delivery, ".zip")) == "source.journal_inside"


@pytest.mark.slow
def test_a_library_with_a_journal_beside_it_is_refused_unless_it_goes_away(onemap, tmp_path):
    library, victim = tmp_path / "city.gpkg", tmp_path / "thesis.docx"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    victim.write_bytes(b"years of work")
    journal = hot_journal(library, victim)
    content = library.read_bytes()
    assert refusal_of(onemap, "layers", library) == "library.journal"
    assert refusal_of(onemap, "inspect", library) == "source.journal"
    assert (library.read_bytes(), victim.exists()) == (content, True)
    threading.Timer(0.5, journal.unlink).start()
    assert onemap("layers", library).code == 0


@pytest.mark.slow
def test_a_copy_of_a_library_that_was_made_in_the_middle_of_a_step_is_refused(onemap, tmp_path):
    library, copied = tmp_path / "city.gpkg", tmp_path / "copy.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547").code == 0
    connection = sqlite3.connect(library)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("CREATE TABLE x AS SELECT randomblob(10000) AS y")
    connection.execute("PRAGMA cache_spill = 1")
    for name in ("", JOURNAL):
        shutil.copyfile(f"{library}{name}", f"{copied}{name}")
    connection.rollback()
    connection.close()
    assert refusal_of(onemap, "layers", copied) == "library.journal"
