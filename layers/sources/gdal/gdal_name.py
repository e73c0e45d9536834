"""The name under which pyogrio opens a file whose path contains characters with a meaning in an address."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError


def gdal_name(content: Path | bytes) -> Path | str | bytes:
    """Return a path, or bytes, in a form that pyogrio does not take for an address.

    The path is made absolute: `WFS:host` in the current folder is a file. pyogrio cuts a path at a semicolon unless it
    begins with a scheme, and takes the text before an exclamation mark for an archive. Raises OneMapError source.sign
    for the latter.
    """
    if isinstance(content, bytes):
        return content
    _refuse(content, "!")
    return f"file://{content.absolute()}" if _contains_sign(content, ";") else content.absolute()


def open_options(content: Path | bytes) -> dict[str, str]:
    """Return GDAL's open options: it writes nothing beside a database, and replays no journal that lies there."""
    is_database = isinstance(content, Path) and content.suffix.lower() == ".gpkg"
    return {"IMMUTABLE": "YES"} if is_database else {}


def gdal_target(path: Path) -> Path:
    """Return the path of a file to be written; refuse a path that pyogrio would cut, since there is no way around it.

    Raises OneMapError source.sign.
    """
    _refuse(path, "!")
    _refuse(path, ";")
    return path


def _contains_sign(path: Path, sign: str) -> bool:
    return os.name != "nt" and sign in str(path.absolute())  # a path with a drive is taken as it is


def _refuse(path: Path, sign: str) -> None:
    if _contains_sign(path, sign):
        raise OneMapError("source.sign", file=path.name, sign=sign)


def shapes_name(meta: Mapping[str, Any]) -> str:
    """Return the name of a layer's geometry column. meta: pyogrio's description of the layer."""
    return str(meta["geometry_name"] or "wkb_geometry")
