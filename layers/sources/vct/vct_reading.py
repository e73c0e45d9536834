"""VCT (GB/T 17798), read only: polygons built from signed lines, attributes by the structure of their table.

Experimental: made from the grammar and from what other programs read and write, never yet compared with a file of an
office; every frame says so.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.crs.zones import GEOGRAPHIC_CODES, ZONE_NUMBERS, Zone, width_of_number, zone_crs
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.ring_nesting import polygon_of_rings
from onemap.layers.sources.redline.redline_text import number_of
from onemap.layers.sources.sheets.sheet_axes import axis_seen
from onemap.layers.sources.vct.vct_section import Points
from onemap.layers.sources.vct.vct_shapes import Shape
from onemap.layers.sources.vct.vct_text import Table, VctText, read_vct_text

_SPHEROIDS = (
    ("cgcs2000", re.compile(r"CGCS|2000|6378137", re.IGNORECASE)),
    ("xian80", re.compile(r"IAG|1975|西安|xi'?an|6378140", re.IGNORECASE)),
    ("beijing54", re.compile(r"Kra[s]+ov|克拉索夫|北京|beijing|6378245", re.IGNORECASE)),
)
_OTHER_PROJECTION = re.compile(r"lambert|兰[勃伯]|albers|阿尔伯|utm|mercator", re.IGNORECASE)
_TRANSVERSE = re.compile(r"transverse|gauss|kr[uü]e?ger", re.IGNORECASE)
_OTHER_UNIT = re.compile(r"[sk]|km|dms|度分秒|千米|公里", re.IGNORECASE)
_WHOLE_KINDS = {"int", "int1", "int2", "int4", "int8", "integer", "smallint"}
_NUMBER_KINDS = {"float", "double", "numeric"}
_KINDS = ("point", "line", "polygon")
_MOST_LISTED = 1000
_DEEPEST = 3  # objects of objects of objects


def vct_layers(path: Path) -> list[str]:
    """The tables of a file. Raises source.empty, and what reading raises."""
    names = _tables(read_vct_text(path, None))
    if not names:
        raise OneMapError("source.empty", file=path.name)
    return names


def _tables(vct: VctText) -> list[str]:
    """Return the declared tables that are used, then used ones that are not declared, which reading refuses."""
    used_tables = {feature.table.upper(): feature.table for feature in vct.features} | {name: name for name in vct.rows}
    declared_tables = [table.name for name, table in vct.tables.items() if name in used_tables]
    return declared_tables + [name for upper, name in used_tables.items() if upper not in vct.tables]


def read_vct(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """Read one table of a file with the geometry of its rows.

    Raises OneMapError vct.…, source.layer_unknown, encoding.…, redline.zone.
    """
    vct = read_vct_text(path, encoding)
    table = vct.tables.get(layer.upper())
    if table is None:
        names = _tables(vct)
        if layer.upper() in (name.upper() for name in names):
            raise OneMapError("vct.table", file=path.name, layer=layer)
        raise OneMapError("source.layer_unknown", file=path.name, layer=layer, names=names)
    place = ProblemPlace(file=path.name, layer=layer)
    problems = [Problem("format.experimental", {**place, "format": "VCT"})]
    if without_layer := _without_layer(vct):
        codes = [*dict.fromkeys(shape.code for shape in without_layer)]
        facts = {"count": len(without_layer), "line": without_layer[0].line, "codes": codes}
        problems.append(Problem("vct.undeclared", {**place, **facts}))
    ids, attributes = _attributes(vct, table, place)
    if not table.has_geometry:
        geometries = np.full(len(ids), None, dtype=object)
        return RawFrame(path, layer, "VCT", geometries, attributes, None, vct.encoding, tuple(problems), is_table=True)
    shapes = _geometries(vct, table, place)
    with_row = {*ids}
    rowless = [number for number in shapes if number not in with_row]
    if rowless or len(shapes) < len(ids):
        missing = sum(number not in shapes for number in ids)
        problems.append(Problem("vct.unmatched", {**place, "shapes": len(rowless), "rows": missing}))
    geometries = np.array([*(shapes.get(number) for number in ids), *(shapes[n] for n in rowless), None], dtype=object)[
        :-1
    ]
    attributes = attributes.reindex(range(len(geometries))).astype(object)
    attributes = attributes.where(attributes.notna(), None)
    is_north_first = _is_north_first(vct, geometries, place)
    if is_north_first:
        geometries = shapely.transform(geometries, lambda points: points[:, ::-1])
    crs = _declared_crs(vct, geometries, path.name)
    return RawFrame(path, layer, "VCT", geometries, attributes, crs, vct.encoding, tuple(problems))


def _without_layer(vct: VctText) -> list[Shape]:
    """Return the objects of no layer: their kind and code are not declared, and no object is made of them."""
    declared_codes = {(feature.geometry, feature.code) for feature in vct.features}
    used_ids: dict[str, set[int]] = {kind: set() for kind in _KINDS}
    for shape in (*vct.lines, *vct.polygons):
        used_ids["polygon" if shape.refers_to == "polygons" else "line"].update(
            abs(number) for ring in shape.references for number in ring
        )
    return [
        shape
        for kind, shapes in zip(_KINDS, (vct.points, vct.lines, vct.polygons), strict=True)
        for shape in shapes
        if (kind, shape.code) not in declared_codes and shape.id not in used_ids[kind]
    ]


def _attributes(vct: VctText, table: Table, place: ProblemPlace) -> tuple[list[int], pd.DataFrame]:
    """Return the object of each row, and its values: the id stands before the fields, or is the first of them."""
    ids: list[int] = []
    ids_before: set[int] = set()
    rows: list[list[Any]] = []
    problems: list[Problem] = []
    table_rows = vct.rows.get(table.name.upper(), [])
    is_id_before = 2 * sum(len(values) == len(table.fields) + 1 for _, values in table_rows) > len(table_rows)
    for line, values in table_rows:
        own = values[1:] if is_id_before else values
        facts = {**place, "feature": line, "line": line}
        number = number_of(values[0])
        if len(own) != len(table.fields) or number is None:
            problems.append(Problem("vct.row", {**facts, "found": len(values), "expected": len(table.fields)}))
            continue
        ids.append(int(values[0]) if values[0].lstrip("+-").isdecimal() else int(number))
        if ids[-1] in ids_before:
            problems.append(Problem("vct.twice", {**facts, "other": ids[-1]}))
        ids_before.add(ids[-1])
        rows.append([])
        for (name, kind), text in zip(table.fields, own, strict=True):
            value = _value(kind, text)
            if value is None and text:
                problems.append(Problem("vct.value", {**facts, "field": name, "text": text[:40]}))
            rows[-1].append(value)
    if problems:
        raise OneMapError.of(problems[:_MOST_LISTED])
    names = [name for name, _ in table.fields]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return ids, pd.DataFrame(columns, index=range(len(rows)), dtype=object)


def _value(kind: str, text: str) -> Any:
    """Convert a value to its field's kind; None if it is blank, or not the number it should be."""
    if not text:
        return None
    number = number_of(text)
    if kind in _WHOLE_KINDS:
        return int(text) if text.lstrip("+-").isdecimal() and number is not None else None
    return number if kind in _NUMBER_KINDS else text


def _geometries(vct: VctText, table: Table, place: ProblemPlace) -> dict[int, shapely.Geometry]:
    """Return the geometry of each object whose feature code belongs to the table, by id.

    Raises OneMapError vct.reference, vct.ring, vct.twice, with every object named.
    """
    codes = {feature.code: feature.geometry for feature in vct.features if feature.table.upper() == table.name.upper()}
    assembly = _Assembly(vct)
    geometries: dict[int, shapely.Geometry] = {}
    problems: list[Problem] = []
    for kind, shapes in zip(_KINDS, (vct.points, vct.lines, vct.polygons), strict=True):
        for shape in shapes:
            if codes.get(shape.code) != kind:
                continue
            try:
                if shape.id in geometries:
                    raise _Unsound("vct.twice", shape.id)
                geometries[shape.id] = assembly.geometry(kind, shape)
            except _Unsound as error:
                facts = {"feature": shape.id, "line": shape.line, "other": error.other}
                problems.append(Problem(error.code, {**place, **facts}))
    if problems:
        raise OneMapError.of(problems[:_MOST_LISTED])
    return geometries


class _Unsound(ValueError):
    """An object cannot be built, because of another object."""

    def __init__(self, code: str, other: int) -> None:
        super().__init__(code, other)
        self.code, self.other = code, other


class _Assembly:
    """Builds objects from others: lines from lines, polygons from lines, polygons from polygons."""

    def __init__(self, vct: VctText) -> None:
        self.lines = {shape.id: shape for shape in vct.lines}
        self.polygons = {shape.id: shape for shape in vct.polygons}
        self._lines_of_id = Counter(shape.id for shape in vct.lines)
        self._line_by_id: dict[int, Points] = {}
        # No outline passes a line more than twice, so more points than that come from references in a circle.
        self._most_points = 2 * sum(len(part) for shape in vct.lines for part in shape.parts)

    def geometry(self, kind: str, shape: Shape) -> shapely.Geometry:
        if kind == "point":
            points = shape.parts[0]
            if not points:
                raise _Unsound("vct.ring", shape.id)
            return shapely.Point(points[0]) if len(points) == 1 else shapely.MultiPoint(points)
        if kind == "line":
            parts = [self._line_points(shape, ())] if shape.references else [*shape.parts]
            if not parts or min(map(len, parts)) < 2:
                raise _Unsound("vct.ring", shape.id)
            return shapely.LineString(parts[0]) if len(parts) == 1 else shapely.MultiLineString(parts)
        return polygon_of_rings(list(self._rings(shape, ())))

    def _line_points(self, shape: Shape, above: tuple[int, ...]) -> Points:
        if not shape.references:
            return shape.parts[0] if len(shape.parts) == 1 else []  # a line with a gap bounds nothing
        if shape.id not in self._line_by_id:
            references = [number for ring in shape.references for number in ring]
            self._line_by_id[shape.id] = self._join_lines(references, (*above, shape.id))
        return self._line_by_id[shape.id]

    def _join_lines(self, references: list[int], above: tuple[int, ...]) -> Points:
        """Join lines in order, reversed if the sign is minus; each must begin where the one before ends."""
        points: Points = []
        for number in references:
            line = self.lines.get(abs(number))
            if line is None or line.id in above or len(above) > _DEEPEST:
                raise _Unsound("vct.reference", abs(number))
            if self._lines_of_id[line.id] > 1:
                raise _Unsound("vct.twice", line.id)
            own = self._line_points(line, above)
            own = own[::-1] if number < 0 else own
            if not own or (points and points[-1] != own[0]) or len(points) > self._most_points:
                raise _Unsound("vct.ring", abs(number))
            points += own[1:] if points else own
        return points

    def _rings(self, shape: Shape, above: tuple[int, ...]) -> Iterator[np.ndarray]:
        if shape.refers_to == "polygons" and shape.references:
            numbers = [abs(number) for ring in shape.references for number in ring]
            for number in numbers:
                polygon = self.polygons.get(number)
                is_repeated = number in (*above, shape.id) or len({*numbers}) < len(numbers)
                if polygon is None or is_repeated or len(above) > 0:
                    raise _Unsound("vct.reference", number)
                yield from self._rings(polygon, (shape.id,))
            return
        is_direct = not shape.references
        runs = list(shape.parts) if is_direct else [self._join_lines(list(ring), ()) for ring in shape.references]
        if not runs:
            raise _Unsound("vct.ring", shape.id)
        for points in runs:
            if is_direct and points and points[0] != points[-1]:
                points = [*points, points[0]]
            if len({*points}) < 3 or points[0] != points[-1]:
                raise _Unsound("vct.ring", shape.id)
            yield np.array(points)


def _is_north_first(vct: VctText, geometries: np.ndarray, place: ProblemPlace) -> bool:
    """Whether X is north: as the head says, else as the numbers show, else False. Raises OneMapError vct.axes."""
    coordinates = shapely.get_coordinates(geometries)
    visible_order = axis_seen(coordinates[:, 0], coordinates[:, 1]) if len(coordinates) else None
    declared_axis = vct.head.get("xaxisdirection", "").strip().upper()[:1]
    declared_order = {"E": "first is east", "N": "first is north", "东": "first is east", "北": "first is north"}.get(
        declared_axis
    )
    if declared_order and visible_order and declared_order != visible_order:
        raise OneMapError("vct.axes", declared=declared_axis, **place)
    return (declared_order or visible_order) == "first is north"


def _declared_crs(vct: VctText, geometries: np.ndarray, file: str) -> pyproj.CRS | None:
    """Return the CRS of the head's spheroid and central meridian, with the zone that the eastings carry.

    Raises OneMapError redline.zone if the two disagree, vct.offset for shifted coordinates, vct.unit.
    """
    head = vct.head
    unit = head.get("xyunit", head.get("unit", ""))
    if _OTHER_UNIT.fullmatch(unit):
        raise OneMapError("vct.unit", file=file, unit=unit)
    if any(number_of(part) not in (None, 0.0) for part in head.get("offset", "").split(",")):
        raise OneMapError("vct.offset", file=file, offset=head["offset"])
    spheroid = f"{head.get('spheroid', '')} {head.get('projection', '')} {head.get('horizontalcrs', '')}"
    datum = next((name for name, pattern in _SPHEROIDS if pattern.search(spheroid)), None)
    coordinates = shapely.get_coordinates(geometries)
    if datum is None or not len(coordinates):
        return None
    if head.get("coordinatesystemtype", "").upper()[:1] in ("D", "G") and (np.abs(coordinates) <= 180).all():
        return pyproj.CRS.from_epsg(GEOGRAPHIC_CODES[datum])
    projection = head.get("projection", "")
    if _OTHER_PROJECTION.search(projection) and not _TRANSVERSE.search(projection):
        return None
    east = coordinates[:, 0]
    prefixes = np.unique(east // 1e6)
    meridian = _meridian(head)
    if len(prefixes) == 1 and prefixes[0] >= 13:
        number = int(prefixes[0])
        width = width_of_number(number)
        if width is None:
            return None
        zone = Zone(datum, width, number, True)
        if meridian is not None and abs(zone.meridian - meridian) > 1e-9:
            raise OneMapError("redline.zone", file=file, declared=f"{meridian:g}°", prefix=number)
        return zone_crs(zone)
    is_plain = ((east >= 1e5) & (east < 1e6)).all()
    number = int(meridian // 3) if meridian is not None and meridian % 3 == 0 else 0
    if not is_plain or number not in ZONE_NUMBERS[3]:
        return None
    return zone_crs(Zone(datum, 3, number, False))


def _meridian(head: dict[str, str]) -> float | None:
    """Return the central meridian: from its own key, or the first of the projection's parameters."""
    texts = [head.get(key, "") for key in ("meridian", "meridinan", "centralmeridian")]
    texts.append(head.get("parameters", "").split(",")[0])
    numbers = [number_of(text) for text in texts if text]
    return next((number for number in numbers if number is not None and 70 <= number <= 140), None)
