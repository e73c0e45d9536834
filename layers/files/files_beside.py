"""The files that lie beside one another under one name, as those of a shapefile do."""

import os
from pathlib import Path


def files_of_stem(path: Path) -> list[Path]:
    """The files of a path's folder that have its name but for the ending, by name; itself among them where it is there.

    Names are compared as this system compares them: on Windows PARCELS.shp is parcels.SHP. Raises OSError where the
    folder cannot be listed.
    """
    stem = os.path.normcase(path.stem)
    return sorted(one for one in path.parent.iterdir() if os.path.normcase(one.stem) == stem)
