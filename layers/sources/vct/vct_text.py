"""The text of a VCT file (GB/T 17798): its unchanged sections, objects and rows, each with its line.

Two generations differ: since 2007 (version 3) an object states its kind of geometry and ends in a line 0; in the older
one (version 2) a polygon lists its lines at once, and nothing ends an object.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onemap.layers.errors import OneMapError
from onemap.layers.files.text_encodings import text_of
from onemap.layers.sources.vct.vct_section import WHOLE, Section
from onemap.layers.sources.vct.vct_shapes import Shape, section_shapes

_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class Table:
    """A table's fields, name and kind (char, int, float, date …), and whether its rows have geometry."""

    name: str
    fields: tuple[tuple[str, str], ...]
    has_geometry: bool = True


@dataclass(frozen=True)
class Feature:
    """One feature code: its title, its kind of geometry in lower case, its table."""

    code: str
    title: str
    geometry: str
    table: str


@dataclass
class VctText:
    """The contents of a file, section by section."""

    head: dict[str, str]
    encoding: str
    features: list[Feature] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)
    points: list[Shape] = field(default_factory=list)
    lines: list[Shape] = field(default_factory=list)
    polygons: list[Shape] = field(default_factory=list)
    rows: dict[str, list[tuple[int, list[str]]]] = field(default_factory=dict)

    @property
    def is_new(self) -> bool:
        """Whether the file is of GB/T 17798-2007 or later."""
        version = self.head.get("version", "").upper().replace(" ", "")
        return version.startswith(("3", "GB/T17798-2007")) or "coordinatesystemtype" in self.head


def read_vct_text(path: Path, encoding: str | None) -> VctText:
    """Read the contents of a file.

    Raises OneMapError encoding.…, vct.head, vct.cut, vct.line, vct.curve, each naming its line.
    """
    text, used_encoding = text_of(path, encoding)
    sections = _sections(text, path.name)
    head = dict(_head_pairs(sections.get("head", [])))
    if not head:
        raise OneMapError("vct.head", file=path.name)
    separator = head.get("separator", ",").strip() or ","

    def section(name: str) -> Section:
        return Section(sections.get(name, []), path.name, separator)

    vct = VctText(head, used_encoding)
    vct.tables = {table.name.upper(): table for table in _tables(section("tablestructure"))}
    vct.features = list(_features(section("featurecode"), vct.tables))
    has_topology = head.get("topo", "1").strip() != "0"
    vct.points, vct.lines, vct.polygons = (
        list(section_shapes(section(kind), kind, vct.is_new, has_topology)) for kind in ("point", "line", "polygon")
    )
    vct.rows = _rows(section("attribute"))
    return vct


def _sections(text: str, file: str) -> dict[str, list[tuple[int, str]]]:
    """Return the non-blank lines by section, without comments. A section without its end is refused."""
    sections: dict[str, list[tuple[int, str]]] = {}
    name, commented = "", False
    inside: list[tuple[int, str]] = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        bare = line.strip()
        lower = bare.lower()
        if lower in ("commentbegin", "commentend"):
            commented = lower == "commentbegin"
        elif commented or not bare:
            continue
        elif name and lower == f"{name}end":
            sections.setdefault(name, []).extend(inside)
            name, inside = "", []
        elif name:
            inside.append((number, bare))
        elif lower.endswith("begin"):
            name = lower.removesuffix("begin")
    if name or commented:
        last = inside[-1][0] if inside else number
        raise OneMapError("vct.cut", file=file, feature=last, line=last)
    return sections


def _head_pairs(lines: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    for _, line in lines:
        key, colon, value = line.replace("：", ":").partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _features(section: Section, tables: Mapping[str, Table]) -> Iterator[Feature]:
    """code, title, geometry, [colours,] table[, items of the user]: the colours are three numbers, one, or none."""
    while section:
        values = section.values()
        if len(values) < 4:
            raise section.wrong()
        as_written = values[6] if len(values) >= 7 else values[4] if len(values) == 5 else values[3]
        table = next((value for value in values[3:] if value.upper() in tables), as_written)
        yield Feature(values[0], values[1], values[2].lower(), table)


def _tables(section: Section) -> Iterator[Table]:
    section.skip_zeros()
    while section:
        values = section.values()
        if len(values) < 2 or not WHOLE.fullmatch(values[1]):
            raise section.wrong()
        fields = []
        for _ in range(int(values[1])):
            field_values = section.values()
            if len(field_values) < 2 or not field_values[0]:
                raise section.wrong()
            fields.append((field_values[0], field_values[1].lower()))
        has_geometry = len(values) < 3 or values[2].lower() not in ("nonegeometry", "nogeometry")
        yield Table(values[0], tuple(fields), has_geometry)
        section.skip_zeros()


def _rows(section: Section) -> dict[str, list[tuple[int, list[str]]]]:
    """The rows of each table by its name in capitals, with their lines."""
    tables: dict[str, list[tuple[int, list[str]]]] = {}
    name = ""
    while section:
        line = section.number
        if section.peek().lower() == "tableend":
            section.take()
            name = ""
        elif not name:
            name = section.take().upper()
            tables.setdefault(name, [])
        else:
            tables[name].append((line, section.values()))
    return tables
