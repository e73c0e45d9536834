"""“What would pass?” beside a conflict: one parcel cut, moved and turned, in the list, by department, on the map."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.profile import settings
from onemap.plugin.rooms.remedy.remedy_results import alternative_ground, remainder_ground
from onemap.plugin.words import core_words
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import CRS, PACK, RED_LINE, X, checked_tab, see_results
from onemap.tests.rules.small_pack import rule_of

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def farmland(town, provider, tmp_path_factory):
    """The town's library with one rule only, on farmland: of it everything is known."""
    folder = tmp_path_factory.mktemp("farmland")
    (folder / "pack.toml").write_text(PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)], encoding="utf-8")
    ground = ("YJJBNTTB", town / "farmland.gpkg", {})
    return make_library(folder / "library.gpkg", town / "district.gpkg", ground, pack=folder / "pack.toml")


@pytest.fixture(scope="module")
def checked_parcels(farmland, town, shared_core):
    """A tab with the parcels checked, once for all tests, on a map of its own."""
    map_of_tab = QgsMapCanvas()
    map_of_tab.resize(600, 400)
    map_of_tab.setDestinationCrs(QgsCoordinateReferenceSystem(CRS))
    made = checked_tab(farmland, town / "parcels.gpkg", map_of_tab, shared_core)
    made.resize(360, 900)
    made.show()
    made.canvas = map_of_tab
    yield made
    made.close_down()
    made.deleteLater()


@pytest.fixture
def tab(checked_parcels):
    """The tab with no remedy asked for yet."""
    yield checked_parcels
    checked_parcels.remedy.leave()
    for box in (
        checked_parcels.remedy.form.min_part,
        checked_parcels.remedy.form.move,
        checked_parcels.remedy.form.turn,
    ):
        box.setValue(0)
    checked_parcels.remedy.form.one_piece.setChecked(False)


def choose(tab, parcel):
    """Make a parcel the current row."""
    model = tab.results.model
    for row in range(model.rowCount()):
        if model.parcel_at(model.index(row, 0)).parcel == parcel:
            tab.results.tree.setCurrentIndex(model.index(row, 0))


def ask(tab, button):
    """Press a button and wait for what would pass."""
    see_results(tab.remedy, lambda: QTest.mouseClick(button, LEFT))


def rows_of(tree):
    """Every row of a tree as its texts, those below another indented by a blank."""
    found = []
    for row in range(tree.topLevelItemCount()):
        item = tree.topLevelItem(row)
        found.append(tuple(item.text(column) for column in range(3)))
        found += [(" " + one.text(0), one.text(1), one.text(2)) for one in map(item.child, range(item.childCount()))]
    return found


def listed_rows(tab):
    return rows_of(tab.remedy.tree)


def test_the_button_tells_what_remains_of_the_parcel_and_which_rule_cut_how_much(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    assert listed_rows(tab) == [
        ("Without the parts in conflict (parts: 1)", "5,000 m²", "50.0 %"),
        (" Occupies permanent basic farmland", "5,000 m²", "50.0 %"),
    ]
    assert tab.remedy.summary.text().startswith("5,000 m² (7.50 mu, 50.0 %) of A would pass.")
    assert tab.remedy.highlight.labels == ["5,000 m²", "5,000 m²"]
    land, *below = rows_of(tab.remedy.departments)
    assert land == ("Land", "5,000 m²", "0.0 m²")
    assert (" Ground that it gets back", "5,000 m²", "") in below
    (finding,) = tab.results.model.parcel_at(tab.results.tree.currentIndex()).findings
    (cut,) = tab.remedy.remedy.cuts
    assert finding.ellipsoidal_m2 != finding.area_m2 == pytest.approx(5000)
    assert cut.area_m2 == pytest.approx(finding.ellipsoidal_m2, rel=1e-9)  # the figure of the list, and of documents
    left = remainder_ground(tab.remedy.remedy.path, "A")
    assert left.area() == pytest.approx(5000) and tab.canvas.extent().contains(left.boundingBox())


def test_how_far_it_would_have_to_move_is_told_and_drawn_where_it_would_lie(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    tab.remedy.form.move.setValue(100)
    ask(tab, tab.remedy.form.button)
    (moved,) = [row for row in listed_rows(tab) if row[0].startswith("Moved")]
    assert moved == ("Moved: 50.0 m east", "10,000 m²", "100.0 %")
    tree = tab.remedy.tree
    QTest.mouseClick(
        tree.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, tree.visualItemRect(tree.topLevelItem(1)).center()
    )
    assert tab.remedy.highlight.labels == ["50.0 m east"]
    ground = alternative_ground(tab.remedy.remedy.path, "A", "moved")
    assert ground.boundingBox().xMinimum() == pytest.approx(X + 150, abs=1)
    assert tab.canvas.extent().contains(ground.boundingBox())
    assert "not an optimum" in tab.remedy.summary.text()


def test_that_nothing_was_found_within_the_bounds_is_said_plainly(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    tab.remedy.form.move.setValue(20)
    tab.remedy.form.turn.setValue(5)
    ask(tab, tab.remedy.form.button)
    assert "No place was found where it would pass whole." in tab.remedy.summary.text()
    assert "does not prove" in tab.remedy.summary.text()
    assert len(listed_rows(tab)) == 2


def test_ground_that_cannot_be_judged_is_never_said_to_pass(tab):
    choose(tab, "C")
    ask(tab, tab.results.remedy_button)
    assert listed_rows(tab)[0][1:] == ("nothing usable", "0.0 %")
    assert "of it unknown: 10,000 m²" in listed_rows(tab)[1][0]
    assert "Nothing of C would pass" in tab.remedy.summary.text()


def test_only_the_chosen_parcel_is_remedied(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    layer = QgsVectorLayer(f"{tab.remedy.remedy.path}|layername=remainder", "remainder", "ogr")
    assert [feature["parcel"] for feature in layer.getFeatures()] == ["A"]


def test_what_remains_and_what_was_cut_can_be_added_to_the_map_in_a_file_that_stays(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    tab.remedy.keep_button.click()
    tab.remedy.leave()
    kept = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert {"What was cut", "What remains", "Alternatives"} <= set(kept)
    rules = {feature["rule"] for feature in kept["What was cut"].getFeatures()}
    assert rules == {"farmland.test"}
    assert tab._pages.currentWidget() is tab.results


def test_other_limits_are_a_click_away(tab):
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    before = tab.remedy.remedy.path
    tab.remedy.form.min_part.setValue(6000)
    tab.remedy.form.one_piece.setChecked(True)
    ask(tab, tab.remedy.form.button)
    assert tab.remedy.remedy.path != before
    assert tab.remedy._record["parameters"]["min_part_m2"] == 6000
    assert tab.remedy._record["parameters"]["one_piece"] is True


def test_a_parcel_that_passes_has_nothing_to_ask(tab):
    choose(tab, "A")
    assert tab.results.remedy_button.isEnabled()
    choose(tab, "B")
    assert not tab.results.remedy_button.isEnabled()


def test_it_says_which_coverage_is_assumed_and_how_many_rules_were_not_asked(town, tmp_path, canvas, shared_core):
    pack = tmp_path / "pack.toml"
    skipped = rule_of("redline.test environment restricted", *RED_LINE, missing="checklist")
    pack.write_text(PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)] + skipped, encoding="utf-8")
    ground = ("YJJBNTTB", town / "farmland.gpkg", {"covers": "extent"})
    library = make_library(tmp_path / "library.gpkg", town / "district.gpkg", ground, pack=pack)
    tab = checked_tab(library, town / "parcels.gpkg", canvas, shared_core)
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    lines = tab.remedy.summary.text().splitlines()
    assert lines[1:] == [
        "Coverage assumed from the bounding box: Permanent basic farmland",
        "1 of 2 rules was not asked",
    ]
    tab.close_down()


@pytest.mark.slow
def test_chinese_has_no_bare_codes(farmland, town, canvas, shared_core):
    settings.put("language", "zh")
    core_words.learn({})
    tab = checked_tab(farmland, town / "parcels.gpkg", canvas, shared_core)
    choose(tab, "A")
    ask(tab, tab.results.remedy_button)
    assert listed_rows(tab)[0][0].startswith("裁去冲突部分") and listed_rows(tab)[1][0] == " 占用永久基本农田"
    assert rows_of(tab.remedy.departments)[0][0] == "自然资源和规划局（土地）"
    tab.close_down()
    core_words.learn({})
