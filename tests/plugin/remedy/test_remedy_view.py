"""“What would pass?” beside a conflict: one parcel cut, moved and turned, in the list, by department and on the map."""

import processing
import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.profile import settings
from onemap.plugin.remedy.remedy_results import alternative_ground, remainder_ground
from onemap.plugin.words import core_words
from onemap.tests.plugin.small_town import CRS, PACK, X, checked_room, wait_for

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def farmland(town, provider, tmp_path_factory):
    """The town's library with one rule only, on farmland: of it everything is known."""
    folder = tmp_path_factory.mktemp("farmland")
    (folder / "pack.toml").write_text(PACK[: PACK.index("[[rule]]", PACK.index("[[rule]]") + 1)], encoding="utf-8")
    path = str(folder / "library.gpkg")
    district, pack = str(town / "district.gpkg"), str(folder / "pack.toml")
    processing.run("onemap:new", {"LIBRARY": path, "CRS": CRS, "DISTRICT": district, "PACK": pack})
    processing.run("onemap:add", {"LIBRARY": path, "SOURCE": str(town / "farmland.gpkg"), "AS": "YJJBNTTB"})
    return path


@pytest.fixture(scope="module")
def checked(farmland, town):
    """A room with the parcels checked, once for all tests, on a map of its own."""
    map_of_room = QgsMapCanvas()
    map_of_room.resize(600, 400)
    map_of_room.setDestinationCrs(QgsCoordinateReferenceSystem(CRS))
    made, core = checked_room(farmland, town / "parcels.gpkg", map_of_room)
    made.resize(360, 900)
    made.show()
    made.canvas = map_of_room
    yield made
    made.close_down()
    core.stop()
    made.deleteLater()


@pytest.fixture
def room(checked):
    """The room with no remedy asked for yet."""
    yield checked
    checked.remedy.leave()
    for box in (checked.remedy.form.min_part, checked.remedy.form.move, checked.remedy.form.turn):
        box.setValue(0)
    checked.remedy.form.one_piece.setChecked(False)


def choose(room, parcel):
    """Make a parcel the current row."""
    model = room.results.model
    for row in range(model.rowCount()):
        if model.parcel_at(model.index(row, 0)).parcel == parcel:
            room.results.tree.setCurrentIndex(model.index(row, 0))


def ask(room, button):
    """Press a button and wait for what would pass."""
    shown, refused = [], []
    room.remedy.shown.connect(lambda: shown.append(True))
    room.remedy.refused.connect(lambda refusal: refused.append(str(refusal)))
    QTest.mouseClick(button, LEFT)
    wait_for(lambda: shown or refused)
    assert refused == []


def rows_of(tree):
    """Every row of a tree as its texts, those below another indented by a blank."""
    found = []
    for row in range(tree.topLevelItemCount()):
        item = tree.topLevelItem(row)
        found.append(tuple(item.text(column) for column in range(3)))
        found += [(" " + one.text(0), one.text(1), one.text(2)) for one in map(item.child, range(item.childCount()))]
    return found


def listed(room):
    return rows_of(room.remedy.tree)


def test_the_button_tells_what_remains_of_the_parcel_and_which_rule_cut_how_much(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    assert listed(room) == [
        ("Without what conflicts (parts: 1)", "5,000 m²", "50.0 %"),
        (" Occupies permanent basic farmland", "5,000 m²", "50.0 %"),
    ]
    assert room.remedy.words.text().startswith("5,000 m² (7.50 mu, 50.0 %) of A would pass.")
    assert room.remedy.highlight.labels == ["5,000 m²", "5,000 m²"]
    assert rows_of(room.remedy.departments) == [("Land", "5,000 m²", "0.0 m²")]
    left = remainder_ground(room.remedy.remedy.path, "A")
    assert left.area() == pytest.approx(5000) and room.canvas.extent().contains(left.boundingBox())


def test_how_far_it_would_have_to_move_is_told_and_drawn_where_it_would_lie(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    room.remedy.form.move.setValue(100)
    ask(room, room.remedy.form.button)
    (moved,) = [row for row in listed(room) if row[0].startswith("Moved")]
    assert moved == ("Moved: 50.0 m east", "10,000 m²", "100.0 %")
    tree = room.remedy.tree
    QTest.mouseClick(
        tree.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, tree.visualItemRect(tree.topLevelItem(1)).center()
    )
    assert room.remedy.highlight.labels == ["50.0 m east"]
    ground = alternative_ground(room.remedy.remedy.path, "A", "moved")
    assert ground.boundingBox().xMinimum() == pytest.approx(X + 150, abs=1)
    assert room.canvas.extent().contains(ground.boundingBox())
    assert "no optimum" in room.remedy.words.text()


def test_that_nothing_was_found_within_the_bounds_is_said_plainly(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    room.remedy.form.move.setValue(20)
    room.remedy.form.turn.setValue(5)
    ask(room, room.remedy.form.button)
    assert "No place was found where it would pass whole." in room.remedy.words.text()
    assert "does not prove" in room.remedy.words.text()
    assert len(listed(room)) == 2


def test_ground_that_cannot_be_judged_is_never_said_to_pass(room):
    choose(room, "C")
    ask(room, room.results.remedy_button)
    assert listed(room)[0][1:] == ("0.0 m²", "0.0 %")
    assert "of it unknown: 10,000 m²" in listed(room)[1][0]
    assert "Nothing of C would pass" in room.remedy.words.text()


def test_only_the_chosen_parcel_is_remedied(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    layer = QgsVectorLayer(f"{room.remedy.remedy.path}|layername=remainder", "remainder", "ogr")
    assert [feature["parcel"] for feature in layer.getFeatures()] == ["A"]


def test_what_remains_and_what_was_cut_can_be_added_to_the_map_in_a_file_that_stays(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    room.remedy.keep_button.click()
    room.remedy.leave()
    kept = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert {"What was cut", "What remains", "Alternatives"} <= set(kept)
    rules = {feature["rule"] for feature in kept["What was cut"].getFeatures()}
    assert rules == {"farmland.test"}
    assert room._pages.currentWidget() is room.results


def test_other_limits_are_a_click_away(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    before = room.remedy.remedy.path
    room.remedy.form.min_part.setValue(6000)
    room.remedy.form.one_piece.setChecked(True)
    ask(room, room.remedy.form.button)
    assert room.remedy.remedy.path != before
    assert room.remedy._record["parameters"]["min_part_m2"] == 6000
    assert room.remedy._record["parameters"]["one_piece"] is True


def test_a_parcel_that_passes_has_nothing_to_ask(room):
    choose(room, "A")
    assert room.results.remedy_button.isEnabled()
    choose(room, "B")
    assert not room.results.remedy_button.isEnabled()


def test_chinese_has_no_bare_codes(farmland, town, canvas):
    settings.put("language", "zh")
    core_words.learn({})
    room, core = checked_room(farmland, town / "parcels.gpkg", canvas)
    choose(room, "A")
    ask(room, room.results.remedy_button)
    assert listed(room)[0][0].startswith("裁去冲突部分") and listed(room)[1][0] == " 占用永久基本农田"
    assert rows_of(room.remedy.departments)[0][0] == "国土"
    room.close_down()
    core.stop()
    core_words.learn({})
