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
    groups: list[Stratum] = shipped_table("styles/order.toml")["stratum"]
    return groups


def stratum_of(entry: LayerEntry) -> Stratum:
    """Return the group of a layer."""
    return strata()[_stratum_number(entry)]


def place_of(entry: LayerEntry) -> Place:
    """Return a layer's place: the number of its group and its own in the group, from the uppermost; then its code."""
    number = _stratum_number(entry)
    codes = strata()[number].get("layers", ())
    return number, codes.index(entry.code) if entry.code in codes else len(codes), entry.code


def _stratum_number(entry: LayerEntry) -> int:
    for number, stratum in enumerate(strata()):
        if entry.code in stratum.get("layers", ()):
            return number
    conditions = {"geometries": entry.geometry, "kinds": entry.kind, "libraries": entry.library}
    for number, stratum in enumerate(strata()):
        own_conditions: dict[str, Any] = {key: value for key, value in stratum.items() if key in conditions}
        if own_conditions and all(conditions[key] in value for key, value in own_conditions.items()):
            return number
    raise LookupError(f"order.toml has no group for {entry.code}")


def themes(entries: Iterable[LayerEntry], in_force: Collection[str]) -> list[ThemeOfMap]:
    """Return the maps that a click shows: id, title (or the map's department), and the codes of layers in force.

    in_force: the codes of the layers that have a version in force. A map without layers of its own is left out.
    """
    map_entries = [entry for entry in entries if entry.code in in_force and entry.geometry not in ("raster", "table")]
    codes = {entry.code for entry in map_entries}
    table = shipped_table("styles/themes.toml")
    base = [code for code in table["base"] if code in codes]
    maps: list[ThemeOfMap] = []
    for theme in table["theme"]:
        theme_codes = _codes_at_hand(theme["layers"], codes)
        if set(theme_codes) - set(base):
            maps.append({"id": theme["id"], "title": theme["title"], "department": None, "layers": theme_codes})
    for department in DEPARTMENTS:
        own = _without_buried(
            [entry for entry in map_entries if entry.department == department and entry.kind != "history"]
        )
        if set(own) - set(base):
            theme_codes = [*own, *(code for code in base if code not in own)]
            maps.append(
                {"id": f"department_{department}", "title": None, "department": department, "layers": theme_codes}
            )
    return maps


def _codes_at_hand(theme_codes: Iterable[str | list[str]], codes: Collection[str]) -> list[str]:
    codes_in_force = []
    for one in theme_codes:
        choices = [one] if isinstance(one, str) else one
        codes_in_force += [code for code in choices if code in codes][:1]
    return codes_in_force


def _without_buried(entries: list[LayerEntry]) -> list[str]:
    """Return the codes of a department's layers; of layers that fill all ground only the uppermost of each group."""
    full_groups: set[int] = set()
    top_codes = []
    for entry in sorted(entries, key=place_of):
        number = _stratum_number(entry)
        fills = entry.coverage and strata()[number]["id"] in ("plans", "current_use")
        if not (fills and number in full_groups):
            top_codes.append(entry.code)
        if fills:
            full_groups.add(number)
    return top_codes
