"""The strictness of each check of `add`: refuse, warn, note or off, with its limits (catalogue/checks.toml)."""

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.shipped_files import shipped_table

LEVELS = ("refuse", "warn", "note", "off")
_DEFAULT_LEVEL = "warn"  # of what a reader remarks and the table does not name


class CheckSettings(TypedDict, total=False):
    """A check's level and limits: lengths in metres, areas in m², shares between 0 and 1.

    fixed: no layer may change it; of_coverages: only for layers that cover their ground; refused_in_tables: a table is
    refused whatever the level is.
    """

    level: str
    fixed: bool
    of_coverages: bool
    refused_in_tables: bool
    far_m: float
    least_m: float
    within_m: float
    least_m2: float
    least_width_m: float
    share: float


def default_checks() -> dict[str, CheckSettings]:
    """Return the checks of `add` by code, with the levels and limits that hold unless a layer changes them."""
    return shipped_table("catalogue/checks.toml")


def settings_of(checks: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a layer's own checks, with a bare level written out as a table."""
    return {name: {"level": value} if isinstance(value, str) else dict(value) for name, value in checks.items()}


def check_problems(settings: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Any, tuple[str, ...]]]:
    """Errors in a layer's own checks: the check, the value, and the allowed values."""
    defaults = default_checks()
    wrong: list[tuple[str, Any, tuple[str, ...]]] = []
    for name, values in settings.items():
        default = defaults.get(name)
        if default is None or default.get("fixed"):
            wrong.append((name, name, tuple(code for code, check in defaults.items() if not check.get("fixed"))))
            continue
        for key, value in values.items():
            if key not in default:
                wrong.append((name, key, tuple(default)))
            elif key == "level" and value not in LEVELS:
                wrong.append((name, value, LEVELS))
            elif key != "level" and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
                wrong.append((name, value, ("0 …",)))
    return wrong


def check_of(entry: LayerEntry, code: str) -> CheckSettings:
    """The level and the limits of one check for one layer."""
    default = default_checks().get(code, {"level": _DEFAULT_LEVEL})
    own = entry.checks.get(code, {})
    level = default["level"]
    if entry.geometry == "table" and default.get("refused_in_tables"):
        level = "refuse"  # nobody sees on a map that a row is wrong
    if default.get("of_coverages") and not entry.coverage:
        level = "off"
    return cast(CheckSettings, {**default, "level": level, **own})


def level_of(entry: LayerEntry, code: str) -> str:
    """Return the level of one check for one layer: refuse, warn, note or off."""
    return str(check_of(entry, code)["level"])
