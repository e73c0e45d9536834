"""The coordinate systems that a FlatGeobuf or a geodatabase declares, read before GDAL hands them to PROJ."""

import contextlib
import html
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.crs.named_files import check_names_no_file

_MOST = 10 << 20  # of a head, which names fields and the system; GDAL reads no longer one
_MARK = 8
# In the head of a FlatGeobuf, a FlatBuffer: the system among the head's values, and the texts of a system by which GDAL
# asks PROJ for it, or looks for a file of that name: organisation, name, description, WKT, code.
_SYSTEM, _TEXTS = 10, (0, 2, 3, 4, 5)
_WKT = re.compile(rb"<WKT>(.*?)</WKT>", re.DOTALL)
_LIST = "a00000004.gdbtable"  # of all layers, each with its definition as XML
_FIELDS = slice(32, 40)  # of a table's head: where its fields are described


def check_declared_systems(path: Path) -> None:
    """Refuse a file whose coordinate system names another. Raises OneMapError crs.names_file."""
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
    """Where the offset at a place of a FlatBuffer leads. Raises struct.error."""
    (offset,) = struct.unpack_from("<I", head, place)
    return place + int(offset)


def _place_of(head: bytes, table: int, number: int) -> int:
    """Where the value of a number of a FlatBuffer's table stands; 0 where it has none. Raises struct.error."""
    (back,) = struct.unpack_from("<i", head, table)
    names = table - back
    (length,) = struct.unpack_from("<H", head, names)
    entry = 4 + 2 * number
    (offset,) = struct.unpack_from("<H", head, names + entry) if entry < length else (0,)
    return table + int(offset) if offset else 0


def _in_geodatabase(path: Path) -> Iterator[str]:
    """The definitions of layers, and the heads of their tables, in which texts are of UTF-16."""
    for table in path.glob("*.gdbtable"):
        with table.open("rb") as file:
            if table.name.lower() == _LIST:
                yield from (html.unescape(text[1].decode("latin-1")) for text in _WKT.finditer(file.read()))
            file.seek(0)
            file.seek(int.from_bytes(file.read(_FIELDS.stop)[_FIELDS], "little") & (1 << 62) - 1)
            size = int.from_bytes(file.read(4), "little")
            yield file.read(min(size, _MOST)).replace(b"\0", b"").decode("latin-1")
