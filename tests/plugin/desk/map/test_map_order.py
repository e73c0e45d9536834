"""The map at the desk: order in whatever sequence layers are ticked, themes, labels, names of codes, the day."""

import json
import random
import shutil
import subprocess
from functools import cache

import pytest
from qgis.core import (
    Qgis,
    QgsExpression,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsMapThemeCollection,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMapToolPan
from qgis.PyQt.QtCore import QDate, QSize, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QPushButton

from onemap.plugin.connection.core_session import core_python
from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version, layers_in, strata_in
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map import map_layers
from onemap.plugin.desk.map.layer_styles import style_layer
from onemap.plugin.desk.map.map_day import day_of
from onemap.plugin.desk.map.map_layers import PROPERTY_CODE, PROPERTY_TABLE, put_on_map
from onemap.plugin.desk.map.tool_turn import return_map, take_map
from onemap.plugin.desk.map.version_slider import VersionSlider
from onemap.plugin.desk.parcels.polygon_tool import DrawParcelTool
from onemap.plugin.dock import map_tab
from onemap.plugin.dock.day_swipe import DaySwipe
from onemap.plugin.dock.header import Header
from onemap.plugin.dock.map_tab import MapTab
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER
from onemap.plugin.words import core_words
from onemap.tests.plugin.published_town import Session
from onemap.tests.plugin.small_town import CRS, X, Y, box, line, wait_for, write_layer

# As a cartographer lays them, from the uppermost: written a second time, not read from the table.
LAID = ["GHDK", "DMDZ", "STBHHX", "CZKFBJ", "XZQ", "TL", "GL", "YJJBNTTB", "LDYZT", "HLGLFW", "KGDK", "TDGHDL", "DLTB"]


@pytest.fixture(scope="module")
def city(town, application, tmp_path_factory):
    """A library with a layer of every kind, all on the same ground; two red lines, the plan from 2024."""
    folder = tmp_path_factory.mktemp("city")
    path = folder / "city.gpkg"
    whole, west, east = box(0, 0, 1000, 1000), box(0, 0, 500, 1000), box(500, 0, 500, 1000)
    files = {
        "DLTB": (
            ["BSM", "DLBM", "DLMC", "QSXZ", "TBMJ"],
            [(west, "1", "0101", "水田", "20", "500000.5"), (east, "2", "0102", "", "30", "")],
        ),
        "KGDK": (["DKBH", "YDXZDM", "YDXZMC"], [(box(200, 200, 300, 300), "K1", "R21", "<b>住宅</b>")]),
        "TDGHDL": (["BSM", "GHDLDM"], [(whole, "1", "1120")]),
        "YJJBNTTB": (["BSM"], [(box(0, 0, 400, 400), "F1")]),
        "STBHHX": (["BSM"], [(box(0, 600, 300, 300), "R1")]),
        "CZKFBJ": (["BSM", "GHFQMC"], [(box(300, 300, 600, 600), "C1", "城镇集中建设区")]),
        "XZQ": (["BSM", "XZQMC"], [(whole, "1", "清源街道")]),
        "LDYZT": (["BH", "BHDJ"], [(box(0, 600, 300, 400), "L1", "II")]),
        "HLGLFW": (["BH", "MC"], [(box(0, 450, 1000, 50), "H1", "清源河")]),
        "GHDK": (["DKBH", "XMMC", "YDXZDM"], [(box(250, 250, 100, 100), "G1", "小学", "A33")]),
        "GL": (["GLBH", "GLDJ", "GLMC"], [(line((0, 500), (1000, 500)), "1", "国道", "云河线")]),
        "TL": (["TLBH", "TLMC", "TLLX"], [(line((600, 0), (600, 1000)), "1", "京广线", "其他")]),
        "DMDZ": (["DMBH", "DMMC"], [(f"POINT({X + 400} {Y + 400})", "1", "新村")]),
    }  # fmt: skip
    with Session() as core:
        core("new", library=path, crs=CRS, name="City", district=town / "district.gpkg", pack=town / "pack.toml")
        for code, (fields, rows) in files.items():
            source = write_layer(folder / f"{code}.gpkg", fields, rows)
            since = "2024-06-01" if code == "KGDK" else "2020-01-01"
            core("add", library=path, source=source, **{"as": code}, valid_from=since, covers="district")
        newer = write_layer(
            folder / "newer.gpkg", ["BSM"], [(box(0, 600, 100, 100), "R2"), (box(500, 600, 99, 99), "R3")]
        )
        core("add", library=path, source=newer, **{"as": "STBHHX"}, valid_from="2025-01-01", covers="district")
        words = core("words")
    return path, words


@cache
def layers_of(path, language):
    """The core's list of the library's layers, in one language; no test changes it."""
    command = [str(core_python().path), "-I", "-X", "utf8", str(FOLDER / "__main__.py"), "layers", str(path)]
    done = subprocess.run([*command, "--looks", "--json", "--lang", language], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)


@pytest.fixture
def shelf(city, request):
    """The library, as the dock has it once it is listed, without a dock."""
    path, words = city
    language = getattr(request, "param", "zh")
    settings.put("language", language)
    core_words.learn(words)
    answer = layers_of(path, language)
    made = OpenLibrary(None)
    made.path, made.layers, made.strata = str(path), layers_in(answer), strata_in(answer)
    return made


@pytest.fixture
def tab(city, shared_core):
    """The room Map with the city open."""
    path, _words = city
    library = OpenLibrary(shared_core)
    room = MapTab(library, lambda _layer: None, lambda *_place: None)
    refusals = []
    room.refused.connect(refusals.append)
    room.refusals, room.library = refusals, library
    library.open(str(path))
    wait_for(lambda: library.layers and core_words.are_known())
    yield room
    room.close_down()
    room.deleteLater()


def put(library, code):
    """The layer of a code on the map, in its version in force."""
    entry = library.entry(code)
    return put_on_map(library, entry, entry.in_force)


def drawn_order():
    """The codes of the layers on the map, the uppermost first."""
    return [layer.customProperty(PROPERTY_CODE) for layer in QgsProject.instance().layerTreeRoot().layerOrder()]


@pytest.mark.parametrize("seed", range(12))
def test_layers_lie_in_one_order_whatever_is_ticked_first(shelf, seed):
    chance = random.Random(seed)
    codes = chance.sample(LAID, chance.randint(4, len(LAID)))
    for code in codes:
        put(shelf, code)
    assert drawn_order() == [code for code in LAID if code in codes]
    (group,) = QgsProject.instance().layerTreeRoot().children()
    names = [one.name() for one in group.children()]
    assert names == [title for title in shelf.strata.values() if title in names]


def test_land_use_that_is_ticked_last_hides_no_farmland_and_no_plan(shelf):
    shown = {code: put(shelf, code) for code in ("YJJBNTTB", "KGDK", "DLTB")}
    ground = {"farmland": (100, 100), "plot": (350, 350), "land": (900, 100)}
    both = picture(QgsProject.instance().layerTreeRoot().layerOrder())
    land = picture([shown["DLTB"]])
    assert colours(both, *ground["land"]) == colours(land, *ground["land"])
    assert len(colours(both, *ground["farmland"])) > 1  # a hatch, and what is below it
    assert not colours(both, *ground["plot"]) & colours(land, *ground["plot"])


def picture(layers):
    """The ground, one pixel a metre, without labels."""
    wanted = QgsMapSettings()
    wanted.setLayers(layers)
    wanted.setDestinationCrs(layers[0].crs())
    wanted.setExtent(QgsRectangle(X, Y, X + 1000, Y + 1000))
    wanted.setOutputSize(QSize(1000, 1000))
    wanted.setFlag(Qgis.MapSettingsFlag.DrawLabeling, False)
    wanted.setFlag(Qgis.MapSettingsFlag.Antialiasing, False)
    job = QgsMapRendererSequentialJob(wanted)
    job.start()
    job.waitForFinished()
    return job.renderedImage()


def colours(image, x, y, around=15):
    """The colours around a place, in metres from the corner of the test's world."""
    return {
        image.pixelColor(x + east, 1000 - y - north).name()
        for east in range(-around, around)
        for north in range(-around, around)
    }


def test_themes_show_their_layers_hide_the_others_and_are_kept(tab):
    project = QgsProject.instance()
    QTest.mouseClick(tab.themes.buttons["first"], Qt.MouseButton.LeftButton)
    assert set(drawn_order()) == {"XZQ", "DLTB", "STBHHX", "YJJBNTTB", "CZKFBJ", "DMDZ"}
    assert project.crs().authid() == CRS  # the map was empty
    QTest.mouseClick(tab.themes.buttons["ecology"], Qt.MouseButton.LeftButton)
    assert visible_codes() == {"XZQ", "STBHHX", "LDYZT", "HLGLFW", "DMDZ"}
    QTest.mouseClick(tab.themes.buttons["plan"], Qt.MouseButton.LeftButton)
    assert visible_codes() == {"XZQ", "KGDK", "TDGHDL", "CZKFBJ", "DMDZ"}
    assert drawn_order() == [code for code in LAID if code in drawn_order()]
    themes = project.mapThemeCollection()
    assert set(themes.mapThemes()) == {"Base map", "Ecology", "Plan"}
    assert codes_of_theme("Ecology") == {"XZQ", "STBHHX", "LDYZT", "HLGLFW", "DMDZ"}
    actions = {action.text(): action for action in tab.themes.department_menu.actions()}
    actions[core_words.word("departments", "water")].trigger()
    assert visible_codes() == {"HLGLFW", "XZQ", "DMDZ"}
    redline = tab.item_of("STBHHX")
    assert redline.checkState(0) == Qt.CheckState.Unchecked  # on the map, and off
    redline.setCheckState(0, Qt.CheckState.Checked)
    assert visible_codes() == {"HLGLFW", "XZQ", "DMDZ", "STBHHX"}
    for node in project.layerTreeRoot().findLayers():
        node.setItemVisibilityChecked(node.layer().customProperty(PROPERTY_CODE) == "DLTB")
    wait_for(lambda: tab.item_of("DLTB").checkState(0) == Qt.CheckState.Checked)
    assert redline.checkState(0) == Qt.CheckState.Unchecked


def test_a_theme_pressed_again_brings_the_map_before_it_back_unless_layers_were_switched_since(tab):
    def press(*themes):
        for theme in themes:
            QTest.mouseClick(tab.themes.buttons[theme], Qt.MouseButton.LeftButton)

    press("first", "first")
    assert visible_codes() == set()
    press("first", "ecology", "ecology")
    assert visible_codes() == {"XZQ", "DLTB", "STBHHX", "YJJBNTTB", "CZKFBJ", "DMDZ"}
    assert tab.item_of("YJJBNTTB").checkState(0) == Qt.CheckState.Checked
    press("ecology")
    tab.item_of("DLTB").setCheckState(0, Qt.CheckState.Checked)
    press("ecology")
    assert visible_codes() == {"XZQ", "STBHHX", "LDYZT", "HLGLFW", "DMDZ"}  # shown anew


def test_a_theme_of_the_same_name_that_a_person_made_stays(tab):
    themes = QgsProject.instance().mapThemeCollection()
    themes.insert("Ecology", QgsMapThemeCollection.MapThemeRecord())
    tab.themes.buttons["ecology"].click()
    assert not themes.mapThemeVisibleLayers("Ecology")
    assert len(themes.mapThemeVisibleLayers("Ecology (One Map)")) == 5


@pytest.fixture
def river(town, tmp_path):
    """The path of a library of one department."""
    river = write_layer(tmp_path / "river.gpkg", ["BH", "MC"], [(box(0, 450, 1000, 50), "H1", "清源河")])
    with Session() as core:
        core("new", library=tmp_path / "one.gpkg", crs=CRS, name="One", district=town / "district.gpkg")
        core("add", library=tmp_path / "one.gpkg", source=river, **{"as": "HLGLFW"}, covers="district")
    return str(tmp_path / "one.gpkg")


def open_in(tab, path):
    """Open another library in the room."""
    tab.library.open(str(path))
    wait_for(lambda: tab._listed_path == str(path))


def test_a_map_comes_when_it_is_asked_for(tab, city, river):
    """A library that is opened changes nothing in the project; the map of one made to be looked at is shown."""
    assert drawn_order() == [] and not QgsProject.instance().isDirty()
    tab.show_map_of(river)
    open_in(tab, river)
    assert visible_codes() == {"HLGLFW"}  # with what it has, for it lacks the first map
    open_in(tab, city[0])
    open_in(tab, river)
    assert drawn_order() == ["HLGLFW"]


def test_of_two_libraries_the_group_of_the_open_one_is_shown_and_the_other_folded(tab, city, river):
    tab.themes.buttons["ecology"].click()
    shown = visible_codes()
    open_in(tab, river)
    assert visible_codes() == set()
    tab.item_of("HLGLFW").setCheckState(0, Qt.CheckState.Checked)
    assert visible_codes() == {"HLGLFW"}
    groups = {group.name(): group for group in QgsProject.instance().layerTreeRoot().findGroups()}
    states = {name: (group.itemVisibilityChecked(), group.isExpanded()) for name, group in groups.items()}
    assert states == {"One Map · One": (True, True), "One Map · City": (False, False)}
    groups["One Map · City"].setItemVisibilityChecked(True)  # a person may want both
    tab.item_of("HLGLFW").setCheckState(0, Qt.CheckState.Unchecked)
    tab.library.refresh()
    wait_for(lambda: not tab.library.reading.is_busy)
    assert groups["One Map · City"].itemVisibilityChecked()
    open_in(tab, city[0])
    assert visible_codes() == shown


def test_an_empty_library_says_what_to_do(tab, city, empty_library):
    assert tab.empty.isHidden()
    requests = []
    tab.delivery_requested.connect(requests.append)
    open_in(tab, empty_library)
    assert not tab.empty.isHidden()
    tab.empty.findChild(QPushButton).click()
    assert [request.folder for request in requests] == [""]


def test_an_undated_version_that_is_not_in_force_is_seen_at_its_layer(tab):
    record = {"label": "2024", "table": "a", "in_force": True, "valid_from": "2024-01-01"}
    late = {"label": "v2", "table": "b", "undated": True}
    layer = {"code": "DLTB", "title": "Land", "geometry": "polygon", "versions": [record, late]}
    tab.library.layers = layers_in({"layers": [layer]})
    tab.fill()
    item = tab.item_of("DLTB")
    assert [item.text(1), item.child(0).text(1), item.child(1).text(1)] == ["2024 ● ◐", "2024 ●", "v2 ◐ no date"]
    assert "v2: Not in force: it has no date" in item.toolTip(1) and "v2" not in item.child(0).toolTip(1)


def codes_of_theme(name):
    """The codes of the layers that a map theme shows."""
    layers = QgsProject.instance().mapThemeCollection().mapThemeVisibleLayers(name)
    return {layer.customProperty(PROPERTY_CODE) for layer in layers}


def visible_codes():
    """The codes of what can be seen."""
    root = QgsProject.instance().layerTreeRoot()
    return {node.layer().customProperty(PROPERTY_CODE) for node in root.findLayers() if node.isVisible()}


def first_text(layer, expression):
    """The value of an expression for a layer's first feature, as in a label or a tip."""
    context = QgsExpressionContext(QgsExpressionContextUtils.globalProjectLayerScopes(layer))
    context.setFeature(next(layer.getFeatures(QgsFeatureRequest().setLimit(1))))
    return QgsExpression.replaceExpressionText(f"[% {expression} %]", context), context


@pytest.mark.parametrize(
    ("shelf", "code", "label"),
    [
        ("zh", "DLTB", "水田"),
        ("en", "DLTB", "Paddy field"),
        ("zh", "DMDZ", "新村"),
        ("zh", "XZQ", "清源街道"),
        ("zh", "KGDK", "R21\n住宅用地"),
        ("en", "TDGHDL", "1120\nIrrigated land"),
        ("zh", "GL", "云河线"),
        ("zh", "GHDK", "小学"),
    ],
    indirect=["shelf"],
)
def test_places_and_plots_are_labelled(shelf, code, label):
    layer = put(shelf, code)
    assert layer.labelsEnabled()
    wanted = layer.labeling().settings()
    assert first_text(layer, wanted.fieldName)[0] == label
    if code in ("DLTB", "KGDK"):  # a city's plots would cover the map
        assert wanted.scaleVisibility and wanted.minimumScale <= 10_000 and wanted.maximumScale == 0


@pytest.mark.parametrize(
    ("shelf", "alias", "value"),
    [("zh", "地类编码", "0101 水田"), ("en", "Land class code", "0101 Paddy field")],
    indirect=["shelf"],
)
def test_identify_and_tips_say_titles_and_names_of_codes(shelf, alias, value):
    layer = put(shelf, "DLTB")
    index = layer.fields().lookupField("DLBM")
    assert layer.attributeAlias(index) == alias
    assert layer.editorWidgetSetup(index).type() == "ValueMap"
    text, context = first_text(layer, 'represent_value("DLBM")')
    assert text == value
    tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert alias in tip and value in tip and "DLBM" not in tip and "[%" not in tip
    assert "500,000" in tip  # 500 × 1000 m
    assert first_text(layer, layer.displayExpression())[0] in (value, "水田")


@pytest.mark.parametrize(
    ("shelf", "kind", "area", "named"),
    [
        ("zh", "权属性质", "图斑面积（m²）", "20 国有土地使用权"),
        ("en", "Kind of ownership", "Patch area, m²", "20 State land, right of use"),
    ],
    indirect=["shelf"],
)
def test_codes_of_every_kind_have_names_and_stated_areas_their_unit(shelf, kind, area, named):
    layer = put(shelf, "DLTB")
    assert layer.attributeAlias(layer.fields().lookupField("QSXZ")) == kind
    assert layer.attributeAlias(layer.fields().lookupField("TBMJ")) == area
    text, context = first_text(layer, 'represent_value("QSXZ")')
    assert text == named
    tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert f"{kind}&nbsp;</td><td>{named}</td>" in tip
    assert f"{area}&nbsp;</td><td>500,000.50</td>" in tip


@pytest.mark.parametrize(("code", "title"), [("9999", "9999"), (None, "1"), ("", "1"), ("0102", "0102 水浇地")])
def test_a_code_that_no_table_knows_stands_alone_and_none_is_left_out(shelf, code, title):
    layer = put(shelf, "DLTB")
    context = first_text(layer, "1")[1]
    feature = context.feature()
    feature.setAttribute("DLBM", code)
    feature.setAttribute("DLMC", None)
    context.setFeature(feature)
    tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), context)
    assert "(" not in tip.replace("（", "") and ("地类编码" in tip) == bool(code) and (not code or title in tip)
    assert QgsExpression(layer.displayExpression()).evaluate(context) == title


def test_a_tip_shows_what_a_file_holds_as_text(shelf):
    layer = put(shelf, "KGDK")
    tip = QgsExpression.replaceExpressionText(layer.mapTipTemplate(), first_text(layer, "1")[1])
    assert "&lt;b&gt;住宅&lt;/b&gt;" in tip and "<b>住宅" not in tip


@pytest.mark.parametrize("shelf", ["zh", "en"], indirect=True)
def test_legends_speak_the_user_s_language_only(shelf):
    for code in ("DLTB", "KGDK", "GL", "TDGHDL"):
        for rule in put(shelf, code).renderer().rootRule().children():
            has_chinese = any("\u4e00" <= sign <= "\u9fff" for sign in rule.label())
            assert has_chinese == (settings.language() == "zh"), rule.label()


def test_every_look_of_the_table_is_taken_by_qgis(shelf):
    entry = shelf.entry("DLTB")
    layer = QgsVectorLayer(f"Polygon?crs={CRS}&field=BSM:string", "x", "memory")
    style_layer(layer, entry)  # a version that lacks the class is still drawn
    assert layer.renderer().rootRule().children()[-1].isElse()


def set_day(room, day):
    """Change the day, and wait until the room has followed."""
    listed = []
    room.library.listed.connect(lambda: listed.append(True))
    room.library.set_day(day)
    wait_for(lambda: listed)


def tables():
    """The tables that the map shows, by code."""
    layers = QgsProject.instance().mapLayers().values()
    return {layer.customProperty(PROPERTY_CODE): layer.customProperty(PROPERTY_TABLE) for layer in layers}


def test_the_map_follows_the_day_and_what_is_not_yet_in_force_says_so(tab):
    left = []
    tab.layers_left.connect(left.append)
    tab.themes.buttons["first"].click()
    tab.themes.buttons["plan"].click()
    redline = next(one for one in QgsProject.instance().mapLayers().values() if "STBHHX" in one.source())
    assert (tables()["STBHHX"], redline.featureCount()) == ("STBHHX__2", 2)
    set_day(tab, QDate(2023, 3, 1))
    assert tables()["STBHHX"] == "STBHHX__1" and "KGDK" not in tables()
    assert redline.featureCount() == 1 and QgsProject.instance().mapLayer(redline.id()) is redline
    assert "2020-01-01" in redline.name()
    assert "Plots of the regulatory plan" in left[-1]
    assert "not yet" in tab.item_of("KGDK").text(1)
    leaving = [entry.title for entry in tab.library.layers if entry.code in tables()]
    set_day(tab, QDate(2018, 1, 1))
    assert tables() == {}
    assert f": {', '.join(leaving[:6])}" in left[-1]  # in the order of the list, which QGIS does not know
    set_day(tab, QDate())
    assert left[-1] == ""  # nothing is away any more, and nothing says so
    assert tables()["STBHHX"] == "STBHHX__2" and tables()["KGDK"] == "KGDK__1"
    assert "KGDK" in visible_codes() and "STBHHX" not in visible_codes()  # as the theme left them
    assert drawn_order() == [code for code in LAID if code in drawn_order()]


def test_layers_that_the_day_switches_are_the_same_with_their_style_which_is_not_read_anew(tab, monkeypatch):
    tab.themes.buttons["plan"].click()
    tab.themes.buttons["ecology"].click()
    before = {layer.id(): layer.customProperty(PROPERTY_CODE) for layer in QgsProject.instance().mapLayers().values()}
    plots = next(QgsProject.instance().mapLayer(one) for one, code in before.items() if code == "KGDK")
    plots.setOpacity(0.25)  # as a person likes it
    read, ticked, plain = [], [], map_tab.layers_of_library
    monkeypatch.setattr(map_layers, "style_layer", lambda _layer, entry: read.append(entry.code))
    monkeypatch.setattr(map_tab, "layers_of_library", lambda library: ticked.append(1) or plain(library))
    for day in (QDate(2018, 1, 1), QDate(2023, 3, 1), QDate()):
        set_day(tab, day)
    assert 0 < len(ticked) < len(before)  # the rows of the tree once a day, not once for each layer
    found = {layer.id(): layer.customProperty(PROPERTY_CODE) for layer in QgsProject.instance().mapLayers().values()}
    assert (found, read) == (before, [])
    assert QgsProject.instance().mapLayer(plots.id()).opacity() == 0.25
    assert tables()["STBHHX"] == "STBHHX__2"
    set_day(tab, QDate(2018, 1, 1))
    QgsProject.instance().clear()
    set_day(tab, QDate())
    assert drawn_order() == []  # what was away was of another project


def test_what_is_said_to_be_away_is_away_on_this_day_not_on_one_before(tab):
    left = []
    tab.layers_left.connect(left.append)
    tab.themes.buttons["plan"].click()
    titles = {entry.code: entry.title for entry in tab.library.layers}
    set_day(tab, QDate(2018, 1, 1))
    assert tables() == {} and titles["XZQ"] in left[-1]
    set_day(tab, QDate(2023, 3, 1))  # all but the plots are in force again
    assert "XZQ" in tables() and "KGDK" not in tables()
    assert left[-1].endswith(f": {titles['KGDK']}.")
    count = len(left)
    set_day(tab, QDate(2023, 4, 1))
    assert len(left) == count  # nothing else is away: nobody is told again


def test_themes_show_again_what_was_away_for_a_day(tab):
    tab.themes.buttons["ecology"].click()
    tab.themes.buttons["plan"].click()
    before = {name: codes_of_theme(name) for name in ("Ecology", "Plan")}
    assert all(before.values()) and before["Ecology"] != before["Plan"]
    set_day(tab, QDate(2018, 1, 1))
    assert not codes_of_theme("Ecology") and not codes_of_theme("Plan")
    set_day(tab, QDate())
    assert {name: codes_of_theme(name) for name in before} == before


def test_a_version_that_was_ticked_by_itself_stays_whatever_the_day(tab):
    item = tab.item_of("STBHHX")
    item.setCheckState(0, Qt.CheckState.Unchecked)
    old = next(item.child(row) for row in range(item.childCount()) if "2020" in item.child(row).text(0))
    old.setCheckState(0, Qt.CheckState.Checked)
    set_day(tab, QDate(2018, 1, 1))
    assert tables() == {"STBHHX": "STBHHX__1"}


def slide(tab, key, table):
    """Press a key on the slider, and wait until the day has gone with it."""
    listed = []
    tab.library.listed.connect(lambda: listed.append(True))
    QTest.keyClick(tab.versions.slider, key)
    assert tables()["STBHHX"] == table  # at once
    wait_for(lambda: listed)


def test_a_slider_goes_through_the_versions_by_keys_and_the_day_goes_with_it(tab):
    header = Header(tab.library)
    assert tab.versions.isHidden()
    tab.tree.setCurrentItem(tab.item_of("DLTB"))
    assert tab.versions.isHidden()  # it has one
    tab.themes.buttons["first"].click()
    tab.themes.buttons["plan"].click()  # without the red line
    tab.tree.setCurrentItem(tab.item_of("STBHHX"))
    assert not tab.versions.isHidden() and tab.versions.slider.value() == 1
    assert tab.versions.label.text().endswith("in force today")
    slide(tab, Qt.Key.Key_Left, "STBHHX__1")
    layers = QgsProject.instance().mapLayers().values()
    (redline,) = (layer for layer in layers if layer.customProperty("onemap/table") == "STBHHX__1")
    assert QgsProject.instance().layerTreeRoot().findLayer(redline.id()).isVisible()
    assert tab.versions.label.text() == "2020-01-01 · no longer in force"
    assert tab.library.as_of == header.date.date() == QDate(2020, 1, 1)
    assert "KGDK" not in tables()  # of a later day
    assert not tab.versions.isHidden() and tab.tree.currentItem() is tab.item_of("STBHHX")  # the next key goes on
    slide(tab, Qt.Key.Key_Right, "STBHHX__2")
    assert header.date.isNull() and not tab.library.as_of.isValid()
    assert tables()["KGDK"] == "KGDK__1"
    slide(tab, Qt.Key.Key_Left, "STBHHX__1")
    set_day(tab, QDate(2025, 6, 1))  # it goes on to follow the day
    assert tables()["STBHHX"] == "STBHHX__2" and header.date.date() == QDate(2025, 6, 1)
    assert tab.versions.label.text().endswith("in force today") and tab.versions.slider.value() == 1


def test_who_moves_the_slider_while_the_list_is_made_anew_is_not_held_back(tab):
    tab.themes.buttons["first"].click()
    tab.tree.setCurrentItem(tab.item_of("STBHHX"))
    tab.library.refresh()
    slide(tab, Qt.Key.Key_Left, "STBHHX__1")  # the list that was asked for before arrives now
    wait_for(lambda: tab.library.as_of == QDate(2020, 1, 1) and tables()["STBHHX"] == "STBHHX__1")
    assert tab.versions.slider.value() == 0


def test_the_slider_says_what_is_not_yet_in_force_and_leaves_the_day_for_what_never_was():
    slider, seen = VersionSlider(), []
    slider.version_kept.connect(lambda _entry, version: seen.append(day_of(version)))
    versions = (
        Version("2020", "X__1", "2020-01-01", "", "2020-02-01", 1, "district", False, today="past"),
        Version("2020b", "X__2", "2020-01-01", "", "2020-03-01", 1, "district", True, today="in_force"),
        Version(
            "2099", "X__3", "2099-01-01", "", "2020-04-01", 1, "district", False, today="upcoming", day="2099-01-01"
        ),
    )
    slider.show_layer(CatalogueLayer("X", "X", "", "", "", "", versions), "X__2")
    QTest.keyClick(slider.slider, Qt.Key.Key_Right)
    wait_for(lambda: len(seen) == 1)
    assert slider.label.text() == "2099 · not yet in force" and seen == [QDate(2099, 1, 1)]
    slider.slider.setValue(0)
    wait_for(lambda: len(seen) == 2)
    assert seen[1] is None
    assert "2020" in slider.slider.accessibleDescription()


@pytest.fixture
def swipe(tab):
    """Two days over a map of their own, which shows what is on the map of the tab."""
    canvas = QgsMapCanvas()
    canvas.resize(400, 400)
    tab.themes.buttons["first"].click()
    made = DaySwipe(tab.library, canvas)
    canvas.setDestinationCrs(QgsProject.instance().crs())
    canvas.setLayers(QgsProject.instance().layerTreeRoot().layerOrder())
    canvas.setExtent(QgsRectangle(X, Y, X + 1000, Y + 1000))
    made.canvas = canvas
    yield made
    made.end()


def test_two_days_are_laid_side_by_side_and_the_map_is_given_back(swipe):
    canvas, messages = swipe.canvas, []
    swipe.message_sent.connect(messages.append)
    assert swipe.date.date() == QDate(2024, 12, 31)  # the last day before the red line of today
    swipe.date.setDate(QDate(2022, 1, 1))
    swipe.canvas.layersChanged.emit()
    assert swipe.date.date() == QDate(2022, 1, 1)  # which a person has chosen
    swipe.button.click()
    wait_for(lambda: swipe.tool is not None and swipe.tool.is_drawn)
    left, right = swipe.tool.sides
    assert right.title == "2022-01-01"
    codes = [[layer.customProperty(PROPERTY_CODE) or layer.source() for layer in side.layers] for side in (left, right)]
    assert "STBHHX" in codes[0] and any("STBHHX__1" in str(one) for one in codes[1])
    before = swipe.tool.item.position
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert swipe.tool.item.position < before
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert swipe.tool is None and not swipe.button.isChecked()
    swipe.date.setDate(QDate.currentDate())
    swipe.button.click()
    wait_for(lambda: messages)
    assert not swipe.button.isChecked()


def test_a_layer_that_leaves_the_map_ends_the_swipe_and_it_does_not_come_back_by_itself(swipe):
    canvas, pan = swipe.canvas, QgsMapToolPan(swipe.canvas)
    canvas.setMapTool(pan)
    swipe.date.setDate(QDate(2022, 1, 1))
    swipe.button.click()
    wait_for(lambda: swipe.tool is not None and swipe.tool.is_drawn)
    QgsProject.instance().removeMapLayer(swipe.tool.sides[0].layers[0].id())
    assert swipe.tool is None and not swipe.button.isChecked() and canvas.mapTool() is pan
    swipe.button.click()
    wait_for(lambda: swipe.tool is not None and swipe.tool.is_drawn)
    draw = DrawParcelTool(canvas)
    take_map(canvas, draw)
    assert swipe.tool is None and not swipe.button.isChecked()
    return_map(canvas, draw)
    assert canvas.mapTool() is pan, "the swipe is over, and its layers may be gone"


def test_a_day_on_which_nothing_was_in_force_is_blank_on_the_map_and_says_so(swipe):
    swipe.show()
    swipe.date.setDate(QDate(1990, 1, 1))
    swipe.button.click()
    wait_for(lambda: swipe.tool is not None and swipe.tool.is_drawn)
    left, right = swipe.tool.sides
    titles = {swipe._library.entry(layer.customProperty(PROPERTY_CODE)).title for layer in left.layers}
    assert right.layers == [] and right.title == "1990-01-01 · no data"
    assert swipe.absence.isVisible() and "on 1990-01-01" in swipe.absence.text()
    assert all(title in swipe.absence.text() for title in titles)
    QTest.keyClick(swipe.canvas, Qt.Key.Key_Escape)
    assert swipe.absence.isHidden()


def test_a_day_on_which_some_layers_were_not_in_force_names_those_alone(tab, swipe):
    tab.themes.buttons["plan"].click()
    swipe.canvas.setLayers(QgsProject.instance().layerTreeRoot().layerOrder())
    swipe.show()
    swipe.date.setDate(QDate(2023, 3, 1))
    swipe.button.click()
    wait_for(lambda: swipe.tool is not None and swipe.tool.is_drawn)
    assert swipe.tool.sides[1].title == "2023-03-01" and swipe.tool.sides[1].layers
    assert swipe.absence.isVisible() and tab.library.entry("KGDK").title in swipe.absence.text()
    assert tab.library.entry("STBHHX").title not in swipe.absence.text()


def opened_as(shelf, path, name):
    """The same library at another path, under another name."""
    other = OpenLibrary(None)
    other.path, other.layers, other.strata = path, shelf.layers, shelf.strata
    other._name = name
    return other


def test_a_group_that_was_renamed_and_moved_is_still_the_library_s(shelf):
    root = QgsProject.instance().layerTreeRoot()
    put(shelf, "DLTB")
    (group,) = root.children()
    group.setName("底图")
    folder = root.insertGroup(0, "我的图层")
    folder.addChildNode(group.clone())
    root.removeChildNode(group)
    put(shelf, "STBHHX")
    assert [one.name() for one in root.children()] == ["我的图层"]
    (moved,) = folder.children()
    assert moved.name() == "底图" and len(moved.findLayers()) == 2


def test_the_library_that_is_opened_last_lies_above_the_other_of_the_same_name(shelf, tmp_path):
    root = QgsProject.instance().layerTreeRoot()
    root.addGroup("背景")
    put(shelf, "DLTB")
    first = root.children()[-1]
    copy = tmp_path / "copy.gpkg"
    shutil.copyfile(shelf.path, copy)
    again = opened_as(shelf, str(copy), shelf.name)
    layer = put(again, "DLTB")
    names = [one.name() for one in root.children()]
    assert names[0] == "背景" and root.children()[2] is first and len(names) == 3
    assert root.children()[1].findLayer(layer.id()) is not None
