"""A route on the map is checked as land: the form asks for its width, which is part of the question."""

import pytest
from qgis.core import QgsProject, QgsVectorLayer

from onemap.plugin.desk.parcels.ground_choice import GroundChoice
from onemap.tests.plugin.small_town import awaited, line, open_in, wait_for, write_layer


@pytest.fixture
def tab(dock, library):
    open_in(dock, library)
    return dock.check_tab


@pytest.fixture
def path(tmp_path):
    """A line of 400 m through the town."""
    write_layer(tmp_path / "route.gpkg", ["DKBH"], [(line((0, 50), (400, 50)), "R")])
    return tmp_path / "route.gpkg"


@pytest.fixture
def route(path):
    layer = QgsVectorLayer(str(path), "route", "ogr")
    QgsProject.instance().addMapLayer(layer)
    return layer


def checked_area_m2(dock, width):
    """Type a width, press Check, and wait; the remark says the width with which lines were taken."""
    tab = dock.check_tab
    tab.land.field.setEditText(width)
    with awaited(tab.finished):
        tab.button.click()
    assert f"count as land of a stated width: {width} m" in dock.notice.text
    (parcel,) = tab.results.model.parcels
    return parcel.area_m2


def test_a_route_needs_the_width_of_its_land(dock, tab, route):
    tab.parcels.choose_layer(route)
    assert not tab.land.field.isHidden() and not tab.button.isEnabled()
    assert "width of the land" in tab._empty.text()
    assert checked_area_m2(dock, "20") == pytest.approx(8000)
    tab.land.field.setEditText("30")
    assert "Land width" in tab.outdated.text()
    assert checked_area_m2(dock, "30") == pytest.approx(12_000) and not tab.outdated.text()


def test_polygons_are_asked_for_no_width_and_are_chosen_first(dock, tab, route, parcels):
    tab.parcels.refresh()
    assert tab.parcels.choice.layer == parcels.id()
    assert tab.land.field.isHidden() and tab.land.params == {}
    tab.parcels.choose_layer(route)
    tab.land.field.setEditText("20")
    tab.parcels.choose_layer(parcels)
    assert tab.land.params == {}
    tab.parcels.choose_layer(route)
    assert (tab.land.field.currentText(), tab.land.params) == ("20", {"land_width": "20"})


def test_a_file_of_lines_is_refused_with_a_button_that_asks_for_the_width(dock, tab, path):
    refused = []
    tab.refused.connect(refused.append)
    tab.parcels.choose_file(str(path))
    assert tab.land.field.isHidden()
    tab.button.click()
    wait_for(lambda: refused)
    words, ask = refused[0].mend
    assert words == "State the width of the land" and not tab.is_checking
    ask()
    assert not tab.land.field.isHidden()
    assert checked_area_m2(dock, "20") == pytest.approx(8000)


def test_ground_to_search_in_is_no_line(dock, tab, route, canvas):
    choice = GroundChoice(dock.library, canvas)
    choice.refresh()
    assert route.id() not in {choice.box.itemData(n).layer for n in range(choice.box.count())}
    choice.close_down()
    choice.deleteLater()
