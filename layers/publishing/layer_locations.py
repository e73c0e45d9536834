"""Where a project finds its layers: a library's file relative to the project, or a server without a user."""

import os
from pathlib import Path

from onemap.layers.library.library import Library
from onemap.layers.server_address import server_address
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import GEOMETRY_COLUMN

KEY = "fid"
_OF_FILE = "|layername="
_GEOMETRY_TYPES = {
    "polygon": "MultiPolygon",
    "raster": "MultiPolygon",
    "line": "MultiLineString",
    "point": "MultiPoint",
}
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def wkb_type(geometry: str) -> str:
    """Return QGIS's name of a layer's geometry; NoGeometry for a table."""
    return _GEOMETRY_TYPES.get(geometry, "NoGeometry")


def provider_of(source: str) -> str:
    """Return QGIS's provider that opens a table of features."""
    return "ogr" if _OF_FILE in source else "postgres"


def from_project(path: Path, project: Path) -> str:
    """Return a file's path relative to the project's folder, so that both can be moved; absolute on another drive."""
    try:
        relative = Path(os.path.relpath(path.resolve(), project.absolute().parent.resolve())).as_posix()
    except ValueError:  # on Windows there is no way from one drive to another
        return path.resolve().as_posix()
    return relative if relative.startswith("../") else f"./{relative}"


def table_source(library: Library, location: str, table: str, geometry: str, project: Path, authcfg: str | None) -> str:
    """Return the source with which QGIS opens a table of features of a library.

    authcfg: an entry of QGIS's authentication store; nothing else tells who signs in.
    """
    if library.path is not None:
        return f"{from_project(library.path, project)}{_OF_FILE}{table}"
    return _server_source(library, location, table, geometry, authcfg)


def _server_source(library: Library, location: str, table: str, geometry: str, authcfg: str | None) -> str:
    from psycopg.conninfo import conninfo_to_dict  # psycopg takes its time, and a file needs none

    address = server_address(location)
    parameters = {key: str(value) for key, value in conninfo_to_dict(address.conninfo).items() if value is not None}
    address_keys = ("service",) if "service" in parameters else ("dbname", "host", "port")
    mode = parameters.get("sslmode", "prefer")
    parts = [f"{key}={_in_quotes(parameters[key])}" for key in address_keys if key in parameters]
    parts += [f"sslmode={mode if mode in _SSL_MODES else 'prefer'}"]
    parts += [f"authcfg={authcfg}"] if authcfg else []
    parts += [f"key='{KEY}'"]
    schema = library.connection.execute("SELECT current_schema()").fetchone()[0]  # the address need not name it
    place = compose_sql("table={schema}.{table}", schema=schema, table=table)
    if geometry == "table":
        return " ".join([*parts, place])
    parts += [f"srid={library.srs_id}", f"type={wkb_type(geometry)}", "checkPrimaryKeyUnicity='1'"]
    return " ".join([*parts, place, f"({GEOMETRY_COLUMN})"])


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
