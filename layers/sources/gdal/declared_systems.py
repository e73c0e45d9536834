"""What a FlatGeobuf and a geodatabase say of their coordinate systems, read before GDAL hands it to PROJ."""

import html
import re
from collections.abc import Iterator
from pathlib import Path

from onemap.layers.crs.named_files import check_names_no_file

_MOST = 1 << 20  # of a head, which names fields and the system
_MARK = 8
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
        yield file.read(min(size, _MOST)).decode("latin-1")


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
