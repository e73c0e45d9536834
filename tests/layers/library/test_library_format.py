"""The format of a library: one of version 0.1.0 opens and is upgraded after a copy; a newer one is refused."""

import contextlib
import re
import shutil
import sqlite3
import tomllib
import zipfile
from pathlib import Path

import pytest

from onemap.layers.library import library as library_module
from onemap.layers.library import library_format
from onemap.layers.library.library import open_library

ROOT = Path(__file__).resolve().parents[3]
STORED = Path(__file__).resolve().parents[1] / "data" / "library-0.1.0.gpkg.zip"
RELEASES = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture
def old(tmp_path):
    """A library as One Map 0.1.0 left it: a layer, a check, and a case on two parcels."""
    with zipfile.ZipFile(STORED) as stored:
        stored.extractall(tmp_path)
    return tmp_path / "library-0.1.0.gpkg"


def sql(path, text, *values):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(text, values).fetchall()


def number(path):
    return [row[0] for row in sql(path, "SELECT value FROM onemap_library WHERE key = 'format'")]


def test_a_library_of_0_1_0_is_read_as_it_is(onemap, old):
    before = old.read_bytes()
    (layer,) = [one for one in onemap("layers", old).json["layers"] if one["versions"]]
    assert (layer["code"], layer["versions"][0]["count"]) == ("YJJBNTTB", 2)
    case = onemap("review", "list", old).json["cases"][0]["case"]
    assert onemap("review", "show", old, case).json["state"] == "draft"
    assert onemap("verify", old).json["ok"]
    assert number(old) == [] and [path.name for path in old.parent.glob("*.gpkg")] == [old.name]
    assert old.read_bytes() == before


@pytest.mark.parametrize("release", RELEASES)
def test_a_library_of_each_release_is_stored_opened_changed_and_verified(onemap, tmp_path, release):
    """Who writes a new version into the changelog stores a library that this version made."""
    with zipfile.ZipFile(STORED.with_name(f"library-{release}.gpkg.zip")) as stored:
        stored.extractall(tmp_path)
    library = tmp_path / f"library-{release}.gpkg"
    assert onemap("layers", library).json["layers"]
    for run in onemap("runs", library).json["runs"]:
        assert onemap("verify", library, "--run", run["id"]).json["ok"]  # under columns that it did not have yet
    tiles = ["--type", "xyz", "--url", "https://example.org/{z}/{x}/{y}.png", "--department", "land"]
    assert onemap("service", library, "TILES", *tiles).code == 0
    assert number(library) == [str(library_format.FORMAT)]
    assert onemap("verify", library).json["ok"]


def test_the_version_follows_semver_and_has_its_chapter():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?", project["version"])
    assert project["version"] in RELEASES


def test_the_first_write_makes_a_copy_and_upgrades(onemap, old, tmp_path):
    case = onemap("review", "list", old).json["cases"][0]["case"]
    assert onemap("review", "withdraw", old, case, "--reason", "x").code == 0
    assert number(old) == ["3"]
    assert onemap("verify", old).json["ok"]
    copy = tmp_path / "library-0.1.0.format-1.gpkg"
    assert number(copy) == []
    assert onemap("review", "show", copy, case).json["state"] == "draft"
    assert onemap("verify", copy).json["ok"]
    assert [row[0] for row in sql(old, "SELECT action FROM onemap_audit")][-4:] == [
        *("upgrade", "review.carry", "upgrade", "review.withdraw"),
    ]
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob("*-wal"))


def test_what_is_new_bears_its_number_and_is_not_copied(onemap, tmp_path):
    path = tmp_path / "city.gpkg"
    onemap("new", path, "--crs", "EPSG:4547")
    onemap("keep", path)
    assert number(path) == ["3"]
    assert [found.name for found in tmp_path.iterdir()] == ["city.gpkg"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_newer_library_is_refused_in_words_and_left_alone(onemap, old, language):
    sql(old, "INSERT INTO onemap_library VALUES ('format', '9')")
    before = old.read_bytes()
    for words in (["layers", old], ["check", old, old.parent / "none.gpkg"]):
        answer = onemap(*words, lang=language)
        assert (answer.code, answer.codes) == (3, ["library.newer"])
        assert "9" in answer.json["problems"][0]["message"]
    assert old.read_bytes() == before


def test_a_newer_library_is_not_proved_unless_its_log_knows_no_such_format(onemap, tmp_path, monkeypatch):
    path = tmp_path / "city.gpkg"
    onemap("new", path, "--crs", "EPSG:4547")
    with open_library(str(path)) as library, monkeypatch.context() as patched:
        patched.setattr(library_module, "FORMAT", 9)  # as a newer program writes it
        with library.writing() as connection:
            library.note_format(connection, {})
    assert onemap("verify", path).codes == ["library.newer"]
    sql(path, f"UPDATE onemap_library SET value = '{2**63 - 1}' WHERE key = 'format'")
    answer = onemap("verify", path)
    named = [(problem["layer"], problem["feature"]) for problem in answer.json["problems"]]
    assert (answer.code, named) == (5, [("onemap_library", "format")])


def test_a_number_that_is_none_is_damage(onemap, old):
    sql(old, "INSERT INTO onemap_library VALUES ('format', 'two')")
    assert onemap("layers", old).codes == ["library.damaged"]


def test_another_library_s_copy_is_not_overwritten(onemap, old, tmp_path):
    taken = tmp_path / "library-0.1.0.format-1.gpkg"
    taken.write_bytes(b"of somebody else")
    case = onemap("review", "list", old).json["cases"][0]["case"]
    onemap("review", "withdraw", old, case, "--reason", "x")
    assert taken.read_bytes() == b"of somebody else"
    assert number(tmp_path / "library-0.1.0.format-1-2.gpkg") == []


def test_without_room_for_the_copy_nothing_is_written(onemap, old, monkeypatch):
    usage = shutil.disk_usage(old.parent)._replace(free=1000)
    monkeypatch.setattr(library_format.shutil, "disk_usage", lambda _path: usage)
    case = onemap("review", "list", old).json["cases"][0]["case"]
    answer = onemap("review", "withdraw", old, case, "--reason", "x")
    assert answer.codes == ["library.no_copy"]
    assert number(old) == [] and onemap("review", "show", old, case).json["state"] == "draft"
