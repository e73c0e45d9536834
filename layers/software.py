"""The software of a run and of this machine: versions of One Map and of the libraries that it uses.

Libraries are imported only when needed, so that versions can be reported even if a library cannot be loaded.
"""

import re
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


def required_versions() -> dict[str, str]:
    """The oldest allowed version of each distribution that the core requires, or that makes it faster."""
    folder = Path(__file__).resolve().parent.parent / "resources" / "requirements"
    lines = [
        line.partition("#")[0].strip()
        for name in ("core.txt", "fast.txt")
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
    ]
    parts = (line.partition(";")[0].partition(">=") for line in lines if line)
    return {name.strip(): oldest.strip() for name, _, oldest in parts}


def outdated_libraries() -> list[str]:
    """The installed libraries that are too old, each with its version and the oldest allowed one."""
    installed_versions_by_name, required = installed_versions(), required_versions()
    return [
        f"{name} {version} < {required[name]}"
        for name, version in installed_versions_by_name.items()
        if name in required and version is not None and _numbers(version) < _numbers(required[name])
    ]


def _numbers(version: str) -> list[int]:
    """The numbers that a version begins with: 2.1.0rc1 is [2, 1, 0]."""
    match = re.match(r"\d+(\.\d+)*", version)
    return [int(part) for part in match[0].split(".")] if match else []


def installed_versions() -> dict[str, str | None]:
    """Versions by name: onemap, python, sqlite, then every library of `required_versions`; None if it is missing.

    No library is loaded for it. Without sqlite3 in this Python its version is None.
    """
    import platform
    from importlib.metadata import PackageNotFoundError, version

    versions: dict[str, str | None] = {"onemap": onemap_version(), "python": platform.python_version()}
    try:
        import sqlite3

        versions["sqlite"] = sqlite3.sqlite_version
    except ImportError:
        versions["sqlite"] = None
    for name in required_versions():
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return versions
