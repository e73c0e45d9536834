"""The GeoPackage format on the standard sqlite3: its tables, its geometry blobs, its spatial index.

Only this SQLite opens the library's file (a second one in the process would drop its locks).
"""

import contextlib
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from onemap.layers.errors import require_value
from onemap.layers.geometry.wkb_reading import geometries_of_wkb, geometry_of_wkb
from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import MIME_TYPE, STANDARD
from onemap.layers.stores.logged_rows import PlainTable, plain_tables
from onemap.layers.stores.rtree import PackedRtree
from onemap.layers.stores.sql_text import column_definitions, compose_sql, question_marks
from onemap.layers.stores.store import GEOMETRY_COLUMN

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300  # 1.3: newer ones make QGIS 3.40's GDAL warn

LOOKS, _PROJECTS = "layer_styles", "qgis_projects"
OF_QGIS = (LOOKS, _PROJECTS)  # what QGIS keeps for itself in a file: no data of anybody
_METADATA = "http://www.geopackage.org/spec121/#extension_metadata"
_SCHEMA = "http://www.geopackage.org/spec121/#extension_schema"
_CORE_TABLES = """
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
INSERT INTO gpkg_spatial_ref_sys VALUES
 ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
 ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
 ('WGS 84 geodetic', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
  || 'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]', '');
"""

_METADATA_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
  md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
  metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT,
  row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""
# The triggers that the R-tree extension asks for (GeoPackage 1.3, annex F.3).
_RTREE_TRIGGERS = """
CREATE TRIGGER "rtree_{t}_{c}_insert" AFTER INSERT ON "{t}" WHEN (NEW."{c}" NOT NULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES (NEW."fid", ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"),
  ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END;
CREATE TRIGGER "rtree_{t}_{c}_update1" AFTER UPDATE OF "{c}" ON "{t}"
WHEN OLD."fid" = NEW."fid" AND (NEW."{c}" NOTNULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES (NEW."fid", ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"),
  ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END;
CREATE TRIGGER "rtree_{t}_{c}_update2" AFTER UPDATE OF "{c}" ON "{t}"
WHEN OLD."fid" = NEW."fid" AND (NEW."{c}" ISNULL OR ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."fid"; END;
CREATE TRIGGER "rtree_{t}_{c}_update3" AFTER UPDATE ON "{t}"
WHEN OLD."fid" != NEW."fid" AND (NEW."{c}" NOTNULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."fid"; INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES
  (NEW."fid", ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"), ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END;
CREATE TRIGGER "rtree_{t}_{c}_update4" AFTER UPDATE ON "{t}"
WHEN OLD."fid" != NEW."fid" AND (NEW."{c}" ISNULL OR ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id IN (OLD."fid", NEW."fid"); END;
CREATE TRIGGER "rtree_{t}_{c}_delete" AFTER DELETE ON "{t}" WHEN OLD."{c}" NOT NULL
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."fid"; END;
"""


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run several statements inside the open transaction (sqlite3's own executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def core_tables() -> dict[str, PlainTable]:
    """GeoPackage's own tables, by name."""
    statements = (part.strip() for part in _CORE_TABLES.split(";\n"))
    return plain_tables(tuple(part for part in statements if part.startswith("CREATE")))


def prepare(connection: sqlite3.Connection, crs: pyproj.CRS) -> int:
    """Make an empty database a GeoPackage with one CRS besides the standard's; return the CRS's srs_id."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {USER_VERSION}")
    run_script(connection, _CORE_TABLES)
    srs_id = require_value(crs.to_epsg(), "the EPSG code of a library's system")
    connection.execute(
        "INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)",
        (crs.name, srs_id, "EPSG", srs_id, crs.to_wkt("WKT1_GDAL"), ""),
    )
    return srs_id


_HEADER = np.dtype([("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs_id", "<i4"), ("box", "<f8", 4)])
_WITH_BOX, _EMPTY = 0x03, 0x11


def to_blobs(geometries: np.ndarray, srs_id: int) -> list[bytes | None]:
    """Geometries (n,) as GeoPackage blobs with envelope; None stays None."""
    wkb = pa.array(shapely.to_wkb(geometries, byte_order=1), pa.large_binary())
    return wkb_to_blobs(wkb, shapely.bounds(geometries).reshape(-1, 4), srs_id)


def wkb_to_blobs(wkb: pa.Array, bounds: np.ndarray, srs_id: int) -> list[bytes | None]:
    """Return WKB geometries (n,) with their boxes (n, 4) as GeoPackage blobs; null becomes None."""
    headers = np.zeros(len(wkb), dtype=_HEADER)
    headers["magic"], headers["flags"], headers["srs_id"] = b"GP", _WITH_BOX, srs_id
    headers["box"] = bounds[:, [0, 2, 1, 3]]
    begin = pa.py_buffer(np.arange(len(wkb) + 1) * _HEADER.itemsize)
    before = pa.Array.from_buffers(pa.large_binary(), len(wkb), [None, begin, pa.py_buffer(headers)])
    wkb = wkb.cast(pa.large_binary())  # a file's column may be of short binaries, which Arrow joins to their like only
    blob_column = pc.binary_join_element_wise(before, wkb, pa.scalar(b"", pa.large_binary()))
    blobs: list[bytes | None] = blob_column.to_numpy(zero_copy_only=False).tolist()
    bare = struct.pack("<2sBBi", b"GP", 0, _EMPTY, srs_id)
    boxless = np.flatnonzero(np.isnan(bounds[:, 0]))  # those that are empty are among them
    for row, body in zip(boxless.tolist(), wkb.take(pa.array(boxless)).to_pylist(), strict=True):
        if body is not None and shapely.is_empty(geometry_of_wkb(body)):
            blobs[row] = bare + body
    return blobs


NO_GEOMETRIES = (shapely.GEOSException, ValueError, IndexError, TypeError)  # of what is no geometry's blob
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)


def from_blobs(blobs: Iterable[bytes | None]) -> np.ndarray:
    """Return GeoPackage blobs as geometries (n,). Raises shapely.GEOSException or ValueError if damaged."""
    return geometries_of_wkb(np.array(_bodies(blobs), dtype=object))


def readable_shapes(blobs: Sequence[Any]) -> np.ndarray:
    """Return the geometries (n,) of blobs, None for blobs that are not geometries."""
    try:
        return from_blobs(blobs)
    except NO_GEOMETRIES:
        shapes = np.full(len(blobs), None, dtype=object)
        for row, blob in enumerate(blobs):
            with contextlib.suppress(*NO_GEOMETRIES):
                shapes[row] = from_blobs([blob])[0]
        return shapes


def _bodies(blobs: Iterable[bytes | None]) -> list[bytes | None]:
    return [None if blob is None else blob[8 + _ENVELOPE_BYTES[(blob[3] >> 1) & 7] :] for blob in blobs]


def blobs_to_wkb(blobs: Sequence[bytes | None]) -> pa.Array:
    """GeoPackage blobs (n,) as WKB, as large binaries. Raises ValueError, TypeError, IndexError if damaged."""
    column = pa.array(blobs, pa.large_binary())
    flags = pc.unique(pc.binary_slice(column, 3, 4)).to_pylist()
    if len(flags) != 1 or not flags[0]:
        return pa.array(_bodies(blobs), pa.large_binary())
    head = 8 + _ENVELOPE_BYTES[(flags[0][0] >> 1) & 7]
    return pc.binary_slice(column, head, max(head, pc.max(pc.binary_length(column)).as_py()))


def add_functions(connection: sqlite3.Connection) -> None:
    """Add the functions that the triggers of an R-tree call, so that rows can be added to an indexed table."""
    connection.create_function("ST_IsEmpty", 1, lambda blob: int(_bounds(blob) is None), deterministic=True)
    for at, name in enumerate(("ST_MinX", "ST_MinY", "ST_MaxX", "ST_MaxY")):
        connection.create_function(name, 1, partial(_side, at), deterministic=True)


def _bounds(blob: bytes) -> tuple[float, ...] | None:
    """West, south, east, north of a blob; None if it is empty."""
    box = shapely.bounds(from_blobs([blob]))[0]
    return tuple(box.tolist()) if np.isfinite(box).all() else None


def _side(at: int, blob: bytes) -> float | None:
    box = _bounds(blob)
    return None if box is None else box[at]


def register(
    connection: sqlite3.Connection,
    table: str,
    title: str,
    srs_id: int | None,
    geometry_type: str | None,
    bounds: Sequence[float] | None = None,
) -> None:
    """Register a table or view: as a feature layer if it has a geometry type, else as plain attributes."""
    box = [None] * 4 if bounds is None or not np.all(np.isfinite(bounds)) else [float(value) for value in bounds]
    connection.execute(
        "INSERT OR REPLACE INTO gpkg_contents (table_name, data_type, identifier, description,"
        " min_x, min_y, max_x, max_y, srs_id) VALUES (?,?,?,?,?,?,?,?,?)",
        (table, "features" if geometry_type else "attributes", table, title, *box, srs_id if geometry_type else None),
    )
    if geometry_type:
        connection.execute(
            "INSERT OR REPLACE INTO gpkg_geometry_columns VALUES (?,?,?,?,0,0)",
            (table, GEOMETRY_COLUMN, geometry_type, srs_id),
        )


def name_columns(connection: sqlite3.Connection, table: str, names: Mapping[str, str]) -> None:
    """Name the columns of a table with the extension Schema: QGIS shows a name as the field's alias.

    A name that another column of the table already has is left out: names are unique in a table.
    """
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT,"
        " title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT,"
        " CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT"
        " NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN,"
        " description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"
    )
    _declare(connection, "gpkg_schema", _SCHEMA, "gpkg_data_columns", "gpkg_data_column_constraints")
    rows = [(table, column, name, name) for column, name in names.items()]
    connection.executemany(
        "INSERT OR IGNORE INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?,?,?,?)", rows
    )


def _declare(connection: sqlite3.Connection, extension: str, definition: str, *tables: str) -> None:
    """Declare once that the file uses an extension of the standard, with these tables."""
    if not connection.execute("SELECT 1 FROM gpkg_extensions WHERE extension_name = ?", (extension,)).fetchone():
        rows = [(table, None, extension, definition, "read-write") for table in tables]
        connection.executemany("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", rows)


def keep_provenance(connection: sqlite3.Connection, text: str) -> None:
    """Keep the origin of the whole file, a text of `provenance`, with the extension Metadata."""
    run_script(connection, _METADATA_TABLES)
    _declare(connection, "gpkg_metadata", _METADATA, "gpkg_metadata", "gpkg_metadata_reference")
    sql = "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) VALUES ('dataset',?,?,?)"
    number = connection.execute(sql, (STANDARD, MIME_TYPE, text)).lastrowid
    about = "INSERT INTO gpkg_metadata_reference (reference_scope, md_file_id) VALUES ('geopackage', ?)"
    connection.execute(about, (number,))


def keep_look(connection: sqlite3.Connection, table: str, geometry_column: str, name: str, look: str) -> None:
    """Keep a style (QML) with which QGIS opens a table, in the way QGIS itself keeps styles in a GeoPackage."""
    columns = dict.fromkeys(("f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column"), "TEXT")
    columns |= {"styleName": "TEXT", "styleQML": "TEXT", "styleSLD": "TEXT", "useAsDefault": "BOOLEAN"}
    columns |= {"description": "TEXT", "owner": "TEXT", "ui": "TEXT", "update_time": "DATETIME"}
    if not connection.execute("SELECT 1 FROM gpkg_contents WHERE table_name = ?", (LOOKS,)).fetchone():
        connection.execute(
            compose_sql(
                "CREATE TABLE {looks} (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {columns})",
                looks=LOOKS,
                columns=column_definitions(columns),
            )
        )
        register(connection, LOOKS, LOOKS, 0, None, None)
    row = ("", "", table, geometry_column, name, look, "", True, "", "", None, None)
    marks = question_marks(len(row))
    connection.execute(compose_sql("INSERT INTO {looks} VALUES (NULL, {marks})", looks=LOOKS, marks=marks), row)


def index_name(table: str) -> str:
    """Return the name of the virtual table that indexes a table's geometries."""
    return f"rtree_{table}_{GEOMETRY_COLUMN}"


def packed_index(fids: Sequence[int] | np.ndarray, bounds: np.ndarray) -> PackedRtree:
    """Return the R-tree of a table's rows. bounds: (n, 4); rows of NaN are left out."""
    boxed = np.isfinite(bounds).all(axis=1)
    ids = np.asarray(fids)
    return PackedRtree(ids, bounds) if boxed.all() else PackedRtree(ids[boxed], bounds[boxed])


def index_geometries(
    connection: sqlite3.Connection, table: str, tree: PackedRtree, progress: Progress = SILENT
) -> dict[str, str]:
    """Fill the R-tree in bulk, then make its triggers; return what `PackedRtree.fill` returns."""
    index = index_name(table)
    connection.execute(compose_sql("CREATE VIRTUAL TABLE {index} USING rtree(id, minx, maxx, miny, maxy)", index=index))
    progress.at(0.0)
    hashes = tree.fill(connection, index)
    progress.at(1.0)
    run_script(connection, _RTREE_TRIGGERS.format(t=table, c=GEOMETRY_COLUMN))
    connection.execute(
        "INSERT INTO gpkg_extensions VALUES (?,?,'gpkg_rtree_index',"
        "'http://www.geopackage.org/spec120/#extension_rtree','write-only')",
        (table, GEOMETRY_COLUMN),
    )
    return hashes
