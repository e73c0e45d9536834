"""The folders of cores: the newest is used, and a former one is removed when no QGIS uses it."""

import os
import subprocess
import sys

import pytest

from onemap.plugin.connection.core_folders import (
    MARK,
    former_cores,
    newest_core,
    next_core,
    note_use,
    own_part,
    python_in,
    remove_former_cores,
    remove_left_parts,
)


def core(first, number):
    folder = first if number == 1 else first.with_name(f"{first.name}-{number}")
    python_in(folder).parent.mkdir(parents=True)
    python_in(folder).touch()
    return folder


@pytest.fixture
def first(tmp_path):
    return tmp_path / "core"


def test_the_first_is_core_and_later_ones_have_numbers(first):
    assert (newest_core(first), next_core(first)) == (None, first)
    core(first, 1)
    assert (newest_core(first), next_core(first).name) == (first, "core-2")
    core(first, 9)
    tenth = core(first, 10)
    assert (newest_core(first), next_core(first).name) == (tenth, "core-11")


def test_what_only_has_a_like_name_is_no_core(first):
    core(first, 1)
    for name in ("core.part", "core-2.old", "core-x", "cores-3", "core-self-test.json"):
        (first.with_name(name)).mkdir()
    (first.with_name("core-7")).touch()
    first.with_name("core-4").mkdir()  # without an interpreter
    assert newest_core(first) == first
    assert next_core(first).name == "core-5"


def test_former_cores_go_and_the_newest_stays(first):
    newest = [core(first, number) for number in (1, 2, 3)][-1]
    remove_former_cores(first)
    assert list(first.parent.iterdir()) == [newest]
    remove_former_cores(first)
    assert newest.is_dir()


def test_a_core_that_a_qgis_uses_stays_until_that_ends(first):
    former, newest = core(first, 1), core(first, 2)
    qgis = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (former / f"{MARK}{qgis.pid}").touch()
    remove_former_cores(first)
    assert former_cores(first) == [] and former.is_dir()
    qgis.communicate(b"\n")
    remove_former_cores(first)
    assert not former.exists() and newest.is_dir()


def test_this_process_notes_a_core_once_and_takes_the_mark_away_at_its_end(first):
    former = core(first, 1)
    core(first, 2)
    note_use(former)
    note_use(former)
    assert [path.name for path in former.glob(f"{MARK}*")] == [f"{MARK}{os.getpid()}"]
    assert former_cores(first) == []
    code = (
        "import pathlib, sys; from onemap.plugin.connection.core_folders import note_use; "
        "note_use(pathlib.Path(sys.argv[1])); print(len(list(pathlib.Path(sys.argv[1]).glob('used-by-*'))))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(former)], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "2"
    assert len(list(former.glob(f"{MARK}*"))) == 1


def test_a_core_that_cannot_be_moved_stays_whole(first, monkeypatch):
    """Windows moves no folder of which a program uses a file."""
    former = core(first, 1)
    core(first, 2)

    def refuse(path, target):
        raise PermissionError(13, "used by another process")

    monkeypatch.setattr("pathlib.Path.rename", refuse)
    remove_former_cores(first)
    assert python_in(former).exists()


def test_what_a_killed_qgis_left_of_a_new_core_goes_and_what_another_is_making_stays(first):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [first.with_name(f"core.{ended.pid}.part{end}") for end in ("", ".uv")]
    other = first.with_name(f"core.{os.getppid()}.part")
    for folder in (*left, other, own_part(first)):
        folder.mkdir()
        (folder / "python").touch()
    remove_left_parts(first)
    assert list(first.parent.iterdir()) == [other]
