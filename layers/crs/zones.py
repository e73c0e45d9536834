"""Gauss-Krüger zones of the three datums of China: from a zone to its CRS, and back by parameters, not by name."""

from dataclasses import dataclass

import pyproj

from onemap.layers.crs.systems import datum_family, plane_of

DATUM_TITLES = {
    "cgcs2000": "2000国家大地坐标系",
    "xian80": "1980西安坐标系",
    "beijing54": "1954北京坐标系",
}
ZONE_NUMBERS = {3: range(25, 46), 6: range(13, 24)}
GEOGRAPHIC_CODES = {"cgcs2000": 4490, "xian80": 4610, "beijing54": 4214}
_FIRST_CODES = {  # EPSG code of the first 3° and 6° zone, with the zone's number before the easting and without
    "cgcs2000": {(3, True): 4513, (3, False): 4534, (6, True): 4491, (6, False): 4502},
    "xian80": {(3, True): 2349, (3, False): 2370, (6, True): 2327, (6, False): 2338},
    "beijing54": {(3, True): 2401, (3, False): 2422, (6, True): 21413, (6, False): 21453},
}
_NAME_SIGNS = (("cgcs2000", ("2000", "CGCS")), ("xian80", ("80",)), ("beijing54", ("54",)))


@dataclass(frozen=True)
class Zone:
    """One zone: its datum, its width in degrees, its number, and whether eastings begin with that number."""

    datum: str
    width: int
    number: int
    prefixed: bool

    @property
    def meridian(self) -> int:
        """The central meridian in degrees."""
        return 3 * self.number if self.width == 3 else 6 * self.number - 3

    @property
    def epsg(self) -> int:
        """The EPSG code of its CRS."""
        return _FIRST_CODES[self.datum][(self.width, self.prefixed)] + self.number - ZONE_NUMBERS[self.width][0]


def datum_named(text: str) -> str | None:
    """The datum that a name means, such as 2000国家大地坐标系, 1980西安坐标系 or CGCS2000; None for others."""
    name = text.upper()
    return next((datum for datum, signs in _NAME_SIGNS if any(sign in name for sign in signs)), None)


def width_of_number(number: int) -> int | None:
    """The width, 3 or 6, of the zone with this number: in China the numbers of the two widths do not overlap."""
    return next((width for width, numbers in ZONE_NUMBERS.items() if number in numbers), None)


def zone_crs(zone: Zone) -> pyproj.CRS:
    """The CRS of a zone."""
    return pyproj.CRS.from_epsg(zone.epsg)


def zone_of(crs: pyproj.CRS) -> Zone | None:
    """The zone whose plane a CRS has, or None.

    A central meridian such as 117° belongs to a 3° and to a 6° zone of the same plane; the name decides, else it is 3°.
    """
    datum = datum_family(crs)
    operation = crs.coordinate_operation
    if datum not in _FIRST_CODES or not crs.is_projected or operation is None:
        return None
    values = {parameter.name.lower().replace("_", " "): float(parameter.value) for parameter in operation.params}
    easting, scale = values.get("false easting"), values.get("scale factor at natural origin", 1.0)
    meridian = values.get("longitude of natural origin")
    flat = all(abs(values.get(name, 0.0)) < 1e-9 for name in ("false northing", "latitude of natural origin"))
    metres = all(abs(axis.unit_conversion_factor - 1.0) < 1e-12 for axis in crs.axis_info)
    if easting is None or meridian is None or abs(scale - 1.0) > 1e-12 or not flat or not metres:
        return None
    number, offset = divmod(easting, 1_000_000)
    candidates = [
        Zone(datum, width, zone_number, number > 0)
        for width, numbers in ZONE_NUMBERS.items()
        for zone_number in numbers
        if (number == 0 or zone_number == number)
    ]
    candidates = [zone for zone in candidates if abs(zone.meridian - meridian) < 1e-9]
    if offset != 500_000 or not candidates:
        return None
    if len(candidates) == 1:
        return candidates[0]  # looking a system up by its parameters takes its time
    code = crs.to_epsg(min_confidence=70)
    zones_of_code = [zone for zone in candidates if zone.epsg == code]
    return (zones_of_code or candidates)[0]


def by_parameters(crs: pyproj.CRS) -> pyproj.CRS:
    """The EPSG's system with the same datum, ellipsoid and plane, if it is that of a zone; else the CRS itself."""
    zone = zone_of(crs)
    if zone is None:
        return crs
    registered_crs = zone_crs(zone)
    return registered_crs if plane_of(registered_crs) == plane_of(crs) else crs


def zone_of_longitude(datum: str, longitude: float) -> Zone | None:
    """The 3° zone in which a longitude lies, with its number before the easting; None outside China."""
    number = int((longitude + 1.5) // 3)
    return Zone(datum, 3, number, True) if number in ZONE_NUMBERS[3] else None
