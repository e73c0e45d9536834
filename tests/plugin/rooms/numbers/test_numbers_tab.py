"""The tab Numbers: values with target, status and reason; one on the map; units by click; warnings and their ground."""

import shutil
import time
from pathlib import Path

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsPointXY, QgsProject, QgsRenderContext
from qgis.PyQt.QtCore import QDate, QDateTime, QPoint, Qt
from qgis.PyQt.QtGui import QDesktopServices, QFont, QFontInfo, QGuiApplication, QImage
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QFrame

from onemap.plugin.desk.answers.answer_tree import NAME, VALUE
from onemap.plugin.profile import settings
from onemap.plugin.rooms.numbers.chart_view import EDGE_PX, svg_for_qt
from onemap.plugin.rooms.numbers.numbers_tab import ALERTS, INDICATORS, LAND_USE
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import core, make_library
from onemap.tests.plugin.small_town import CRS, Reader, X, Y, box, see_results, wait_for, write_layer

EXPANSION = "Growth boundary over the towns of 2020"  # its target stands in the pack: at most 1.3
BUILT, REDLINE = "Share of building land", "Ecological red line"
SOUTH, NORTH = "130102", "130103"


@pytest.fixture(scope="module")
def numbered_library(provider, town, tmp_path_factory):
    """A library of two divisions of 50 ha, all of it inside the growth boundary; one permit ended in 2024.

    Towns of 2020: 40 ha in the south, 30 ha in the north; the rest are paddies. There is no layer of anything else.
    """
    folder = tmp_path_factory.mktemp("numbers")
    land = [
        (box(0, 0, 800, 500), "P1", "0701"),
        (box(800, 0, 200, 500), "P2", "0101"),
        (box(0, 500, 600, 500), "P3", "0701"),
        (box(600, 500, 400, 500), "P4", "0101"),
    ]
    coded = [(shape, key, code, "201" if code == "0701" else "") for shape, key, code in land]
    divisions = [(box(0, 0, 1000, 500), "D1", SOUTH, "南"), (box(0, 500, 1000, 500), "D2", NORTH, "北")]
    boundary = [(box(0, 0, 1000, 1000), "B1", "城镇集中建设区")]
    permits = [(box(100, 100, 50, 50), "X1", "2024-01-31")]
    tables = (
        ("DLTB", ["BSM", "DLBM", "CZCSXM"], coded, "2020-12-31"),
        ("XZQ", ["BSM", "XZQDM", "XZQMC"], divisions, "2020-12-31"),
        ("CZKFBJ", ["BSM", "GHFQMC"], boundary, "2022-12-31"),
        ("GHDK", ["DKBH", "YXQZ"], permits, "2023-01-01"),
    )
    layers = [
        (code, write_layer(folder / f"{code}.gpkg", fields, rows), {"valid_from": day})
        for code, fields, rows, day in tables
    ]
    return make_library(folder / "library.gpkg", town / "district.gpkg", *layers)


@pytest.fixture
def tab(dock, numbered_library, tmp_path):
    """The tab in front, with the units chosen."""
    QgsProject.instance().setCrs(QgsCoordinateReferenceSystem(CRS))
    path = tmp_path / "library.gpkg"
    shutil.copyfile(numbered_library, path)
    dock.show()
    dock.open_library(str(path))
    wait_for(lambda: dock.numbers_tab.units.findData("XZQ") >= 0)
    dock.tabs.setCurrentIndex(dock.tab_index(dock.numbers_tab))
    dock.numbers_tab.units.setCurrentIndex(dock.numbers_tab.units.findData("XZQ"))
    return dock.numbers_tab


def answer(view, button):
    """Press a button and wait for what is shown."""
    return see_results(view, button.click)


@pytest.fixture
def reader():
    """Opens files in place of a browser."""
    reader = Reader()
    QDesktopServices.setUrlHandler("file", reader.read)
    yield reader
    QDesktopServices.unsetUrlHandler("file")


def measure(tab):
    return answer(tab.indicators, tab.measure_button)


def indicator_rows(view):
    """The rows of indicators in order: those below themes, or all if only one theme is listed."""
    tops = [view.tree.topLevelItem(at) for at in range(view.tree.topLevelItemCount())]
    is_themed = bool(tops) and "theme" in view.tree.row_of(tops[0])["about"]
    return [top.child(at) for top in tops for at in range(top.childCount())] if is_themed else tops


def row_of(view, title):
    """The row of an indicator, by its title."""
    return next(item for item in indicator_rows(view) if item.text(NAME).split("\n")[0] == title)


def below(item):
    return [(item.child(at).text(NAME), item.child(at).text(VALUE)) for at in range(item.childCount())]


def legend(layer):
    return [rule.label() for rule in layer.renderer().rootRule().children()]


def look_of(layer, unit):
    """The label in the legend under which a unit is drawn."""
    context = QgsRenderContext()
    layer.renderer().startRender(context, layer.fields())
    feature = next(one for one in layer.getFeatures() if one["unit"] == unit)
    rules = [rule.label() for rule in layer.renderer().rootRule().children() if rule.isFilterOK(feature, context)]
    layer.renderer().stopRender(context)
    (label,) = rules
    return label


def test_a_value_stands_with_its_target_and_its_status_by_sign_and_word(tab):
    view = measure(tab)
    row = row_of(view, EXPANSION)
    # 50 ha of boundary over 40 ha of towns, and over 30 ha.
    assert row.text(NAME) == f"{EXPANSION}\n1.25 – 1.67 times · target ≤ 1.30 · ■\u00a0broken 1 · ✓\u00a0met 1"
    assert below(row) == [
        ("南\ntarget ≤ 1.30 · 0.05 times free · met", "1.25 times"),
        ("北\ntarget ≤ 1.30 · −0.37 times free · broken", "1.67 times"),
    ]
    facts = dict(below(row.child(0)))
    assert {name: text[:3] for name, text in facts.items() if "2020" in name} == {
        "area: Land use patches 2020-12-31": "400"
    }
    row = row_of(view, REDLINE)
    assert row.text(NAME).split("\n")[1].startswith("unknown · ") and row.text(VALUE) == ""
    statuses = [item.text(NAME).split("\n")[1] for item in indicator_rows(view)]
    assert [status for status in statuses if status in ("", "unknown")] == []


def test_what_is_broken_stands_first_under_its_theme_and_can_be_listed_alone(tab):
    view = measure(tab)
    first, *others = [view.tree.topLevelItem(at) for at in range(view.tree.topLevelItemCount())]
    assert first.text(NAME).startswith("Building land and towns\n■\u00a0broken 1 · ")
    assert first.child(0) is row_of(view, EXPANSION) and first.isExpanded()
    assert len(others) > 5 and not any(other.isExpanded() for other in others)
    assert len(indicator_rows(view)) == len({value.indicator for value in view.values}) == 62
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    view.failing.setChecked(True)
    assert [item.text(NAME).split("\n")[0] for item in indicator_rows(view)] == [EXPANSION]
    assert view.tree.currentItem() is row_of(view, EXPANSION)
    view.tree.setCurrentItem(view.tree.topLevelItem(0))  # a theme, which is no indicator
    view.unit.setCurrentIndex(view.unit.findText("南"))  # where it is met
    assert indicator_rows(view) == []
    view.failing.setChecked(False)
    view.unit.setCurrentIndex(view.unit.findText("北"))
    assert indicator_rows(view)[0].text(NAME) == f"{EXPANSION}\ntarget ≤ 1.30 · −0.37 times free · broken"


def test_alerts_and_the_table_of_land_use_stand_beside_the_indicators_and_not_below(tab):
    view = measure(tab)
    assert [tab.bar.tabText(at) for at in range(tab.bar.count()) if tab.bar.isTabVisible(at)] == [
        *("Indicators", "Alerts", "Land-use totals")
    ]
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    assert view.map.layer is not None
    tab.bar.setCurrentIndex(ALERTS)
    assert tab.look_button.isVisible() and tab.units.isVisible() and not view.isVisible()
    assert view.map.layer is None  # its colours are of the list that is seen
    tab.bar.setCurrentIndex(LAND_USE)
    assert tab.balance.count_button.isVisible() and not tab.units.isVisible()
    tab.bar.setCurrentIndex(INDICATORS)
    assert view.isVisible() and view.map.layer is not None


def test_a_chosen_indicator_colours_the_units_and_leaves_with_the_tab(tab, dock):
    others = set(QgsProject.instance().mapLayers())
    view = measure(tab)
    assert view.map.layer is None
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    layer = view.map.layer
    assert legend(layer) == ["■ broken", "✓ met"] and layer.customProperty("skipMemoryLayersCheck")
    assert (look_of(layer, SOUTH), look_of(layer, NORTH)) == ("✓ met", "■ broken")
    assert sorted(one["label"] for one in layer.getFeatures()) == ["北\n■ 1.67 times", "南\n✓ 1.25 times"]
    assert {round(one.geometry().area()) for one in layer.getFeatures()} == {500_000}
    dock.tabs.setCurrentIndex(0)
    assert view.map.layer is None and set(QgsProject.instance().mapLayers()) == others
    dock.tabs.setCurrentIndex(dock.tab_index(tab))
    assert legend(view.map.layer) == ["■ broken", "✓ met"]
    # What has no target is shaded by value, what is unknown is hatched.
    view.tree.setCurrentItem(row_of(view, BUILT))
    layer = view.map.layer
    assert legend(layer) == ["60.0 %", "80.0 %"]
    assert (look_of(layer, NORTH), look_of(layer, SOUTH)) == ("60.0 %", "80.0 %")
    view.tree.setCurrentItem(row_of(view, REDLINE))
    (rule,) = view.map.layer.renderer().rootRule().children()
    kinds = [rule.symbol().symbolLayer(at).layerType() for at in range(rule.symbol().symbolLayerCount())]
    assert rule.label() == "? unknown" and "LinePatternFill" in kinds
    dock.hide()
    assert set(QgsProject.instance().mapLayers()) == others


def test_a_click_on_the_map_lists_the_values_of_that_unit(tab, canvas):
    view = measure(tab)
    canvas.show()
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    canvas.setLayers([view.map.layer])
    view.pick_button.click()
    place = canvas.getCoordinateTransform().transform(QgsPointXY(X + 500, Y + 750))
    QTest.mouseClick(
        canvas.viewport(),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        QPoint(int(place.x()), int(place.y())),
    )
    wait_for(lambda: view.unit.currentData() == NORTH)
    row = row_of(view, EXPANSION)
    assert (
        row.text(NAME) == f"{EXPANSION}\ntarget ≤ 1.30 · −0.37 times free · broken" and row.text(VALUE) == "1.67 times"
    )
    assert view.tree.currentItem() is row and len(list(view.map.layer.getFeatures())) == 2
    view.unit.setCurrentIndex(0)
    view.tree.itemActivated.emit(row_of(view, EXPANSION).child(0), NAME)
    assert view.unit.currentText() == "南" and row_of(view, EXPANSION).text(VALUE) == "1.25 times"
    view.leave_map()
    assert not view.pick_button.isChecked() and canvas.mapTool() is not view.tool


def click_row(view, item):
    """One click in the middle of a row's name."""
    view.tree.scrollToItem(item)
    place = view.tree.visualItemRect(item)
    QTest.mouseClick(
        view.tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place.center() - QPoint(20, 0)
    )


def test_a_click_on_a_unit_opens_its_page_from_the_list_and_from_the_map(tab, canvas, reader):
    view = measure(tab)
    canvas.show()
    row = row_of(view, EXPANSION)
    click_row(view, row)
    assert view.map.layer is not None and canvas.mapTool() is view.tool  # the units on the map can be clicked at once
    row.setExpanded(True)
    assert row.child(1).text(NAME).startswith("北")
    click_row(view, row.child(1))
    wait_for(lambda: reader.opened)
    assert "Indicators of 北, " in Path(reader.opened[0]).read_text(encoding="utf-8")
    wait_for(view.page_button.isEnabled)
    canvas.setLayers([view.map.layer])
    place = canvas.getCoordinateTransform().transform(QgsPointXY(X + 500, Y + 250))
    spot = QPoint(int(place.x()), int(place.y()))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)
    wait_for(lambda: len(reader.opened) == 2)
    assert "Indicators of 南, " in Path(reader.opened[1]).read_text(encoding="utf-8")
    assert view.unit.currentData() == SOUTH


def test_the_whole_district_is_one_unit(tab):
    tab.units.setCurrentIndex(0)
    view = measure(tab)
    # 100 ha of boundary over 70 ha of towns: the quotient of sums.
    assert (
        row_of(view, EXPANSION).text(NAME).endswith("\ntarget ≤ 1.30 · −0.13 times free · broken")
        and row_of(view, EXPANSION).text(VALUE) == "1.43 times"
        and view.unit.currentText() == "The district"
    )
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    assert [round(one.geometry().area()) for one in view.map.layer.getFeatures()] == [1_000_000]


def test_a_theme_lists_its_indicators_and_says_what_the_library_lacks(tab):
    wait_for(lambda: tab.theme.findText("Transport") > 0)
    view = measure(tab)
    whole = view.tree.topLevelItemCount()
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    tab.theme.setCurrentIndex(tab.theme.findText("Transport"))
    names = [view.tree.topLevelItem(at).text(NAME).split("\n")[0] for at in range(view.tree.topLevelItemCount())]
    assert names == ["Density of motorways", "Density of highways", "Density of railways"]
    assert view.map.layer is None  # what was on the map is no longer in the list
    assert "Railways" in tab.lacking.text() and not tab.lacking.isHidden()
    tab.theme.setCurrentIndex(tab.theme.findText("Agriculture"))
    tab.layers_button.click()
    root = QgsProject.instance().layerTreeRoot()
    seen = {layer.name().split(" 20")[0] for layer in root.layerOrder() if root.findLayer(layer).isVisible()}
    assert seen == {"Land use patches"}  # of this theme the library has the survey alone
    tab.theme.setCurrentIndex(0)
    assert view.tree.topLevelItemCount() == whole and tab.lacking.isHidden() and not tab.layers_button.isEnabled()


def test_warnings_lead_to_their_ground(tab, canvas):
    view = answer(tab.warnings, tab.look_button)
    heads = [view.tree.topLevelItem(at) for at in range(view.tree.topLevelItemCount())]
    quotas, permits, lines, candidates = heads
    assert [head.text(NAME) for head in heads] == [
        "Quotas",
        "Permits that ended or soon end",
        "New building ground over a line",
        "Candidates for change without approval",
    ]
    assert (EXPANSION + "\n北 · alarm · −0.37 times free", "1.67 / 1.30 times") in below(quotas)
    assert below(permits)[0][0].startswith("X1\n") and below(permits)[0][1].startswith("2024-01-31 (")
    for one in (lines, candidates):
        assert below(one)[0][0].startswith("unknown: ")  # one survey alone tells no change
    view.tree.itemActivated.emit(permits.child(0), NAME)
    centre = canvas.extent().center()
    assert (centre.x(), centre.y()) == (pytest.approx(X + 125), pytest.approx(Y + 125))
    view.tree.itemActivated.emit(quotas.child(0), NAME)
    assert canvas.extent().center().y() == pytest.approx(Y + 750)
    tab.own_files.use_pack(__file__)  # other targets, whatever the core says of them
    assert view.tree.topLevelItemCount() == 0
    tab.own_files.use_pack("")


def test_in_a_narrow_dock_the_names_of_what_to_look_at_have_most_of_the_width(tab):
    view = answer(tab.warnings, tab.look_button)
    view.tree.resize(290, view.tree.minimumHeight())
    view.tree.show()
    QApplication.processEvents()
    header, metrics = view.tree.header(), view.tree.fontMetrics()
    assert header.sectionSize(NAME) > header.sectionSize(VALUE)
    permit = view.tree.topLevelItem(1).child(0)
    ended = permit.text(VALUE)
    assert ended.endswith("ago)")
    lines = 2 if metrics.horizontalAdvance(ended) > header.sectionSize(VALUE) else 1  # a longer value wraps
    assert view.tree.visualItemRect(permit).height() >= lines * metrics.height()


def shown_steps(view):
    return [state for state, button in view.steps.buttons.items() if not button.isHidden()]


def test_a_warning_goes_its_steps_and_says_by_whom_and_why(tab, dock, reader):
    view = answer(tab.warnings, tab.look_button)
    assert view.steps.isHidden() and view.keep_button.isEnabled() and "are new" in view.note.text()
    answer(tab.warnings, view.keep_button)
    assert not view.keep_button.isEnabled() and "are new" not in view.note.text()
    permits = view.tree.topLevelItem(1)
    view.tree.setCurrentItem(permits.child(0))
    assert permits.child(0).text(NAME).startswith("X1\nopen · ")
    assert shown_steps(view) == ["notified"] and not view.steps.isHidden()
    for state, reason, after in (
        ("notified", "letter 12", ["explained", "mended"]),
        ("mended", "extended", ["closed"]),
        ("closed", "seen", []),
    ):
        view.steps.take(state, reason)
        wait_for(lambda after=after: shown_steps(view) == after)
    item = view.tree.currentItem()
    assert item.text(NAME).startswith("X1\nclosed · ")
    lines = [text for text, _ in below(item)]
    assert [line.split(" · ")[0] for line in lines] == ["open", "notified", "mended", "closed"]
    assert lines[1].endswith(" · letter 12") and lines[1].split(" · ")[2], "each step stands below"
    view.page_button.click()
    wait_for(lambda: reader.opened)
    text = Path(reader.opened[0]).read_text(encoding="utf-8")
    assert "Alerts, " in text and "closed" in text and "<svg" in text
    refused = []
    view.refused.connect(refused.append)
    view.tree.setCurrentItem(view.tree.topLevelItem(0).child(0))
    view.steps.take("notified", " ")
    wait_for(lambda: refused)
    assert "reason" in str(refused[0])


def test_the_page_of_a_unit_opens(tab, reader):
    view = measure(tab)
    view.unit.setCurrentIndex(view.unit.findData(NORTH))
    view.page_button.click()
    wait_for(lambda: reader.opened)
    text = Path(reader.opened[0]).read_text(encoding="utf-8")
    assert "Indicators of 北, " in text and "南" not in text and "1.67" in text
    wait_for(lambda: tab.theme.findText("Transport") > 0 and view.page_button.isEnabled())
    tab.theme.setCurrentIndex(tab.theme.findText("Transport"))
    view.page_button.click()
    wait_for(lambda: len(reader.opened) == 2)
    assert "<h1>Transport, " in Path(reader.opened[1]).read_text(encoding="utf-8")


@pytest.fixture
def far_east():
    """A time zone whose hour is not that of Greenwich."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", "FAR-09:30")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.slow
@pytest.mark.usefixtures("far_east")
def test_sensors_stand_on_the_map_by_age_and_status(tab, dock, tmp_path):
    """Hourly levels until 23:00; A is above its alarm, B within, C has been silent since noon."""
    assert tab.sensors.isHidden()
    library, table, limits = dock.library.path, tmp_path / "readings.csv", tmp_path / "limits.toml"
    rows = ["JDBH,ZBDM,DW,SJ,Z,CCZQ"]
    for node, level, last in (("A", 9.0, 23), ("B", 1.0, 23), ("C", 1.0, 12)):
        rows += [f"{node},level,m,2025-06-01T{hour:02}:30:00+08:00,{level},3600" for hour in range(last + 1)]
    table.write_text("\n".join(rows), encoding="utf-8")
    limits.write_text('[[limit]]\nproperty = "level"\nunit = "m"\nover = "reading"\nalarm = 5\n', encoding="utf-8")
    places = [(f"POINT ({X + 100 * at} {Y})", name) for at, name in enumerate("ABC")]
    nodes = write_layer(tmp_path / "nodes.gpkg", ["JDBH"], places)
    for code, source, more in (("WLWJD", nodes, ["--covers=extent"]), ("JCSJ", table, [])):
        core("add", library, source, f"--as={code}", "--valid-from=2025-06-01", *more)
    dock.library.set_day(QDate(2025, 6, 1))
    wait_for(lambda: not tab.sensors.isHidden())
    tab.sensors.use_limits(str(limits))
    view = answer(tab.sensors, tab.sensors.button)
    shown = {feature["node"]: feature["shown"] for feature in view.map.layer.getFeatures()}
    assert shown == {"A": "alarm_heard", "B": "normal_heard", "C": "unknown_silent"}
    rules = {rule.filterExpression(): rule for rule in view.map.layer.renderer().rootRule().children()}
    shapes = {
        name: rules[f"\"shown\" = '{name}'"].symbol().symbolLayer(0).properties()["name"] for name in shown.values()
    }
    assert shapes == {"alarm_heard": "square", "normal_heard": "circle", "unknown_silent": "cross2"}
    assert rules["\"shown\" = 'alarm_heard'"].label() == "alarm · on time" and view.map.layer.labelsEnabled()
    dock.library.set_day(QDate())
    wait_for(lambda: not dock.library.day and not tab.sensors.isHidden())
    pressed = QDateTime.currentDateTimeUtc()
    names = [f"Sensors · {pressed.addSecs(late).toString('yyyy-MM-dd HH:mm')}" for late in (34_200, 34_260)]
    assert answer(tab.sensors, tab.sensors.button).map.layer.name() in names
    dock.tabs.setCurrentIndex(0)
    assert view.map.layer is None


def test_the_numbers_of_another_day_are_not_left_standing(tab, dock):
    view = measure(tab)
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    answer(tab.warnings, tab.look_button)
    dock.library.set_day(QDate(2019, 6, 1))
    wait_for(lambda: tab.units.findData("XZQ") < 0)
    assert view.tree.topLevelItemCount() == 0 and view.map.layer is None
    assert tab.warnings.tree.topLevelItemCount() == 0


def test_values_that_rest_on_an_older_version_say_so_until_they_are_measured_again(tab, dock, tmp_path):
    view = measure(tab)
    assert view.changed_versions.isHidden()
    boundary = write_layer(tmp_path / "less.gpkg", ["BSM", "GHFQMC"], [(box(0, 0, 900, 900), "B1", "城镇集中建设区")])
    core("add", dock.library.path, boundary, "--as", "CZKFBJ", "--valid-from", "2025-01-01", "--covers", "district")
    dock.library.refresh()
    wait_for(lambda: not view.changed_versions.isHidden())
    assert "than were asked here: Urban growth boundary" in view.changed_versions.text()
    measure(tab)
    assert view.changed_versions.isHidden()


@pytest.mark.usefixtures("usual_font")
def test_the_tab_speaks_chinese_fits_320_pixels_and_names_its_controls(tab, dock):
    settings.put("language", "zh")
    dock.core.ask("words", {}).answered.connect(core_words.learn)
    measure(tab)
    answer(tab.warnings, tab.look_button)
    texts = [row_of(tab.indicators, title).text(NAME) for title in ("城镇开发边界扩展倍数", "生态保护红线面积")]
    assert texts[0].endswith("■\u00a0突破 1 · ✓\u00a0达标 1") and "无法判定" in texts[1]
    assert tab.warnings.tree.topLevelItem(0).text(NAME) == "约束指标"
    bar = dock.style().pixelMetric(dock.style().PixelMetric.PM_ScrollBarExtent)
    assert tab.minimumSizeHint().width() + bar <= 320 and dock.minimumSizeHint().width() <= 320
    # What a box lets drop down has its box's name.
    assert [one for one in nameless_controls(tab) if not isinstance(one.window(), QFrame)] == []


def charts_of(view):
    return [view.charts.box.itemText(at) for at in range(view.charts.box.count())]


def dark_pixels(image):
    """The number of pixels in a picture that are as dark as text."""
    return sum(
        image.pixelColor(x, y).lightness() < 100
        for x in range(0, image.width(), 2)
        for y in range(0, image.height(), 2)
    )


def most_stripes(image):
    """How often a row of pixels changes from white to grey, in the row where it does so most."""
    found = 0
    for y in range(0, image.height(), 3):
        row = [image.pixelColor(x, y).lightness() < 200 for x in range(image.width())]
        found = max(found, sum(row[x] and not row[x - 1] for x in range(1, len(row))))
    return found


def test_the_chart_of_what_is_chosen_is_drawn_in_the_dock_and_saved_and_copied(tab, dock, tmp_path):
    view = measure(tab)
    assert not view.charts.isVisible()
    view.tree.setCurrentItem(row_of(view, EXPANSION))
    assert view.charts.isVisible() and charts_of(view) == ["By unit", "Quota left"]
    picture = view.charts.picture
    assert picture.accessibleName() == EXPANSION and picture.renderer.isValid()
    assert dark_pixels(picture.image()) > 1000
    for width in (360, 520):  # as wide as the dock, in its own proportion
        dock.resize(width, 900)
        wait_for(lambda asked=width: abs(picture.width() - asked) < 60)
        box_mm = picture.renderer.viewBoxF()
        room = picture.width() - 2 * EDGE_PX
        drawn = (picture.height() - 2 * EDGE_PX) * box_mm.width() / box_mm.height()
        assert drawn <= room + 2 and drawn >= min(room, 1.59 * box_mm.width() / 25.4 * 96) - 2
        sheet = picture.grab().toImage()
        edge = [sheet.pixelColor(x, y).lightness() for x in range(1, EDGE_PX) for y in range(1, sheet.height() - 1)]
        assert set(edge) == {255}, "no letter stands at the edge of the paper"
    for name in ("chart.svg", "chart.png"):
        view.charts.save(str(tmp_path / name))
    svg = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "北" in svg and "1.67" in svg and "2022-12-31" in svg
    assert QImage(str(tmp_path / "chart.png")).width() > 600
    view.charts.copy()
    assert QGuiApplication.clipboard().mimeData().hasImage()
    view.unit.setCurrentIndex(view.unit.findData(NORTH))
    assert charts_of(view) == ["By unit", "Quota left", "The unit against its targets"]
    view.tree.setCurrentItem(row_of(view, REDLINE))
    view.charts.box.setCurrentIndex(0)
    assert view.charts.picture.accessibleName() == REDLINE
    assert most_stripes(view.charts.picture.image()) > 30, "what nobody knows is hatched in Qt too"
    view.clear()
    assert not view.charts.isVisible()


def test_a_chart_is_set_in_the_first_font_that_is_there():
    there = QFontInfo(QFont()).family()
    svg = f'<svg font-family="No Such Font, {there}, sans-serif"><text>x</text></svg>'
    assert svg_for_qt(svg) == f'<svg font-family="{there}"><text>x</text></svg>'
    assert svg_for_qt('<svg font-family="No Such Font, Nor This"/>') == "<svg/>"


def test_a_value_is_explained_down_to_versions_and_features(tab):
    view = measure(tab)
    row = row_of(view, EXPANSION)
    view.tree.setCurrentItem(row)
    assert not view.explain_button.isEnabled(), "two units have two stories"
    view.tree.setCurrentItem(row.child(1))
    view.explain_button.click()
    wait_for(lambda: view.steps.isVisible())
    text = view.steps.text()
    versions = ("Urban growth boundary 2022-12-31", "Land use patches 2020-12-31")
    assert all(one in text for one in (*versions, "P3", "1.67 times"))
    assert "CZKFBJ__1" not in text and "technical" in text  # names of tables stand under the technical details
    view.tree.setCurrentItem(row.child(0))
    assert not view.steps.isVisible()
    messages = []
    view.message_sent.connect(messages.append)
    view.repeat_button.click()
    wait_for(lambda: messages)
    assert messages == [f"The run {view._run} was measured again: every row is as it is kept."]


@pytest.mark.slow
def test_values_say_which_way_they_go_and_a_quota_what_it_leaves(tab, numbered_library, tmp_path):
    """A second survey of 2024, with 45 ha of towns in the south in place of 40: the share of building land rises."""
    land = [(box(0, 0, 900, 500), "P1", "0701"), (box(900, 0, 100, 500), "P2", "0101")]
    land += [(box(0, 500, 600, 500), "P3", "0701"), (box(600, 500, 400, 500), "P4", "0101")]
    rows = [(shape, key, code, "201" if code == "0701" else "") for shape, key, code in land]
    file = write_layer(tmp_path / "survey.gpkg", ["BSM", "DLBM", "CZCSXM"], rows)
    core("add", tab._library.path, file, "--as=DLTB", "--covers=extent", "--valid-from=2024-12-31")
    view = measure(tab)
    assert "assumed from the bounding box: Land use patches" in view.note.text()
    row = row_of(view, BUILT)
    assert row.text(NAME).split("\n")[1].endswith("↗\u00a0rises 1 · →\u00a0unchanged 1")
    south, north = row.child(0), row.child(1)
    assert "→ unchanged from " in north.text(NAME)
    assert "↗ rises from 80.0 (2024-12-30)" in south.text(NAME)
    view.tree.setCurrentItem(row)
    assert charts_of(view) == ["By unit", "Over time"]
    view.unit.setCurrentIndex(view.unit.findData(SOUTH))
    assert "↗ rises from 80.0" in row_of(view, BUILT).text(NAME)
    view.unit.setCurrentIndex(0)
    facts = dict(below(row_of(view, EXPANSION).child(1)))
    assert facts["Headroom"].startswith("−0.37")


OWN_THEME = """
id = "ours"
title = { zh = "本局专题", en = "Our own theme" }
layers = ["DLTB"]
tables = []
indicators = ["built.intensity"]
"""


def test_a_bureaus_own_theme_is_read_from_its_file(tab, tmp_path, reader):
    wait_for(lambda: tab.theme.count() > 1)
    before = tab.theme.count()
    file = tmp_path / "ours.toml"
    file.write_text(OWN_THEME, encoding="utf-8")
    tab.own_files.add_theme(str(file))
    wait_for(lambda: tab.theme.count() == before + 1)
    tab.theme.setCurrentIndex(tab.theme.findText("Our own theme"))
    view = measure(tab)
    assert [view.tree.topLevelItem(at).text(NAME).split("\n")[0] for at in range(view.tree.topLevelItemCount())] == [
        BUILT
    ]
    view.open_page()
    wait_for(lambda: reader.opened)
    assert "Our own theme" in Path(reader.opened[0]).read_text(encoding="utf-8")
    refused = []
    tab.refused.connect(lambda refusal: refused.append(str(refusal)))
    file.write_text(OWN_THEME.replace("built.intensity", "no.such"), encoding="utf-8")
    tab.own_files.add_theme(str(file))
    wait_for(lambda: refused and tab.theme.count() == before)
    assert "no.such" in refused[0] and "ours.toml" in refused[0]
    tab.own_files.remove_theme(str(file))
    assert tab.own_files.themes == []


def test_a_theme_s_file_that_is_gone_is_named_and_the_theme_that_was_chosen(tab, tmp_path):
    wait_for(lambda: tab.theme.count() > 1)
    before, file, messages = tab.theme.count(), tmp_path / "ours.toml", []
    tab.message_sent.connect(messages.append)
    file.write_text(OWN_THEME, encoding="utf-8")
    tab.own_files.add_theme(str(file))
    wait_for(lambda: tab.theme.count() == before + 1)
    tab.theme.setCurrentIndex(tab.theme.findText("Our own theme"))
    file.unlink()
    tab._library.set_day(QDate(2025, 7, 1))
    wait_for(lambda: tab.theme.count() == before)
    assert tab.lost_files.isVisible() and "ours.toml" in tab.lost_files.text() and "Our own theme" in messages[-1]
    file.write_text(OWN_THEME, encoding="utf-8")
    tab._library.set_day(QDate(2025, 7, 2))
    wait_for(lambda: tab.theme.count() == before + 1)  # it is read again where it has come back
    assert not tab.lost_files.isVisible()
    file.unlink()
    tab.own_files.remove_theme(str(file))
    wait_for(lambda: tab.theme.count() == before)
    assert not tab.lost_files.isVisible() and tab.own_files.lost == []


def test_the_land_use_balance_of_a_ground_is_in_the_room(tab):
    answer(tab.balance, tab.balance.count_button)
    assert tab.balance.tree.topLevelItem(0).text(1) == "100.0000", "ha, of the whole district"
