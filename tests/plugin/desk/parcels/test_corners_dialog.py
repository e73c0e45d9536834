"""Typed or pasted corners are on the map like a drawn parcel, and are checked in their own system."""

import pytest
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.tests.plugin.small_town import CRS, X, Y, wait_for


@pytest.fixture
def parcels(dock, library):
    dock.open_library(library)
    wait_for(lambda: dock.library.layers and dock.library.packs)
    return dock.check_tab.parcels


def type_corners(parcels, text):
    """Open the dialog, type, and wait for the core's answer."""
    if parcels.corners_dialog is None:
        parcels.corners_button.click()
    dialog = parcels.corners_dialog
    dialog.text.setPlainText(text)
    assert not dialog.button.isEnabled()
    dialog.look()
    wait_for(lambda: not dialog.looking.is_busy)
    return dialog


def corners(west, south, side):
    places = ((west, south), (west, south + side), (west + side, south + side), (west + side, south))
    return "\n".join(f"J{number},{Y + north:.2f},{X + east:.2f}" for number, (east, north) in enumerate(places, 1))


def test_typed_corners_are_drawn_chosen_and_checked(dock, parcels, canvas):
    dialog = type_corners(parcels, corners(100, 100, 100).replace(f"{Y + 200:.2f}", "4O", 1))
    assert "Line 2" in dialog.error.text() and not dialog.button.isEnabled()
    dialog = type_corners(parcels, f"{corners(100, 100, 100)}\n\n{corners(1000, 1000, 10)}")
    assert dialog.error.isHidden()
    assert "2 parcels" in dialog.reading.text() and "read as north" in dialog.reading.text()
    assert dialog.crs.crs().authid() == CRS  # the numbers do not tell their zone: the library's
    QTest.mouseClick(dialog.button, Qt.MouseButton.LeftButton)
    wait_for(lambda: parcels.drawn.last is not None)
    layer, _feature = parcels.drawn.last
    assert layer.crs().authid() == CRS and layer.featureCount() == 2
    assert parcels.choice.layer == layer.id()
    bounds = layer.extent()
    assert (bounds.xMinimum() - X, bounds.yMaximum() - Y) == (100, 1010)
    assert canvas.extent().contains(bounds)
    dock.check_tab.button.click()
    wait_for(lambda: dock.check_tab.results.run is not None)
    parcels.undo()
    assert layer.featureCount() == 1


def test_degrees_lie_in_a_layer_of_their_own_system(parcels):
    dialog = type_corners(parcels, "114.41°,38.03°\n114.42°,38.03°\n114.42°,38.04°")
    assert dialog.crs.crs().authid() == "EPSG:4490"
    dialog.add()
    wait_for(lambda: parcels.drawn.last is not None)
    layer, _feature = parcels.drawn.last
    assert layer.crs().authid() == "EPSG:4490"
    assert round(layer.extent().xMaximum(), 9) == 114.42


def test_for_the_ground_of_a_search_all_outlines_are_one(dock, parcels):
    ground = dock.check_tab.sites.form.ground
    type_corners(ground, f"{corners(100, 100, 100)}\n\n{corners(1000, 1000, 10)}").add()
    wait_for(lambda: ground.drawn.last is not None)
    assert ground.drawn.last[0].featureCount() == 1
