"""The software of a run and of this machine: versions of One Map and of the libraries that it uses.

Nothing is imported before it is asked for: the versions are reported on a machine where a library does not load, too.
"""

from functools import cache
from pathlib import Path


@cache
def onemap_version() -> str:
    """One Map's own version, from the plugin's metadata."""
    metadata = Path(__file__).resolve().parent.parent / "metadata.txt"
    for line in metadata.read_text(encoding="utf-8").splitlines():
        if line.startswith("version="):
            return line.partition("=")[2].strip()
    return "unknown"


def software_versions() -> dict[str, str]:
    """Versions by name: onemap, geos, proj, gdal, numpy, shapely."""
    import numpy
    import pyogrio
    import pyproj
    import shapely

    return {
        "onemap": onemap_version(),
        "geos": ".".join(map(str, shapely.geos_version)),
        "proj": pyproj.proj_version_str,
        "gdal": pyogrio.__gdal_version_string__,
        "numpy": numpy.__version__,
        "shapely": shapely.__version__,
    }


def required_names() -> list[str]:
    """The distributions that the core asks for, and those that make it faster, in their order."""
    folder = Path(__file__).resolve().parent.parent / "resources" / "requirements"
    lines = [
        line.partition("#")[0].strip()
        for name in ("core.txt", "fast.txt")
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    return [line.partition(">=")[0].strip() for line in lines if line]


def installed_versions() -> dict[str, str | None]:
    """Versions by name: onemap, python, sqlite, then every library that is asked for; None of one that is missing.

    No library is loaded for it. A Python without sqlite3 has None there.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str | None] = {"onemap": onemap_version(), "python": platform.python_version()}
    try:
        import sqlite3

        found["sqlite"] = sqlite3.sqlite_version
    except ImportError:
        found["sqlite"] = None
    for name in required_names():
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
