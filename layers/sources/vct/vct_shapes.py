"""The objects of a VCT file: points, lines and polygons, with their coordinates or their references to others."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from onemap.layers.errors import OneMapError
from onemap.layers.sources.vct.vct_section import WHOLE, Points, Section

_DIRECT, _INDIRECT, _BY_LINES, _BY_POLYGONS, _POLYLINE = 1, 100, 21, 22, 11


@dataclass(frozen=True)
class Shape:
    """One object: its id, feature code and line; points by part, or references to others with their signs by ring."""

    id: int
    code: str
    line: int
    parts: tuple[Points, ...] = ()
    references: tuple[tuple[int, ...], ...] = ()
    refers_to: str = "lines"


def section_shapes(section: Section, kind: str, is_new: bool, has_topology: bool) -> Iterator[Shape]:
    """Yield the objects of a section; kind: point, line or polygon.

    is_new: since 2007. has_topology: the older polygons list lines, not points.
    Raises OneMapError vct.cut, vct.line, vct.curve.
    """
    old_polygon = _old_polygon if has_topology else _old_ring
    readers: dict[str, tuple[Callable[[Section, int, str, int], Shape], Callable[[Section, int, str, int], Shape]]] = {
        "point": (_old_point, _new_point),
        "line": (_old_line, _new_line),
        "polygon": (old_polygon, _new_polygon),
    }
    read = readers[kind][is_new]
    section.skip_zeros()
    while section:
        line = section.number
        number, code = section.whole(), section.take()
        section.take()  # how it is drawn, or its layer's name
        yield read(section, number, code, line)
        section.skip_zeros()


def _new_point(section: Section, number: int, code: str, line: int) -> Shape:
    kind = section.whole()
    count = section.whole() if WHOLE.fullmatch(section.peek()) else 1
    points = section.points(count)
    if kind == 3 and section.peek() != "0":  # the second point of a directed one is its direction
        section.point()
    return Shape(number, code, line, (points,))


def _old_point(section: Section, number: int, code: str, line: int) -> Shape:
    section.whole()
    return Shape(number, code, line, (section.points(1),))


def _segments(section: Section) -> tuple[Points, ...]:
    """Return parts with their points. Raises OneMapError vct.curve for any but straight segments."""
    parts = []
    for _ in range(section.whole()):
        kind = section.whole()
        if kind != _POLYLINE:
            raise OneMapError(
                "vct.curve", file=section.file, feature=section.last_line, line=section.last_line, kind=kind
            )
        parts.append(section.points(section.whole()))
    return tuple(parts)


def _new_line(section: Section, number: int, code: str, line: int) -> Shape:
    kind = section.whole()
    if kind == _INDIRECT:
        return Shape(number, code, line, references=_references(section, ends_in_zero=True))
    runs: list[Points] = []
    for part in _segments(section):
        if runs and part[:1] == runs[-1][-1:]:
            runs[-1] += part[1:]
        else:
            runs.append(part)
    return Shape(number, code, line, tuple(runs))


def _old_line(section: Section, number: int, code: str, line: int) -> Shape:
    kind = section.whole()
    if kind != _DIRECT:
        raise OneMapError("vct.curve", file=section.file, feature=line, line=line, kind=kind)
    return Shape(number, code, line, (section.points(section.whole()),))


def _new_polygon(section: Section, number: int, code: str, line: int) -> Shape:
    kind = section.whole()
    section.point()  # where its label stands
    if kind == _DIRECT:
        return Shape(number, code, line, _segments(section))
    refers = section.whole()
    if kind != _INDIRECT or refers not in (_BY_LINES, _BY_POLYGONS):
        raise section.wrong()
    references = _references(section, ends_in_zero=True)
    return Shape(number, code, line, (), references, "lines" if refers == _BY_LINES else "polygons")


def _old_polygon(section: Section, number: int, code: str, line: int) -> Shape:
    section.point()
    return Shape(number, code, line, references=_references(section, ends_in_zero=False))


def _old_ring(section: Section, number: int, code: str, line: int) -> Shape:
    section.point()
    return Shape(number, code, line, (section.points(section.whole()),))


def _references(section: Section, ends_in_zero: bool) -> tuple[tuple[int, ...], ...]:
    """Return signed ids by ring; 0 separates rings. The count includes the zeros, though some writers omit them."""
    count = section.whole()
    ids: list[int] = []

    def take() -> None:
        values = [value for value in section.values() if value]
        if not values or not all(map(WHOLE.fullmatch, values)):
            raise section.wrong()
        ids.extend(map(int, values))

    while len(ids) < count:
        take()
    while ends_in_zero and section and section.peek() != "0" and sum(value != 0 for value in ids) < count:
        take()
    if count not in (len(ids), sum(value != 0 for value in ids)):
        raise section.wrong()
    rings: list[list[int]] = [[]]
    for value in ids:
        if value == 0:
            rings.append([])
        else:
            rings[-1].append(value)
    return tuple(tuple(ring) for ring in rings if ring)
