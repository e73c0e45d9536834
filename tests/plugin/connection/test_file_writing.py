"""Files that the plugin writes itself: whole or not at all; a failure says what, why and what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from onemap.plugin.connection.file_writing import copy_file, write_file
from onemap.plugin.connection.refusals import Refusal


def refusal_of(write):
    with pytest.raises(Refusal) as caught:
        write()
    return str(caught.value)


def test_a_file_takes_the_place_of_the_one_before_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "balance.svg"
    target.write_bytes(b"old")
    write_file(str(target), b"new")
    copy_file(target, tmp_path / "copy.svg")
    assert target.read_bytes() == (tmp_path / "copy.svg").read_bytes() == b"new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["balance.svg", "copy.svg"]


def test_what_another_qgis_is_writing_to_the_same_place_is_left_to_it(tmp_path):
    target = tmp_path / "balance.svg"
    code = f"from onemap.plugin.connection.file_writing import part_beside; print(part_beside({str(target)!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    Path(other).write_bytes(b"half")
    write_file(str(target), b"whole")
    assert target.read_bytes() == b"whole" and Path(other).read_bytes() == b"half"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("gone/page.pdf", "its folder is not there"), ("folder", "a folder has that name"), ("x" * 300, "too long")],
)
def test_what_cannot_be_written_is_said_with_the_reason_and_what_to_do(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    refusal = refusal_of(lambda: write_file(str(tmp_path / name), b"page"))
    assert reason in refusal and "Choose another folder" in refusal and "Errno" not in refusal


def test_of_a_copy_it_is_said_which_of_the_two_files_is_the_matter(tmp_path):
    refusal = refusal_of(lambda: copy_file(tmp_path / "run.gpkg", tmp_path / "chosen.gpkg"))
    assert refusal.startswith("“run.gpkg” cannot be read: it is no longer there.")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("no disk may be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_on_a_full_disk_the_file_before_stays_whole(small_disk):
    target = small_disk / "page.svg"
    target.write_bytes(b"old")
    assert "the disk is full" in refusal_of(lambda: write_file(str(target), b"x" * 200_000))
    assert [path.name for path in small_disk.iterdir()] == ["page.svg"]
    assert target.read_bytes() == b"old"
