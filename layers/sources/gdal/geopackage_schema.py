"""A GeoPackage's own schema: its tables hold their rows themselves, and its views only choose among them."""

import re
from pathlib import Path

import pyogrio

from onemap.layers.errors import OneMapError
from onemap.layers.sources.gdal.gdal_name import gdal_name

_ASKED = "SELECT sql AS made FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND sql LIKE '%VIRTUAL%')"
_MODULE = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+\W?(\w+)", re.IGNORECASE | re.DOTALL)
_INDEXES = {"rtree", "rtree_i32", "fts3", "fts4", "fts5"}
_COMPUTING = re.compile(r"\b(recursive|load_extension|randomblob|zeroblob|(ogr|gdal|pragma)_\w*)\b", re.IGNORECASE)


def check_schema(path: Path) -> None:
    """Refuse tables that another file fills, and views that run programs or never end; nothing of them is run here.

    Raises OneMapError source.indirect, and as pyogrio does.
    """
    *_, (made,) = pyogrio.raw.read(gdal_name(path), sql=_ASKED, read_geometry=False)
    for text in filter(None, made):
        module = _MODULE.match(text)
        if (module and module[1].lower() not in _INDEXES) or (not module and _COMPUTING.search(text)):
            raise OneMapError("source.indirect", file=path.name)
