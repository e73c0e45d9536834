"""How a coordinate system is called in a document: in Chinese by datum, projection and central meridian."""

import re

import pyproj

from onemap.layers.crs.systems import datum_family

_DATUMS = {
    "cgcs2000": "2000国家大地坐标系",
    "wgs84": "WGS 84坐标系",
    "xian80": "1980西安坐标系",
    "beijing54": "1954北京坐标系",
}
_GAUSS_KRUGER = "Transverse Mercator"
_PREFIX = 1_000_000


def crs_title(crs: pyproj.CRS, language: str) -> str:
    """The name of a coordinate system in one language, with its EPSG code if it has one."""
    epsg = crs.to_epsg(min_confidence=70)
    code = f"EPSG:{epsg}" if epsg else ""
    if language != "zh":
        return f"{crs.name} ({code})" if code else crs.name
    title = _chinese_title(crs) or crs.name
    return f"{title}（{code}）" if code else title


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
