"""The names of file formats in dialogs, by their endings."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = {
    ".csv": "CSV",
    ".docx": "Word",
    ".dxf": "CAD",
    ".fgb": "FlatGeobuf",
    ".geojson": "GeoJSON",
    ".gpkg": "GeoPackage",
    ".html": "HTML",
    ".json": "JSON",
    ".pdf": "PDF",
    ".png": "PNG",
    ".svg": "SVG",
    ".toml": "TOML",
    ".xlsx": "Excel",
}  # names that every language has


def file_forms(endings: Iterable[str]) -> dict[str, str]:
    """The filter of a dialog for each ending, such as `.pdf`, in order; a folder, which has none, is left out."""
    return {ending: f"{_NAMES[ending]} (*{ending})" for ending in endings if ending}


def file_filters(endings: Iterable[str]) -> str:
    """The same as a dialog takes them."""
    return ";;".join(file_forms(endings).values())
