"""The files that a pattern names."""

import glob
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.sources import formats
from onemap.layers.sources.postgis import is_database


def files_of_pattern(name: str) -> list[str]:
    """The readable files that a pattern names, in their order; a name is no pattern if a file of that name exists.

    name: a path, a pattern such as `3701*/DLTB.shp`, or the address of a table. Raises OneMapError source.missing.
    """
    if is_database(name) or Path(name).exists() or not glob.has_magic(name):
        return [name]
    found = sorted(glob.glob(name, recursive=True))
    readable = [file for file in found if Path(file).suffix.lower() in formats.READABLE | formats.ARCHIVES]
    if not readable:
        raise OneMapError("source.missing", file=name)
    return readable
