"""The order of layers on the map, and which layers a map shows: resources/styles/order.toml and themes.toml."""

from collections.abc import Collection, Iterable
from typing import Any

from onemap.layers.catalogue.schema import DEPARTMENTS, LayerEntry
from onemap.layers.catalogue.styles import Stratum, ThemeOfMap
from onemap.layers.shipped_files import shipped_table

FIRST_MAP = "first"
Place = tuple[int, int, str]


def strata() -> list[Stratum]:
    """Return the groups of the map, from the uppermost to the lowest: id, title, look and label of their layers."""
    found: list[Stratum] = shipped_table("styles/order.toml")["stratum"]
    return found


def stratum_of(entry: LayerEntry) -> Stratum:
    """Return the group of a layer."""
    return strata()[_stratum_number(entry)]


def place_of(entry: LayerEntry) -> Place:
    """Return a layer's place: the number of its group and its own in the group, from the uppermost; then its code."""
    number = _stratum_number(entry)
    named = strata()[number].get("layers", ())
    return number, named.index(entry.code) if entry.code in named else len(named), entry.code


def _stratum_number(entry: LayerEntry) -> int:
    for number, stratum in enumerate(strata()):
        if entry.code in stratum.get("layers", ()):
            return number
    conditions = {"geometries": entry.geometry, "kinds": entry.kind, "libraries": entry.library}
    for number, stratum in enumerate(strata()):
        stated: dict[str, Any] = {key: value for key, value in stratum.items() if key in conditions}
        if stated and all(conditions[key] in value for key, value in stated.items()):
            return number
    raise LookupError(f"order.toml has no group for {entry.code}")


def themes(entries: Iterable[LayerEntry], in_force: Collection[str]) -> list[ThemeOfMap]:
    """Return the maps that a click shows: id, title (or the map's department), and the codes of layers in force.

    in_force: the codes of the layers that have a version in force. A map without layers of its own is left out.
    """
    drawn = [entry for entry in entries if entry.code in in_force and entry.geometry not in ("raster", "table")]
    codes = {entry.code for entry in drawn}
    table = shipped_table("styles/themes.toml")
    base = [code for code in table["base"] if code in codes]
    found: list[ThemeOfMap] = []
    for theme in table["theme"]:
        shown = _codes_at_hand(theme["layers"], codes)
        if set(shown) - set(base):
            found.append({"id": theme["id"], "title": theme["title"], "department": None, "layers": shown})
    for department in DEPARTMENTS:
        own = _without_buried([entry for entry in drawn if entry.department == department and entry.kind != "history"])
        if set(own) - set(base):
            shown = [*own, *(code for code in base if code not in own)]
            found.append({"id": f"department_{department}", "title": None, "department": department, "layers": shown})
    return found


def _codes_at_hand(wanted: Iterable[str | list[str]], codes: Collection[str]) -> list[str]:
    found = []
    for one in wanted:
        choices = [one] if isinstance(one, str) else one
        found += [code for code in choices if code in codes][:1]
    return found


def _without_buried(entries: list[LayerEntry]) -> list[str]:
    """Return the codes of a department's layers; of layers that fill all ground only the uppermost of each group."""
    filled: set[int] = set()
    found = []
    for entry in sorted(entries, key=place_of):
        number = _stratum_number(entry)
        fills = entry.coverage and strata()[number]["id"] in ("plans", "current_use")
        if not (fills and number in filled):
            found.append(entry.code)
        if fills:
            filled.add(number)
    return found
