"""What is special in MapInfo: the parts of a table, its character set, and systems with parameters but no name."""

import re
from pathlib import Path

import numpy as np
import pyproj

from onemap.layers.crs.zones import zone_crs, zone_of
from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import decodes, encoding_of, is_doubtful
from onemap.layers.sources.gdal.shapefile import sibling

_CHARSET = re.compile(rb'charset\s+"?([\w-]+)', re.IGNORECASE)
_CODE_PAGES = {
    "windowslatin1": "cp1252",
    "windowslatin2": "cp1250",
    "windowscyrillic": "cp1251",
    "windowssimpchinese": "gb18030",
    "windowstradchinese": "cp950",
    "windowsjapanese": "cp932",
    "windowskorean": "cp949",
    "iso8859_1": "iso8859-1",
    "codepage437": "cp437",
    "codepage850": "cp850",
    "utf-8": "utf-8",
}


def check_parts(path: Path) -> None:
    """Refuse a table with missing parts; a table without geometry has neither .map nor .id.

    Raises OneMapError source.part_missing.
    """
    suffix = path.suffix.lower()
    missing: list[str] = []
    if suffix == ".mif":
        missing = [part for part in (".mid",) if sibling(path, part) is None]
    elif suffix == ".tab" and b"type native" in _head(path).lower():
        shapes = [part for part in (".map", ".id") if sibling(path, part) is None]
        missing = [".dat"] * (sibling(path, ".dat") is None) + shapes * (len(shapes) == 1)
    if missing:
        raise OneMapError("source.part_missing", file=path.name, part=", ".join(path.stem + part for part in missing))


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def declared_charset(path: Path) -> str | None:
    """The encoding that the file declares; None for "Neutral" and for unknown names."""
    match = _CHARSET.search(_head(path))
    return _CODE_PAGES.get(match.group(1).decode("ascii").lower()) if match else None


def as_decoded(
    path: Path, names: list[str], columns: list[np.ndarray], user_encoding: str | None
) -> tuple[list[str], list[np.ndarray], str]:
    """Return field names, columns and encoding, corrected: GDAL decoded the text by the declared character set.

    A given encoding is applied to the original bytes; without one, a Western set whose bytes look Chinese is doubted.
    Raises OneMapError encoding.wrong, encoding.undecidable.
    """
    declared_encoding = declared_charset(path)
    stated_encoding = encoding_of(user_encoding) if user_encoding else None
    if declared_encoding is None or stated_encoding == declared_encoding:
        return names, columns, stated_encoding or declared_encoding or "utf-8"
    texts = [*names, *(value for column in columns if column.dtype == object for value in column)]
    raw = b"\n".join(text.encode(declared_encoding, errors="ignore") for text in texts if isinstance(text, str))
    if stated_encoding is None and not is_doubtful(declared_encoding, raw):
        return names, columns, declared_encoding
    likely_encoding = stated_encoding or ("utf-8" if decodes(raw, "utf-8") else "gb18030")
    if not decodes(raw, likely_encoding):
        raise OneMapError(
            "encoding.wrong" if user_encoding else "encoding.undecidable", file=path.name, encoding=user_encoding
        )

    def decode_again(value: object) -> object:
        return value.encode(declared_encoding).decode(likely_encoding) if isinstance(value, str) else value

    mended = [
        np.array([decode_again(value) for value in column], dtype=object) if column.dtype == object else column
        for column in columns
    ]
    return [str(decode_again(name)) for name in names], mended, likely_encoding


def by_parameters(crs: pyproj.CRS) -> pyproj.CRS:
    """Return EPSG's system for the datum and plane of a zone: MapInfo names none, and lacks Xi'an 80's ellipsoid."""
    zone = zone_of(crs)
    return crs if zone is None else zone_crs(zone)
