"""What lies here: a click on the map, the tree of all layers, the highlight, the map's menu, the locator."""

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
)
from qgis.gui import QgsMapMouseEvent
from qgis.PyQt.QtCore import QEvent, QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QMenu

from onemap.plugin.identify.place_filter import PlaceFilter, PlaceQuestions
from onemap.tests.plugin.small_town import CRS, X, Y, box, line, wait_for, write_layer


@pytest.fixture(scope="module")
def town_library(provider, town, tmp_path_factory):
    """A library with land use of two classes, a road, and two place names."""
    folder = tmp_path_factory.mktemp("identify")
    library = str(folder / "library.gpkg")
    processing.run("onemap:new", {"LIBRARY": library, "CRS": CRS, "DISTRICT": str(town / "district.gpkg")})
    land = [(box(0, 0, 500, 1000), "P1", "0101"), (box(500, 0, 500, 1000), "P2", "0701")]
    files = {
        "DLTB": write_layer(folder / "land.gpkg", ["BSM", "DLBM"], land),
        "GL": write_layer(folder / "road.gpkg", ["BSM", "DLMC"], [(line((0, 300), (1000, 300)), "R1", "s")]),
        "DMDZ": write_layer(
            folder / "names.gpkg",
            ["DMBH", "DMMC"],
            [(f"POINT({X + 100} {Y + 100})", "D1", "长安小区"), (f"POINT({X + 900} {Y + 900})", "D2", "东营村")],
        ),
    }
    for code in ("DLTB", "DMDZ"):
        processing.run("onemap:add", {"LIBRARY": library, "SOURCE": files[code], "AS": code, "COVERS": "district"})
    define = "name=Road,department=transport,library=base,kind=vector,geometry=line,key=BSM"
    values = {"LIBRARY": library, "SOURCE": files["GL"], "AS": "STREET", "COVERS": "district", "DEFINE": define}
    processing.run("onemap:add", values)
    return library


@pytest.fixture
def view(dock, town_library):
    dock.show()
    dock.open_library(town_library)
    wait_for(lambda: dock.library.layers)
    return dock.identify


def click(canvas, x, y):
    """A click of the left button on the canvas at a place of the world."""
    point = canvas.getCoordinateTransform().transform(QgsPointXY(X + x, Y + y))
    place = QPoint(round(point.x()), round(point.y()))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


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
    assert "0101" in listed and "500,000.00 m²" in listed and "STREET" not in listed
    assert item_with(view, "0101").parent().parent().text(0).count("·") == 1
    assert item_with(view, "Road").childCount() == 1
    assert any(row.startswith("Nothing here") for row in rows(view))
    assert any(row.startswith("Not known here") for row in rows(view))
    assert view.tree.accessibleName() and view.close_button.accessibleName()


def test_a_chosen_feature_is_highlighted_and_its_values_have_titles(view, canvas):
    view.ask_at(QgsPointXY(X + 750, Y + 600))
    wait_for(lambda: view.tree.topLevelItemCount())
    item = item_with(view, "0701")
    view.tree.setCurrentItem(item)
    (band,) = view._bands
    assert band.asGeometry().boundingBox().width() == pytest.approx(500, abs=1e-6)
    assert any(item.child(row).text(0) == "Land class code" for row in range(item.childCount()))
    view.tree.setCurrentItem(item.child(0))  # a value is about its feature
    assert len(view._bands) == 1
    view.tree.itemActivated.emit(item, 0)
    assert canvas.extent().contains(QgsPointXY(X + 750, Y + 500))
    view.close_button.click()
    assert view._bands == [] and view.tree.topLevelItemCount() == 0


def test_enter_asks_about_the_middle_and_escape_gives_the_tool_back(view, canvas):
    view.button.click()
    middle = canvas.center()
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    wait_for(lambda: view.place.text())
    assert view.place.text() == f"{middle.x():,.2f}, {middle.y():,.2f}"
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
    """Name and place of what the locator finds; its results live for as long as its signal does."""
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
    ((name, place),) = search(locator, f"{there.x():.8f},{there.y():.8f}")
    place_filter.triggerResult(QgsLocatorResult(place_filter, name, place))
    wait_for(lambda: view.tree.topLevelItemCount())
    assert item_with(view, "0701")
    assert canvas.extent().contains(QgsPointXY(X + 750, Y + 600)) and canvas.extent().width() < 2000


def test_the_algorithm_answers_in_json(town_library):
    results = processing.run("onemap:identify", {"LIBRARY": town_library, "X": str(X + 250), "Y": str(Y + 300)})
    layers = {layer["code"]: layer for layer in json.loads(results["JSON"])["layers"]}
    assert [one["feature"] for one in layers["DLTB"]["features"]] == ["P1"]
    assert results["FEATURE_COUNT"] == 2
