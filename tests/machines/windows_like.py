"""A machine that treats open files as Windows does: the tests at `PLACES` that are not slow run on it, on Linux.

What passes on it passes on Linux, too, where more is allowed; the slow tests of the same folders run without it.

A file that this process has open or mapped can be neither deleted nor replaced, nor can a folder that holds one be
renamed; a rename never replaces; names that Windows keeps for itself are refused; names that differ in case alone are
one file, for Python's own calls (windows_names.py); the core's modules lack the signals and calls that Windows has not.
What native libraries do to files by themselves, and other processes' files, are not covered.
"""

import errno
import os
import re
import shutil
from pathlib import Path

import pytest

from onemap.tests.machines import windows_names

ROOT = Path(__file__).resolve().parents[2]
PLACES = tuple(
    ROOT / "tests" / place
    for place in (
        "layers/files",
        "layers/ingest",
        "layers/library",
        "layers/stores/test_arrow_values.py",
        "layers/stores/test_bulk_rows.py",
        "layers/stores/test_session.py",
        "rules/judge/check",
        "rules/display/outputs",
        "rules/review",
    )
)
_SYSTEM = {name: getattr(os, name) for name in ("unlink", "remove", "rename", "replace")}


def files_in_use() -> set[str]:
    """The files that this process has open or mapped, by their whole names."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            found.add(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    with open("/proc/self/maps", "rb") as maps:
        mapped = set(re.findall(rb"/.*", maps.read()))  # thousands of lines, and their names are few
    return found | set(map(os.fsdecode, mapped))


def _refuse_if_used(path: object) -> None:
    whole = os.path.realpath(os.fsdecode(path))
    for name in files_in_use():
        if name == whole or name.startswith(f"{whole}/"):
            raise PermissionError(errno.EACCES, f"another program uses {name}", whole)


def _deleting(name: str):
    def delete(path, *, dir_fd=None):
        if not os.path.islink(path):
            _refuse_if_used(path)
        return _SYSTEM[name](path, dir_fd=dir_fd)

    return delete


def _rename(source, target, **folders):
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "it is there", os.fsdecode(target))
    _refuse_if_used(source)
    return _SYSTEM["rename"](source, target, **folders)


def _replace(source, target, **folders):
    _refuse_if_used(source)
    if os.path.isdir(target):
        raise PermissionError(errno.EACCES, "a folder", os.fsdecode(target))
    if os.path.lexists(target):
        _refuse_if_used(target)
    return _SYSTEM["replace"](source, target, **folders)


def runs_here(test: pytest.Item) -> bool:
    """Whether a test runs on such a machine."""
    is_slow = test.get_closest_marker("slow") is not None
    known = Path("/proc/self/maps").exists()  # which says what is in use
    return known and not is_slow and any(test.path.is_relative_to(place) for place in PLACES)


def treat_files_as_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat files as Windows does for a test and what it starts in this process, until the test ends."""
    from onemap.layers.files import disk_place
    from onemap.layers.stores import arrow_values

    for name in ("unlink", "remove"):
        monkeypatch.setattr(os, name, _deleting(name))
    monkeypatch.setattr(os, "rename", _rename)
    monkeypatch.setattr(os, "replace", _replace)
    monkeypatch.setattr(shutil, "_use_fd_functions", False)  # by names, which the functions above see
    for module in (disk_place, arrow_values):
        monkeypatch.setattr(module, "IS_WINDOWS", True)
    monkeypatch.setattr(disk_place, "_drive_type", lambda _drive: 3)
    monkeypatch.setattr(disk_place, "_has_long_paths", lambda: True)  # the folders of tests have long names
    windows_names.ignore_case(monkeypatch)
    windows_names.lack_what_windows_has_not(monkeypatch)
