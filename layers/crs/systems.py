"""Coordinate systems: read from a declaration, suggested from the coordinates, never guessed.

A system whose text names files is refused: PROJ would open these files, wherever they lie, when it parses the text. On
Windows the name may be that of a share, whose server then learns who asks. Files of grids belong to a change of datum,
which the user asks for, and not to the description of a file's own coordinates.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyproj
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.boxes import Bounds

Transformation = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# Names under which files declare the datums that planning data in China uses, longest first.
_DATUM_NAMES = (
    ("cgcs2000", ("cgcs2000", "china_2000", "china 2000", "china geodetic coordinate system 2000")),
    ("xian80", ("xian", "xi'an", "1980西安")),
    ("beijing54", ("beijing", "1954北京")),
    ("wgs84", ("wgs 84", "wgs_84", "wgs84", "wgs_1984", "world geodetic system 1984")),
)
CHINA = (73.0, 3.0, 136.0, 54.0)  # west, south, east, north, in degrees
DEGREE_M = 111_320.0  # on the equator
_CITY_DEGREES = 5.0  # that no city's data spans
CHINESE_DATUMS = {"cgcs2000", "xian80", "beijing54"}
_OLD_AXES_M = (6_378_245.0, 6_378_140.0)  # semi-major, of Beijing 54 (Krassowsky) and Xi'an 80 (IAG 1975)
_NAMELESS = ("undefined", "unknown", "unnamed")
_IDENTITY_DATUMS = {"cgcs2000", "wgs84"}  # null shift, good to decimetres (design 4.1)
# In a text of PROJ, and in one that stands inside WKT; a grid of WKT1, of WKT2; what is no system but a change.
_NAMING = re.compile(
    r"grids\s*=|(?<!\w)init\s*=|PROJ4_GRIDS|PARAMETERFILE|\bproj\s*=\s*(pipeline|\w*gridshift|defmodel|tinshift|deform)",
    re.IGNORECASE,
)
# The grid that shifts nothing, as every web map has it, and PROJ's own list of EPSG codes.
_HARMLESS = re.compile(
    r"""grids\s*=\s*"?@null(?=[\s"'\])]|$)|(?<!\w)init\s*=\s*"?epsg:\d+(?!\w)"""
    r"""|PROJ4_GRIDS"\s*,\s*"@?null"|PARAMETERFILE\s*[\[(]\s*"[^"]*"\s*,\s*"@?null\"""",
    re.IGNORECASE,
)
_NO_GRID = {"@null", "null"}
# Instead of a system, a path: who looks whether it is there already asks the server of a share.
_PATH = re.compile(r"\s*(?:[/\\]|[a-z]:[/\\]|file:)", re.IGNORECASE)
_LONGEST = 80


def parse_crs(text: str, **place: Any) -> pyproj.CRS:
    """The coordinate system that a user or a file names. Raises OneMapError crs.unknown, crs.names_file."""
    check_names_no_file(text if isinstance(text, str) else json.dumps(text, default=str), **place)
    try:
        return pyproj.CRS.from_user_input(text)
    except (CRSError, TypeError):
        raise OneMapError("crs.unknown", crs=str(text)[:80], **place) from None


def library_crs(text: str) -> pyproj.CRS:
    """A CRS fit for a library: projected, in metres, with an EPSG code.

    Raises OneMapError crs.unknown, crs.not_projected.
    """
    crs = parse_crs(text, field="--crs")
    metres = all(abs(axis.unit_conversion_factor - 1.0) < 1e-12 for axis in crs.axis_info)
    if not crs.is_projected or len(crs.axis_info) != 2 or not metres or crs.to_epsg() is None:
        raise OneMapError("crs.not_projected", crs=crs_name(crs), field="--crs")
    return crs


def crs_name(crs: pyproj.CRS) -> str:
    """The authority's code, else the name, with the ellipsoid if the name says nothing."""
    epsg = crs.to_epsg(min_confidence=70)
    if epsg:
        return f"EPSG:{epsg}"
    return f"{crs.name} ({crs.ellipsoid.name})" if is_nameless(crs) and crs.ellipsoid is not None else crs.name


def is_nameless(crs: pyproj.CRS) -> bool:
    """Whether a declaration names neither a system nor a datum."""
    return crs.name.lower().startswith(_NAMELESS)


def has_old_figure(crs: pyproj.CRS) -> bool:
    """Whether the ellipsoid is that of Beijing 54 or Xi'an 80: then the data is not on CGCS2000, whatever its name."""
    return crs.ellipsoid is not None and round(crs.ellipsoid.semi_major_metre) in _OLD_AXES_M


def unit_m(crs: pyproj.CRS) -> float:
    """Metres per unit of the coordinates; per degree on the equator for a geographic system."""
    return DEGREE_M if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


def datum_family(crs: pyproj.CRS) -> str | None:
    """One of cgcs2000, wgs84, xian80 and beijing54; None for others, and for a modern datum on an old ellipsoid."""
    geodetic = crs.geodetic_crs
    if geodetic is None:
        return None
    names = " ".join(filter(None, (geodetic.name, geodetic.datum.name if geodetic.datum else None))).lower()
    family = next(
        (family for family, family_names in _DATUM_NAMES if any(name in names for name in family_names)), None
    )
    return None if family in _IDENTITY_DATUMS and has_old_figure(crs) else family


def two_dimensional(crs: pyproj.CRS) -> pyproj.CRS:
    """The horizontal part of a compound or three-dimensional CRS."""
    horizontal = crs.sub_crs_list[0] if crs.is_compound else crs
    return horizontal.to_2d()


def plane_of(crs: pyproj.CRS) -> tuple[Any, ...] | None:
    """The parameters of a plane without its false origin, and that origin; equal parameters leave only a shift."""
    operation, ellipsoid = crs.coordinate_operation, crs.ellipsoid
    if not crs.is_projected or operation is None or ellipsoid is None:
        return None
    origin = {"false easting": 0.0, "false northing": 0.0}
    shape: dict[str, float] = {}
    for parameter in operation.params:
        name = parameter.name.lower().replace("_", " ")
        value = float(parameter.value) * (parameter.unit_conversion_factor or 1.0)
        if name in origin:
            origin[name] = value
        else:
            shape[name] = round(value, 12)
    method = operation.method_name.lower().replace("gauss kruger", "transverse mercator")
    units = tuple(round(axis.unit_conversion_factor, 12) for axis in crs.axis_info[:2])
    figure = (round(ellipsoid.semi_major_metre, 4), round(ellipsoid.inverse_flattening, 6))
    key = (method.split(" (")[0], tuple(sorted(shape.items())), units, figure)
    return key, (origin["false easting"], origin["false northing"])


def _same_datum(source: pyproj.CRS, target: pyproj.CRS) -> bool:
    families = datum_family(source), datum_family(target)
    if families[0] == families[1] and families[0] is not None:
        return True
    return {*families} <= _IDENTITY_DATUMS


def is_null_shift(source: pyproj.CRS, target: pyproj.CRS) -> bool:
    """Whether two systems have different datums that count as one (WGS 84 and CGCS2000)."""
    families = {datum_family(source), datum_family(target)}
    return len(families) == 2 and families <= _IDENTITY_DATUMS


def transformation(source: pyproj.CRS, target: pyproj.CRS, **place: Any) -> Transformation | None:
    """A function from coordinates (east, north) of `source` to those of `target`; None if they are the same.

    Raises OneMapError crs.no_transformation (only a ballpark shift is known), crs.unusable.
    """
    try:
        return _transformation(two_dimensional(source), two_dimensional(target), **place)
    except (ProjError, CRSError, IndexError):  # parameters that PROJ reads but cannot work with; pyproj's own slip
        raise OneMapError("crs.unusable", crs=crs_name(source), target=crs_name(target), **place) from None


def _transformation(source: pyproj.CRS, target: pyproj.CRS, **place: Any) -> Transformation | None:
    if source.equals(target, ignore_axis_order=True):
        return None
    if _same_datum(source, target):
        planes = plane_of(source), plane_of(target)
        if planes[0] is not None and planes[1] is not None and planes[0][0] == planes[1][0]:
            east, north = (b - a for a, b in zip(planes[0][1], planes[1][1], strict=True))
            return None if east == north == 0 else lambda x, y: (x + east, y + north)
        return _through_degrees(source, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a grid that is not installed: the best of what is there is taken
        group = TransformerGroup(source, target, always_xy=True)
    best = group.transformers[0] if group.transformers else None
    if best is None or "ballpark" in best.description.lower():
        raise OneMapError("crs.no_transformation", crs=crs_name(source), target=crs_name(target), **place)
    return lambda x, y: best.transform(x, y)


def _through_degrees(source: pyproj.CRS, target: pyproj.CRS) -> Transformation:
    """A transformation between systems whose datums count as one: longitudes and latitudes stay unchanged."""
    inverse = pyproj.Transformer.from_crs(source, source.geodetic_crs, always_xy=True) if source.is_projected else None
    forward = pyproj.Transformer.from_crs(target.geodetic_crs, target, always_xy=True) if target.is_projected else None

    def transform_points(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        for step in (inverse, forward):
            if step is not None:
                x, y = step.transform(x, y)
        return x, y

    return transform_points


# What `suggestion` says of numbers that are to be turned, and need no other system.
SWAPPED = frozenset(("suggest.swapped", "suggest.swapped_degrees", "suggest.swapped_metres"))


def suggestion(bounds: Bounds | None) -> Problem:
    """What bare numbers suggest (domain.md 6.2): degrees, a zone prefix, swapped axes, or nothing; as a problem."""
    if bounds is None or not np.all(np.isfinite(bounds)):
        return Problem("suggest.nothing")
    west, south, east, north = bounds
    if _are_swapped_degrees(bounds):
        return Problem("suggest.swapped_degrees")
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return Problem("suggest.degrees", {"epsg": 4490})
    if 13_000_000 <= west <= east < 46_000_000 and int(west // 1e6) == int(east // 1e6):
        zone = int(west // 1e6)
        if zone != 24:
            epsg = 4491 + zone - 13 if zone <= 23 else 4513 + zone - 25
            return Problem("suggest.zone", {"zone": zone, "width": 6 if zone <= 23 else 3, "epsg": epsg})
    if 13_000_000 <= south <= north < 46_000_000 and 0 < west <= east < 10_000_000:
        return Problem("suggest.swapped", {"zone": int(south // 1e6)})
    if 100_000 <= west <= east < 900_000 and 300_000 <= south <= north < 6_000_000:
        return Problem("suggest.no_prefix")
    if _are_swapped_metres(bounds):
        return Problem("suggest.swapped_metres")
    return Problem("suggest.nothing")


def _are_swapped_degrees(bounds: Bounds) -> bool:
    """Whether the first numbers are latitudes of China and the second its longitudes."""
    west, south, east, north = bounds
    return CHINA[1] <= west <= east <= CHINA[3] and CHINA[0] <= south <= north <= CHINA[2]


def _are_swapped_metres(bounds: Bounds) -> bool:
    """Whether the first numbers are metres from the equator, and the second eastings about a false 500 km.

    Read in the usual order they would lie south of 8° N, 400 km from the middle of a zone.
    """
    west, south, east, north = bounds
    return 900_000 <= west <= east < 6_000_000 and 100_000 <= south <= north < 900_000


def _looks_like_degrees(bounds: Bounds) -> bool:
    """Whether numbers declared as metres are degrees of a city in China: it would be a few steps wide in metres."""
    west, south, east, north = bounds
    within = CHINA[0] <= west and CHINA[1] <= south and east <= CHINA[2] and north <= CHINA[3]
    # Metres that somebody typed for a sketch are round; degrees of real ground are not, to a kilometre.
    are_fine = any(round(number, 2) != number for number in bounds)
    return within and are_fine and max(east - west, north - south) < _CITY_DEGREES


def contradiction(crs: pyproj.CRS, bounds: Bounds | None) -> Problem | None:
    """A problem if the numbers cannot belong to the declared CRS: metres declared as degrees, or another zone."""
    if bounds is None or not np.all(np.isfinite(bounds)):
        return None
    west, south, east, north = bounds
    facts = {"crs": crs_name(crs), "suggestion": suggestion(bounds)}
    if crs.is_geographic and _are_swapped_degrees(bounds):
        return Problem("crs.contradicted", facts)
    if crs.is_geographic and (west < -181 or east > 361 or south < -91 or north > 91):
        return Problem("crs.contradicted", facts)
    plane = plane_of(crs) if crs.is_projected else None
    if plane is None or "transverse mercator" not in plane[0][0]:
        return None
    middle, false_easting = (west + east) / 2, plane[1][0]
    # A zone of 3° or 6° keeps to the million of its prefix, so another million is another zone.
    other_zone = false_easting >= 13_000_000 and middle // 1e6 != false_easting // 1e6
    # Other countries' planes, and wide UTM near the equator, have true eastings like China's northings.
    is_chinese = datum_family(crs) in CHINESE_DATUMS and false_easting < 13_000_000
    is_swapped = is_chinese and _are_swapped_metres(bounds)
    if other_zone or is_swapped or abs(middle - false_easting) > 2_000_000 or _looks_like_degrees(bounds):
        return Problem("crs.contradicted", facts)
    return None


def names_file(text: str) -> bool:
    """Whether the text of a coordinate system, as PROJ string, WKT or PROJJSON, names a file."""
    if text.lstrip().startswith(("{", "[")):
        try:
            return any(map(_is_name, _texts_of(json.loads(text))))
        except (ValueError, RecursionError):
            pass  # no JSON
    return _is_name((None, text))


def check_names_no_file(text: str, **place: Any) -> None:
    """Refuse a coordinate system that names a file, before PROJ sees it. Raises OneMapError crs.names_file."""
    if names_file(text):
        raise OneMapError("crs.names_file", crs=text.strip()[:_LONGEST], **place)


def _is_name(key_and_text: tuple[str | None, str]) -> bool:
    key, text = key_and_text
    if key == "value":  # of a parameter: all others are numbers
        return text not in _NO_GRID
    return text.lstrip().startswith("@") or bool(_PATH.match(text)) or bool(_NAMING.search(_HARMLESS.sub(" ", text)))


def _texts_of(content: Any, key: str | None = None) -> Iterator[tuple[str | None, str]]:
    """The texts in a JSON value, each with its key."""
    if isinstance(content, str):
        yield key, content
    elif isinstance(content, dict):
        for name, value in content.items():
            yield from _texts_of(value, name)
    elif isinstance(content, list):
        for value in content:
            yield from _texts_of(value)
