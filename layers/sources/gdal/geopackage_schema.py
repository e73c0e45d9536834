"""A GeoPackage's own schema: its tables hold their rows themselves, and its views only choose among them.

SQLite tells in a tenth of the time that GDAL takes to open the file; where it cannot, GDAL is asked.
"""

import contextlib
import re
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyogrio

from onemap.layers.crs.named_files import check_names_no_file
from onemap.layers.errors import OneMapError
from onemap.layers.files.disk_place import sqlite_address
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.stores.sql_text import compose_sql

_ASKED = "SELECT sql AS made FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND sql LIKE '%VIRTUAL%')"
_SYSTEMS = (
    "SELECT srs_id FROM gpkg_contents LIMIT 10000",
    "SELECT srs_id FROM gpkg_geometry_columns LIMIT 10000",
    "SELECT srs_id, * FROM gpkg_spatial_ref_sys LIMIT 100000",
)
_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
_OF_FORMAT = re.compile(r"(gpkg|rtree|sqlite)_\w+")
_MARK = slice(68, 72)  # of a file's first bytes: of which program's format it is, by which GDAL chooses its driver
_MODULE = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+\W?(\w+)", re.IGNORECASE | re.DOTALL)
_INDEXES = {"rtree", "rtree_i32", "fts3", "fts4", "fts5"}
_COMPUTING = re.compile(r"\b(recursive|load_extension|randomblob|zeroblob|(ogr|gdal|pragma)_\w*)\b", re.IGNORECASE)

_MADE = "SELECT sql FROM sqlite_master WHERE type = 'view' OR (type = 'table' AND sql LIKE '%AS%(%')"
_GENERATED = re.compile(r"\bAS\s*\(", re.IGNORECASE)
_NAME = r'(?:"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\W\d]\w*)'
_COLUMN = rf"(?:{_NAME}\s*\.\s*)?(?:{_NAME}|\*)(?:\s+(?:AS\s+)?{_NAME})?"
_CONDITION = rf"(?:{_NAME}|'[^']*'|[\d.]+|[=<>!\s.])*"
_CHOOSING = re.compile(  # a view that takes some columns and rows of one table, and calculates nothing
    rf"\s*CREATE\s+VIEW\s+{_NAME}\s+AS\s+SELECT\s+{_COLUMN}(?:\s*,\s*{_COLUMN})*\s+FROM\s+{_NAME}(?:\s+WHERE\s+{_CONDITION})?\s*;?\s*",
    re.IGNORECASE,
)
_MOST_SQL = 10_000  # characters of a view that is looked at


def computes_rows(path: Path) -> bool:
    """Whether views or generated columns make rows or values that the file does not hold; nothing of them is run here.

    A view that takes columns and rows of one table does not. False for a file that SQLite cannot open.
    """
    known = _rows_by_sqlite(path, _MADE)
    texts = [str(row[0]) for row in known[0]] if known is not None else []
    return any(not _is_choosing(text) if _is_view(text) else bool(_GENERATED.search(text)) for text in texts)


def _is_view(text: str) -> bool:
    return bool(re.match(r"\s*CREATE\s+(TEMP\w*\s+)?VIEW\b", text, re.IGNORECASE))


def _is_choosing(text: str) -> bool:
    return len(text) <= _MOST_SQL and bool(_CHOOSING.fullmatch(text))


def check_schema(path: Path) -> None:
    """Refuse tables that another file fills, and views that run programs or never end; nothing of them is run here.

    Raises OneMapError source.indirect, crs.names_file, and as pyogrio does.
    """
    known = _rows_by_sqlite(path, _ASKED)
    made = _column_by_gdal(path, _ASKED) if known is None else [row[0] for row in known[0]]
    for text in filter(None, made):
        module = _MODULE.match(text)
        if (module and module[1].lower() not in _INDEXES) or (not module and _COMPUTING.search(text)):
            raise OneMapError("source.indirect", file=path.name)
    for *_, texts in _systems(path):
        check_names_no_file(texts, file=path.name)


def _systems(path: Path) -> list[tuple[Any, ...]]:
    """What a file says of the coordinate systems of its layers: the list itself may be that of a whole authority."""
    known = _rows_by_sqlite(path, *_SYSTEMS)
    if known is None:
        return []
    *used, listed = known
    numbers = {row[0] for rows in used for row in rows}
    return [(row[0], str(value)) for row in listed if row[0] in numbers for value in row[1:]]


def only_layer(path: Path) -> str | None:
    """The name of the one layer of a file that holds nothing else and says itself that it is a GeoPackage.

    None of any other, of which GDAL has to be asked what its layers are.
    """
    asked = "SELECT table_name FROM gpkg_contents", "SELECT table_name FROM gpkg_geometry_columns"
    known = _rows_by_sqlite(path, _NAMES, *asked)
    if known is None or not _is_marked(path):
        return None
    names, *others = ([row[0] for row in rows] for rows in known)
    own = [name for name in names if not _OF_FORMAT.match(str(name))]
    is_alone = len(own) == 1 and own[0].isprintable() and all(some == own for some in others)
    return str(own[0]) if is_alone else None


def row_count(path: Path, layer: str) -> int:
    """How many rows a layer has: GDAL believes what the file says, which another program may have left behind.

    Raises as pyogrio does.
    """
    sql = compose_sql("SELECT count(*) AS held FROM {layer}", layer=layer)
    known = _rows_by_sqlite(path, sql)
    return int(_column_by_gdal(path, sql)[0] if known is None else known[0][0][0])


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_MARK.stop)[_MARK] == b"GPKG"


def _rows_by_sqlite(path: Path, *asked: str) -> list[list[tuple[Any, ...]]] | None:
    """The rows that answer each question; None of a file that Python's SQLite cannot read."""
    state = path.stat()
    return _answers(path.absolute(), (state.st_mtime_ns, state.st_size, state.st_ino), asked)


@lru_cache(maxsize=8)  # while a file is read the same is asked time and again
def _answers(path: Path, _state: tuple[int, ...], asked: tuple[str, ...]) -> list[list[tuple[Any, ...]]] | None:
    uri = sqlite_address(path, "mode=ro&immutable=1")  # nothing is written beside it
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            return [connection.execute(sql).fetchall() for sql in asked]
    except (sqlite3.Error, UnicodeDecodeError, ValueError):
        return None


def _column_by_gdal(path: Path, sql: str) -> list[Any]:
    *_, (column,) = pyogrio.raw.read(gdal_name(path), sql=str(sql), read_geometry=False, **open_options(path))
    return list(column)
