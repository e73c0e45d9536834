"""A coordinate system that names files: PROJ would open them, wherever they lie, as soon as it hears of the system.

On Windows the name may be that of a share, whose server then learns who asks. Files of grids belong to a change of
datum, which the user asks for, and not to what a file says of itself.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from onemap.layers.errors import OneMapError

# In a text of PROJ, and in one that stands inside WKT; a grid of WKT1, of WKT2; what is no system but a change.
_NAMING = re.compile(
    r"grids\s*=|(?<!\w)init\s*=|PROJ4_GRIDS|PARAMETERFILE|\bproj\s*=\s*(pipeline|\w*gridshift|defmodel|tinshift|deform)",
    re.IGNORECASE,
)
# The grid that shifts nothing, as every web map has it, and PROJ's own list of EPSG codes.
_HARMLESS = re.compile(
    r"""grids\s*=\s*"?@null(?=[\s"'\])]|$)|(?<!\w)init\s*=\s*"?epsg:\d+(?!\w)"""
    r"""|PROJ4_GRIDS"\s*,\s*"@?null"|PARAMETERFILE\s*[\[(]\s*"[^"]*"\s*,\s*"@?null\"""",
    re.IGNORECASE,
)
_NO_GRID = {"@null", "null"}
# Instead of a system, a path: who looks whether it is there already asks the server of a share.
_PATH = re.compile(r"\s*(?:[/\\]|[a-z]:[/\\]|file:)", re.IGNORECASE)
_LONGEST = 80


def names_file(text: str) -> bool:
    """Whether the text of a coordinate system, of PROJ, as WKT or as PROJJSON, names a file."""
    if text.lstrip().startswith(("{", "[")):
        try:
            return any(map(_is_name, _texts_of(json.loads(text))))
        except (ValueError, RecursionError):
            pass  # no JSON
    return _is_name((None, text))


def check_names_no_file(text: str, **place: Any) -> None:
    """Refuse a coordinate system that names a file, before PROJ hears of it. Raises OneMapError crs.names_file."""
    if names_file(text):
        raise OneMapError("crs.names_file", crs=text.strip()[:_LONGEST], **place)


def _is_name(found: tuple[str | None, str]) -> bool:
    key, text = found
    if key == "value":  # of a parameter: all others are numbers
        return text not in _NO_GRID
    return text.lstrip().startswith("@") or bool(_PATH.match(text)) or bool(_NAMING.search(_HARMLESS.sub(" ", text)))


def _texts_of(content: Any, key: str | None = None) -> Iterator[tuple[str | None, str]]:
    """The texts of a JSON, each with its key."""
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _texts_of(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _texts_of(value)
