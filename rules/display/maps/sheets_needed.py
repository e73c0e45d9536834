"""Which maps a run needs: location, boundary, present use, plan, control lines, all conflicts, and each of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from onemap.layers.catalogue.style_table import map_themes
from onemap.rules.contract.verdict import RANK
from onemap.rules.display.maps.map_source import MapSource

THEMES = ("location", "boundary", "present_use", "plan", "controls")
_CONFLICT = "conflict"
_TOGETHER = 2.0  # parcels stand on one sheet while the sheet is no larger than so many times the largest of them
_LEAST_TOGETHER_M = 400.0
_MOST_SHEETS = 40  # of conflicts; beyond, a rule's parcels share one


@dataclass(frozen=True)
class MapPage:
    """One map to be drawn: its theme, the rule of a conflict, and the parcels that it shows; none: all.

    all_pieces: it shows the pieces of every rule.
    """

    theme: str
    rule: str | None = None
    parcels: tuple[str, ...] = ()
    all_pieces: bool = False


def theme_pages(source: MapSource, department: str | None) -> list[MapPage]:
    """The maps by theme; without a department also one of all conflicts together.

    Parcels that lie apart get sheets of their own. Themes without data are left out, except location and boundary.
    """
    if not source.parcels:
        return []
    groups = neighbouring_parcels(source, list(source.parcels))
    pages = [MapPage("location")]
    for theme in THEMES[1:]:
        if theme == "boundary" or any(source.version_of(code) for code in _own_codes(theme)):
            pages += [MapPage(theme, parcels=group) for group in groups]
    parcels_in_conflict = {finding["parcel"] for finding in source.findings if finding["counted"]}
    if department is None:
        pages += [
            MapPage(_CONFLICT, None, group, all_pieces=True) for group in groups if parcels_in_conflict & set(group)
        ]
    return pages


def theme_codes(theme: str) -> list[str]:
    """The layers that a theme may show, from the lowest to the uppermost."""
    layers = map_themes()[theme]
    return [*layers.get("base", ()), *layers.get("one_of", ()), *layers.get("faint", ()), *layers["layers"]]


def _own_codes(theme: str) -> list[str]:
    """The layers for which a theme is drawn; its base layers are no reason to draw it."""
    return [code for code in theme_codes(theme) if code not in map_themes()[theme].get("base", ())]


def conflict_pages(source: MapSource, department: str | None) -> list[MapPage]:
    """A page for each rule with a counted finding, severest first, and for each group of parcels that lie together.

    department: only its own rules; None for all.
    """
    parcels_by_rule: dict[str, list[str]] = {}
    severity: dict[str, int] = {}
    for finding in source.findings:
        if not finding["counted"] or (department and finding["department"] != department):
            continue
        parcels = parcels_by_rule.setdefault(finding["rule"], [])
        if finding["parcel"] not in parcels:
            parcels.append(finding["parcel"])
        rank = RANK[finding["verdict"]]
        severity[finding["rule"]] = min(rank, severity.get(finding["rule"], rank))
    rules = sorted(parcels_by_rule, key=lambda rule: severity[rule])
    pages = [
        MapPage(_CONFLICT, rule, group)
        for rule in rules
        for group in neighbouring_parcels(source, parcels_by_rule[rule])
    ]
    return (
        pages
        if len(pages) <= _MOST_SHEETS
        else [MapPage(_CONFLICT, rule, tuple(parcels_by_rule[rule])) for rule in rules]
    )


def neighbouring_parcels(source: MapSource, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Parcels in groups that fit one sheet at a scale at which the largest parcel can still be read."""
    boxes = shapely.bounds(np.array([source.parcels[name] for name in names], dtype=object))
    size = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    groups: list[tuple[list[int], list[float], float]] = []
    for row in range(len(names)):
        for position, (members, box, largest) in enumerate(groups):
            joined_box = [*np.minimum(box[:2], boxes[row, :2]).tolist(), *np.maximum(box[2:], boxes[row, 2:]).tolist()]
            bigger = max(largest, float(size[row]))
            if max(joined_box[2] - joined_box[0], joined_box[3] - joined_box[1]) <= max(
                _TOGETHER * bigger, _LEAST_TOGETHER_M
            ):
                groups[position] = ([*members, row], joined_box, bigger)
                break
        else:
            groups.append(([row], boxes[row].tolist(), float(size[row])))
    if len(groups) > _MOST_SHEETS // 4:
        return [tuple(names)]
    return [tuple(names[row] for row in members) for members, _, _ in groups]
