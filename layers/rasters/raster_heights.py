"""The unit of a raster's heights, and the zero from which they count."""

from typing import TYPE_CHECKING

import pyproj

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

# Exact by definition; of feet the international one, and that of the surveys of the United States until 2022.
_METRES = {
    1.0: ("m", "metre", "meter", "米"),
    0.1: ("dm", "decimetre", "decimeter", "分米"),
    0.01: ("cm", "centimetre", "centimeter", "厘米"),
    0.001: ("mm", "millimetre", "millimeter", "毫米"),
    1000.0: ("km", "kilometre", "kilometer", "千米", "公里"),
    0.3048: ("ft", "foot", "feet", "international foot", "international feet"),
    1200 / 3937: ("us-ft", "ftus", "us survey foot", "us survey feet", "foot_us"),
}
_METRES_BY_NAME = {name: metres for metres, names in _METRES.items() for name in names}


def height_unit(dataset: "DatasetReader", crs: pyproj.CRS | None) -> str | None:
    """The unit of the first band's numbers as the file names it, else that of its CRS's heights; None if none."""
    unit = (dataset.units[0] or "").strip()
    axes = [] if crs is None else crs.axis_info[2:]  # of a plane with heights, or of an ellipsoid
    return unit or next((axis.unit_name for axis in axes), None)


def metres_of_height(dataset: "DatasetReader", crs: pyproj.CRS) -> float | None:
    """How many metres the unit of the first band has, as `metres_of_unit` says."""
    return metres_of_unit(height_unit(dataset, crs))


def metres_of_unit(unit: str | None) -> float | None:
    """How many metres a unit of heights has; 1 if no unit is named, None if it is not a length."""
    name = (unit or "m").casefold()
    return _METRES_BY_NAME.get(name, _METRES_BY_NAME.get(name.removesuffix("s")))


def vertical_datum(crs: pyproj.CRS | None) -> str | None:
    """The name of the system of heights; None if the CRS has none."""
    if crs is not None and crs.is_compound:
        return str(crs.sub_crs_list[1].name)
    return crs.name if crs is not None and len(crs.axis_info) == 3 else None  # heights above the ellipsoid
