"""The number of a library's format: newer ones are refused in words, older files are upgraded after a copy.

1 is what version 0.1.0 made, which wrote no number. 2 is the same with its number among the library's facts. In 3 cases
are events (`rules/review/carrying.py` carries older ones over).
"""

import contextlib
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.disk_place import sqlite_address
from onemap.layers.files.durable_names import name_durably
from onemap.layers.files.process_folder import folder_beside, one_at_a_time

FORMAT = 3
FORMAT_KEY = "format"  # among the facts in onemap_library
_FIRST = 1
_ROOM = 1.1  # a copy may be a little larger than its original: pages of the write-ahead log


def format_number(facts: Mapping[str, str]) -> int:
    """Return the format number in a library's facts. Raises ValueError if it is not one."""
    number = int(facts.get(FORMAT_KEY, _FIRST))
    if number < _FIRST:
        raise ValueError(number)
    return number


def check_format(number: int, label: str) -> None:
    """Refuse the library of a newer program. Raises OneMapError library.newer."""
    if number > FORMAT:
        raise OneMapError("library.newer", file=label, number=number, known=FORMAT)


def copy_before_upgrade(path: Path, number: int) -> Path:
    """Copy a library's file, as of one moment, beside it; the copy is named by its format: city.format-1.gpkg.

    Raises OneMapError library.no_copy if there is no room for the copy, or no right.
    """
    try:
        if shutil.disk_usage(path.parent).free < _ROOM * path.stat().st_size:
            raise OSError("disk")
        with folder_beside(path) as folder:
            part = folder / path.name
            with (
                contextlib.closing(sqlite3.connect(sqlite_address(path.resolve(), "mode=ro"), uri=True)) as source,
                contextlib.closing(sqlite3.connect(part)) as copied,
            ):
                source.backup(copied)
                copied.execute("PRAGMA journal_mode = DELETE")  # one file, that lies still
            with one_at_a_time(path.absolute().parent):
                target = _free_name(path, number)
                name_durably(part, target)
            return target
    except (OSError, sqlite3.Error) as error:
        copy = _free_name(path, number).name
        raise OneMapError("library.no_copy", file=path.name, copy=copy, reason=str(error)[:200]) from None


def _free_name(path: Path, number: int) -> Path:
    """Return a name that no file has; an existing file may be another library's copy."""
    name, count = f"{path.stem}.format-{number}", 1
    while (target := path.with_name(f"{name}{f'-{count}' if count > 1 else ''}.gpkg")).exists():
        count += 1
    return target
