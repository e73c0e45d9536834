"""Contrast AA in a light and in a dark theme, and verdicts for people with deficient colour vision."""

import re
from itertools import combinations

import pytest
from qgis.PyQt.QtGui import QColor, QPalette

from onemap.plugin.profile.paths import RESOURCES
from onemap.plugin.rooms.compare.compare_looks import SWATCH_PX, difference_order, swatch
from onemap.plugin.words.contrast import contrast, link_colour, quiet_brush
from onemap.plugin.words.verdicts import LOOKS, PLATE, readable_colour
from onemap.resources.workshop.colour_vision import DEFICIENCIES, channels, distance, seen_colour
from onemap.resources.workshop.pictures.dock_camera import palette_of

ROLE = QPalette.ColorRole
TEXT, SIGN = 4.5, 3.0  # WCAG 2.2, AA: 1.4.3 for text, 1.4.11 for signs
APART = 20.0  # CIE 1976, of two verdicts that only colour would tell apart
# As the page on the interface has them, written a second time.
COLOURS = {
    "prohibited": "#B2182B",
    "restricted": "#E66101",
    "unknown": "#6B6B6B",
    "consult": "#B8860B",
    "notice": "#2B6CB0",
    "clear": "#1A7F37",
}


def ratio(first, second):
    """The contrast by WCAG's own formula, computed without the plugin."""
    lights = []
    for colour in (first, second):
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels(colour)]
        lights.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.fixture(params=["light", "dark"])
def palette(request):
    return palette_of(request.param)


def test_contrast_is_computed_as_the_guideline_says():
    assert ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert ratio("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # the well-known grey that just fails
    for first, second in (("#777777", "#FFFFFF"), ("#B2182B", "#31363B"), ("#2B6CB0", "#EFEFEF")):
        assert contrast(QColor(first), QColor(second)) == pytest.approx(ratio(first, second), rel=1e-3)


@pytest.mark.parametrize(
    ("text", "ground"),
    [("WindowText", "Window"), ("Text", "Base"), ("ButtonText", "Button"), ("ToolTipText", "ToolTipBase")],
)
def test_text_can_be_read(palette, text, ground):
    foreground, background = (palette.color(getattr(ROLE, role)).name() for role in (text, ground))
    assert ratio(foreground, background) >= TEXT


@pytest.mark.parametrize(("text", "ground"), [("Text", "Base"), ("WindowText", "Window")])
def test_quiet_text_can_be_read_and_is_quieter(palette, text, ground):
    text_role, ground_role = getattr(ROLE, text), getattr(ROLE, ground)
    quiet = quiet_brush(palette, text_role, ground_role).color().name()
    background = palette.color(ground_role).name()
    assert TEXT <= ratio(quiet, background) < ratio(palette.color(text_role).name(), background)


@pytest.mark.parametrize("kind", difference_order())
def test_a_difference_s_swatch_has_an_edge_that_is_seen_on_its_white_and_on_the_list(palette, kind):
    drawn = swatch(kind).pixmap(SWATCH_PX, SWATCH_PX).toImage()
    last = drawn.width() - 1
    for x, y in ((0, 0), (last, 0), (0, last), (last // 2, last)):
        edge = drawn.pixelColor(x, y)
        assert edge.alpha() == 255
        assert ratio(edge.name(), "#FFFFFF") >= SIGN
        assert ratio(edge.name(), palette.color(ROLE.Base).name()) >= SIGN


@pytest.mark.parametrize("verdict", LOOKS)
def test_a_verdict_s_sign_can_be_read_in_lists_on_buttons_and_on_a_chosen_row(palette, verdict):
    shown = readable_colour(verdict, palette).name()
    assert ratio(shown, palette.color(ROLE.Base).name()) >= TEXT
    assert ratio(shown, palette.color(ROLE.Window).name()) >= SIGN
    white = QPalette()
    white.setColor(ROLE.Base, PLATE)
    assert ratio(readable_colour(verdict, white).name(), PLATE.name()) >= TEXT


def test_links_can_be_read(palette):
    assert ratio(link_colour(palette), palette.color(ROLE.Window).name()) >= TEXT


def test_accents_of_icons_stand_out(palette):
    drawings = [path.read_text(encoding="utf-8") for path in sorted((RESOURCES / "icons").glob("*.svg"))]
    accents = {colour for drawing in drawings for colour in re.findall(r'(?:stroke|fill)="(#[0-9A-Fa-f]{6})"', drawing)}
    assert accents
    for accent in accents:
        assert ratio(accent, palette.color(ROLE.Window).name()) >= SIGN, accent


def test_verdicts_have_the_colours_of_the_interface_and_each_a_sign_and_a_pattern_of_its_own():
    assert {verdict: look.colour for verdict, look in LOOKS.items()} == COLOURS
    assert len({look.sign for look in LOOKS.values()}) == len(LOOKS)
    patterns = [(look.pen, look.width_px, look.brush) for look in LOOKS.values()]
    assert all(first != second for first, second in combinations(patterns, 2))


def test_verdicts_that_somebody_cannot_tell_apart_by_colour_differ_in_shape_and_in_pattern():
    alike = {
        (first, second)
        for first, second in combinations(LOOKS, 2)
        for deficiency in DEFICIENCIES
        if distance(*(seen_colour(channels(LOOKS[one].colour), deficiency) for one in (first, second))) < APART
    }
    assert ("restricted", "consult") in alike and ("prohibited", "clear") in alike  # so colour alone would not do
    for first, second in alike:
        one, other = LOOKS[first], LOOKS[second]
        assert one.sign != other.sign
        widths = sorted((one.width_px, other.width_px))
        has_pattern = one.brush != other.brush or one.pen != other.pen or widths[1] >= 2 * widths[0]
        assert has_pattern, f"{first} and {second} look alike on the map"
