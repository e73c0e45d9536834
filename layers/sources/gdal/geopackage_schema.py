"""A GeoPackage's own schema: its tables hold their rows themselves, and its views only select from them.

SQLite answers in a tenth of the time that GDAL takes to open the file; GDAL is asked if SQLite cannot.
"""

import contextlib
import re
import sqlite3
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyogrio

from onemap.layers.crs.systems import check_names_no_file
from onemap.layers.errors import OneMapError
from onemap.layers.files.disk_place import sqlite_address
from onemap.layers.files.library_file import is_library
from onemap.layers.rasters.raster_formats import listed_rasters
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.view_in_force import tables_of_view

_CONTENTS = "SELECT table_name, data_type FROM gpkg_contents LIMIT 1000"
_RASTER_KINDS = {"tiles", "2d-gridded-coverage"}
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

_VIEWS = "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
# Per table its columns, those that calculate, and the text that stands once for all rows which do not have it.
_TABLES = (
    "SELECT name, count(*), sum(hidden > 1), sum(length(coalesce(dflt_value, ''))) FROM"
    " (SELECT m.name, x.hidden, x.dflt_value FROM sqlite_master m, pragma_table_xinfo(m.name) x"
    " WHERE m.type = 'table' AND m.sql NOT LIKE '%VIRTUAL%') GROUP BY name"
)
_MOST_COLUMNS, _MOST_DEFAULT = 300, 1000  # of a table; a row may hold none of them and take no place
# What the format itself keeps in tables: SQLite of another version may see other rows in what is made.
_OWN_VIEWS = "SELECT name FROM sqlite_master WHERE type = 'view' AND lower(name) GLOB 'gpkg_*'"
_OF_LIBRARY = ("onemap_versions", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")  # are read for each of its layers
_NAME = r'(?:"[^"]*"|`[^`]*`|\[[^\]]*\]|[^\W\d]\w*)'
_COLUMN = rf"(?:{_NAME}\s*\.\s*)?(?:{_NAME}|\*)(?:\s+(?:AS\s+)?{_NAME})?"
_CHOSEN = re.compile(rf"(?:{_NAME}\s*\.\s*)?({_NAME}|\*)(?:\s+(?:AS\s+)?{_NAME})?\s*(?:,|$)", re.IGNORECASE)
_CONDITION = rf"(?:{_NAME}|'[^']*'|[\d.]+|[=<>!\s.])*"
_CHOOSING = re.compile(  # a view that takes some columns and rows of one table, and calculates nothing
    rf"\s*CREATE\s+VIEW\s+{_NAME}\s+AS\s+SELECT\s+({_COLUMN}(?:\s*,\s*{_COLUMN})*)\s+FROM\s+{_NAME}(?:\s+WHERE\s+{_CONDITION})?\s*;?\s*",
    re.IGNORECASE,
)
_MOST_SQL = 10_000  # characters of a view that is looked at


def computes_rows(path: Path, layer: str | None = None) -> bool:
    """Whether a file, or one layer of a GeoPackage, may give rows or values that it does not hold; nothing is run.

    Views and generated columns may do so, and long defaults and very many columns, of which a row may hold nothing. A
    view that selects columns and rows of one table does not. True if SQLite cannot read the file.
    """
    answers = _rows_by_sqlite(path, _VIEWS, _TABLES)
    if answers is None:
        return True
    views, tables = answers
    if layer is not None:
        asked_tables = _tables_asked(path, layer, views)
        own = [table for table in tables if table[0] in asked_tables]
        # GDAL asks a layer's index where it is, and its extent.
        has_made_index = any(str(name).lower().startswith("rtree_") for name, _ in views)
        if len(own) == len(asked_tables) and _is_marked(path) and not has_made_index:
            views, tables = [], own
    return not all(_is_choosing(str(text)) for _, text in views) or any(
        generated or columns > _MOST_COLUMNS or defaults > _MOST_DEFAULT for _, columns, generated, defaults in tables
    )


def _tables_asked(path: Path, layer: str, views: list[tuple[Any, ...]]) -> set[str]:
    """Return the tables that are read for a layer: itself, or those that a library's own view selects from."""
    if not is_library(path):
        return {layer}
    text = next((str(sql) for name, sql in views if name == layer), "")
    return {*(tables_of_view(text, _MOST_COLUMNS) or [layer]), *_OF_LIBRARY}


def _is_choosing(text: str) -> bool:
    """Whether a view selects columns of one table, none of them twice."""
    match = _CHOOSING.fullmatch(text) if len(text) <= _MOST_SQL else None
    columns = [name.strip('"`[]').casefold() for name in _CHOSEN.findall(match[1])] if match else []
    return match is not None and (columns == ["*"] or "*" not in columns) and len(set(columns)) == len(columns)


def raster_tables(path: Path) -> list[str]:
    """Return the names of a file's tables of raster tiles."""
    return [str(name) for name, kind in _contents(path) if kind in _RASTER_KINDS]


def _contents(path: Path) -> list[tuple[Any, ...]]:
    return (_rows_by_sqlite(path, _CONTENTS) or [[]])[0]


def check_schema(path: Path) -> None:
    """Refuse tables that another file fills, and views that run programs or never end; none of them is run.

    A file that holds only rasters is not read either. Raises OneMapError source.indirect, crs.names_file, raster.tiles,
    and as pyogrio does.
    """
    rasters = raster_tables(path)
    if rasters and len(rasters) == len(_contents(path)):
        raise OneMapError("raster.tiles", file=path.name, rasters=listed_rasters(rasters))
    if own := _rows_by_sqlite(path, _OWN_VIEWS, _TABLES):
        is_made = own[0] or any(generated and name.lower().startswith("gpkg_") for name, _, generated, _ in own[1])
        if is_made:
            raise OneMapError("source.indirect", file=path.name)
    answers = _rows_by_sqlite(path, _ASKED)
    statements = _column_by_gdal(path, _ASKED) if answers is None else [row[0] for row in answers[0]]
    for text in filter(None, statements):
        module = _MODULE.match(text)
        if (module and module[1].lower() not in _INDEXES) or (not module and _COMPUTING.search(text)):
            raise OneMapError("source.indirect", file=path.name)
    for *_, texts in _systems(path):
        check_names_no_file(texts, file=path.name)


def _systems(path: Path) -> list[tuple[Any, ...]]:
    """Return the coordinate systems that a file's layers use; the file may list those of a whole authority."""
    answers = _rows_by_sqlite(path, *_SYSTEMS)
    if answers is None:
        return []
    *used_numbers, listed_systems = answers
    numbers = {str(row[0]) for rows in used_numbers for row in rows}
    return [(row[0], str(value)) for row in listed_systems if str(row[0]) in numbers for value in row[1:]]


def only_layer(path: Path) -> str | None:
    """Return the name of the only layer of a file that declares itself a GeoPackage.

    None for any other file: GDAL must be asked for its layers.
    """
    queries = "SELECT table_name FROM gpkg_contents", "SELECT table_name FROM gpkg_geometry_columns"
    answers = _rows_by_sqlite(path, _NAMES, *queries)
    if answers is None or not _is_marked(path):
        return None
    names, *others = ([row[0] for row in rows] for rows in answers)
    own = [name for name in names if not _OF_FORMAT.match(str(name))]
    is_alone = len(own) == 1 and own[0].isprintable() and "\ufffd" not in own[0] and all(some == own for some in others)
    return str(own[0]) if is_alone else None


def row_count(path: Path, layer: str) -> int:
    """Count the rows of a layer: GDAL trusts the count in the file, which another program may have left outdated.

    Raises as pyogrio does.
    """
    sql = compose_sql("SELECT count(*) AS held FROM {layer}", layer=layer)
    answers = _rows_by_sqlite(path, sql)
    return int(_column_by_gdal(path, sql)[0] if answers is None else answers[0][0][0])


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_MARK.stop)[_MARK] == b"GPKG"


def _rows_by_sqlite(path: Path, *queries: str) -> list[list[tuple[Any, ...]]] | None:
    """Return the rows of each query; None if Python's SQLite cannot read the file."""
    state = path.stat()
    return _answers(path.absolute(), (state.st_mtime_ns, state.st_size, state.st_ino), queries)


@lru_cache(maxsize=8)  # while a file is read the same is asked time and again
def _answers(path: Path, _state: tuple[int, ...], queries: tuple[str, ...]) -> list[list[tuple[Any, ...]]] | None:
    uri = sqlite_address(path, "mode=ro&immutable=1")  # nothing is written beside it
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "replace")  # as GDAL, which reads on
            return [connection.execute(sql).fetchall() for sql in queries]
    except (sqlite3.Error, UnicodeDecodeError, ValueError):
        return None


def _column_by_gdal(path: Path, sql: str) -> list[Any]:
    *_, (column,) = pyogrio.raw.read(gdal_name(path), sql=str(sql), read_geometry=False, **open_options(path))
    return list(column)
