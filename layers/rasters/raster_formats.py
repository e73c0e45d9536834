"""The formats of rasters by suffix: which are read, and what the sender of another format can do."""

from collections.abc import Sequence
from pathlib import Path

from onemap.layers.errors import OneMapError, Problem

RASTER_DRIVERS = {
    ".tif": "GTiff",
    ".tiff": "GTiff",
    ".img": "HFA",
    ".asc": "AAIGrid",
    ".jp2": "JP2OpenJPEG",
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".dem": "USGSDEM",
    ".nc": "netCDF",
    ".bil": "EHdr",
}
PICTURES = (".png", ".jpg", ".jpeg")  # rasters only with a world file
# Esri's grids, packed pictures, satellites' and elevation's own forms, and clouds of points.
_NOT_READ = (
    ".adf", ".ecw", ".sid", ".hdf", ".h5", ".he5", ".grd", ".flt", ".bsq", ".bip", ".ers", ".dt0", ".dt1", ".dt2",
    ".hgt", ".las", ".laz",
)  # fmt: skip
_MOST_LISTED = 5
NO_DRIVER = dict.fromkeys(_NOT_READ, Problem("suggest.raster_form"))


def listed_rasters(names: Sequence[str]) -> list[str]:
    """The names of rasters for a refusal: the first few, and a mark if there are more."""
    return [*names[:_MOST_LISTED], *["…"] * (len(names) > _MOST_LISTED)]


def unreadable_raster(path: Path) -> OneMapError:
    """The refusal of what cannot be read as a raster: raster.folder, format.no_driver, or format.unknown."""
    suffix = path.suffix.lower()
    tiles = sorted(one.name for one in path.iterdir() if one.suffix.lower() in RASTER_DRIVERS) if path.is_dir() else []
    if tiles:
        return OneMapError("raster.folder", file=path.name, count=len(tiles), rasters=listed_rasters(tiles))
    if suffix in NO_DRIVER:
        return no_driver(path, NO_DRIVER[suffix])
    return OneMapError("format.unknown", file=path.name, known=list(RASTER_DRIVERS))


def no_driver(path: Path, way: Problem) -> OneMapError:
    """The refusal of a file of a known format that cannot be read. way: what the sender can do."""
    return OneMapError("format.no_driver", file=path.name, format=path.suffix.lstrip(".").upper(), way=way)
