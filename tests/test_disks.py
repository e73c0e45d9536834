"""Full disks, read-only disks, and libraries that somebody else has locked: refused, and nothing is lost."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from onemap.tests.rules.small_pack import pack_text

ROOT = Path(__file__).resolve().parents[1]
DEFINE = "name=试验,department=land,library=base,kind=vector,geometry=polygon,key=BSM"
PACK = pack_text({"id": "own.zone", "layer": "T"}, id="own")
SQUARE = shapely.box(500_000, 4_000_000, 500_100, 4_000_100)


def program(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, env=environment)


def write(path: Path, shapes: list[Any], columns: dict[str, list[Any]]) -> Path:
    gpd.GeoDataFrame(columns).set_geometry(gpd.GeoSeries(shapes, crs="EPSG:4547")).to_file(path)
    return path


@pytest.fixture(scope="module")
def desk_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with one version, two parcels upon it, and a pack."""
    folder = tmp_path_factory.mktemp("desk")
    zone = write(folder / "zone.gpkg", [SQUARE], {"BSM": ["Z1"]})
    write(folder / "parcels.gpkg", [SQUARE, SQUARE], {"DKBH": ["A", "B"]})
    (folder / "own.toml").write_text(PACK, encoding="utf-8")
    library = folder / "city.gpkg"
    assert program("new", library, "--crs", "EPSG:4547").returncode == 0
    assert program("add", library, zone, "--as", "T", "--define", DEFINE, "--covers", "extent").returncode == 0
    return folder


@pytest.fixture
def desk(desk_made_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(desk_made_once, tmp_path / "desk"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A disk of a given size in memory, if this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = []

    def mount(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=30)
        except FileNotFoundError:
            pytest.skip("there is no mount command here")
        if done.returncode:
            pytest.skip("only someone who may mount a small disk can fill one")
        mounted.append(place)
        return place

    yield mount
    for path in mounted:
        subprocess.run(["umount", "--lazy", str(path)], capture_output=True, check=False, timeout=30)


def read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], capture_output=True, check=True, timeout=30)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shapes = [shapely.box(500_000 + n, 4_000_000, 500_001 + n, 4_000_001) for n in range(8000)]
    names = [str(n) for n in range(8000)]
    return write(tmp_path_factory.mktemp("many") / "many.gpkg", shapes, {"BSM": names})


def test_a_disk_that_fills_while_a_version_is_written_leaves_the_library_as_it_was(desk, onemap, small_disk, many):
    disk = small_disk("900k")
    library = Path(shutil.copy(desk / "city.gpkg", disk))
    before = library.read_bytes()
    answer = onemap("add", library, many, "--as", "T", "--covers", "extent", "--label", "many")
    assert (answer.code, answer.codes, answer.json["problems"][0]["file"]) == (3, ["library.full"], "city.gpkg")
    assert library.read_bytes() == before
    assert [path.name for path in disk.iterdir()] == ["city.gpkg"]
    assert onemap("add", library, desk / "zone.gpkg", "--as", "T", "--covers", "extent", "--label", "one").code == 0


def test_a_disk_that_is_full_already_is_said_to_be(desk, onemap, small_disk):
    disk = small_disk("900k")
    library = Path(shutil.copy(desk / "city.gpkg", disk))
    before = library.read_bytes()
    with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(1024))
    answer = onemap("add", library, desk / "zone.gpkg", "--as", "T", "--covers", "extent", "--label", "one")
    assert (answer.code, answer.codes) == (3, ["library.full"])
    answer = onemap("new", disk / "other.gpkg", "--crs", "EPSG:4547")
    assert (answer.code, answer.codes) == (3, ["library.full"])
    assert not list(disk.glob("other*"))
    assert library.read_bytes() == before
    (disk / "filler").unlink()
    assert onemap("add", library, desk / "zone.gpkg", "--as", "T", "--covers", "extent", "--label", "one").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["results.gpkg", "results.xlsx", "results"])
def test_results_that_do_not_fit_are_refused_and_nothing_of_them_stays(desk, small_disk, name):
    disk = small_disk("28k")
    shapes = [shapely.box(500_000 + n, 4_000_000, 500_001 + n, 4_000_001) for n in range(600)]
    some = write(desk / "some.gpkg", shapes, {"DKBH": [str(n) for n in range(600)]})
    output = program("check", desk / "city.gpkg", some, "--pack", desk / "own.toml", "--out", disk / name, "--json")
    assert output.returncode == 3, output.stdout
    assert b'"out.failed"' in output.stdout
    assert b"Traceback" not in output.stderr
    assert list(disk.iterdir()) == []
    with closing(sqlite3.connect(desk / "city.gpkg")) as connection:
        assert connection.execute("SELECT count(*) FROM onemap_runs").fetchone() == (0,)


def test_a_library_that_may_only_be_read_is_read_and_never_written(desk, onemap, small_disk):
    disk = small_disk("2m")
    library = Path(shutil.copy(desk / "city.gpkg", disk))
    read_only(disk)
    again = ("add", library, desk / "zone.gpkg", "--as", "T", "--covers", "extent")
    assert onemap(*again).json["unchanged"]
    answer = onemap(*again, "--valid-from", "2026-01-01")
    assert (answer.code, answer.codes) == (3, ["library.read_only"])
    assert onemap("layers", library).code == 0
    answer = onemap("check", library, desk / "parcels.gpkg", "--pack", desk / "own.toml")
    assert (answer.code, answer.json["verdict"], answer.json["run"]["recorded"]) == (0, "prohibited", False)
    assert onemap("new", disk / "other.gpkg", "--crs", "EPSG:4547").codes == ["library.read_only"]
    answer = onemap("check", library, desk / "parcels.gpkg", "--pack", desk / "own.toml", "--out", disk / "a.gpkg")
    assert (answer.code, answer.codes) == (3, ["out.failed"])
    assert [path.name for path in disk.iterdir()] == ["city.gpkg"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only to this user")
def test_a_write_protected_library_or_folder_is_refused(desk, onemap):
    (desk / "city.gpkg").chmod(0o444)
    add = [
        "add",
        desk / "city.gpkg",
        desk / "zone.gpkg",
        "--as",
        "T",
        "--covers",
        "extent",
        "--valid-from",
        "2026-01-01",
    ]
    assert onemap(*add).codes == ["library.read_only"]
    (desk / "city.gpkg").chmod(0o644)
    desk.chmod(0o555)
    assert onemap(*add).codes == ["library.read_only"]
    desk.chmod(0o755)
    assert onemap(*add).code == 0


def test_a_library_written_while_it_may_only_be_read_is_not_believed(desk, small_disk):
    from onemap.layers.errors import OneMapError
    from onemap.layers.library.library import open_library

    disk = small_disk("2m")
    library = Path(shutil.copy(desk / "city.gpkg", disk))
    read_only(disk)

    def read_while_another_writes() -> None:
        with open_library(str(library)) as opened:
            assert not opened.writable
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True, timeout=30)
            library.write_bytes(library.read_bytes())

    with pytest.raises(OneMapError) as refused:
        read_while_another_writes()
    assert refused.value.code == "library.changed"


def test_a_library_that_someone_else_is_writing_is_waited_for_and_then_refused(desk):
    from onemap.layers.errors import OneMapError
    from onemap.layers.library.library import BUSY_WAIT_S, open_library

    assert BUSY_WAIT_S == 30
    before = (desk / "city.gpkg").read_bytes()
    holder = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", holder, str(desk / "city.gpkg")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with open_library(str(desk / "city.gpkg"), wait_s=0.3) as library:
            with pytest.raises(OneMapError) as refused, library.writing():
                pytest.fail("the lock was given twice")
            assert (refused.value.code, refused.value.exit_code) == ("library.busy", 3)
            assert library.name == "city"  # reading goes on
        other.stdin.close()
        other.wait(timeout=30)
    assert (desk / "city.gpkg").read_bytes() == before
    with open_library(str(desk / "city.gpkg"), wait_s=0.3) as library, library.writing():
        pass
    with closing(sqlite3.connect(desk / "city.gpkg")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow  # some processes
@pytest.mark.parametrize("is_full", [pytest.param(True, marks=pytest.mark.nightly), False])
def test_a_folder_for_temporary_files_without_room_is_told_or_does_not_matter(desk, small_disk, many, is_full):
    disk = small_disk("64k")
    with zipfile.ZipFile(desk / "many.zip", "w") as archive:
        archive.write(many, "many.gpkg")
    if is_full:  # then another folder is taken, if there is one
        with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(256))
    left, before = sorted(disk.iterdir()), (desk / "city.gpkg").read_bytes()
    room = {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(disk))}
    check = ("check", desk / "city.gpkg", many, "--id", "BSM", "--pack", desk / "own.toml")
    refused = {}
    for name, words in {
        "add": ("add", desk / "city.gpkg", desk / "many.zip", "--as", "T", "--covers", "extent", "--label", "more"),
        "sheet": (*check, "--out", desk / "out.xlsx"),
        "layer": (*check, "--out", desk / "out.gpkg"),
    }.items():
        done = program(*words, "--json", environment=room)
        assert done.returncode in (0, 3), (name, done.stdout[-2000:], done.stderr[-2000:])
        if done.returncode == 3:
            refused[name] = [problem["code"] for problem in json.loads(done.stdout)["problems"]]
            assert not (desk / "out.xlsx").exists()
            assert name != "add" or (desk / "city.gpkg").read_bytes() == before
    assert sorted(disk.iterdir()) == left
    # What comes in an archive is unpacked, sheets are written and then packed; layers need no room but their own.
    assert refused == ({} if is_full else {"add": ["source.no_room"], "sheet": ["out.no_room"]})
