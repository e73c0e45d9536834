"""The files that lie beside one another under one name, as those of a shapefile do."""

import os
from pathlib import Path

from onemap.layers.errors import OneMapError

# Behind the name of an SQLite file: what SQLite plays back when it opens the file, and what belongs to one in WAL mode.
JOURNAL, WAL, SHM = "-journal", "-wal", "-shm"


def files_of_stem(path: Path) -> list[Path]:
    """The files of a path's folder that have its name but for the ending, by name; itself among them where it is there.

    Names are compared as this system compares them: on Windows PARCELS.shp is parcels.SHP. Raises OSError where the
    folder cannot be listed.
    """
    stem = os.path.normcase(path.stem)
    return sorted(one for one in path.parent.iterdir() if os.path.normcase(one.stem) == stem)


def check_no_journal(path: Path, code: str) -> None:
    """Refuse an SQLite file with a rollback journal beside it, which would be written into the file on opening.

    A journal may come from anybody. SQLite writes what it holds into the file, and removes the files that it names.
    code: of the refusal. Raises OneMapError with it.
    """
    journal = path.with_name(path.name + JOURNAL)
    if journal.exists():
        raise OneMapError(code, file=path.name, journal=journal.name)
