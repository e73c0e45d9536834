"""From a path to a raw frame: which adapter reads it, which layer is meant, what was its content."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.frames import RawFrame
from onemap.layers.sources import redline, vector
from onemap.layers.sources.archive import unpacked
from onemap.layers.sources.snapshot import snapshot

_NO_DRIVER = {".dwg", ".mdb", ".accdb"}


@contextmanager
def opened(source: str | Path) -> Iterator[Path]:
    """A path that can be read, unpacked if need be.

    Raises OneMapError source.missing, source.damaged, format.no_driver, format.unknown, source.part_missing.
    """
    path = Path(source)
    if not path.exists():
        raise OneMapError("source.missing", file=str(source))
    with unpacked(path) as unpacked_path, snapshot(unpacked_path) as found:
        suffix = found.suffix.lower()
        if suffix in _NO_DRIVER:
            raise OneMapError("format.no_driver", file=found.name, format=suffix[1:].upper())
        vector.check_complete(found)
        if suffix not in vector.DRIVERS and not (found.is_file() and redline.looks_like_redline(found)):
            raise OneMapError("format.unknown", file=found.name, known=[*vector.DRIVERS, ".txt", ".zip"])
        if found.is_file() and found.stat().st_size == 0:
            raise OneMapError("source.damaged", file=found.name, reason="0 bytes")
        yield found


def layers_of(path: Path) -> list[str]:
    """The names of an opened source's layers."""
    return [path.stem] if path.suffix.lower() not in vector.DRIVERS else vector.layer_names(path)


def read_layer(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """One layer of an opened source as it stands in the file."""
    if path.suffix.lower() not in vector.DRIVERS:
        return redline.read_redline(path, encoding)
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
        return replace(frame, path=Path(source), source_hash=content_hash(Path(source), path))


def content_hash(source: Path, opened_path: Path) -> str:
    """SHA-256 over a file, or over all files of a shapefile or a folder, names included."""
    digest = hashlib.sha256()
    if source.is_dir():
        files = sorted(item for item in source.rglob("*") if item.is_file() and item.suffix != ".lock")
    elif source.suffix.lower() == ".shp":
        files = sorted(item for item in source.parent.iterdir() if item.stem == opened_path.stem and item.is_file())
    elif source.suffix.lower() == ".gpkg":
        files = [opened_path]  # a library is never opened but by its own SQLite
    else:
        files = [source]
    for file in files:
        digest.update(file.name.encode())
        with file.open("rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
