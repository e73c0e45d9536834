"""Identify: clicks, lines and boxes on the map, the tree of all layers, the highlight, the menu, the locator."""

import json

import processing
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsLocator,
    QgsLocatorContext,
    QgsLocatorResult,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapMouseEvent
from qgis.PyQt.QtCore import QEvent, QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QMenu

from onemap.plugin.rooms.identify.place_filter import PlaceFilter, PlaceQuestions
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import CRS, X, Y, box, lay_out, line, open_in, wait_for, write_layer


@pytest.fixture(scope="module")
def town_library(provider, town, tmp_path_factory):
    """A library with land use of two classes, a road, and two place names."""
    folder = tmp_path_factory.mktemp("identify")
    land = [(box(0, 0, 500, 1000), "P1", "0101"), (box(500, 0, 500, 1000), "P2", "0701")]
    files = {
        "DLTB": write_layer(folder / "land.gpkg", ["BSM", "DLBM"], land),
        "GL": write_layer(folder / "road.gpkg", ["BSM", "DLMC"], [(line((0, 300), (1000, 300)), "R1", "Ring road")]),
        "DMDZ": write_layer(
            folder / "names.gpkg",
            ["DMBH", "DMMC"],
            [(f"POINT({X + 100} {Y + 100})", "D1", "长安小区"), (f"POINT({X + 900} {Y + 900})", "D2", "东营村")],
        ),
    }
    define = "name=Road,department=transport,library=base,kind=vector,geometry=line,key=BSM"
    layers = [(code, files[code], {}) for code in ("DLTB", "DMDZ")]
    layers.append(("STREET", files["GL"], {"define": define}))
    return make_library(folder / "library.gpkg", town / "district.gpkg", *layers)


@pytest.fixture
def view(dock, town_library):
    dock.show()
    open_in(dock, town_library)
    return dock.identify


def click(canvas, x, y):
    """A click of the left button on the canvas at a place of the world."""
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel(canvas, x, y))


def texts(item, depth=0):
    """The tree's rows below an item, indented, name and value."""
    found = []
    for index in range(item.childCount()):
        child = item.child(index)
        found += ["  " * depth + f"{child.text(0)} | {child.text(1)}", *texts(child, depth + 1)]
    return found


def rows(view):
    return texts(view.tree.invisibleRootItem())


def item_with(view, text):
    found = view.tree.findItems(text, Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive, 0)
    assert found, rows(view)
    return found[0]


def test_a_click_lists_every_layer_at_the_place_by_kind_and_department(view, canvas):
    assert not view.tree.isVisibleTo(view)
    view.button.click()
    assert canvas.mapTool() is view.tool
    click(canvas, 250, 300)
    wait_for(lambda: view.tree.topLevelItemCount())
    listed = "\n".join(rows(view))
    assert "0101" in listed and "500,000 m²" in listed and "STREET" not in listed
    assert item_with(view, "0101").parent().parent().text(0).count("·") == 1
    assert item_with(view, "Road").childCount() == 1
    assert any(row.startswith("Nothing here") for row in rows(view))
    assert any(row.startswith("Not known here") for row in rows(view))
    assert view.tree.accessibleName() and view.close_button.accessibleName()


def test_an_answer_has_the_room_of_the_layers_so_that_one_thing_scrolls(view, dock, canvas, usual_font):
    dock.setFloating(True)
    dock.resize(320, 576)
    place = QgsPointXY(X + 100, Y + 100)
    view.ask_at(place)
    wait_for(lambda: view.tree.topLevelItemCount())
    lay_out()
    assert dock.tabs.currentWidget().verticalScrollBar().maximum() == 0
    assert not dock.map_tab.tree.isVisible() and view.tree.height() > 400
    dock.library.listed.emit()  # as after another desk has written
    lay_out()
    assert not dock.day_swipe.isVisible() and view.tree.height() > 400
    QTest.mouseClick(view.close_button, Qt.MouseButton.LeftButton)
    assert dock.map_tab.tree.isVisible() and dock.day_swipe.isVisible() and not view.tree.isVisible()
    assert view.button.isVisible()


def test_a_chosen_feature_is_highlighted_and_its_values_have_titles(view, canvas):
    view.ask_at(QgsPointXY(X + 750, Y + 600))
    wait_for(lambda: view.tree.topLevelItemCount())
    item = item_with(view, "0701")
    view.tree.setCurrentItem(item)
    band = view._feature_band
    assert band.asGeometry().boundingBox().width() == pytest.approx(500, abs=1e-6)
    assert any(item.child(row).text(0) == "Land class code" for row in range(item.childCount()))
    view.tree.setCurrentItem(item.child(0))  # a value is about its feature
    assert view._feature_band is not None
    view.tree.itemActivated.emit(item, 0)
    assert canvas.extent().contains(QgsPointXY(X + 750, Y + 500))
    view.close_button.click()
    assert view._feature_band is None and view.tree.topLevelItemCount() == 0


def test_enter_asks_about_the_middle_and_escape_gives_the_tool_back(view, canvas):
    view.button.click()
    middle = canvas.center()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    wait_for(lambda: view.tree.topLevelItemCount())
    assert view.place.text() == f"{middle.x():.2f}, {middle.y():.2f}"  # as one copies it, without thousands
    assert CRS in view.place.toolTip()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not view.button.isChecked() and canvas.mapTool() is not view.tool


def test_the_maps_menu_asks_about_the_place_of_the_click(view, canvas):
    menu = QMenu()
    point = canvas.getCoordinateTransform().transform(QgsPointXY(X + 750, Y + 600))
    place = QPoint(round(point.x()), round(point.y()))
    event = QgsMapMouseEvent(canvas, QEvent.Type.MouseButtonPress, place, Qt.MouseButton.RightButton)
    canvas.contextMenuAboutToShow.emit(menu, event)
    (action,) = [action for action in menu.actions() if action.text() == "What lies here?"]
    action.trigger()
    wait_for(lambda: view.tree.topLevelItemCount())
    assert item_with(view, "0701")


def test_another_library_forgets_the_place(view, dock, library):
    view.ask_at(QgsPointXY(X + 750, Y + 600))
    wait_for(lambda: view.tree.topLevelItemCount())
    dock.open_library(library)
    assert view.tree.topLevelItemCount() == 0


def search(locator, text, prefix="om"):
    """Name and place of the locator's results, which live as long as its signal."""
    found = []

    def take(result):
        found.append((result.displayString, result.userData))

    locator.foundResult.connect(take)
    locator.fetchResults(f"{prefix} {text}", QgsLocatorContext())
    wait_for(lambda: not locator.isRunning())
    locator.foundResult.disconnect(take)
    return found


def test_the_locator_finds_places_by_pinyin_numbers_and_coordinates(view, dock, canvas):
    questions = PlaceQuestions(dock.library)
    locator, place_filter = QgsLocator(), PlaceFilter(questions, dock.show_place, dock.identify.ask)
    locator.registerFilter(place_filter)
    assert [name for name, _place in search(locator, "caxq")] == ["长安小区"]
    assert [name for name, _place in search(locator, "东营")] == ["东营村"]
    assert [name for name, _place in search(locator, "caxq", "onemap")] == ["长安小区"]
    assert search(locator, "zzzz") == [] and search(locator, "caxq", "road") == []
    change = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem(CRS), QgsCoordinateReferenceSystem("EPSG:4490"), QgsProject.instance()
    )
    there = change.transform(QgsPointXY(X + 750, Y + 600))
    for text in (f"{there.y():.8f} {there.x():.8f}", f"{there.x():.8f}°E，{there.y():.8f}°N", f"{X + 750}、{Y + 600}"):
        ((_name, place),) = search(locator, text)  # in either order, with signs, in the library's metres
        assert place["crs"] == (CRS if str(X + 750) in text else "EPSG:4490")
    ((name, place),) = search(locator, f"{there.x():.8f},{there.y():.8f}")
    place_filter.triggerResult(QgsLocatorResult(place_filter, name, place))
    wait_for(lambda: view.tree.topLevelItemCount())
    assert item_with(view, "0701")
    assert canvas.extent().contains(QgsPointXY(X + 750, Y + 600)) and canvas.extent().width() < 2000


def test_the_locator_finds_parcels_of_the_map_after_what_the_library_has(view, dock, canvas, tmp_path):
    rows = [(box(100, 100, 50, 50), "DK00017", "东营家园"), (box(300, 100, 50, 50), "DK00018", None)]
    layer = QgsVectorLayer(write_layer(tmp_path / "parcels.gpkg", ["DKBH", "DKMC"], rows), "parcels", "ogr")
    QgsProject.instance().addMapLayer(layer)
    questions = PlaceQuestions(dock.library)
    locator, place_filter = QgsLocator(), PlaceFilter(questions, dock.show_place, dock.identify.ask)
    locator.registerFilter(place_filter)
    assert [name for name, _place in search(locator, "东营")] == ["东营村", "DK00017 东营家园"]
    ((name, place),) = search(locator, "dk00018")
    place_filter.triggerResult(QgsLocatorResult(place_filter, name, place))
    wait_for(lambda: view.tree.topLevelItemCount())
    assert canvas.extent().contains(QgsPointXY(X + 325, Y + 125)) and item_with(view, "0101")


@pytest.mark.slow
def test_the_algorithm_answers_in_json(town_library, tmp_path):
    target = tmp_path / "answer.json"
    place = {"X": str(X + 250), "Y": str(Y + 300)}
    results = processing.run("onemap:identify", {"LIBRARY": town_library, **place, "JSON": str(target)})
    layers = {layer["code"]: layer for layer in json.loads(target.read_text(encoding="utf-8"))["layers"]}
    assert [one["feature"] for one in layers["DLTB"]["features"]] == ["P1"]
    assert results["FEATURE_COUNT"] == 2


def pixel(canvas, x, y):
    """The pixel of a place on the canvas."""
    point = canvas.getCoordinateTransform().transform(QgsPointXY(X + x, Y + y))
    return QPoint(round(point.x()), round(point.y()))


def drag(canvas, first, second):
    """A drag with the left button between two places of the world."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas.viewport(), left, none, pixel(canvas, *first))
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(pixel(canvas, *second)),
        QPointF(canvas.viewport().mapToGlobal(pixel(canvas, *second))),
        Qt.MouseButton.NoButton,
        left,
        none,
    )
    QApplication.sendEvent(canvas.viewport(), move)
    QTest.mouseRelease(canvas.viewport(), left, none, pixel(canvas, *second))


@pytest.fixture
def whole_map(canvas):
    """The map shows the square of 1,000 m and 100 m around it."""
    canvas.setExtent(QgsRectangle(X - 100, Y - 100, X + 1100, Y + 1100))
    return canvas


def test_a_drag_asks_about_a_box_with_what_lies_inside_it(view, whole_map):
    canvas = whole_map
    view.button.click()
    assert view.hint.isVisibleTo(view) and "drag" in view.hint.text()
    drag(canvas, (400, 200), (700, 600))  # 100 m of the first plot, 200 m of the second
    wait_for(lambda: view.tree.topLevelItemCount())
    box_drawn = view._place_band.asGeometry()
    m2 = box_drawn.area()
    assert m2 == pytest.approx(300 * 400, rel=0.02)
    assert view.place.text() == f"In a box: {m2:,.0f} m²"
    land = item_with(view, "· 2")
    names = [land.child(row).text(0) for row in range(2)]
    assert [name.split()[0] for name in names] == ["0701", "0101"]  # the one with more of it inside first
    bounds = box_drawn.boundingBox()
    inside = (X + 500 - bounds.xMinimum()) * bounds.height()
    first_class = item_with(view, "0101")
    assert first_class.text(1) == f"{inside:,.0f} m²"
    assert (first_class.child(0).text(0), first_class.child(0).text(1)) == ("Whole area", "500,000 m²")
    assert first_class.child(1).text(1) == f"{100 * inside / 500_000:.1f} %"
    assert item_with(view, "Ring road").text(1) == f"{bounds.width():,.1f} m"  # of the road of 1,000 m
    view.close_button.click()
    assert view._place_band is None and view.tree.topLevelItemCount() == 0


def test_a_line_is_drawn_by_clicks_and_ended_by_a_double_click(view, whole_map):
    canvas = whole_map
    view.way_button.actions_by_way["line"].trigger()
    assert view.button.isChecked() and canvas.mapTool() is view.tool and "line" in view.way_button.accessibleName()
    click(canvas, 200, 600)
    click(canvas, 900, 600)
    QTest.mouseDClick(
        canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel(canvas, 900, 600)
    )
    wait_for(lambda: view.tree.topLevelItemCount())
    drawn = view._place_band.asGeometry()
    assert drawn.length() == pytest.approx(700, abs=4) and len(drawn.asPolyline()) == 2
    assert view.place.text() == f"Along a line: {drawn.length():,.1f} m"
    first, last = drawn.asPolyline()
    assert item_with(view, "0101").text(1) == f"{X + 500 - first.x():,.1f} m"
    assert item_with(view, "0701").text(1) == f"{last.x() - X - 500:,.1f} m"
    road = view.tree.findItems("Road", Qt.MatchFlag.MatchStartsWith | Qt.MatchFlag.MatchRecursive, 0)[0]
    assert road.parent().text(0) == "Nothing here" and " m " in road.text(1), "how far the nearest is"


def test_a_line_and_a_box_are_drawn_by_keyboard_alone(view, whole_map):
    canvas = whole_map
    view.use_way("line")
    QTest.keyClick(canvas, Qt.Key.Key_Insert)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert view._place_band is None  # one corner is no line
    before = canvas.center()
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Insert)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    QTest.keyClick(canvas, Qt.Key.Key_Insert)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    wait_for(lambda: view.tree.topLevelItemCount())
    assert view.place.text() == f"Along a line: {before.x() - canvas.center().x():,.1f} m"
    view.clear()
    view.use_way("box")
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    wait_for(lambda: view.tree.topLevelItemCount())
    assert view._place_band.asGeometry().boundingBox().width() == pytest.approx(canvas.extent().width())
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not view.button.isChecked() and not view.hint.isVisibleTo(view)


def test_escape_first_takes_the_drawing_back_and_the_map_s_menu_stays_away_while_a_line_is_drawn(view, whole_map):
    canvas = whole_map
    view.use_way("line")
    click(canvas, 100, 600)
    assert view.tool.flags() != view.tool.Flag.ShowContextMenu
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert view.button.isChecked() and view.tool.flags() == view.tool.Flag.ShowContextMenu
    click(canvas, 100, 600)
    click(canvas, 300, 600)
    QTest.mouseClick(
        canvas.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, pixel(canvas, 300, 600)
    )
    wait_for(lambda: view.tree.topLevelItemCount())
    assert view._place_band.asGeometry().length() == pytest.approx(200, abs=4)


def test_the_maps_menu_begins_a_line_or_a_box_at_the_place_of_the_click(view, whole_map):
    canvas = whole_map
    event = QgsMapMouseEvent(canvas, QEvent.Type.MouseButtonPress, pixel(canvas, 250, 600), Qt.MouseButton.RightButton)
    menu = QMenu()
    canvas.contextMenuAboutToShow.emit(menu, event)
    next(action for action in menu.actions() if "box" in action.text()).trigger()
    assert view.tool.way == "box"
    click(canvas, 350, 700)  # the other corner
    wait_for(lambda: view.tree.topLevelItemCount())
    assert view._place_band.asGeometry().area() == pytest.approx(10_000, rel=0.06)
    next(action for action in menu.actions() if "line" in action.text()).trigger()
    assert view.tool.way == "line"
    click(canvas, 450, 600)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    wait_for(lambda: view.place.text().startswith("Along a line"))
    assert view._place_band.asGeometry().length() == pytest.approx(200, abs=4)
