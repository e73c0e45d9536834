"""Colours that some people cannot tell apart: another sign distinguishes such layers, classes and differences."""

import json
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.style_table import difference_styles, label_of, style_of
from onemap.resources.workshop.colour_vision import DEFICIENCIES, channels, distance, over, seen_colour
from onemap.rules.display.maps.symbols import styled_symbol

STYLES = Path(__file__).resolve().parents[1] / "resources" / "styles"
VISIONS = ("all colours", *DEFICIENCIES)
APART = 15.0  # of two strokes, CIE 1976: several times what is just seen side by side
CLASSES_APART = 8.0  # of two fills that meet along a line
WIDER = 1.5  # times as wide: a wide line and a narrow one
TURNED_DEG = 20  # of two hatches
WHITE = (1.0, 1.0, 1.0)


def least_distance(first, second):
    """Of two colours, for whoever sees the least of it."""
    return min(distance(seen_colour(first, vision), seen_colour(second, vision)) for vision in VISIONS)


def has_other_sign(first, second):
    """Whether two styles differ in more than colour: dash, hatch, width, or a fill."""
    hatches = [style.get("hatch") for style in (first, second)]
    if any(hatches) != all(hatches):
        return True
    if all(hatches):
        turned = abs(hatches[0]["angle"] - hatches[1]["angle"]) % 180
        if min(turned, 180 - turned) >= TURNED_DEG:
            return True
    widths = sorted(style.get("stroke_mm") or 0.3 for style in (first, second))
    is_filled = [bool(style.get("fill") or style.get("field")) for style in (first, second)]
    return (
        first.get("dash", "solid") != second.get("dash", "solid")
        or widths[1] >= WIDER * widths[0]
        or is_filled[0] != is_filled[1]
    )


def maps():
    """The layers that a click shows together, by theme; of choices only one is shown."""
    catalogue = shipped_catalogue()
    themes = tomllib.loads((STYLES / "themes.toml").read_text(encoding="utf-8"))["theme"]
    for theme in themes:
        choices = [[one] if isinstance(one, str) else one for one in theme["layers"]]
        for first, second in combinations(choices, 2):
            for one in first:
                for other in second:
                    yield theme["id"], catalogue[one], catalogue[other]


def test_the_simulation_is_that_of_the_paper_and_leaves_grey_as_it_is():
    for deficiency in DEFICIENCIES:
        for grey in (0.0, 0.5, 1.0):
            assert seen_colour((grey,) * 3, deficiency) == pytest.approx((grey,) * 3, abs=1e-4)
    red, green, blue = (channels(colour) for colour in ("#FF0000", "#00FF00", "#0000FF"))
    # Linear 0.367322 and 0.280085 are the first column of the published matrix; encoded by hand as sRGB.
    assert seen_colour(red, "deuteranopia") == pytest.approx((0.6400, 0.5658, 0.0), abs=1e-3)
    assert distance(red, green) == pytest.approx(170.6, abs=0.1)  # Lab (53.2, 80.1, 67.2) and (87.7, -86.2, 83.2)
    for dichromat in ("protanopia", "deuteranopia"):
        assert distance(seen_colour(red, dichromat), seen_colour(green, dichromat)) < 0.6 * distance(red, green)
        assert distance(seen_colour(red, dichromat), seen_colour(blue, dichromat)) > 100
    assert distance(seen_colour(green, "tritanopia"), seen_colour(blue, "tritanopia")) < 0.5 * distance(green, blue)


def test_two_layers_of_one_map_that_look_alike_to_somebody_differ_in_more_than_colour():
    alike, compared = [], 0
    for theme, first, second in maps():
        styles = style_of(first), style_of(second)
        if first.geometry != second.geometry:
            continue
        compared += 1
        strokes = [channels(style["stroke"]) for style in styles]
        if least_distance(*strokes) < APART and not has_other_sign(*styles):
            alike.append(f"{theme}: {first.code} {second.code}")
    assert compared > 100
    assert alike == []


@pytest.mark.parametrize("code", ["DLTB", "TDGHDL", "KGDK", "ZXCQGHYDYH", "YDBJ"])
def test_classes_whose_national_colours_look_alike_carry_their_names(code):
    entry = shipped_catalogue()[code]
    style = style_of(entry)
    fills = [over(channels(one["fill"]), WHITE, style["fill_opacity"]) for one in style["prefixes"].values()]
    alike = [pair for pair in combinations(fills, 2) if least_distance(*pair) < CLASSES_APART]
    assert alike, "then the label is no longer needed for it"
    assert label_of(entry)["text"] in ("use", "code_and_use") and entry.class_field == style["field"]


def test_classes_of_roads_differ_in_width_where_their_colours_look_alike():
    style = style_of(shipped_catalogue()["GL"])
    for first, second in combinations(style["values"].values(), 2):
        assert least_distance(channels(first["stroke"]), channels(second["stroke"])) >= APART or (
            first["stroke_mm"] != second["stroke_mm"]
        )


def test_kinds_of_differences_between_plans_differ_in_more_than_colour():
    table = json.loads((STYLES / "differences.json").read_text(encoding="utf-8"))
    alike = [
        f"{first} {second}"
        for first, second in combinations(table, 2)
        if least_distance(channels(table[first]["stroke"]), channels(table[second]["stroke"])) < APART
        and not has_other_sign(table[first], table[second])
    ]
    assert alike == []


def test_a_layer_that_is_drawn_by_classes_draws_every_class_of_its_code_list():
    catalogue = shipped_catalogue()
    listed = {
        code: (style["values"], next(field for field in catalogue[code].fields if field.name == style["field"]))
        for code, style in json.loads((STYLES / "layers.json").read_text(encoding="utf-8"))["layers"].items()
        if style.get("values")
    }
    assert {"JSYDGZQ", "SHENGHJGNQ", "PDT"} <= set(listed)
    lacking = {code: set(field.values) ^ set(looks) for code, (looks, field) in listed.items() if field.values}
    assert {code: classes for code, classes in lacking.items() if classes} == {}


def test_a_difference_looks_in_an_atlas_as_it_looks_in_qgis():
    drawn = {kind: styled_symbol(style) for kind, style in difference_styles().items()}
    for kind, style in json.loads((STYLES / "differences.json").read_text(encoding="utf-8")).items():
        hatch = style.get("hatch")
        expected = (hatch["angle"], hatch["distance_mm"], hatch["width_mm"]) if hatch else None
        symbol = drawn[kind]
        assert (symbol.stroke, symbol.fill, symbol.hatch) == (style["stroke"], style.get("fill"), expected), kind
