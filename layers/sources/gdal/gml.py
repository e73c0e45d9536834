"""GML as GDAL may see it: a copy in UTF-8 without schemas to fetch, beside which GDAL may write."""

import codecs
import contextlib
import html
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from onemap.layers.crs.systems import check_names_no_file
from onemap.layers.errors import OneMapError, file_reason
from onemap.layers.files.text_encodings import encoding_of
from onemap.layers.sources.gdal.shapefile import sibling

# Systems are looked for on every geometry; nothing is fetched from anywhere.
OPEN_OPTIONS = {"FORCE_SRS_DETECTION": "YES", "DOWNLOAD_SCHEMA": "NO", "WRITE_GFS": "NO"}
_HEAD = 1 << 16
_PIECE = 1 << 20
_PROLOGUE = re.compile(r"""^(\s*<\?xml[^>]*?encoding\s*=\s*)(["'])([\w.:-]+)["']""")
_SYSTEM = re.compile(r"""srsName\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_LONGEST_NAME = 1 << 14
_FEATURES_IN = {"featureMember", "featureMembers", "member"}
_KINDS = {
    **dict.fromkeys(("Point", "MultiPoint"), "point"),
    **dict.fromkeys(("LineString", "MultiLineString", "Curve", "MultiCurve", "CompositeCurve"), "line"),
    **dict.fromkeys(("Polygon", "MultiPolygon", "Surface", "MultiSurface", "CompositeSurface"), "polygon"),
}
_LOCATION = re.compile(r"""(schemaLocation\s*=\s*)("[^"]*"|'[^']*')""")


@contextlib.contextmanager
def gml_copy(path: Path, encoding: str | None) -> Iterator[tuple[Path, str]]:
    """Give a copy of a GML file, with its schema beside it, and the encoding of the original.

    Only the given encoding is tried; without one, what the file declares, UTF-8, GB18030.
    Raises OneMapError source.damaged where GDAL would silently stop at the break; source.geometries; encoding.wrong,
    encoding.undecidable, encoding.unknown, crs.names_file, source.no_room.
    """
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / f"{path.stem}.gml"
        candidates = [encoding_of(encoding)] if encoding else [*_claimed_encodings(path), "utf-8", "gb18030"]
        for candidate in candidates:
            try:
                _copy(path, target, candidate)
            except UnicodeError:
                continue
            except expat.ExpatError as error:
                raise OneMapError("source.damaged", file=path.name, reason=str(error)) from None
            except PermissionError:
                raise
            except OSError as error:
                raise OneMapError("source.no_room", file=path.name, reason=file_reason(error)) from None
            schema = sibling(path, ".xsd")
            if schema is not None:
                target.with_suffix(".xsd").write_bytes(schema.read_bytes())
            yield target, candidate
            return
    code = "encoding.wrong" if encoding else "encoding.undecidable"
    raise OneMapError(code, file=path.name, encoding=encoding)


def _claimed_encodings(path: Path) -> list[str]:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    match = _PROLOGUE.match(head.decode("latin-1").removeprefix("ï»¿"))
    try:
        return [encoding_of(match.group(3))] if match else []
    except OneMapError:
        return []


def _copy(path: Path, target: Path, encoding: str) -> None:
    """Copy a file piece by piece in UTF-8 while checking its XML.

    Raises UnicodeError, ExpatError, OneMapError crs.names_file, source.geometries.
    """
    parser = expat.ParserCreate("utf-8")
    elements = _Elements(path)
    parser.StartElementHandler, parser.EndElementHandler = elements.start, elements.end
    with path.open("r", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as source:
        head = _PROLOGUE.sub(r"\1\2UTF-8\2", source.read(_HEAD))
        piece = _LOCATION.sub(r'\1""', head)
        with target.open("wb") as file:
            before, entity_names = "", set[str]()
            while piece:
                content = piece.encode("utf-8")
                parser.Parse(content)
                file.write(content)
                for name in {match[1] or match[2] or "" for match in _SYSTEM.finditer(before + piece)} - entity_names:
                    entity_names.add(name)
                    check_names_no_file(html.unescape(name), file=path.name)
                before, piece = piece[-_LONGEST_NAME:], source.read(_PIECE)
    parser.Parse(b"", True)


class _Elements:
    """Refuses a feature with two geometries of one kind: GDAL would silently read only the last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._open: list[str] = []
        self._features = 0
        self._feature_at = 0  # how many elements are open around it
        self._geometry_at: int | None = None
        self._property_by_kind: dict[str, str] = {}  # of the feature: kind → the property that has it

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        """Handle the begin of an element. Raises OneMapError source.geometries."""
        name, outer_name = name.rpartition(":")[2], self._open[-1] if self._open else ""
        if outer_name in _FEATURES_IN and self._geometry_at is None:
            self._features, self._feature_at, self._property_by_kind = self._features + 1, len(self._open), {}
        elif self._features and name in _KINDS and self._geometry_at is None and len(self._open) > self._feature_at + 1:
            self._geometry_at = len(self._open)
            if _KINDS[name] in self._property_by_kind:
                names = ", ".join(dict.fromkeys((self._property_by_kind[_KINDS[name]], outer_name)))
                raise OneMapError("source.geometries", file=self._path.name, feature=self._features, names=names)
            self._property_by_kind[_KINDS[name]] = outer_name
        self._open.append(name)

    def end(self, _name: str) -> None:
        """Handle the end of an element."""
        self._open.pop()
        if self._geometry_at == len(self._open):
            self._geometry_at = None
