"""The look of things: signs in every theme, styles for every verdict, readable numbers, pages that open."""

import re
from xml.etree import ElementTree

import pytest
from qgis.core import NULL, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor, QIcon, QPalette
from qgis.PyQt.QtWidgets import QListView

from onemap.plugin.desk.guide.guide import Guide
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version, state_of
from onemap.plugin.desk.map.layer_styles import OFTEN_EMPTY, RESULT_TABLES, style_layer, style_results
from onemap.plugin.desk.results.results_view import VerdictCounts
from onemap.plugin.dock.options_page import OptionsPage
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER, RESOURCES
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.plugin.words.contrast import CONTRAST, contrast, quiet_brush
from onemap.plugin.words.number_format import (
    area_beside_text,
    area_text,
    large_area_text,
    length_text,
    moment_text,
    mu_text,
    parcel_area_text,
    share_text,
    value_or_none,
)
from onemap.plugin.words.verdicts import LOOKS, SEVERITY, readable_colour, sign_icon

ICONS = sorted((RESOURCES / "icons").glob("*.svg"))


@pytest.mark.parametrize("ground", ["#FFFFFF", "#2B2B2B", "#101010"])
@pytest.mark.parametrize("verdict", SEVERITY)
def test_a_verdict_s_colour_can_be_read_in_every_theme(verdict, ground):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(ground))
    assert contrast(readable_colour(verdict, palette), QColor(ground)) >= CONTRAST


@pytest.mark.parametrize("verdict", SEVERITY)
def test_a_verdict_s_sign_can_be_seen_on_a_selected_row_of_whatever_colour(verdict):
    picture = sign_icon(verdict, QPalette()).pixmap(QSize(64, 64), QIcon.Mode.Selected).toImage()
    assert picture.pixelColor(32, 1).name() == "#ffffff"  # the plate
    drawn = {picture.pixelColor(x, y).name() for x in range(8, 56) for y in range(8, 56)}
    assert max(contrast(QColor(colour), QColor("#ffffff")) for colour in drawn) >= CONTRAST


def test_how_many_there_are_none_of_can_be_read_too():
    counts = VerdictCounts()
    counts.show_counts({"clear": 3})
    button = counts.buttons["consult"]
    assert not button.isEnabled()
    button.ensurePolished()
    colour = button.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    assert contrast(colour, counts.palette().color(QPalette.ColorRole.Window)) >= CONTRAST


@pytest.mark.parametrize("ground, text", [("#FFFFFF", "#000000"), ("#202020", "#DDDDDD"), ("#323232", "#AAAAAA")])
def test_words_that_matter_less_are_paler_and_still_readable(ground, text):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.Base, QColor(ground))
    palette.setColor(QPalette.ColorRole.Text, QColor(text))
    quiet = quiet_brush(palette, QPalette.ColorRole.Text, QPalette.ColorRole.Base).color()
    assert CONTRAST <= contrast(quiet, QColor(ground)) < contrast(QColor(text), QColor(ground))


def test_no_two_verdicts_share_a_sign_or_a_pattern():
    assert len({look.sign for look in LOOKS.values()}) == len(LOOKS)
    assert len({(look.pen, look.width_px, look.brush) for look in LOOKS.values()}) == len(LOOKS)


@pytest.mark.parametrize("table", ["parcels", "findings"])
def test_results_have_a_style_for_every_verdict_with_its_sign(table):
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4547&field=parcel:string&field=verdict:string", table, "memory")
    style_results(layer, table)
    labels = {category.value(): category.label() for category in layer.renderer().categories()}
    assert set(labels) == set(SEVERITY) - ({"clear"} if table == "findings" else set())
    assert all(label.startswith(LOOKS[verdict].sign) for verdict, label in labels.items())


@pytest.mark.parametrize("table", [table for table in RESULT_TABLES if table not in OFTEN_EMPTY])
def test_styles_name_no_font_of_one_machine(table):
    assert "fontFamily" not in (RESOURCES / "styles" / f"{table}.qml").read_text(encoding="utf-8")


def entry(code, department="land"):
    return CatalogueLayer(code, code, department, "department", "vector", "polygon")


def test_a_layer_of_which_the_core_says_no_look_is_drawn_by_thin_lines():
    layer = QgsVectorLayer("Polygon?crs=EPSG:4547", "x", "memory")
    style_layer(layer, entry("NOSTYLE", "water"))
    outline = layer.renderer().symbol().symbolLayer(0)
    assert (outline.strokeColor().name(), outline.brushStyle()) == ("#6b6b6b", Qt.BrushStyle.NoBrush)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (area_text(12_345.6), "12,346 m²"),
        (area_text(9.96), "10.0 m²"),
        (area_text(0.0), "0.0 m²"),
        (area_text(0.04), "< 0.1 m²"),
        (mu_text(3.0), "< 0.01 mu"),
        (mu_text(0.0), "0.00 mu"),
        (area_text(None), "–"),
        (mu_text(10_000), "15.00 mu"),
        (length_text(3.14159), "3.1 m"),
        (share_text(0.6123), "61.2 %"),
        (share_text(0.0004), "< 0.1 %"),
        (share_text(0.0), "0.0 %"),
        (share_text(None), "–"),
        (value_or_none(NULL), None),
        (moment_text("not a moment"), "not a moment"),
    ],
)
def test_numbers_are_written_as_people_read_them(text, expected):
    assert text == expected


@pytest.mark.parametrize(
    ("version", "state"),
    [
        (None, "missing"),
        (Version("a", "X__1", "", "", "", 1, "district", True), "in_force"),
        (Version("a", "X__1", "", "", "", 1, "extent", True), "assumed"),
        (Version("a", "X__1", "", "", "", 1, "file", True), "partial"),
        (Version("a", "X__1", "", "", "", 1, "district", False), "old"),
        (Version("a", "X__1", "", "", "", 1, "district", False, upcoming=True), "upcoming"),
        (Version("a", "X__1", "", "", "", 1, "district", False, undated=True), "undated"),
        (Version("a", "X__1", "", "", "", 1, "district", True, True), "unreadable"),
    ],
)
def test_a_version_s_state_comes_from_what_the_core_said(version, state):
    assert state_of(version) == state


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_every_icon_is_ours_in_shape_and_in_two_colours(path):
    drawing = ElementTree.parse(path).getroot()
    assert drawing.get("viewBox") == "0 0 24 24"
    colours = set(re.findall(r"#[0-9A-Fa-f]{6}|currentColor", path.read_text(encoding="utf-8")))
    assert colours <= {"currentColor", "#0F93A8"} or path.stem == "onemap"


def test_no_icon_is_drawn_twice():
    drawings = [path.read_text(encoding="utf-8") for path in ICONS]
    assert len(set(drawings)) == len(drawings)


def test_every_icon_that_is_named_exists():
    named = {
        name
        for path in (FOLDER / "plugin").rglob("*.py")
        for name in re.findall(r"\bicon\(\"(\w+)\"\)", path.read_text(encoding="utf-8"))
    }
    assert named <= {path.stem for path in ICONS}


def test_the_settings_page_keeps_what_is_chosen():
    page = OptionsPage()
    page.wheels.setFilePath("/a/folder/of/wheels")
    page.language.setCurrentIndex(page.language.findData("zh"))
    page.apply()
    assert settings.get("wheels_folder") == "/a/folder/of/wheels"
    assert settings.language() == "zh"


def test_areas_are_shown_in_the_unit_that_is_chosen():
    page = OptionsPage()
    assert nameless_controls(page) == [] or {type(control) for control in nameless_controls(page)} == {QListView}
    shown, large = {}, {}
    for unit in ("m2", "mu", "ha"):
        page.unit.setCurrentIndex(page.unit.findData(unit))
        page.apply()
        shown[unit] = (area_text(8260), area_beside_text(8260), parcel_area_text(8260))
        large[unit] = large_area_text(12_345_678, 2)
    assert shown == {
        "m2": ("8,260 m²", "12.39 mu", "12.39 mu"),
        "mu": ("12.39 mu", "8,260 m²", "12.39 mu"),
        "ha": ("0.8260 ha", "12.39 mu", "0.8260 ha"),
    }
    assert large == {"m2": "1,234.57 ha", "mu": "18,518.52 mu", "ha": "1,234.57 ha"}
    assert (large_area_text(20, 2), large_area_text(0, 2)) == ("< 0.01 ha", "0.00 ha")
    assert (area_text(0.2), area_text(None)) == ("< 0.0001 ha", "–")


def test_the_last_libraries_are_remembered_newest_first_each_once():
    for path in ("/a.gpkg", "/b.gpkg", "/a.gpkg"):
        settings.remember_library(path)
    assert settings.get("recent_libraries") == ["/a.gpkg", "/b.gpkg"]
    assert settings.get("library") == "/a.gpkg"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_guide_opens_in_both_languages(language):
    settings.put("language", language)
    assert len(Guide().page.toPlainText()) > 1000


def test_results_stay_when_the_project_is_saved_and_opened(tmp_path):
    layer = QgsVectorLayer("MultiPolygon?crs=EPSG:4547&field=verdict:string", "parcels", "memory")
    style_results(layer, "parcels")
    QgsProject.instance().addMapLayer(layer)
    QgsProject.instance().write(str(tmp_path / "project.qgz"))
    QgsProject.instance().clear()
    QgsProject.instance().read(str(tmp_path / "project.qgz"))
    (again,) = QgsProject.instance().mapLayers().values()
    assert len(again.renderer().categories()) == len(SEVERITY)
