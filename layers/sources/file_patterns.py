"""The files that a pattern names."""

import glob
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.sources import formats
from onemap.layers.sources.archive import whole_of
from onemap.layers.sources.postgis import is_database

_OF_DATA = formats.READABLE | formats.ARCHIVES | formats.NO_DRIVER.keys()


def files_of_pattern(name: str) -> list[str]:
    """Return the data files that a pattern matches, in order; a name of an existing file is no pattern.

    Files without a driver are included, so that reading them reports it; parts are read with their file.
    name: a path, a pattern such as `3701*/DLTB.shp`, or the address of a table. Raises OneMapError source.missing.
    """
    if is_database(name) or Path(name).exists() or not glob.has_magic(name):
        return [name]
    matches = sorted(glob.glob(name, recursive=True))
    files = [file for file in matches if Path(file).suffix.lower() in _OF_DATA and whole_of(Path(file)) is None]
    if not files:
        raise OneMapError("source.missing", file=name)
    return files
