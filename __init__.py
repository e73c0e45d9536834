"""One Map: one map of a city's plans, and the judge of what may be built where.

    import onemap

    with onemap.open("city.gpkg") as library:
        result = library.check(parcels)  # a GeoDataFrame, or a file
        result.verdicts, result.findings, result.overlaps

What stands here is what others may import, and it is loaded when it is asked for: QGIS, which loads this module too,
has none of its libraries.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onemap.layers.errors import OneMapError as OneMapError
    from onemap.layers.errors import Problem as Problem
    from onemap.rules.python.call_results import CheckResult as CheckResult
    from onemap.rules.python.call_results import CompareResult as CompareResult
    from onemap.rules.python.call_results import RemedyResult as RemedyResult
    from onemap.rules.python.call_results import StatisticsResult as StatisticsResult
    from onemap.rules.python.city_library import Library as Library
    from onemap.rules.python.city_library import inspect as inspect
    from onemap.rules.python.city_library import new as new
    from onemap.rules.python.city_library import open as open
    from onemap.rules.python.city_library import sample as sample

_LIBRARY, _RESULTS, _ERRORS = (
    "onemap.rules.python.city_library",
    "onemap.rules.python.call_results",
    "onemap.layers.errors",
)
_PUBLIC = {
    "open": _LIBRARY,
    "new": _LIBRARY,
    "inspect": _LIBRARY,
    "sample": _LIBRARY,
    "Library": _LIBRARY,
    "CheckResult": _RESULTS,
    "CompareResult": _RESULTS,
    "RemedyResult": _RESULTS,
    "StatisticsResult": _RESULTS,
    "OneMapError": _ERRORS,
    "Problem": _ERRORS,
}


def __getattr__(name: str) -> object:
    """What is public, loaded now; `__version__` among it."""
    if name == "__version__":
        from onemap.layers.software import onemap_version

        return onemap_version()
    if name not in _PUBLIC:
        raise AttributeError(f"module 'onemap' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list:
    """What is public, for those who press Tab."""
    return sorted([*_PUBLIC, "__version__", "classFactory"])


def classFactory(iface):  # noqa: ANN001, ANN201 - the name and the shape that QGIS calls
    """Make the plugin for QGIS; imported here so that the core never sees QGIS."""
    from onemap.plugin.main import OneMapPlugin

    return OneMapPlugin(iface)
