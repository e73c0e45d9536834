"""Red-line coordinate TXT (界址点坐标交换格式): parcels as points by ring, north before east.

Format: domain rules of the land survey's exchange file; rings become shells and holes by containment.
"""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames import RawFrame
from onemap.layers.sources.dbf_text import text_of

PARCEL_FIELDS = ("JZDS", "DKMJ", "DKBH", "DKMC", "TXSX", "TFH", "DKYT", "DLBM")
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
    points = np.concatenate([ring for _, rings in parcels for ring in rings])
    prefixed = _has_prefix(points, path)
    rows = []
    geometries = []
    for (number, attributes), rings in parcels:
        geometries.append(_polygon(rings, path, number))
        values = [value.strip() or None for value in attributes[: len(PARCEL_FIELDS)]]
        rows.append(values + [None] * (len(PARCEL_FIELDS) - len(values)))
    frame = pd.DataFrame(rows, columns=list(PARCEL_FIELDS), dtype=object)
    return RawFrame(
        path=path,
        layer=path.stem,
        format="Redline TXT",
        geometries=np.array(geometries, dtype=object),
        attributes=frame,
        crs=_declared_crs(header, prefixed, points, path),
        encoding=found,
        problems=(),
    )


def _sections(text: str, path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """The header's keys, and the lines of the coordinates with their numbers."""
    header: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    section = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if _normal(line).startswith("[") and _normal(line).endswith("]"):
            section = _normal(line)
        elif section == "[地块坐标]" and line:
            lines.append((number, line))
        elif "=" in _normal(line):
            key, _, value = _normal(line).partition("=")
            header[key.strip()] = value.strip()
    if not lines:
        raise OneMapError("redline.no_coordinates", file=path.name)
    return header, lines


_Parcel = tuple[tuple[int, list[str]], list[np.ndarray]]


def _parcels(lines: list[tuple[int, str]], path: Path) -> list[_Parcel]:
    """Each parcel: (line number, its attributes) and its rings as (k, 2) arrays of east, north."""
    parcels: list[tuple[tuple[int, list[str]], dict[str, list[tuple[float, float]]]]] = []
    problems: list[Problem] = []
    for number, line in lines:
        parts = [part.strip() for part in re.split("[,，]", line)]
        if parts[-1] == "@":
            parcels.append(((number, parts[:-1]), {}))
            continue
        if not parcels:
            problems.append(Problem("redline.no_parcel_line", {"file": path.name, "feature": f"line {number}"}))
            break
        try:
            ring, north, east = _normal(parts[1]), float(_normal(parts[2])), float(_normal(parts[3]))
        except (IndexError, ValueError):
            problems.append(Problem("redline.point", {"file": path.name, "feature": f"line {number}", "text": line}))
            continue
        parcels[-1][1].setdefault(ring, []).append((east, north))
    for (number, _), rings in parcels:
        if not rings or any(len({*ring}) < 3 for ring in rings.values()):
            problems.append(Problem("redline.ring", {"file": path.name, "feature": f"line {number}"}))
    if problems:
        raise OneMapError.of(problems)
    return [
        (head, [part for ring in rings.values() for part in _closed_parts(np.array(ring))]) for head, rings in parcels
    ]


def _closed_parts(points: np.ndarray) -> list[np.ndarray]:
    """A run of points as rings: one that closes in the middle starts another of the same number."""
    parts, start = [], 0
    for index in range(1, len(points)):
        if index > start + 2 and (points[index] == points[start]).all():
            parts.append(points[start : index + 1])
            start = index + 1
    if len(points) - start >= 3:
        parts.append(np.vstack([points[start:], points[start]]))
    return parts


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


def _polygon(rings: list[np.ndarray], path: Path, number: int) -> shapely.Geometry:
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
