"""Find a site in the room Check: places that would pass, ranked, on the map, and taken as a parcel."""

import processing
import pytest
from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QLocale, Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.check.check_tab import CheckRoom
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.remedy.sites_form import SitesForm
from onemap.plugin.remedy.sites_results import sites_in
from onemap.plugin.words import core_words
from onemap.tests.plugin.small_town import CRS, PACK, box, wait_for, write_layer

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def farmland(town, provider, tmp_path_factory):
    """A library of 300 m × 200 m with one rule only; farmland takes its west half."""
    folder = tmp_path_factory.mktemp("farmland")
    (folder / "pack.toml").write_text(PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)], encoding="utf-8")
    district = write_layer(folder / "district.gpkg", ["name"], [(box(0, 0, 300, 200), "district")])
    path = str(folder / "library.gpkg")
    processing.run("onemap:new", {"LIBRARY": path, "CRS": CRS, "DISTRICT": district, "PACK": str(folder / "pack.toml")})
    processing.run("onemap:add", {"LIBRARY": path, "SOURCE": str(town / "farmland.gpkg"), "AS": "YJJBNTTB"})
    return path


@pytest.fixture
def room(farmland, shared_core, canvas):
    """The room with the search for a site open."""
    library = OpenLibrary(shared_core)
    made = CheckRoom(library, canvas)
    made.said = []
    made.refused.connect(lambda refusal: made.said.append(str(refusal)))
    made.resize(340, 900)
    made.show()
    library.open(farmland)
    wait_for(lambda: library.layers and core_words.are_known())
    QTest.mouseClick(made.sites_button, LEFT)
    yield made
    made.close_down()
    made.deleteLater()


def find(room):
    """Press the button and wait for the places."""
    shown = []
    room.sites.shown.connect(lambda: shown.append(True))
    QTest.mouseClick(room.sites.button, LEFT)
    wait_for(lambda: shown or room.said)
    assert room.said == []
    return room.sites.sites


def test_places_in_the_district_lie_off_the_farmland_and_the_freest_is_shown_first(room, canvas):
    room.sites.form.area.setValue(2500)
    room.sites.form.count.setValue(2)
    found = find(room)
    assert [site.rank for site in found] == [1, 2]
    assert found[0].clearance_m >= found[1].clearance_m
    layer = next(one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass")
    farmland = QgsGeometry.fromWkt(box(0, 0, 150, 300))
    assert [feature.geometry().intersection(farmland).area() for feature in layer.getFeatures()] == [0, 0]
    assert room.sites.highlight.labels == [f"P{site.rank} · {site.clearance_m:,.1f} m" for site in found]
    assert canvas.extent().contains(layer.extent())
    first = room.sites.tree.topLevelItem(0)
    assert first.text(1) == f"{found[0].clearance_m:,.1f} m" and "farmland" in first.text(2)
    assert not room.sites.buttons["previous"].isEnabled()
    QTest.mouseClick(room.sites.buttons["next"], LEFT)
    assert room.sites.current.rank == 2 and room.sites.count.text() == "2 of 2"
    assert [label[:2] for label in room.sites.highlight.labels] == ["P2"]


def test_only_the_ground_that_is_drawn_is_searched_and_what_is_drawn_next_takes_its_place(room):
    ground = room.sites.form.ground
    ground.add_drawing(QgsGeometry.fromWkt(box(200, 50, 60, 60)))
    room.sites.form.area.setValue(3000)
    (place,) = find(room)
    assert place.clearance_m < 5
    ground.add_drawing(QgsGeometry.fromWkt(box(10, 50, 60, 60)))
    assert find(room) == []
    assert "no proof" in room.sites.words.text()
    assert not room.sites.buttons["zoom"].isEnabled() and not room.sites.buttons["keep"].isEnabled()


def test_the_selection_of_a_layer_can_be_the_ground(room, tmp_path):
    layer = QgsVectorLayer(
        write_layer(tmp_path / "g.gpkg", ["n"], [(box(10, 50, 60, 60), "1"), (box(200, 50, 60, 60), "2")]), "g", "ogr"
    )
    QgsProject.instance().addMapLayer(layer)
    layer.selectByExpression("n = '1'")
    room.sites.form.ground.choose_layer(layer)
    room.sites.form.area.setValue(3000)
    assert find(room) == []
    layer.removeSelection()
    assert len(find(room)) == 1


def test_a_place_becomes_a_parcel_that_can_be_checked(room):
    room.sites.form.area.setValue(2500)
    found = find(room)
    QTest.mouseClick(room.sites.buttons["draw"], LEFT)
    assert not room.sites_button.isChecked() and room._pages.currentWidget() is not room.sites
    assert room.parcels.choice.name == "Drawn parcels"
    done = []
    room.finished.connect(lambda: done.append(True))
    room.button.click()
    wait_for(lambda: done or room.said)
    (parcel,) = room.results.model.parcels
    assert (parcel.verdict, round(parcel.area_m2)) == (found[0].verdict, 2500)


@pytest.mark.parametrize("language", ["zh_CN", "en_GB"])
def test_thousands_are_apart_in_the_area_although_qgis_leaves_them_together(canvas, language):
    usual, of_qgis = QLocale(), QLocale(language)
    of_qgis.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(of_qgis)
    try:
        form = SitesForm(canvas)
    finally:
        QLocale.setDefault(usual)
    assert form.area.text() == "10,000 m²"
    for typed in ("1234567 m²", "1,234,567 m²"):
        form.area.lineEdit().setText(typed)
        form.area.interpretText()
        assert (form.area.value(), form.area.text()) == (1_234_567, "1,234,567 m²")


def test_a_place_wider_than_its_area_allows_is_told_before_the_core_is_asked(room):
    room.sites.form.area.setValue(2500)
    room.sites.form.width_m.setValue(60)
    assert not room.sites.button.isEnabled()
    assert "cannot be wider than 50.0 m" in room.sites.button.toolTip()


def test_places_go_with_the_search_unless_they_are_kept_and_with_another_library_in_any_case(room, empty_library):
    room.sites.form.area.setValue(2500)
    find(room)
    room.sites.buttons["keep"].click()
    find(room)
    kept = [one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass"]
    assert len(kept) == 2 and all(layer.isValid() and layer.featureCount() for layer in kept)
    room._library.open(empty_library)
    assert room.sites.sites == [] and room.sites_button.isChecked()
    left = [one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass"]
    assert len(left) == 1


def test_a_search_that_is_cancelled_leaves_the_room_ready(room):
    room.sites.button.click()
    QTest.keyClick(room, Qt.Key.Key_Escape)
    wait_for(lambda: not room.sites.is_working)
    assert room.sites.button.isEnabled()


def test_what_stands_nearest_is_called_by_its_title_where_the_core_tells_it():
    row = {"site": "P1", "rank": 1, "verdict": "clear", "area_m2": 1.0, "width_m": 1.0, "clearance_m": 2.0}
    row |= {"nearest_rule": "farmland.test", "nearest_m": None}
    assert sites_in({"sites": [row]})[0].nearest == "farmland.test"
    assert sites_in({"sites": [{**row, "nearest_title": "Farmland"}]})[0].nearest == "Farmland"
