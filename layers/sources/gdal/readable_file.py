"""A vector file as GDAL gets it: complete, opened as what its name says, with its declared text encoding and CRS."""

import contextlib
import html
import re
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyogrio
import pyproj
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from onemap.layers.crs.systems import check_names_no_file, crs_name, has_old_figure, is_nameless, parse_crs
from onemap.layers.crs.zones import by_parameters
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.foreign_database import is_in_wal_mode
from onemap.layers.files.full_size import VALUE_BYTES, check_full_size
from onemap.layers.files.temporary_room import is_want_of_memory
from onemap.layers.files.text_encodings import encoding_of
from onemap.layers.sources.gdal import mapinfo
from onemap.layers.sources.gdal.drivers import GDAL_DRIVERS, MAPINFO
from onemap.layers.sources.gdal.gdal_name import gdal_name, open_options
from onemap.layers.sources.gdal.geopackage_schema import check_schema, only_layer
from onemap.layers.sources.gdal.gml import OPEN_OPTIONS, gml_copy
from onemap.layers.sources.gdal.json_text import JSON_SUFFIXES, JsonText, json_text
from onemap.layers.sources.gdal.raster_tables import check_holds_features
from onemap.layers.sources.gdal.shapefile import (
    RAW,
    check_complete,
    check_field_kinds,
    check_sizes,
    shapefile_text,
    with_utf8_projection,
)
from onemap.layers.stores.geopackage import OF_QGIS

UTF_8 = "utf-8"
_WGS84 = re.compile(r"CRS:*84|WGS[\s_]*(19)?84|(?<!\d)4326(?!\d)", re.IGNORECASE)
_READ_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, CRSError)
_JSON_DRIVERS = {"GeoJSON", "TopoJSON"}
_MOST = 10 << 20  # of a head, which names fields and the system; GDAL reads no longer one
_MARK = 8
# In the head of a FlatGeobuf, a FlatBuffer: the system among the head's values, and the texts of a system by which GDAL
# asks PROJ for it, or looks for a file of that name: organisation, name, description, WKT, code.
_SYSTEM, _TEXTS = 10, (0, 2, 3, 4, 5)
_WKT = re.compile(rb"<WKT>(.*?)</WKT>", re.DOTALL)
_LIST = "a00000004.gdbtable"  # of all layers, each with its definition as XML
_FIELDS = slice(32, 40)  # of a table's head: where its fields are described


@dataclass(frozen=True)
class ReadableFile:
    """The file that GDAL opens, and its name: a path, a copy of it, or the bytes of a JSON converted to UTF-8.

    encoding: that of the original, if the text was converted to UTF-8.
    """

    path: Path
    layer: str
    content: Path | bytes
    json: JsonText | None = None
    encoding: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> ProblemPlace:
        """The place of a problem of the whole layer."""
        return ProblemPlace(file=self.path.name, layer=self.layer)

    @property
    def gdal_layer(self) -> str | int:
        """GDAL's name or number of the layer: a GeoJSON's layer is named after its file, and bytes have no name."""
        is_named = isinstance(self.content, Path) or (self.json is not None and self.json.is_topology)
        return self.layer if is_named else 0


@contextlib.contextmanager
def gdal_errors_as_refusals(path: Path, layer: str | None = None) -> Iterator[list[str]]:
    """Turn GDAL's errors into refusals that name the file, and collect its warnings in the list that is yielded.

    Raises OneMapError source.geometry_type, source.damaged.
    """
    remarks: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # What one library has to say to another, and what Python has of something that nobody has closed.
            for of_others in (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning):
                warnings.simplefilter("ignore", of_others)
            yield remarks
        remarks += dict.fromkeys(_without_folders(str(warning.message), path) for warning in caught)
    except GeometryError as error:
        reason = _without_folders(str(error), path)
        raise OneMapError("source.geometry_type", file=path.name, layer=layer, reason=reason[:300]) from error
    except (*_READ_ERRORS, ValueError, RuntimeError, OSError, UnboundLocalError) as error:  # the last: pyogrio's slip
        if isinstance(error, UnicodeDecodeError) or is_want_of_memory(error):  # of which the file is not to blame
            raise
        reason = _without_folders(str(error), path)
        raise OneMapError("source.damaged", file=path.name, layer=layer, reason=reason[:300]) from error


def _without_folders(text: str, path: Path) -> str:
    """Return a driver's message without the folders of this machine."""
    return re.sub(r"(?<![\w.])(/[^\s'\"/]+)+/", "", text.replace(str(path), path.name)).strip().rstrip(".")


@contextlib.contextmanager
def prepared_file(path: Path, layer: str, encoding: str | None) -> Iterator[ReadableFile]:
    """Give a file as GDAL may read it, with its parts complete."""
    check_complete(path)
    mapinfo.check_parts(path)
    suffix = path.suffix.lower()
    if suffix in JSON_SUFFIXES:
        json = json_text(path, encoding)
        yield ReadableFile(path, layer, json.utf8 or path, json, json.encoding)
    elif suffix == ".gml":
        with gml_copy(path, encoding) as (copy, used_encoding):
            yield ReadableFile(path, layer, copy, None, used_encoding, OPEN_OPTIONS)
    elif suffix == ".shp":
        check_sizes(path)
        check_field_kinds(path)
        with with_utf8_projection(path) as readable:
            yield ReadableFile(path, layer, readable)
    else:
        if suffix == ".gpkg":
            with gdal_errors_as_refusals(path, layer or None):
                check_schema(path)
        if suffix == ".dbf":
            check_field_kinds(path)
        check_declared_systems(path)
        yield ReadableFile(path, layer, path, options=open_options(path))


def file_info(readable: ReadableFile, encoding: str | None = None) -> dict[str, Any]:
    """Return pyogrio's description of a layer without its rows, if GDAL opened the file as what its name says.

    Raises OneMapError source.indirect, source.swollen, and as pyogrio does.
    """
    if _is_geojson_file(readable):
        info = _geojson_info(readable)
    else:
        reading = {"layer": readable.gdal_layer, "encoding": encoding, **open_options(readable.content)}
        info = pyogrio.read_info(gdal_name(readable.content), **reading)
    suffix = readable.path.suffix.lower()
    expected = "MapInfo File" if suffix in MAPINFO else GDAL_DRIVERS[suffix]
    if info["driver"] != expected and not (suffix in JSON_SUFFIXES and info["driver"] in _JSON_DRIVERS):
        raise OneMapError("source.indirect", **readable.place)
    if suffix in JSON_SUFFIXES:  # each record may bring a field of its own, which all others lack
        check_full_size(readable.path, info["features"] * len(info["fields"]) * VALUE_BYTES)
    return info


def _is_geojson_file(readable: ReadableFile) -> bool:
    """Whether GDAL reads a file itself that is GeoJSON, in UTF-8 and with one layer."""
    return readable.json is not None and not readable.json.is_topology and isinstance(readable.content, Path)


def _geojson_info(readable: ReadableFile) -> dict[str, Any]:
    state = readable.path.stat()
    return _info_of_geojson(readable.path.absolute(), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # GDAL reads all of it to tell; names and rows are asked for one after the other
def _info_of_geojson(path: Path, size: int, changed_ns: int) -> dict[str, Any]:
    info: dict[str, Any] = pyogrio.read_info(gdal_name(path), layer=0, **open_options(path))
    return info


def layer_names(path: Path) -> list[str]:
    """Return the layers of a file that hold geometry or rows, in the file's order. Raises OneMapError raster.tiles."""
    with prepared_file(path, "", None) as readable, gdal_errors_as_refusals(path):
        if path.suffix.lower() == ".gpkg" and (name := only_layer(path)) is not None:
            return [name]
        try:
            all_names = _listed_layers(readable)
        except DataSourceError:
            check_holds_features(path)
            raise
    names = [name for name in all_names if name not in OF_QGIS]
    is_unnamed = isinstance(readable.content, bytes) and not (readable.json and readable.json.is_topology)
    return [path.stem] if is_unnamed and names else names


def _listed_layers(readable: ReadableFile) -> list[str]:
    """Return the names of all layers.

    pyogrio lists those of a whole file without options, so SQLite would make files beside a database in WAL mode; there
    it is asked for one layer after the other.
    """
    content, options = readable.content, open_options(readable.content)
    if _is_geojson_file(readable):
        return [str(_geojson_info(readable)["layer_name"])]
    if not (options and isinstance(content, Path) and is_in_wal_mode(content)):
        return [str(name) for name, _ in pyogrio.list_layers(gdal_name(content))]
    names: list[str] = []
    with contextlib.suppress(DataLayerError):
        while True:
            names.append(str(pyogrio.read_info(gdal_name(content), layer=len(names), **options)["layer_name"]))
    return names


def encodings_to_try(readable: ReadableFile, encoding: str | None) -> list[str]:
    """Return the encodings that the text of a file may have, the likeliest first. encoding: the one the user names."""
    suffix = readable.path.suffix.lower()
    if suffix == ".shp":
        text = shapefile_text(readable.path, encoding)
        return [text.encoding if text.is_plain else RAW]
    if readable.encoding is not None or (suffix in MAPINFO and mapinfo.declared_charset(readable.path)):
        return [UTF_8]
    # These formats say UTF-8; some programs write the system's code page all the same.
    return [encoding_of(encoding)] if encoding else [UTF_8, "gb18030"]


def encoding_refusal(readable: ReadableFile, encoding: str | None) -> OneMapError:
    """Return the refusal of text that fits no possible encoding."""
    code = "encoding.wrong" if encoding else "encoding.undecidable"
    return OneMapError(code, encoding=encoding, **readable.place)


def is_assumed_crs(readable: ReadableFile) -> bool:
    """Whether the file declares no CRS, and its format assumes one."""
    return readable.json is not None and not readable.json.is_topology and not readable.json.named_crs


def declared_crs(readable: ReadableFile, text: str | None) -> pyproj.CRS | None:
    """Return the CRS that the file declares; None if GDAL only assumes WGS 84: TopoJSON, an undeclared GeoPackage."""
    if not text or (readable.json is not None and readable.json.is_topology):
        return None
    if readable.path.suffix.lower() in MAPINFO:
        crs = parse_crs(text, file=readable.path.name)
        return mapinfo.by_parameters(crs) if crs.is_projected or crs.is_geographic else None
    driver_crs = _system_of(text, readable.path.name)
    named_crs = readable.json.named_crs if readable.json is not None else None
    # What GDAL does not know in a crs member it takes for WGS 84.
    if named_crs is None or _WGS84.search(named_crs) or driver_crs is None or crs_name(driver_crs) != "EPSG:4326":
        return driver_crs
    try:
        return _system_of(named_crs, readable.path.name)
    except OneMapError:
        return None


def unknown_system(readable: ReadableFile, crs: pyproj.CRS | None) -> list[Problem]:
    """Return the problem that a GeoJSON names an unknown system. crs: from `declared_crs`."""
    named_crs = readable.json.named_crs if readable.json is not None and not readable.json.is_topology else None
    return [Problem("crs.unread", {**readable.place, "crs": named_crs[:80]})] if named_crs and crs is None else []


@lru_cache(maxsize=64)  # most files of a city say the same
def _system_of(text: str, file: str) -> pyproj.CRS | None:
    crs = parse_crs(text, file=file)
    return by_parameters(crs) if has_old_figure(crs) or not is_nameless(crs) else None


def check_declared_systems(path: Path) -> None:
    """Refuse a file whose coordinate system names another file. Raises OneMapError crs.names_file."""
    suffix = path.suffix.lower()
    texts = _in_flatgeobuf(path) if suffix == ".fgb" else _in_geodatabase(path) if suffix == ".gdb" else ()
    for text in texts:
        check_names_no_file(text, file=path.name)


def _in_flatgeobuf(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        file.seek(_MARK)
        size = int.from_bytes(file.read(4), "little")
        head = file.read(min(size, _MOST))
    yield head.decode("latin-1")
    with contextlib.suppress(struct.error):  # of a head that points outside itself, which GDAL refuses
        system = _place_of(head, _follow(head, 0), _SYSTEM)
        texts = [_place_of(head, _follow(head, system), number) for number in _TEXTS] if system else ()
        for begin in [_follow(head, place) for place in texts if place]:
            (length,) = struct.unpack_from("<I", head, begin)
            yield head[begin + 4 : begin + 4 + length].decode("latin-1")


def _follow(head: bytes, place: int) -> int:
    """Return the target of the offset at a place of a FlatBuffer. Raises struct.error."""
    (offset,) = struct.unpack_from("<I", head, place)
    return place + int(offset)


def _place_of(head: bytes, table: int, number: int) -> int:
    """Return the place of a field's value in a FlatBuffer's table; 0 if the field has none. Raises struct.error."""
    (back,) = struct.unpack_from("<i", head, table)
    names = table - back
    (length,) = struct.unpack_from("<H", head, names)
    entry = 4 + 2 * number
    (offset,) = struct.unpack_from("<H", head, names + entry) if entry < length else (0,)
    return table + int(offset) if offset else 0


def _in_geodatabase(path: Path) -> Iterator[str]:
    """Yield the definitions of layers, and the heads of their tables, whose texts are in UTF-16."""
    for table in path.glob("*.gdbtable"):
        with table.open("rb") as file:
            if table.name.lower() == _LIST:
                yield from (html.unescape(text[1].decode("latin-1")) for text in _WKT.finditer(file.read()))
            file.seek(0)
            file.seek(int.from_bytes(file.read(_FIELDS.stop)[_FIELDS], "little") & (1 << 62) - 1)
            size = int.from_bytes(file.read(4), "little")
            yield file.read(min(size, _MOST)).replace(b"\0", b"").decode("latin-1")
