"""Layers that lie together are told apart without seeing every colour: by sign, pattern or a colour that stays.

Simulated are three kinds of colour blindness, each whole, and print in grey. Matrices: Machado, Oliveira and Fernandes
2009, A Physiologically-based Model for Simulation of Color Vision Deficiency, severity 1.0; on linear RGB.
"""

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.map_order import stratum_of, themes
from onemap.layers.catalogue.style_table import label_of, style_of

EYES = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "grey": [[0.2126, 0.7152, 0.0722]] * 3,
}
APART = 10.0  # CIE 1976 ΔE: some 2.3 is just seen side by side, and lines on a map do not lie side by side
WIDER = 1.6  # a line of so many times another's width is told apart by it
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = np.array([0.95047, 1.0, 1.08883])
CATALOGUE = shipped_catalogue()


def lab(colour: str, eyes: str) -> np.ndarray:
    """A colour `#RRGGBB` as somebody sees it, in CIE L*a*b*."""
    coded = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    share = np.array(TO_XYZ) @ np.clip(np.array(EYES[eyes]) @ linear, 0, 1) / WHITE
    root = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_the_simulation_says_what_is_known_of_it() -> None:
    assert np.linalg.norm(lab("#FFFFFF", "usual") - [100, 0, 0]) < 0.1
    assert np.linalg.norm(lab("#FF0000", "usual") - [53.24, 80.09, 67.20]) < 0.1  # the usual tables have these
    red, green = "#B04040", "#5C7A2E"
    assert np.linalg.norm(lab(red, "deuteranopia") - lab(green, "deuteranopia")) < 20 < 60
    assert np.linalg.norm(lab(red, "usual") - lab(green, "usual")) > 60


def signs(style: dict[str, Any], geometry: str) -> tuple[Any, ...]:
    """What of a look does not depend on colour: geometry, dash, hatch."""
    hatch = style.get("hatch") or {}
    return geometry, style.get("dash", "solid"), hatch.get("angle"), hatch.get("distance_mm"), "field" in style


def are_apart(one: dict[str, Any], other: dict[str, Any], geometries: tuple[str, str], eyes: str) -> bool:
    """Whether two looks are told apart: by a sign, by the line's width, or by what is left of their colours."""
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
