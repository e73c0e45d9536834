"""From a path to a raw frame: which adapter reads it, which layer is meant, what was its content."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.frames import RawFrame
from onemap.layers.sources import redline, sheet, sheet_grid, stored, vct, vector
from onemap.layers.sources.archive import unpacked
from onemap.layers.sources.redline_text import looks_like_redline
from onemap.layers.sources.shapefile import check_complete

_NO_DRIVER = {".dwg", ".mdb", ".accdb"}
_KNOWN = [*vector.DRIVERS, ".txt", *sheet_grid.SUFFIXES, ".vct", ".zip"]


@contextmanager
def opened(source: str | Path) -> Iterator[Path]:
    """A path that can be read, unpacked if need be.

    Raises OneMapError source.missing, source.name, source.denied, source.damaged, format.no_driver, format.unknown,
    source.part_missing.
    """
    path = Path(source)
    try:
        if not path.exists():
            raise OneMapError("source.missing", file=str(source))
        if not str(path).isprintable() and any("\ud800" <= sign <= "\udfff" for sign in str(path)):
            raise OneMapError("source.name", file=path.name)  # bytes of another encoding: no driver takes them
        with unpacked(path) as found:
            _check_readable(found)
            yield found
    except PermissionError as error:
        raise OneMapError("source.denied", file=path.name) from error


def _check_readable(path: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in _NO_DRIVER:
        raise OneMapError("format.no_driver", file=path.name, format=suffix[1:].upper())
    check_complete(path)
    is_known = suffix in vector.DRIVERS or suffix in sheet_grid.SUFFIXES or suffix == ".vct"
    if not is_known and not (suffix == ".txt" and path.is_file() and looks_like_redline(path)):
        raise OneMapError("format.unknown", file=path.name, known=_KNOWN)
    if path.is_dir() != (suffix == ".gdb"):
        raise OneMapError("format.unknown", file=path.name, known=_KNOWN)
    if path.is_file() and path.stat().st_size == 0:
        raise OneMapError("source.damaged", file=path.name, reason="0 bytes")


def layers_of(path: Path) -> list[str]:
    """The names of an opened source's layers."""
    if path.suffix.lower() in sheet_grid.SUFFIXES:
        return sheet.sheet_names(path)
    if path.suffix.lower() == ".vct":
        return vct.vct_layers(path)
    if path.suffix.lower() not in vector.DRIVERS:
        return [path.stem]
    return stored.library_layers(path) if stored.is_library(path) else vector.layer_names(path)


def read_layer(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """One layer of an opened source as it stands in the file."""
    if path.suffix.lower() in sheet_grid.SUFFIXES:
        return sheet.read_sheet(path, layer, encoding)
    if path.suffix.lower() == ".vct":
        return vct.read_vct(path, layer, encoding)
    if path.suffix.lower() not in vector.DRIVERS:
        return redline.read_redline(path, encoding)
    if stored.is_library(path):
        return stored.read_library_layer(path, layer)
    return vector.read_vector(path, layer, encoding)


def read_source(source: str | Path, layer: str | None, encoding: str | None) -> RawFrame:
    """The layer that is meant, with the hash of its file.

    Raises OneMapError source.layer_needed if there are several and none is named, source.layer_unknown,
    source.empty, and whatever `opened` and the adapters refuse.
    """
    with opened(source) as path:
        names = layers_of(path)
        if layer is None and len(names) != 1:
            code = "source.layer_needed" if names else "source.empty"
            raise OneMapError(code, file=Path(source).name, names=names, field="--layer")
        if layer is not None and layer not in names:
            raise OneMapError("source.layer_unknown", file=Path(source).name, layer=layer, names=names)
        frame = read_layer(path, layer or names[0], encoding)
        if len(frame.geometries) == 0:
            raise OneMapError("source.empty", file=Path(source).name, layer=frame.layer)
        return replace(frame, path=Path(source), source_hash=frame.source_hash or content_hash(Path(source), path))


def content_hash(source: Path, opened_path: Path) -> str:
    """SHA-256 over a file, or over all files of a shapefile or a folder, names included."""
    digest = hashlib.sha256()
    if source.is_dir():
        files = sorted(item for item in source.rglob("*") if item.is_file() and item.suffix != ".lock")
    elif source.suffix.lower() == ".shp":
        files = sorted(item for item in source.parent.iterdir() if item.stem == opened_path.stem and item.is_file())
    else:
        files = [source]
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
