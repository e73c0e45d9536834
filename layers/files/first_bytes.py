"""Check by its first bytes that a file has the format of its name; the driver is never chosen by the content.

A file of one format may contain what another driver accepts: a text that names other files, an address, a program. It
would be read, or requested, in the name of the person who opens it.
"""

import re
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.files_beside import check_no_journal

_HEAD = 1 << 16
_XML_MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n\0"
_SQLITE = b"SQLite format 3\0"
_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".shp": (b"\x00\x00\x27\x0a",),
    ".dbf": (b"\x03", b"\x30", b"\x31", b"\x32", b"\x83", b"\x8b", b"\xf5"),
    ".gpkg": (_SQLITE,),
    ".fgb": (b"fgb\x03",),
    ".parquet": (b"PAR1",),
    ".sqlite": (_SQLITE,),
    ".tif": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".img": (b"EHFA_HEADER_TAG",),
    ".jp2": (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": (b"\xff\xd8\xff",),
    ".nc": (b"CDF\x01", b"CDF\x02", b"CDF\x05", b"\x89HDF\r\n\x1a\n"),
}
_PATTERNS: dict[str, re.Pattern[bytes]] = {
    ".json": re.compile(rb"\s*[{\[]"),
    ".tab": re.compile(rb"\s*!table\b", re.IGNORECASE),
    ".mif": re.compile(rb"\s*version\b", re.IGNORECASE),
    ".jsonl": re.compile(rb"[\s\x1e]*[{]"),
    ".pbf": re.compile(rb"....\x0a\x09OSMHeader", re.DOTALL),
    ".osm": re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<osm\b", re.DOTALL),
    ".asc": re.compile(rb"\s*(ncols|nrows|xll|yll|dx|dy|cellsize|nodata_value)", re.IGNORECASE),
}
_LIKE = {".tiff": ".tif", ".jpeg": ".jpg", ".geojson": ".json", ".topojson": ".json"}


_LIKE |= {".geoparquet": ".parquet", ".spatialite": ".sqlite"}
_LIKE |= dict.fromkeys((".geojsonl", ".geojsons", ".geojsonseq", ".ndjson"), ".jsonl")
# A table of MapInfo's that is made of other tables, or shows a picture that lies elsewhere.
_TAB_OF_OTHERS = re.compile(
    rb"create\s+view|open\s+table|isseamless|type\s+\"?(linked|raster|odbc|wms|wfs)", re.IGNORECASE
)
_POINTING_XML = re.compile(
    rb"<\s*(OGRVRTDataSource|OGRWFSDataSource|VRTDataset|GDAL_WMS|WMS_Tile_Service|TileService|WCS_GDAL|GDAL_WMTS|"
    rb"MRF_META|GDALTileIndexDataset|\w*:?Capabilities|WMT_MS_Capabilities)\b"
)
_POINTING_TEXT = re.compile(rb"\s*(/vsi\w+/|\w+:/?/|(WFS|OAPIF|WMS|WMTS|PG|MYSQL|OCI|MSSQL|ES|CSW):)", re.IGNORECASE)


def check_first_bytes(path: Path) -> None:
    """Check a file against its name.

    Raises OneMapError source.journal for a database with a journal beside it, source.indirect for a file that only
    names other files, source.damaged for a file of another format.
    """
    suffix = path.suffix.lower()
    kind = _LIKE.get(suffix, suffix)
    if path.is_dir():
        if kind == ".gdb" and not any(item.name.lower() == "a00000001.gdbtable" for item in path.iterdir()):
            raise OneMapError("source.damaged", file=path.name, reason="a00000001.gdbtable")
        return
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_SQLITE):
        check_no_journal(path, "source.journal")
    if _fits(kind, head):
        return
    if points_elsewhere(head):
        raise OneMapError("source.indirect", file=path.name)
    raise OneMapError("source.damaged", file=path.name, reason=Problem("system.other_format", {"suffix": suffix}))


def _fits(kind: str, head: bytes) -> bool:
    if kind == ".gml":
        # Whatever the encoding: what lies between the bytes of UTF-16 is left out.
        plain = head.replace(b"\0", b"")
        return plain.lstrip(_XML_MARKS).startswith(b"<") and b"opengis.net/gml" in plain and not _is_pointing_xml(plain)
    if kind in _BEGINNINGS:
        return head.startswith(_BEGINNINGS[kind])
    plain = head.removeprefix(b"\xef\xbb\xbf")
    if kind == ".tab":
        return bool(_PATTERNS[kind].match(plain)) and not _TAB_OF_OTHERS.search(plain)
    if kind in (".json", ".jsonl"):
        return bool(_PATTERNS[kind].match(plain.replace(b"\0", b"").lstrip(_XML_MARKS)))
    if kind in _PATTERNS:
        return bool(_PATTERNS[kind].match(plain))
    return not points_elsewhere(head)  # a format without a mark of its own


def _is_pointing_xml(head: bytes) -> bool:
    return bool(_POINTING_XML.search(head.replace(b"\0", b"")))


def points_elsewhere(head: bytes) -> bool:
    """Whether a text only tells where data lies and holds none itself. head: its first bytes."""
    return bool(_is_pointing_xml(head) or _POINTING_TEXT.match(head) or _TAB_OF_OTHERS.search(head[:4096]))
