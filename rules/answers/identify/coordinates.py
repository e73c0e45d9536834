"""Coordinates as people write them: 114.52,38.05 · 38°03′N 114°31′E · 东经114度31分，北纬38度3分 · X=…, Y=…."""

import math
import re
import unicodedata
from collections.abc import Iterator

import pyproj

from onemap.layers.crs.systems import crs_name, parse_crs
from onemap.layers.crs.zones import GEOGRAPHIC_CODES, Zone, width_of_number, zone_crs, zone_of
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.sources.sheets.angles import ANGLE_SIGNS

DEGREES = f"EPSG:{GEOGRAPHIC_CODES['cgcs2000']}"
_NEAR_DEGREES = 1.5  # beside the ground for which a system is made: a zone is used a little beyond its edges
_LARGEST = 1e9  # no coordinate of any system is larger
_NUMBER = re.compile(
    r"""(?P<before>[东西南北][经纬]|[EWNS]|[XY]\s*[=:])?\s*
    (?P<degrees>-?\d+(?:\.\d+)?)
    (?:\s*[°度](?:\s*(?P<minutes>\d{1,2}(?:\.\d+)?)\s*['分](?:\s*(?P<seconds>\d{1,2}(?:\.\d+)?)\s*(?:"|''|秒))?)?)?
    (?(before)|(?:\s*(?P<after>[EWNS])(?![a-z]))?)""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_BETWEEN = re.compile(r"\s*[,;、]\s*|\s*")
_SIDES = {"东": "E", "西": "W", "南": "S", "北": "N"}


def coordinate_places(text: str, plane: pyproj.CRS, language: str) -> list[Record]:
    """The readings of a text as coordinates, in the form of places of `find`, without layer and feature."""
    return [
        {
            "name": f"{x:.6f}, {y:.6f}" if crs == DEGREES else f"{x:.2f}, {y:.2f}",
            "match": "coordinates",
            "code": None,
            "title": phrase("said.find_degrees", language) if crs == DEGREES else crs,
            "department": None,
            "kind": None,
            "feature": None,
            "x": x,
            "y": y,
            "crs": crs,
            "bounds": [x, y, x, y],
        }
        for x, y, crs in coordinates_in(text, plane)
    ]


def coordinates_in(text: str, plane: pyproj.CRS) -> list[tuple[float, float, str]]:
    """East, north and system for each plausible reading of a text as coordinates; none if it is not coordinates.

    plane: the library's system. Letters for compass directions decide the order. Otherwise two numbers that can be
    degrees are longitude and latitude in either order. Other numbers are metres in either order, in the library's
    system or in the system of the zone whose number precedes the easting; if they lie outside the ground of all these,
    they are read as given.
    """
    numbers = _two_numbers(text)
    if numbers is None:
        return []
    (first, first_side), (second, second_side) = numbers
    if first_side or second_side:
        if "" in (first_side, second_side) or (first_side in "NS") == (second_side in "NS"):
            return []
        pair = (second, first) if first_side in "NS" else (first, second)
        return [(*pair, DEGREES)] if _are_degrees(*pair) else []
    pairs = [(first, second), (second, first)]
    degrees = [(*pair, DEGREES) for pair in pairs if _are_degrees(*pair)][:1]
    if degrees:
        return degrees
    readings = [
        (*pair, crs_name(system)) for pair in pairs for system in _systems(pair[0], plane) if _lies(system, *pair)
    ]
    return list(dict.fromkeys(readings)) or [(first, second, crs_name(plane))]


def _two_numbers(text: str) -> tuple[tuple[float, str], tuple[float, str]] | None:
    """The two numbers of a text with their compass letters, "" where none is written; None for other texts."""
    plain = unicodedata.normalize("NFKC", text.translate(ANGLE_SIGNS)).strip()
    first = _NUMBER.match(plain)
    if first is None:
        return None
    between = _BETWEEN.match(plain, first.end())
    begin = between.end() if between is not None else first.end()
    second = _NUMBER.fullmatch(plain, begin)
    if second is None or (begin == first.end() and not (first["after"] or second["before"])):
        return None
    one, other = _value(first), _value(second)
    if one is None or other is None or max(abs(one[0]), abs(other[0])) > _LARGEST:
        return None
    return one, other


def _value(match: re.Match[str]) -> tuple[float, str] | None:
    minutes, seconds = float(match["minutes"] or 0), float(match["seconds"] or 0)
    if minutes >= 60 or seconds >= 60:
        return None
    degrees = float(match["degrees"])
    value = degrees + math.copysign(minutes / 60 + seconds / 3600, degrees)
    letter = (match["after"] or match["before"] or "")[:1].upper()
    side = _SIDES.get(letter, letter if letter in "EWNS" else "")
    return (-value if side in ("S", "W") else value), side


def _are_degrees(longitude: float, latitude: float) -> bool:
    return abs(longitude) <= 180 and abs(latitude) <= 90


def _systems(easting: float, plane: pyproj.CRS) -> Iterator[pyproj.CRS]:
    """The systems to which an easting may belong: the library's, its twin, and that of the zone number before it."""
    yield plane
    zone = zone_of(plane)
    if zone is not None:
        yield zone_crs(Zone(zone.datum, zone.width, zone.number, not zone.prefixed))
    number = int(easting // 1_000_000)
    width = width_of_number(number)
    if width is not None:
        yield zone_crs(Zone(zone.datum if zone is not None else "cgcs2000", width, number, True))


def _lies(system: pyproj.CRS, east: float, north: float) -> bool:
    """Whether a place lies in or near the area of use of a system."""
    area = system.area_of_use
    if area is None:
        return False
    degrees = pyproj.Transformer.from_crs(system, parse_crs(DEGREES), always_xy=True, only_best=False)
    longitude, latitude = degrees.transform(east, north)
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        return False
    back = degrees.transform(longitude, latitude, direction="INVERSE")
    is_one_place = math.dist(back, (east, north)) < 1  # far outside its zone a number is reached from elsewhere
    west, south, east_end, north_end = area.bounds
    near = _NEAR_DEGREES
    return is_one_place and west - near <= longitude <= east_end + near and south - near <= latitude <= north_end + near
