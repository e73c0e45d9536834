"""The size of an archive's content is known before unpacking; no other program unpacks a 7z."""

import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import py7zr
import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.sources import archive
from onemap.layers.sources.archive import unpack_archive

ZEROS = bytes(1_000_000)


def zip_of(path: Path, megabytes: int, files: int = 1) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(files):
            with packed.open(f"{number}.asc", "w", force_zip64=True) as file:
                for _ in range(megabytes):
                    file.write(ZEROS)
    return path


def seven_zip_of(path: Path, megabytes: int) -> Path:
    plain = path.with_suffix(".asc")
    plain.write_bytes(ZEROS * megabytes)
    with py7zr.SevenZipFile(path, "w") as packed:
        packed.write(plain, plain.name)
    plain.unlink()
    return path


@pytest.fixture
def rooms(tmp_path, monkeypatch):
    """Where temporary files go; nothing else is written there."""
    place = tmp_path / "rooms"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    return place


def most_bytes_below(place: Path):
    """The answer's size at the moment of asking."""
    return sum(file.stat().st_size for file in place.rglob("*") if file.is_file())


@pytest.mark.slow
@pytest.mark.parametrize(
    "make", [lambda path: zip_of(path / "a.zip", 5, 100), lambda path: seven_zip_of(path / "a.7z", 201)]
)
def test_an_archive_that_would_fill_the_disk_is_refused_before_it_is_unpacked(
    onemap, tmp_path, rooms, monkeypatch, make
):
    path = make(tmp_path)
    assert path.stat().st_size < 2_000_000
    written = []
    monkeypatch.setattr("shutil.copyfileobj", lambda *_: written.append(1))
    monkeypatch.setattr(py7zr.SevenZipFile, "extractall", lambda *_: written.append(1))
    answer = onemap("inspect", path)
    assert (answer.code, answer.codes, written) == (3, ["source.much_inside"], [])
    assert "200 MB" in answer.json["problems"][0]["message"]
    assert most_bytes_below(rooms) == 0


@pytest.mark.slow
def test_a_larger_archive_may_take_a_hundred_times_its_size(tmp_path):
    path, room = zip_of(tmp_path / "a.zip", 201), tmp_path / "room"
    room.mkdir()
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("noise.bin", os.urandom(2_100_000))
    unpack_archive(path, room)
    assert (room / "0.asc").stat().st_size == 201_000_000


def test_of_an_archive_of_very_many_files_none_is_unpacked(onemap, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_MOST_MEMBERS", 50)
    assert onemap("inspect", zip_of(tmp_path / "a.zip", 0, 51)).codes == ["source.many_inside"]
    assert onemap("inspect", zip_of(tmp_path / "b.zip", 0, 50)).codes != ["source.many_inside"]


@pytest.mark.slow
def test_an_archive_that_says_less_than_it_holds_gives_no_more_than_it_says(tmp_path):
    path, room = zip_of(tmp_path / "a.zip", 300), tmp_path / "room"
    room.mkdir()
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        assert packed.infolist()[0].file_size == 300_000_000
    size = struct.pack("<I", 300_000_000)
    at = content.rindex(size)  # in the table of contents
    content[at : at + 4] = struct.pack("<I", 1_000)
    path.write_bytes(content)
    with pytest.raises(OneMapError) as refused:
        unpack_archive(path, room)
    assert refused.value.code == "source.damaged"
    assert most_bytes_below(room) <= 1_000


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".zip", ".7z"])
def test_an_archive_in_an_archive_is_not_unpacked(onemap, tmp_path, suffix):
    inner, outer = zip_of(tmp_path / "inner.zip", 190), tmp_path / f"outer{suffix}"
    packer = zipfile.ZipFile if suffix == ".zip" else py7zr.SevenZipFile
    with packer(outer, "w") as packed:
        packed.write(inner, inner.name)
    assert onemap("inspect", outer).codes == ["source.archives"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_in_an_archive_are_told(onemap, tmp_path):
    """As an archive has them to which a newer file was added: the last one lay over the first."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for _ in range(2):
            packed.writestr("a.csv", "名称,lon,lat\n甲,114.5,36.5\n")
    (problem,) = onemap("inspect", tmp_path / "a.zip").json["problems"]
    assert problem["code"] == "source.damaged" and "a.csv" in problem["message"]


@pytest.mark.parametrize("name", ["plots.gpkg-JOURNAL", "plots.gpkg-journal.", "plots.gpkg-Wal ", "a/plots.gpkg-wal:x"])
@pytest.mark.parametrize("suffix", [".zip", ".7z"])
def test_a_journal_is_known_by_any_name_that_a_system_takes_for_it(onemap, tmp_path, name, suffix):
    path = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(name, b"frames")
    else:
        with py7zr.SevenZipFile(path, "w") as packed:
            packed.writestr(b"frames", name)
    assert onemap("inspect", path).codes == ["source.journal_inside"]


@pytest.mark.parametrize("suffix", [".zip", ".7z"])
def test_what_an_open_database_leaves_beside_it_is_not_unpacked(tmp_path, suffix):
    path, room = tmp_path / f"a{suffix}", tmp_path / "room"
    room.mkdir()
    content = {
        "a/plots.gpkg": b"SQLite",
        "a/plots.gpkg-wal": b"",
        "a/plots.gpkg-shm": b"index",
        "a/-wal-/more.txt": b"x",
    }
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, body in content.items():
                packed.writestr(name, body)
    else:
        with py7zr.SevenZipFile(path, "w") as packed:
            for name, body in content.items():
                packed.writestr(body, name)
    unpack_archive(path, room)
    found = {file.relative_to(room).as_posix() for file in room.rglob("*") if file.is_file()}
    assert found == {"a/plots.gpkg", "a/-wal-/more.txt"}


_AUDITED = """
import sys
from pathlib import Path

STARTING = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}
started = []
sys.addaudithook(lambda event, details: started.append(details) if event in STARTING else None)
import onemap.layers.sources.archive as archive
archive.unpack_archive(Path(sys.argv[1]), Path(sys.argv[2]))
print(started)
"""


@pytest.mark.slow
def test_opening_a_7z_starts_no_program(tmp_path):
    path, room = seven_zip_of(tmp_path / "a.7z", 1), tmp_path / "room"
    room.mkdir()
    command = [sys.executable, "-P", "-c", _AUDITED, str(path), str(room)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
    assert (room / "a.asc").stat().st_size == 1_000_000
