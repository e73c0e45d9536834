"""Red-line coordinate TXT (界址点坐标交换格式): parcels as points by ring, north before east.

Format: domain rules of the land survey's exchange file; containment makes rings shells or holes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.crs.zones import ZONE_NUMBERS, Zone, datum_named, width_of_number, zone_crs
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.frames.frames import RawFrame
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.geometry.ring_nesting import closed_parts, polygon_of_rings
from onemap.layers.sources.redline.redline_text import ParcelLines, RedlineText, number_of, plain, read_text
from onemap.layers.value_groups import groups_of

PARCEL_FIELDS = ("JZDS", "DKMJ", "DKBH", "DKMC", "TXSX", "TFH", "DKYT", "DLBM")
EXTRA_FIELD = "QTXX"  # what a province's form has beyond these eight, as it stands
_METRES = {"", "米", "m", "M", "metre", "metres"}
_OF_THE_SYSTEM = ("坐标系", "几度分带", "带号", "计量单位")
_NO_SHIFT = {"", "0", "0.0"}
_PREFIXED = (1e7, 4.6e7)  # eastings that begin with a zone's number


def read_redline(path: Path, encoding: str | None) -> RawFrame:
    """Read all parcels of a red-line TXT, with the CRS that its header declares.

    Raises OneMapError redline.… with line and remedy, encoding.….
    """
    return frame_of(read_text(path, encoding), path)


def frame_of(text: RedlineText, path: Path) -> RawFrame:
    """Return the parcels of a text that is already read. Raises OneMapError redline.…."""
    header = text.header
    _refuse_several_systems(text, path)
    parcels = _parcels(text, path)
    if header.get("计量单位", "") not in _METRES:
        raise OneMapError("redline.unit", file=path.name, field="计量单位", unit=header["计量单位"])
    points = np.concatenate([ring for parcel in parcels for ring in parcel.rings])
    crs = _declared_crs(header, _prefix(points, path), path)
    geometries = np.array([_geometry(parcel) for parcel in parcels], dtype=object)
    return RawFrame(
        path=path,
        layer=path.stem,
        format="Redline TXT",
        shapes=geometries,
        attributes=_attributes(parcels),
        crs=crs,
        encoding=text.encoding,
        problems=tuple(_remarks(header, parcels, geometries, crs, path)),
        datum=datum_named(header.get("坐标系", "")),
    )


def _refuse_several_systems(text: RedlineText, path: Path) -> None:
    """Refuse texts of different systems that were put into one file. Raises OneMapError crs.several."""
    for key in _OF_THE_SYSTEM:
        values = text.values_of(key)
        if len({datum_named(value) or re.sub(r"\D", "", value) or value for value in values} - {""}) > 1:
            raise OneMapError("crs.several", file=path.name, names=[f"{key}={value}" for value in values])


@dataclass(frozen=True)
class _Parcel:
    """One parcel: its lines, and the rings or sequences of its points (k, 2) east, north."""

    lines: ParcelLines
    rings: tuple[np.ndarray, ...]

    def field(self, name: str) -> str:
        at = PARCEL_FIELDS.index(name)
        return self.lines.fields[at].strip() if at < len(self.lines.fields) else ""


def _parcels(text: RedlineText, path: Path) -> list[_Parcel]:
    """Return the parcels in the file's order. Raises OneMapError redline.ring for each with invalid points."""
    parcels, problems = [], []
    for lines in text.parcels:
        try:
            parcels.append(_Parcel(lines, _rings(lines)))
        except ValueError:
            problems.append(Problem("redline.ring", {"file": path.name, "feature": lines.line, "line": lines.line}))
    if problems:
        raise OneMapError.of(problems)
    return parcels


def _rings(lines: ParcelLines) -> tuple[np.ndarray, ...]:
    """Return the rings. Raises ValueError if the points are no ring, line or point as the parcel line says."""
    least = {"点": 1, "线": 2}.get(plain(lines.fields[4]).strip() if len(lines.fields) > 4 else "", 3)
    runs = groups_of((point.ring, (float(point.east), float(point.north))) for point in lines.points)
    if not runs or any(len({*run}) < least or not np.isfinite(run).all() for run in runs.values()):
        raise ValueError(lines.line)
    arrays = [np.array(run) for run in runs.values()]
    return tuple(arrays if least < 3 else [part for run in arrays for part in closed_parts(run)])


def _attributes(parcels: list[_Parcel]) -> pd.DataFrame:
    rows = [[parcel.field(name) or None for name in PARCEL_FIELDS] for parcel in parcels]
    frame = pd.DataFrame(rows, columns=list(PARCEL_FIELDS), dtype=object)
    extra = [",".join(parcel.lines.fields[len(PARCEL_FIELDS) :]) or None for parcel in parcels]
    return frame.assign(**{EXTRA_FIELD: pd.Series(extra, dtype=object)}) if any(extra) else frame


def _remarks(
    header: dict[str, str], parcels: list[_Parcel], geometries: np.ndarray, crs: pyproj.CRS | None, path: Path
) -> Iterator[Problem]:
    """Yield remarks where the sender's statements differ from the points; the points count."""
    shifts = [part.strip() for part in re.split("[,，]", header.get("转换参数", ""))]
    if any(shift not in _NO_SHIFT for shift in shifts):
        yield Problem("redline.parameters", {"file": path.name, "field": "转换参数"})
    areas = ellipsoidal_areas_m2(geometries, crs) if crs is not None else shapely.area(geometries)
    for parcel, area_m2 in zip(parcels, areas, strict=True):
        place = ProblemPlace(file=path.name, feature=parcel.field("DKBH") or parcel.lines.line)
        if not parcel.lines.marked:
            yield Problem("redline.mark", {**place, "line": parcel.lines.line})
        if not parcel.field("DKBH"):
            yield Problem("redline.unnumbered", {**place, "line": parcel.lines.line, "field": "DKBH"})
        stated_count, point_count = number_of(parcel.field("JZDS")), len(parcel.lines.points)
        # Some count the closing points and some do not, whether the file has them or not.
        if stated_count is not None and stated_count not in (
            point_count,
            point_count - len(parcel.rings),
            point_count + len(parcel.rings),
        ):
            yield Problem(
                "redline.count", {**place, "field": "JZDS", "stated": f"{stated_count:g}", "found": point_count}
            )
        area_ha, found_ha = number_of(parcel.field("DKMJ")), area_m2 / M2_PER_HECTARE
        if area_ha is not None and found_ha and abs(area_ha - found_ha) > max(1e-4, 1e-3 * found_ha):
            yield Problem("redline.area", {**place, "field": "DKMJ", "stated": area_ha, "found": f"{found_ha:.4f}"})


def _prefix(points: np.ndarray, path: Path) -> int | None:
    """Return the zone's number before the eastings, or None; swapped columns are refused, never silently exchanged."""
    east, north = points[:, 0], points[:, 1]
    is_swapped = ((north >= _PREFIXED[0]) & (north < _PREFIXED[1])).all() and (east < _PREFIXED[0]).all()
    if is_swapped or ((north < 1e6) & (north >= 1e5) & (east >= 1e6) & (east < 6e6)).all():
        raise OneMapError("redline.swapped", file=path.name, value=f"{north[0]:.10g}")
    prefixed = (east >= _PREFIXED[0]) & (east < _PREFIXED[1])
    prefixes = np.unique(east[prefixed] // 1e6)
    if prefixed.any() and not (prefixed.all() and len(prefixes) == 1):
        raise OneMapError("redline.mixed_prefix", file=path.name)
    return int(prefixes[0]) if len(prefixes) else None


def _declared_crs(header: dict[str, str], prefix: int | None, path: Path) -> pyproj.CRS | None:
    """Return the CRS of the header's 坐标系, 几度分带 and 带号, checked against the easting's prefix."""
    datum = datum_named(header.get("坐标系", ""))
    width_text, zone_text = (re.sub(r"\D", "", header.get(key, "")) for key in ("几度分带", "带号"))
    number = int(zone_text[:9]) if zone_text else prefix
    if datum is None or number is None:
        return None
    if prefix is not None and number != prefix:
        raise OneMapError("redline.zone", file=path.name, field="带号", declared=number, prefix=prefix)
    width = int(width_text) if width_text in {"3", "6"} else (width_of_number(number) or 3)
    if number not in ZONE_NUMBERS[width]:
        raise OneMapError("redline.zone_width", file=path.name, field="几度分带", zone=number, width=width)
    return zone_crs(Zone(datum, width, number, prefix is not None))


def _geometry(parcel: _Parcel) -> shapely.Geometry:
    kind = plain(parcel.field("TXSX"))
    if kind == "点":
        return shapely.MultiPoint(np.concatenate(parcel.rings))
    if kind == "线":
        return shapely.multilinestrings([shapely.LineString(run) for run in parcel.rings])
    return polygon_of_rings(parcel.rings)
