"""“What would pass?” beside a conflict: the remainder and the cuts of one parcel, in the list and on the map."""

import processing
import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin import settings, words
from onemap.plugin.remedy_results import remainder_ground
from onemap.tests.plugin.small_town import CRS, PACK, checked_room, wait_for

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


@pytest.fixture
def room(farmland, town, canvas):
    made, core = checked_room(farmland, town / "parcels.gpkg", canvas)
    made.resize(360, 900)
    made.show()
    yield made
    made.close_down()
    core.stop()
    made.deleteLater()


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


def listed(room):
    items = [room.remedy.tree.topLevelItem(row) for row in range(room.remedy.tree.topLevelItemCount())]
    return [tuple(item.text(column) for column in range(3)) for item in items]


def test_the_button_tells_what_remains_of_the_parcel_and_which_rule_cut_how_much(room, canvas):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    assert listed(room) == [
        ("Remains (parts: 1)", "5,000 m²", "50.0 %"),
        ("Occupies permanent basic farmland", "5,000 m²", "50.0 %"),
    ]
    assert room.remedy.words.text().startswith("5,000 m² (7.50 mu, 50.0 %) of A would pass.")
    assert room.remedy.spotlight.labels == ["5,000 m²", "5,000 m²"]
    left = remainder_ground(room.remedy.remedy.path, "A")
    assert left.area() == pytest.approx(5000) and canvas.extent().contains(left.boundingBox())


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
    assert {"What was cut", "What remains"} <= set(kept)
    rules = {feature["rule"] for feature in kept["What was cut"].getFeatures()}
    assert rules == {"farmland.test"}
    assert room._pages.currentWidget() is room.results


def test_other_limits_are_a_click_away(room):
    choose(room, "A")
    ask(room, room.results.remedy_button)
    before = room.remedy.remedy.path
    room.remedy.min_part.setValue(6000)
    room.remedy.one_piece.setChecked(True)
    ask(room, room.remedy.again_button)
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
    words.learn({})
    room, core = checked_room(farmland, town / "parcels.gpkg", canvas)
    choose(room, "A")
    ask(room, room.results.remedy_button)
    assert ("占用永久基本农田", "5,000 m²", "50.0 %") in listed(room)
    room.close_down()
    core.stop()
    words.learn({})
