"""Layers that lie together can be told apart with any colour vision: by sign, pattern or a colour that remains.

Three complete kinds of colour blindness are simulated, and print in grey.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.map_order import strata, stratum_of, themes
from onemap.layers.catalogue.style_table import label_of, style_of
from onemap.resources.workshop import colour_vision
from onemap.resources.workshop.colour_vision import DEFICIENCIES, channels, printed_grey, seen_colour

EYES = ("usual", *DEFICIENCIES, "grey")
APART = 10.0  # CIE 1976 ΔE: some 2.3 is just seen side by side, and lines on a map do not lie side by side
WIDER = 1.6  # a line of so many times another's width is told apart by it
CATALOGUE = shipped_catalogue()


def lab(colour: str, eyes: str) -> np.ndarray:
    """A colour `#RRGGBB` as seen with a deficiency, in CIE L*a*b*."""
    whole = channels(colour)
    return np.array(colour_vision.lab(printed_grey(whole) if eyes == "grey" else seen_colour(whole, eyes)))


def test_the_simulation_says_what_is_known_of_it() -> None:
    assert np.linalg.norm(lab("#FFFFFF", "usual") - [100, 0, 0]) < 0.1
    assert np.linalg.norm(lab("#FF0000", "usual") - [53.24, 80.09, 67.20]) < 0.1  # the usual tables have these
    red, green = "#B04040", "#5C7A2E"
    assert np.linalg.norm(lab(red, "deuteranopia") - lab(green, "deuteranopia")) < 20 < 60
    assert np.linalg.norm(lab(red, "usual") - lab(green, "usual")) > 60


def signs(style: dict[str, Any], geometry: str) -> tuple[Any, ...]:
    """The properties of a look that do not depend on colour: geometry, dash, hatch."""
    hatch = style.get("hatch") or {}
    return geometry, style.get("dash", "solid"), hatch.get("angle"), hatch.get("distance_mm"), "field" in style


def are_apart(one: dict[str, Any], other: dict[str, Any], geometries: tuple[str, str], eyes: str) -> bool:
    """Whether two looks differ: by a sign, by the line's width, or by the remaining colours."""
    if signs(one, geometries[0]) != signs(other, geometries[1]):
        return True
    widths = sorted(float(style.get("stroke_mm", 0.3)) for style in (one, other))
    if geometries[0] != "point" and widths[1] >= WIDER * widths[0]:
        return True
    return float(np.linalg.norm(lab(one["stroke"], eyes) - lab(other["stroke"], eyes))) >= APART


@pytest.mark.parametrize("eyes", EYES)
def test_layers_of_one_map_are_told_apart_by_every_eye(eyes: str) -> None:
    """In each theme of several departments, with everything that the catalogue knows on the map."""
    alike = set()
    for theme in themes(CATALOGUE.values(), set(CATALOGUE)):
        if theme["department"] is None:
            for pair in combinations(theme["layers"], 2):
                one, other = (CATALOGUE[code] for code in pair)
                if not are_apart(style_of(one), style_of(other), (one.geometry, other.geometry), eyes):
                    alike.add(pair)
    assert not alike


def test_plots_whose_national_colours_are_alike_carry_their_use() -> None:
    for entry in CATALOGUE.values():
        if "prefixes" in style_of(entry) and entry.class_field and entry.field_named(entry.class_field).codes:  # type: ignore[union-attr]
            label = label_of(entry)
            assert label is not None and label["text"] in ("use", "code_and_use"), entry.code


def test_fills_that_lie_over_others_are_hatched_or_let_them_through() -> None:
    """Only the lowest, the land as it is, may cover what is below it: pictures."""
    for entry in CATALOGUE.values():
        style, stratum = style_of(entry), stratum_of(entry)["id"]
        if entry.geometry == "polygon" and ("fill" in style or "prefixes" in style):
            most = {"current_use": 0.85, "plans": 0.75}.get(stratum, 0.25)
            assert style.get("fill_opacity", 1.0) <= most, entry.code


def test_tables_have_a_group_of_their_own_below_all_that_is_drawn():
    groups = {entry.geometry: set() for entry in CATALOGUE.values()}
    for entry in CATALOGUE.values():
        groups[entry.geometry].add(stratum_of(entry)["id"])
    assert groups["table"] == {"tables"} and strata()[-1]["id"] == "tables"
    assert all("tables" not in ids for geometry, ids in groups.items() if geometry != "table")
