"""Files beside the sources of a folder or an archive that may hold features too, but are not read with them."""

from collections.abc import Collection
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.rasters import raster_formats
from onemap.layers.sources import formats
from onemap.layers.sources.archive import files_in
from onemap.layers.sources.redline.redline_text import looks_like_redline
from onemap.layers.sources.sheets.corner_list import looks_like_corners
from onemap.layers.sources.sheets.sheet import has_coordinates
from onemap.layers.sources.sheets.sheet_grid import SUFFIXES

UNREAD = "source.beside"
_OTHER_SHEETS = {".xlsm", ".xlsb", ".ods", ".et"}
_UNSEEN = formats.ARCHIVES | _OTHER_SHEETS | (formats.NO_DRIVER.keys() - raster_formats.NO_DRIVER.keys())


def unread_files(folder: Path, sources: Collection[Path]) -> list[Path]:
    """Return archives, files of formats without a driver, sheets with coordinates or of other programs.

    sources: the files of the folder that are read.
    """
    return [path for path in files_in(folder) if path not in sources and _may_hold_features(path)]


def unread_problems(names: Collection[str]) -> tuple[Problem, ...]:
    """Return the problem for each file that was not read."""
    return tuple(Problem(UNREAD, {"file": name}) for name in names)


def _may_hold_features(path: Path) -> bool:
    suffix = path.suffix.lower()
    try:
        if suffix in SUFFIXES:
            return has_coordinates(path)
        return holds_coordinates(path) if suffix == formats.TEXT else suffix in _UNSEEN
    except OneMapError:
        return True  # nobody knows what it holds


def holds_coordinates(path: Path) -> bool:
    """Whether a text is a red-line TXT, or a list of corners."""
    return path.is_file() and (looks_like_redline(path) or looks_like_corners(path))
