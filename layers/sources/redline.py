"""Red-line coordinate TXT (界址点坐标交换格式): parcels as points by ring, north before east.

Format: domain rules of the land survey's exchange file; rings become shells and holes by containment.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import RawFrame
from onemap.layers.sources.text_encodings import text_of

PARCEL_FIELDS = ("JZDS", "DKMJ", "DKBH", "DKMC", "TXSX", "TFH", "DKYT", "DLBM")
EXTRA_FIELD = "QTXX"  # what a province's form has beyond these eight, as it stands
_METRES = {"", "米", "m", "M", "metre", "metres"}
_NO_SHIFT = {"", "0", "0.0"}
_FIRST_CODES = {  # first EPSG code of the 3° and 6° zones, with zone prefix in the easting and without
    "cgcs2000": {(3, True): 4513, (3, False): 4534, (6, True): 4491, (6, False): 4502},
    "xian80": {(3, True): 2349, (3, False): 2370, (6, True): 2327, (6, False): 2338},
    "beijing54": {(3, True): 2401, (3, False): 2422, (6, True): 21413, (6, False): 21453},
}
_FIRST_ZONES = {3: (25, 45), 6: (13, 23)}


def looks_like_redline(path: Path) -> bool:
    """True if the text has the section that holds the coordinates."""
    try:
        text, _ = text_of(path, None)
    except OneMapError:
        return False
    return "[地块坐标]" in _normal(text)


def _normal(text: str) -> str:
    """Full-width separators, digits and brackets as plain ones."""
    return unicodedata.normalize("NFKC", text.replace("［", "[").replace("］", "]"))


def read_redline(path: Path, encoding: str | None) -> RawFrame:
    """All parcels of a red-line TXT, with the CRS that its header declares.

    Raises OneMapError redline.… naming line and mend, encoding.….
    """
    text, found = text_of(path, encoding)
    header, lines = _sections(text, path)
    parcels = _parcels(lines, path)
    if not parcels:
        raise OneMapError("source.empty", file=path.name, layer=path.stem)
    if header.get("计量单位", "") not in _METRES:
        raise OneMapError("redline.unit", file=path.name, field="计量单位", unit=header["计量单位"])
    points = np.concatenate([ring for parcel in parcels for ring in parcel.rings])
    crs = _declared_crs(header, _has_prefix(points, path), points, path)
    geometries = np.array([_geometry(parcel) for parcel in parcels], dtype=object)
    return RawFrame(
        path=path,
        layer=path.stem,
        format="Redline TXT",
        geometries=geometries,
        attributes=_attributes(parcels),
        crs=crs,
        encoding=found,
        problems=tuple(_remarks(header, parcels, geometries, path)),
    )


def _sections(text: str, path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """The header's keys, and the lines of the coordinates with their numbers."""
    header: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    section = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if _normal(line).startswith("[") and _normal(line).endswith("]"):
            section = _normal(line).replace(" ", "")
        elif section == "[地块坐标]" and line:
            lines.append((number, line))
        elif "=" in _normal(line):
            key, _, value = _normal(line).partition("=")
            header[key.strip()] = value.strip()
    if not lines:
        raise OneMapError("redline.no_coordinates", file=path.name)
    return header, lines


@dataclass(frozen=True)
class _Parcel:
    """One parcel: the line on which it begins, its fields, the rings or runs of its points (k, 2) east, north."""

    line: int
    fields: tuple[str, ...]
    rings: tuple[np.ndarray, ...]
    points: int

    def field(self, name: str) -> str:
        at = PARCEL_FIELDS.index(name)
        return self.fields[at] if at < len(self.fields) else ""


def _parcels(lines: list[tuple[int, str]], path: Path) -> list[_Parcel]:
    """The parcels in the file's order. Raises OneMapError redline.… for every line that cannot be read."""
    heads: list[tuple[int, tuple[str, ...], dict[str, list[tuple[float, float]]]]] = []
    problems: list[Problem] = []
    for number, line in lines:
        place = {"file": path.name, "feature": number, "line": number}
        plain = re.sub("[,，@＠\\s]+$", "", line)
        parts = tuple(part.strip() for part in re.split("[,，]", plain))
        if re.search("[@＠]", line[len(plain) :]):
            heads.append((number, parts, {}))
            continue
        if not heads:
            problems.append(Problem("redline.no_parcel_line", place))
            break
        try:
            ring, north, east = _normal(parts[1]), float(_normal(parts[2])), float(_normal(parts[3]))
        except (IndexError, ValueError):
            problems.append(Problem("redline.point", {**place, "text": line}))
            continue
        heads[-1][2].setdefault(ring, []).append((east, north))
    parcels = []
    for number, fields, rings in heads:
        try:
            parcels.append(_parcel(number, fields, rings))
        except ValueError:
            problems.append(Problem("redline.ring", {"file": path.name, "feature": number, "line": number}))
    if problems:
        raise OneMapError.of(problems)
    return parcels


def _parcel(number: int, fields: tuple[str, ...], runs: dict[str, list[tuple[float, float]]]) -> _Parcel:
    """Raises ValueError if its points are no ring, line or point as the parcel line says."""
    least = {"点": 1, "线": 2}.get(fields[4] if len(fields) > 4 else "", 3)
    if not runs or any(len({*run}) < least or not np.isfinite(run).all() for run in runs.values()):
        raise ValueError(number)
    count = sum(len(run) for run in runs.values())
    arrays = [np.array(run) for run in runs.values()]
    rings = arrays if least < 3 else [part for run in arrays for part in _closed_parts(run)]
    return _Parcel(number, fields, tuple(rings), count)


def _closed_parts(points: np.ndarray) -> list[np.ndarray]:
    """A run of points as rings: one that closes in the middle starts another of the same number.

    Raises ValueError if points are left over that make no ring.
    """
    parts, start = [], 0
    for index in range(1, len(points)):
        if index > start + 2 and (points[index] == points[start]).all():
            parts.append(points[start : index + 1])
            start = index + 1
    rest = points[start:]
    if len(np.unique(rest, axis=0)) >= 3:
        parts.append(np.vstack([rest, rest[:1]]))
    elif len(rest) and not (rest == parts[-1][0]).all():  # a closing point given twice says nothing new
        raise ValueError("points left over")
    return parts


def _attributes(parcels: list[_Parcel]) -> pd.DataFrame:
    rows = [[parcel.field(name).strip() or None for name in PARCEL_FIELDS] for parcel in parcels]
    frame = pd.DataFrame(rows, columns=list(PARCEL_FIELDS), dtype=object)
    extra = [",".join(parcel.fields[len(PARCEL_FIELDS) :]) or None for parcel in parcels]
    return frame.assign(**{EXTRA_FIELD: pd.Series(extra, dtype=object)}) if any(extra) else frame


def _remarks(header: dict[str, str], parcels: list[_Parcel], geometries: np.ndarray, path: Path) -> Iterator[Problem]:
    """What the sender states and the points do not bear out; the points count."""
    shifts = [part.strip() for part in re.split("[,，]", header.get("转换参数", ""))]
    if any(shift not in _NO_SHIFT for shift in shifts):
        yield Problem("redline.parameters", {"file": path.name, "field": "转换参数"})
    for parcel, geometry in zip(parcels, geometries, strict=True):
        place = {"file": path.name, "feature": parcel.field("DKBH") or parcel.line}
        stated = _number(parcel.field("JZDS"))
        closing = sum(1 for ring in parcel.rings if (ring[0] == ring[-1]).all())
        if stated is not None and stated not in (parcel.points, parcel.points - closing):
            yield Problem("redline.count", {**place, "field": "JZDS", "stated": int(stated), "found": parcel.points})
        area_ha, found_ha = _number(parcel.field("DKMJ")), shapely.area(geometry) / 10_000
        if area_ha is not None and found_ha and abs(area_ha - found_ha) > max(1e-4, 1e-3 * found_ha):
            yield Problem("redline.area", {**place, "field": "DKMJ", "stated": area_ha, "found": f"{found_ha:.4f}"})


def _number(text: str) -> float | None:
    try:
        return float(_normal(text))
    except ValueError:
        return None


def _has_prefix(points: np.ndarray, path: Path) -> bool:
    """Whether the easting carries a zone prefix; swapped columns are refused, never turned in silence."""
    east, north = points[:, 0], points[:, 1]
    if ((north >= 1e7) & (north < 4.6e7)).all() and (east < 1e7).all():
        raise OneMapError("redline.swapped", file=path.name, zone=int(north[0] // 1e6))
    prefixed = (east >= 1e7) & (east < 4.6e7)
    if prefixed.any() and not prefixed.all():
        raise OneMapError("redline.mixed_prefix", file=path.name)
    return bool(prefixed.all())


def _declared_crs(header: dict[str, str], prefixed: bool, points: np.ndarray, path: Path) -> pyproj.CRS | None:
    """The CRS of the header's 坐标系, 几度分带 and 带号, checked against the easting's prefix."""
    name = header.get("坐标系", "").upper()
    families = (("cgcs2000", ("2000", "CGCS")), ("xian80", ("80",)), ("beijing54", ("54",)))
    family = next((f for f, signs in families if any(sign in name for sign in signs)), None)
    width_text, zone_text = (re.sub(r"\D", "", header.get(key, "")) for key in ("几度分带", "带号"))
    prefix = int(points[0, 0] // 1e6) if prefixed else None
    zone = int(zone_text) if zone_text else prefix
    if family is None or zone is None:
        return None
    if prefix is not None and zone != prefix:
        raise OneMapError("redline.zone", file=path.name, field="带号", declared=zone, prefix=prefix)
    width = int(width_text) if width_text in {"3", "6"} else (3 if zone >= 25 else 6)
    first, last = _FIRST_ZONES[width]
    if not first <= zone <= last:
        raise OneMapError("redline.zone_width", file=path.name, field="几度分带", zone=zone, width=width)
    return pyproj.CRS.from_epsg(_FIRST_CODES[family][(width, prefixed)] + zone - first)


def _geometry(parcel: _Parcel) -> shapely.Geometry:
    kind = parcel.field("TXSX")
    if kind == "点":
        return shapely.MultiPoint(np.concatenate(parcel.rings))
    if kind == "线":
        return shapely.multilinestrings([shapely.LineString(run) for run in parcel.rings])
    return _polygon(parcel.rings)


def _polygon(rings: tuple[np.ndarray, ...]) -> shapely.Geometry:
    """Rings as one polygon or multipolygon: a ring inside an odd number of others is a hole."""
    shells = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    if len(shells) == 1:
        return shells[0]
    if not shapely.is_valid(shells).all():
        # Containment cannot be told of a crossing ring; the frame's own check will name it.
        return shapely.multipolygons(shells)
    order = np.argsort(-shapely.area(shells), kind="stable")
    depth = np.zeros(len(shells), dtype=int)
    parent = np.full(len(shells), -1)
    for position, index in enumerate(order):  # a parcel has a handful of rings
        for outer in order[:position]:
            if shapely.covers(shells[outer], shells[index]):
                depth[index] += 1
                parent[index] = outer
    parts = []
    for index in range(len(shells)):
        if depth[index] % 2 == 0:
            holes = [rings[hole] for hole in range(len(shells)) if parent[hole] == index and depth[hole] % 2]
            parts.append(shapely.Polygon(rings[index], holes))
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
