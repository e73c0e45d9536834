"""Files in one folder with the same name except for the suffix, as those of a shapefile."""

import os
from pathlib import Path

from onemap.layers.errors import OneMapError

# Behind the name of an SQLite file: what SQLite plays back when it opens the file, and what belongs to one in WAL mode.
JOURNAL, WAL, SHM = "-journal", "-wal", "-shm"


def files_of_stem(path: Path) -> list[Path]:
    """Return the files in a path's folder with its name except for the suffix, by name; the path itself if it exists.

    Names are compared as the system does: on Windows PARCELS.shp equals parcels.SHP. Raises OSError if the folder
    cannot be listed.
    """
    stem = os.path.normcase(path.stem)
    return sorted(one for one in path.parent.iterdir() if os.path.normcase(one.stem) == stem)


def check_no_journal(path: Path, code: str) -> None:
    """Refuse an SQLite file with a rollback journal beside it, which would be written into the file on opening.

    A journal may come from anybody. SQLite writes its content into the file, and removes the files that it names.
    code: of the refusal. Raises OneMapError with it.
    """
    journal = path.with_name(path.name + JOURNAL)
    if journal.exists():
        raise OneMapError(code, file=path.name, journal=journal.name)
