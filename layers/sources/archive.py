"""Packed deliveries: a zip is unpacked beside nothing of the user's, and read like the folder it holds."""

import contextlib
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.sources.text_encodings import decodes

_READABLE = (".shp", ".gdb", ".gpkg", ".geojson", ".json", ".topojson", ".fgb", ".vct", ".txt", ".csv", ".xlsx", ".xls")
_MAY_BE_A_NOTE = {".txt", ".csv", ".xlsx", ".xls"}  # beside a map, these explain it
_UTF8_NAMES = 0x800
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,  # a method of packing that Python does not know
    RuntimeError,  # a password
    ValueError,
)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The one source inside a zip, or the path itself if it is no zip.

    Raises OneMapError source.damaged for a broken zip, source.several_files, source.nothing_inside, source.no_room.
    """
    if path.suffix.lower() != ".zip" or path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="onemap-", ignore_cleanup_errors=True) as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _extract(archive, Path(folder).resolve(), path)
        except _BROKEN as error:
            raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from None
        except PermissionError:
            raise
        except OSError as error:
            raise OneMapError("source.no_room", file=path.name, reason=error.strerror or str(error)) from None
        yield _only_source(Path(folder), path)


def _extract(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    for member in archive.infolist():
        target = (folder / _name(member)).resolve()
        if not target.is_relative_to(folder):
            raise OneMapError("source.damaged", file=path.name, reason=f"{member.filename}: ..")
        if member.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as packed, target.open("wb") as file:
                while block := packed.read(1 << 20):
                    file.write(block)


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name: zips made on Chinese Windows write GBK where the format says code page 437."""
    if member.flag_bits & _UTF8_NAMES:
        return member.filename
    raw = member.filename.encode("cp437", errors="replace")
    encoding = next((name for name in ("utf-8", "gb18030") if decodes(raw, name)), "cp437")
    return raw.decode(encoding)


def _only_source(folder: Path, path: Path) -> Path:
    found = [
        item
        for item in sorted(folder.rglob("*"))
        if item.suffix.lower() in _READABLE
        and (item.is_file() or item.suffix.lower() == ".gdb")
        and not any(parent.suffix.lower() == ".gdb" for parent in item.relative_to(folder).parents)
        and not item.name.startswith("._")
    ]
    main = [item for item in found if item.suffix.lower() not in _MAY_BE_A_NOTE] or found
    if not main:
        raise OneMapError("source.nothing_inside", file=path.name)
    if len(main) > 1:
        names = [item.relative_to(folder).as_posix() for item in main]
        raise OneMapError("source.several_files", file=path.name, names=names[:20])
    return main[0]
