"""Find a site in the tab Check: places that would pass, ranked, on the map, and taken as a parcel."""

import shutil

import pytest
from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QLocale, Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.rooms.remedy.sites_view import SitesForm
from onemap.tests.plugin.other_desk import core, make_library
from onemap.tests.plugin.small_town import PACK, awaited, box, lay_out, shown_check_tab, wait_for, write_layer

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def farmland(town, provider, tmp_path_factory):
    """A library of 300 m × 200 m with one rule only; farmland takes its west half."""
    folder = tmp_path_factory.mktemp("farmland")
    (folder / "pack.toml").write_text(PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)], encoding="utf-8")
    district = write_layer(folder / "district.gpkg", ["name"], [(box(0, 0, 300, 200), "district")])
    ground = ("YJJBNTTB", town / "farmland.gpkg", {})
    return make_library(folder / "library.gpkg", district, ground, pack=folder / "pack.toml")


@pytest.fixture
def assumed_farmland(farmland, tmp_path):
    """The same library with farmland of which nobody has said for which ground it speaks: a strip on either side."""
    strips = write_layer(tmp_path / "strips.gpkg", ["BSM"], [(box(x, 0, 20, 200), f"F{x}") for x in (0, 280)])
    library = shutil.copyfile(farmland, tmp_path / "library.gpkg")
    core("add", library, strips, "--as=YJJBNTTB", "--covers=extent", "--valid-from=2026-01-01", "--sure")
    return str(library)


@pytest.fixture
def tab(farmland, shared_core, canvas):
    """The tab with the search for a site open."""
    with shown_check_tab(farmland, canvas, shared_core) as made:
        QTest.mouseClick(made.sites_button, LEFT)
        yield made


def find(tab):
    """Press the button and wait for the places."""
    with awaited(tab.sites.results_shown, lambda: tab.refusals):
        QTest.mouseClick(tab.sites.button, LEFT)
    assert tab.refusals == []
    return tab.sites.sites


def test_places_in_the_district_lie_off_the_farmland_and_the_freest_is_shown_first(tab, canvas):
    tab.sites.form.area.setValue(2500)
    tab.sites.form.count.setValue(2)
    assert tab.sites.form.count.text() == "places: ≤ 2"
    found = find(tab)
    assert [site.rank for site in found] == [1, 2]
    assert found[0].clearance_m >= found[1].clearance_m
    layer = next(one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass")
    farmland = QgsGeometry.fromWkt(box(0, 0, 150, 300))
    assert [feature.geometry().intersection(farmland).area() for feature in layer.getFeatures()] == [0, 0]
    assert tab.sites.highlight.labels == [f"P{site.rank} · {site.clearance_m:,.1f} m" for site in found]
    assert canvas.extent().contains(layer.extent())
    first = tab.sites.tree.topLevelItem(0)
    assert first.text(1) == f"{found[0].clearance_m:,.1f}" and "farmland" in first.text(2)
    assert not tab.sites.buttons["previous"].isEnabled()
    QTest.mouseClick(tab.sites.buttons["next"], LEFT)
    assert tab.sites.current.rank == 2 and tab.sites.count.text() == "2 of 2"
    assert [label[:2] for label in tab.sites.highlight.labels] == ["P2"]


def test_places_by_a_layer_of_assumed_coverage_are_listed_and_say_so(assumed_farmland, shared_core, canvas):
    with shown_check_tab(assumed_farmland, canvas, shared_core) as tab:
        QTest.mouseClick(tab.sites_button, LEFT)
        tab.sites.form.area.setValue(2500)
        assert find(tab) and tab.sites.tree.topLevelItemCount() == len(tab.sites.sites)
        assert "assumed from the bounding box: Permanent basic farmland" in tab.sites.summary.text()
        tab.sites.form.area.setValue(1_000_000)
        assert find(tab) == [] and "Permanent basic farmland" in tab.sites.summary.text()


def test_unbuilt_ground_is_asked_for_and_nothing_is_guessed_without_a_survey(tab):
    tab.sites.form.unbuilt.click()
    assert tab.sites.form.unbuilt.isChecked() and "unbuilt ground only" in tab.sites.form.asked_text
    QTest.mouseClick(tab.sites.button, LEFT)
    wait_for(lambda: tab.refusals)
    assert "no survey (DLTB) in force" in tab.refusals[0] and tab.sites.sites == []


def test_in_a_narrow_dock_the_places_have_the_room_of_what_was_asked(tab):
    tab.resize(320, 576)
    tab.sites.form.area.setValue(2500)
    assert tab.parcels.isHidden() and tab.facts.isHidden() and tab.button.isHidden()  # sites ask the rules alone
    assert not tab.rules.isHidden() and not tab.sites.form.isHidden()
    find(tab)
    lay_out()
    assert tab.sites.form.isHidden() and tab.sites.summary.text().startswith("2,500 m², a square · the district\n")
    tree = tab.sites.tree
    lines = tree.fontMetrics().lineSpacing()
    assert tree.viewport().height() >= 5 * (2 * lines + 4)  # five places of two lines at once
    QTest.mouseClick(tab.sites.form_button, LEFT)
    assert not tab.sites.form.isHidden()
    tab.sites.form.area.setValue(1_000_000)
    assert find(tab) == [] and not tab.sites.form.isHidden()
    QTest.mouseClick(tab.sites_button, LEFT)
    assert not tab.parcels.isHidden() and not tab.facts.isHidden() and not tab.button.isHidden()


def test_another_use_facts_or_size_mark_the_places_until_they_are_searched_for_again(tab):
    form, outdated = tab.sites.form, tab.sites.outdated
    find(tab)
    assert outdated.isHidden()
    form.use.refresh()
    form.use.choose("0701")
    form.use.chosen.emit(form.use.code)
    form.facts.take({"parcels": {"x": 1}})
    assert outdated.isVisible() and "search: Use, More facts. Search again" in outdated.text()
    form.use.choose("")
    form.use.chosen.emit("")
    form.facts.take({})
    assert outdated.isHidden()  # as it was asked
    form.area.setValue(2500)
    assert "search: Area." in outdated.text()
    find(tab)
    assert outdated.isHidden()


def test_only_the_ground_that_is_drawn_is_searched_and_what_is_drawn_next_takes_its_place(tab):
    ground = tab.sites.form.ground
    ground.add_drawing(QgsGeometry.fromWkt(box(200, 50, 60, 60)))
    tab.sites.form.area.setValue(3000)
    (place,) = find(tab)
    assert place.clearance_m < 5
    ground.add_drawing(QgsGeometry.fromWkt(box(10, 50, 60, 60)))
    assert find(tab) == []
    assert "no proof" in tab.sites.summary.text()
    assert not tab.sites.buttons["zoom"].isEnabled() and not tab.sites.buttons["keep"].isEnabled()


def test_the_selection_of_a_layer_can_be_the_ground(tab, tmp_path):
    layer = QgsVectorLayer(
        write_layer(tmp_path / "g.gpkg", ["n"], [(box(10, 50, 60, 60), "1"), (box(200, 50, 60, 60), "2")]), "g", "ogr"
    )
    QgsProject.instance().addMapLayer(layer)
    layer.selectByExpression("n = '1'")
    tab.sites.form.ground.choose_layer(layer)
    tab.sites.form.area.setValue(3000)
    assert find(tab) == []
    layer.removeSelection()
    assert len(find(tab)) == 1


def test_a_place_becomes_a_parcel_that_can_be_checked(tab):
    tab.sites.form.area.setValue(2500)
    found = find(tab)
    QTest.mouseClick(tab.sites.buttons["draw"], LEFT)
    assert not tab.sites_button.isChecked() and tab._pages.currentWidget() is not tab.sites
    assert tab.parcels.choice.name == "Drawn parcels"
    with awaited(tab.finished, lambda: tab.refusals):
        tab.button.click()
    (parcel,) = tab.results.model.parcels
    assert (parcel.verdict, round(parcel.area_m2)) == (found[0].verdict, 2500)


@pytest.mark.parametrize(("typed", "code"), [("0701", "0701"), ("tea garden", "0202"), ("no such use", "")])
def test_a_use_is_typed_before_its_list_was_ever_opened(tab, typed, code):
    use = tab.sites.form.use
    tab.show()
    tab.sites_button.setChecked(True)
    tab.activateWindow()
    wait_for(tab.isActiveWindow)
    use.setFocus()
    QTest.keyClicks(use.lineEdit(), typed)
    use.completer().popup().hide()
    QTest.keyClick(use.lineEdit(), Qt.Key.Key_Tab)
    assert use.code == code and tab.sites.form.params()["project"] == (f"YDXZ={code}" if code else "")


@pytest.mark.parametrize("language", ["zh_CN", "en_GB"])
def test_thousands_are_apart_in_the_area_although_qgis_leaves_them_together(shared_core, canvas, language):
    usual, of_qgis = QLocale(), QLocale(language)
    of_qgis.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(of_qgis)
    try:
        library = OpenLibrary(shared_core)
        form = SitesForm(library, RulesChoice(library), canvas)
    finally:
        QLocale.setDefault(usual)
    assert form.area.text() == "10,000 m²"
    for typed in ("1234567 m²", "1,234,567 m²"):
        form.area.lineEdit().setText(typed)
        form.area.interpretText()
        assert (form.area.value(), form.area.text()) == (1_234_567, "1,234,567 m²")


def test_a_place_wider_than_its_area_allows_is_told_before_the_core_is_asked(tab):
    tab.sites.form.area.setValue(2500)
    tab.sites.form.width_m.setValue(60)
    assert not tab.sites.button.isEnabled()
    assert "cannot be wider than 50.0 m" in tab.sites.button.toolTip()


def test_places_go_with_the_search_unless_they_are_kept_and_with_another_library_in_any_case(tab, empty_library):
    tab.sites.form.area.setValue(2500)
    find(tab)
    tab.sites.buttons["keep"].click()
    find(tab)
    kept = [one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass"]
    assert len(kept) == 2 and all(layer.isValid() and layer.featureCount() for layer in kept)
    tab._library.open(empty_library)
    assert tab.sites.sites == [] and tab.sites_button.isChecked()
    left = [one for one in QgsProject.instance().mapLayers().values() if one.name() == "Places that would pass"]
    assert len(left) == 1


def test_a_search_that_is_cancelled_leaves_the_tab_ready(tab):
    tab.sites.button.click()
    QTest.keyClick(tab, Qt.Key.Key_Escape)
    wait_for(lambda: not tab.sites.is_working)
    assert tab.sites.button.isEnabled()
