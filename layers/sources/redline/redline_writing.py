"""Red-line coordinate TXT as we write it: GB18030, CRLF, north before east, zone number before the easting.

A text that was read keeps its points, names and unknown sections; only its outer form becomes ours, so that writing it
again gives the same bytes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.area_units import M2_PER_HECTARE, hectares
from onemap.layers.crs.zones import DATUM_TITLES, Zone, datum_named, zone_crs
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import plain_value
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.messages import first_names
from onemap.layers.sources.redline.redline_reading import EXTRA_FIELD, PARCEL_FIELDS
from onemap.layers.sources.redline.redline_text import (
    COORDINATES,
    ParcelLines,
    PointLine,
    RedlineText,
    header_of,
    number_of,
    plain,
)

ENCODING = "gb18030"
_HEADER = "[属性描述]"
_KINDS = {0: "点", 1: "线", 2: "面"}
_MADE = ("JZDS", "DKMJ", "TXSX")  # counted, measured or seen of the geometry
_PLANE, _ELLIPSOID = "plane", "ellipsoid"
# How far a stated area may be from the ground's: its last digit, and what the rounding of points makes of it.
_LAST_DIGIT_HA, _ROUNDED_POINTS_M = 5e-5, 1e-3
_ROUNDED_M = 1e-6  # a coordinate that moves by less is a matter of how the number is kept
_FEWEST_DECIMALS, _MOST_DECIMALS = 3, 4
_MOST_ROWS_NAMED = 10
_ALIASES = {
    "DKBH": ("地块编号", "地块号", "parcel", "DKID", "BSM"),
    "DKMC": ("地块名称", "XMMC", "项目名称"),
    "TFH": ("图幅号",),
    "DKYT": ("地块用途", "YDXZ"),
    "DLBM": ("地类编码", "地类代码"),
}


def redline_bytes(text: RedlineText, file: str) -> bytes:
    """The text of a coordinate file. Raises OneMapError encoding.replaced if it contains invalid characters."""
    lines = [*text.before, COORDINATES]
    for parcel in text.parcels:
        lines.append(",".join((*parcel.fields, "@")))
        lines += [",".join((p.label, p.ring, p.north, p.east, *p.rest)) for p in parcel.points]
    lines += text.after
    try:
        return "".join(f"{line}\r\n" for line in lines).encode(ENCODING)
    except UnicodeEncodeError as error:
        raise OneMapError("encoding.replaced", file=file, count=1) from error


def with_zone(text: RedlineText, zone: Zone) -> RedlineText:
    """Return the text with the header's 坐标系, 几度分带 and 带号 set, and nothing else changed."""
    zone_values = _zone_keys(zone)
    before = list(text.before)
    for at, line in enumerate(before):
        key, equals, _ = plain(line).partition("=")
        if equals and key.strip() in zone_values:
            before[at] = f"{key.strip()}={zone_values.pop(key.strip())}"
    if zone_values:
        begin = next((at for at, line in enumerate(before) if plain(line).strip() == _HEADER), None)
        if begin is None:
            before.insert(0, _HEADER)
            begin = 0
        before[begin + 1 : begin + 1] = [f"{key}={value}" for key, value in zone_values.items()]
    return replace(text, before=tuple(before))


def _zone_keys(zone: Zone) -> dict[str, str]:
    return {"坐标系": DATUM_TITLES[zone.datum], "几度分带": str(zone.width), "带号": str(zone.number)}


@dataclass(frozen=True)
class Frame:
    """The content of a redline file: geometries (n,) in the plane of `zone`, attributes, and a header read before."""

    geometries: np.ndarray
    attributes: pd.DataFrame
    zone: Zone
    header: RedlineText | None = None


def redline_text(frame: Frame) -> RedlineText:
    """Write parcels as lines: outer rings, each followed by its holes; point numbers continue; rings are closed.

    A header that was read is kept if it declares the same zone; else ours is written, and eastings get the zone's
    number.
    """
    kept_header, decimals = _header_and_decimals(frame)
    before = kept_header.before if kept_header else _header(frame.zone, decimals)
    shift = 0 if kept_header or frame.zone.prefixed else frame.zone.number * 1_000_000
    names = _columns(list(frame.attributes.columns))
    areas = parcel_areas(frame)
    rows = [dict(zip(frame.attributes.columns, row, strict=True)) for row in frame.attributes.itertuples(index=False)]
    parcels = []
    for number, (geometry, row, area) in enumerate(zip(frame.geometries, rows, areas.texts, strict=True), start=1):
        points = _points(geometry, decimals, shift)
        fields = _fields(row, names, number)
        fields[PARCEL_FIELDS.index("JZDS")] = str(len(points))
        fields[PARCEL_FIELDS.index("DKMJ")] = area
        fields[PARCEL_FIELDS.index("TXSX")] = _KINDS[int(shapely.get_dimensions(geometry))]
        parcels.append(ParcelLines(0, tuple(fields), tuple(points)))
    return RedlineText(before, tuple(parcels), kept_header.after if kept_header else ())


def changes(frame: Frame, place: Mapping[str, Any]) -> list[Problem]:
    """Return the changes that `redline_text` makes to a frame: redline.rounded, .numbered and others.

    place: facts for all problems, such as the file. Names lose separators; coordinates their last decimals; parcels
    without a number get their row's; fields for which the form has no place are left out. redline.area_kept: areas are
    the sender's, in the plane.
    """
    _, decimals = _header_and_decimals(frame)
    coordinates = shapely.get_coordinates(frame.geometries)
    moved_m = np.abs(coordinates - np.round(coordinates, decimals)).max(axis=1, initial=0.0)
    remarks = []
    if (count := int((moved_m > _ROUNDED_M).sum())) > 0:
        facts = {"count": count, "decimals": decimals, "most": f"{moved_m.max():.{decimals + 2}f}"}
        remarks.append(Problem("redline.rounded", {**place, **facts}))
    remarks += _area_remarks(frame, place)
    field_columns = _columns(list(frame.attributes.columns))
    others = [column for column in frame.attributes.columns if column not in field_columns.values()]
    if omitted := [column for column in others if any(map(_token, frame.attributes[column]))]:
        remarks.append(Problem("redline.left_out", {**place, "count": len(omitted), "names": first_names(omitted)}))
    names = {field: column for field, column in field_columns.items() if field not in _MADE}
    columns = {field: frame.attributes[column].tolist() for field, column in names.items()}
    numbers = columns.get("DKBH", [None] * len(frame.attributes))
    if unnumbered := [row for row, value in enumerate(numbers, start=1) if not _token(value)]:
        facts = {"field": "DKBH", "count": len(unnumbered), "rows": unnumbered[:_MOST_ROWS_NAMED]}
        remarks.append(Problem("redline.numbered", {**place, **facts}))
    for row in range(len(frame.attributes)):
        values = {field: _text(column[row]) for field, column in columns.items()}
        for field, old in values.items():
            new = ",".join(map(_token, old.split(","))) if field == EXTRA_FIELD else _token(old)
            if new != old:
                facts = {"feature": _in_a_line(values.get("DKBH") or str(row + 1)), "row": row + 1, "field": field}
                remarks.append(Problem("redline.renamed", {**place, **facts, "old": _in_a_line(old), "new": new}))
    return remarks


@dataclass(frozen=True)
class ParcelAreas:
    """The areas of parcels (n,) in hectares: as written, as the source states them, and as measured.

    kind: plane or ellipsoid, whichever the stated ones are; is_kept: (n,) the stated area is right, and is written.
    """

    texts: list[str]
    stated: list[str]
    measured_ha: Mapping[str, np.ndarray]
    kind: str
    is_kept: np.ndarray


def parcel_areas(frame: Frame) -> ParcelAreas:
    """Return the sender's areas where they are those of the ground, else measured ones of the same kind."""
    column = _columns(list(frame.attributes.columns)).get("DKMJ")
    stated_texts = [_token(value) for value in frame.attributes[column]] if column else [""] * len(frame.geometries)
    areas_m2 = {
        _ELLIPSOID: ellipsoidal_areas_m2(frame.geometries, zone_crs(frame.zone)),
        _PLANE: shapely.area(frame.geometries),
    }
    measured_ha = {kind: areas / M2_PER_HECTARE for kind, areas in areas_m2.items()}
    numbers = np.array([np.nan if (number := number_of(text)) is None else number for text in stated_texts])
    digits = np.array([len(plain(text).partition(".")[2]) for text in stated_texts], dtype=float)
    moved_ha = shapely.length(frame.geometries) * _ROUNDED_POINTS_M / M2_PER_HECTARE
    fits = {
        kind: np.abs(numbers - areas) <= _LAST_DIGIT_HA + 0.5 * 10**-digits + moved_ha
        for kind, areas in measured_ha.items()
    }
    only = {
        kind: np.count_nonzero(fits[kind] & ~fits[other])
        for kind, other in ((_PLANE, _ELLIPSOID), (_ELLIPSOID, _PLANE))
    }
    kind = _PLANE if only[_PLANE] > only[_ELLIPSOID] else _ELLIPSOID
    is_kept = (fits[_PLANE] | fits[_ELLIPSOID]) & (numbers > 0)
    texts = [
        text if is_own else f"{hectares(area_m2):.4f}"
        for text, is_own, area_m2 in zip(stated_texts, is_kept, areas_m2[kind], strict=True)
    ]
    return ParcelAreas(texts, stated_texts, measured_ha, kind, is_kept)


def _area_remarks(frame: Frame, place: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield remarks on kept areas in the plane, and on stated areas that are not those of the ground."""
    areas, column = parcel_areas(frame), _columns(list(frame.attributes.columns)).get("DKBH")
    names = [_token(name) for name in frame.attributes[column]] if column else [""] * len(frame.geometries)
    if areas.kind == _PLANE:
        apart_m2 = M2_PER_HECTARE * np.abs(areas.measured_ha[_PLANE] - areas.measured_ha[_ELLIPSOID])
        facts = {"count": int(areas.is_kept.sum()), "most": f"{apart_m2.max():.1f}", "field": "DKMJ"}
        yield Problem("redline.area_kept", {**place, **facts})
    for row, (text, area_text, is_own) in enumerate(
        zip(areas.stated, areas.texts, areas.is_kept, strict=True), start=1
    ):
        if text and not is_own:
            measured_ha = {kind: f"{values[row - 1]:.4f}" for kind, values in areas.measured_ha.items()}
            facts = {
                "feature": names[row - 1] or str(row),
                "row": row,
                "field": "DKMJ",
                "stated": text,
                "written": area_text,
            }
            yield Problem("redline.area_replaced", {**place, **facts, **measured_ha})


def _in_a_line(text: str) -> str:
    return "⏎".join(text.splitlines())


def _header_and_decimals(frame: Frame) -> tuple[RedlineText | None, int]:
    """Return the header that is kept, if any, and the number of decimals of coordinates."""
    kept_header = frame.header if frame.header is not None and _declares(frame.header.header, frame.zone) else None
    return kept_header, _decimals(
        frame.geometries, _stated_decimals(kept_header.header) if kept_header else _FEWEST_DECIMALS
    )


def _header(zone: Zone, decimals: int) -> tuple[str, ...]:
    of_zone = _zone_keys(zone)
    keys = {
        "格式版本号": "1.01",
        "数据产生单位": "",
        "数据产生日期": date.today().isoformat(),
        "坐标系": of_zone["坐标系"],
        "几度分带": of_zone["几度分带"],
        "投影类型": "高斯克吕格",
        "计量单位": "米",
        "带号": of_zone["带号"],
        "精度": f"{10**-decimals:.{decimals}f}",
        "转换参数": "0,0,0,0,0,0,0",
    }
    return (_HEADER, *(f"{key}={value}" for key, value in keys.items()))


def _declares(header: Mapping[str, str], zone: Zone) -> bool:
    """Whether a header declares this datum and zone, with numbers as the plane has them."""
    return datum_named(header.get("坐标系", "")) == zone.datum and (
        header.get("带号", "").strip() == str(zone.number) or ("带号" not in header and zone.prefixed)
    )


def _stated_decimals(header: Mapping[str, str]) -> int:
    """Return 精度 as decimals: 0.001 and 3 both mean three."""
    number = number_of(header.get("精度", ""))
    if number is None or number <= 0:
        return _FEWEST_DECIMALS
    return min(int(number) if number >= 1 else round(-np.log10(number)), _MOST_DECIMALS)


def _decimals(geometries: np.ndarray, stated_decimals: int) -> int:
    """Return the decimals that the header states, or more if the coordinates have more."""
    coordinates = shapely.get_coordinates(geometries)
    for decimals in range(stated_decimals, _MOST_DECIMALS + 1):
        whole_numbers = coordinates * 10**decimals
        if (np.abs(whole_numbers - np.round(whole_numbers)) < 1e-2).all():
            return decimals
    return max(stated_decimals, _FEWEST_DECIMALS)


def _points(geometry: shapely.Geometry, decimals: int, shift: int) -> list[PointLine]:
    points: list[PointLine] = []
    number = 0
    for ring, vertices in enumerate(_rings(geometry), start=1):
        is_closed = len(vertices) > 1 and (vertices[0] == vertices[-1]).all()
        first = number + 1
        for at, (east, north) in enumerate(vertices):
            is_closing = is_closed and at == len(vertices) - 1
            number += not is_closing
            label = f"J{first if is_closing else number}"
            points.append(PointLine(0, label, str(ring), f"{north:.{decimals}f}", f"{east + shift:.{decimals}f}"))
    return points


def _rings(geometry: shapely.Geometry) -> list[np.ndarray]:
    """Return outer rings, each followed by its holes; or lines; or all points as one sequence."""
    parts = shapely.get_parts(geometry)
    if shapely.get_dimensions(geometry) == 0:
        return [shapely.get_coordinates(parts)]
    if shapely.get_dimensions(geometry) == 2:
        parts = shapely.get_rings(parts)
    return [shapely.get_coordinates(part) for part in parts]


def _columns(columns: Sequence[str]) -> dict[str, str]:
    """Return the column for each field of the parcel line: by its name, its name in another case, an alias."""
    lower = {column.lower(): column for column in reversed(columns)}
    field_columns = {}
    for field in (*PARCEL_FIELDS, EXTRA_FIELD):
        names = [field, field.lower(), *(alias.lower() for alias in _ALIASES.get(field, ()))]
        column = field if field in columns else next((lower[name] for name in names if name in lower), None)
        if column is not None:
            field_columns[field] = column
    return field_columns


def _fields(row: Mapping[str, object], columns: Mapping[str, str], number: int) -> list[str]:
    fields = [_token(row[columns[name]]) if name in columns else "" for name in PARCEL_FIELDS]
    at = PARCEL_FIELDS.index("DKBH")
    fields[at] = fields[at] or str(number)
    extra = row[columns[EXTRA_FIELD]] if EXTRA_FIELD in columns else None
    return fields + ([_token(part) for part in str(extra).split(",")] if isinstance(extra, str) else [])


def _token(value: object) -> str:
    """Return a value as one token, without separators and line ends."""
    return " ".join(_text(value).replace(",", "，").split())


def _text(value: object) -> str:
    """Return a value as text, whole numbers without a point."""
    plain = plain_value(value)
    if plain is None:
        return ""
    return str(int(plain)) if isinstance(plain, float) and plain.is_integer() else str(plain)


def kept_header(lines: str) -> RedlineText | None:
    """The header stored in a GeoPackage that was made from a coordinate text; None if it is not valid."""
    before, _, after = lines.partition(f"\n{COORDINATES}\n")
    text = RedlineText(tuple(before.split("\n")), (), tuple(after.split("\n")) if after else ())
    return text if header_of(text.before) else None


def header_lines(text: RedlineText) -> str:
    """A header as one string, for `kept_header`."""
    return "\n".join((*text.before, COORDINATES, *text.after)) + ("" if text.after else "\n")
