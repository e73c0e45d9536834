"""The names of coordinate systems for people: in Chinese by datum, projection and central meridian."""

import re

import pyproj

from onemap.layers.crs.systems import datum_family
from onemap.layers.crs.zones import DATUM_TITLES, GEOGRAPHIC_CODES, ZONE_NUMBERS, Zone

_DATUMS = {**DATUM_TITLES, "wgs84": "WGS 84坐标系"}
_GEOGRAPHIC = (*GEOGRAPHIC_CODES.values(), 4326)
_GAUSS_KRUGER = "Transverse Mercator"
_PREFIX = 1_000_000


def crs_title(crs: pyproj.CRS, language: str) -> str:
    """The name of a coordinate system in one language, with its EPSG code if it has one."""
    epsg, title = crs.to_epsg(min_confidence=70), plain_crs_title(crs, language)
    if not epsg:
        return title
    return f"{title}（EPSG:{epsg}）" if language == "zh" else f"{title} (EPSG:{epsg})"


def plain_crs_title(crs: pyproj.CRS, language: str) -> str:
    """The name without its code: in Chinese for a datum that China uses, else as the EPSG has it."""
    return (_chinese_title(crs) if language == "zh" else None) or crs.name


def titles_in_china(language: str) -> dict[str, str]:
    """The names, by code, of the systems of China's data: the geographic ones and those of the zones."""
    zones = [
        Zone(datum, width, number, prefixed).epsg
        for datum in DATUM_TITLES
        for width, numbers in ZONE_NUMBERS.items()
        for prefixed in (False, True)
        for number in numbers
    ]
    systems = ((epsg, pyproj.CRS.from_epsg(epsg)) for epsg in (*_GEOGRAPHIC, *zones))
    return {f"EPSG:{epsg}": plain_crs_title(crs, language) for epsg, crs in systems}


def _chinese_title(crs: pyproj.CRS) -> str | None:
    datum = _DATUMS.get(datum_family(crs) or "")
    if datum is None:
        return None
    operation = crs.coordinate_operation
    if not crs.is_projected or operation is None:
        return datum
    if operation.method_name != _GAUSS_KRUGER:
        return f"{datum} {crs.name}"
    facts = {item.name: float(item.value) for item in operation.params}
    meridian = next((value for name, value in facts.items() if name.startswith("Longitude of")), None)
    easting = next((value for name, value in facts.items() if name == "False easting"), 0.0)
    width = "6" if re.search(r"6-degree|zone \d\d$|CM \d+E$", crs.name) and "3-degree" not in crs.name else "3"
    kind = f"高斯-克吕格{width}度带" if "Gauss-Kruger" in crs.name else "横轴墨卡托投影"
    zone = f"第{int(easting // _PREFIX)}带，" if easting >= _PREFIX else ""
    return f"{datum} {kind}，{zone}中央经线{meridian:g}°" if meridian is not None else f"{datum} {kind}"
