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
    from onemap.rules.python.call_results import AddResult as AddResult
    from onemap.rules.python.call_results import CaseResult as CaseResult
    from onemap.rules.python.call_results import ChangesResult as ChangesResult
    from onemap.rules.python.call_results import CheckResult as CheckResult
    from onemap.rules.python.call_results import CompareResult as CompareResult
    from onemap.rules.python.call_results import DeliverResult as DeliverResult
    from onemap.rules.python.call_results import Explanation as Explanation
    from onemap.rules.python.call_results import IdentifyResult as IdentifyResult
    from onemap.rules.python.call_results import IndicatorsResult as IndicatorsResult
    from onemap.rules.python.call_results import IngestResult as IngestResult
    from onemap.rules.python.call_results import RecheckResult as RecheckResult
    from onemap.rules.python.call_results import RemedyResult as RemedyResult
    from onemap.rules.python.call_results import Result as Result
    from onemap.rules.python.call_results import StatisticsResult as StatisticsResult
    from onemap.rules.python.call_results import TableResult as TableResult
    from onemap.rules.python.call_results import TransitionsResult as TransitionsResult
    from onemap.rules.python.case_desk import Review as Review
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
    "AddResult": _RESULTS,
    "CaseResult": _RESULTS,
    "ChangesResult": _RESULTS,
    "CheckResult": _RESULTS,
    "CompareResult": _RESULTS,
    "DeliverResult": _RESULTS,
    "Explanation": _RESULTS,
    "IdentifyResult": _RESULTS,
    "IndicatorsResult": _RESULTS,
    "IngestResult": _RESULTS,
    "RecheckResult": _RESULTS,
    "RemedyResult": _RESULTS,
    "Result": _RESULTS,
    "StatisticsResult": _RESULTS,
    "TableResult": _RESULTS,
    "TransitionsResult": _RESULTS,
    "Review": "onemap.rules.python.case_desk",
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
    """What is public, for those who press Tab; `classFactory` is for QGIS alone."""
    return sorted([*_PUBLIC, "__version__"])


def classFactory(iface):  # noqa: ANN001, ANN201 - the name and the shape that QGIS calls
    """Make the plugin for QGIS; imported here so that the core never sees QGIS."""
    from onemap.plugin.main import OneMapPlugin

    return OneMapPlugin(iface)
