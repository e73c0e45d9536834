"""Check GeoJSON and TopoJSON before GDAL reads them: complete, in UTF-8, and which of the two they are."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from onemap.layers.crs.systems import check_names_no_file
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.text_encodings import text_of
from onemap.layers.geometry.wkb_reading import TOO_DEEP
from onemap.layers.sources.gdal.json_stream import STRANGERS, SYSTEMS, is_feature, json_outline, systems_of

JSON_SUFFIXES = {".geojson", ".json", ".topojson"}
_SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
_TYPES = {"FeatureCollection", "Feature", "Topology", *_SHAPES}
_POINTING_TYPES = {"gdal_streamed_alg", "Catalog", "Collection"}  # a program of GDAL's, and lists of addresses
_LARGE_BYTES = 16 << 20  # beyond, as objects of Python it would take more memory than all the rest


@dataclass(frozen=True)
class JsonText:
    """encoding: of the file; utf8: its content converted to UTF-8, None if it is UTF-8 already.

    named_crs: the coordinate system that it names; RFC 7946 assumes WGS 84 if a GeoJSON names none.
    """

    encoding: str
    utf8: bytes | None
    is_topology: bool
    named_crs: str | None = None


def json_text(path: Path, encoding: str | None) -> JsonText:
    """Examine the text of a JSON file; refuse a broken one with the place of the break.

    GDAL may crash on nesting, or read only a part. Raises OneMapError source.damaged, encoding.….
    """
    state = path.stat()
    return _read_json(path, encoding, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # names and rows are asked for one after the other
def _read_json(path: Path, encoding: str | None, size: int, changed_ns: int) -> JsonText:
    if size > _LARGE_BYTES and encoding is None:
        try:
            members = json_outline(path)
        except UnicodeDecodeError:
            pass  # of another encoding, it has to be turned into UTF-8 as a whole
        else:
            return _json_text(path, members, "utf-8", None)
    text, used_encoding = text_of(path, encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = TOO_DEEP if isinstance(error, RecursionError) else str(error)[:200]
        raise OneMapError("source.damaged", file=path.name, reason=reason) from None
    utf8 = None if used_encoding in ("utf-8", "utf-8-sig") else text.encode("utf-8")
    return _json_text(path, content, used_encoding, utf8)


def _json_text(path: Path, content: Any, encoding: str, utf8: bytes | None) -> JsonText:
    """Return the facts from the outermost members of a JSON.

    Raises OneMapError source.indirect, source.damaged, source.no_feature, crs.names_file.
    """
    kind = content.get("type") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        code = "source.indirect" if isinstance(kind, str) and kind in _POINTING_TYPES else "source.damaged"
        raise OneMapError(code, file=path.name, reason=Problem("system.no_geojson"))
    features = content.get("features")
    try:
        systems = [system for one in features for system in systems_of(one)] if isinstance(features, list) else []
        systems += systems_of(content)
    except RecursionError:
        raise OneMapError("source.damaged", file=path.name, reason=TOO_DEEP) from None
    stated_systems = [system for system in (content.get("crs"), *systems, *content.get(SYSTEMS, ())) if system]
    for system in stated_systems:
        check_names_no_file(json.dumps(system), file=path.name)
    strangers = content.get(STRANGERS, ())
    if isinstance(features, list):
        strangers = [place for place, one in enumerate(features, start=1) if not is_feature(one)]
    if strangers and kind == "FeatureCollection":
        raise OneMapError("source.no_feature", file=path.name, row=strangers[0], count=len(strangers))
    return JsonText(encoding, utf8, kind == "Topology", ", ".join(dict.fromkeys(map(_name_of, stated_systems))) or None)


def _name_of(member: Any) -> str:
    """Return the system that a crs member names, in whatever form."""
    properties = member.get("properties") if isinstance(member, dict) else None
    members = properties if isinstance(properties, dict) else {}
    name = next((members[key] for key in ("name", "code", "href") if members.get(key)), member)
    return name if isinstance(name, str) else json.dumps(name, ensure_ascii=False)
