"""What computed a run: versions of One Map and of the libraries whose arithmetic it rests on."""

from pathlib import Path

import numpy
import pyogrio
import pyproj
import shapely


def onemap_version() -> str:
    """One Map's own version, from the plugin's metadata."""
    metadata = Path(__file__).resolve().parent.parent / "metadata.txt"
    for line in metadata.read_text(encoding="utf-8").splitlines():
        if line.startswith("version="):
            return line.partition("=")[2].strip()
    return "unknown"


def software_versions() -> dict[str, str]:
    """Versions by name: onemap, geos, proj, gdal, numpy, shapely."""
    return {
        "onemap": onemap_version(),
        "geos": ".".join(map(str, shapely.geos_version)),
        "proj": pyproj.proj_version_str,
        "gdal": pyogrio.__gdal_version_string__,
        "numpy": numpy.__version__,
        "shapely": shapely.__version__,
    }
