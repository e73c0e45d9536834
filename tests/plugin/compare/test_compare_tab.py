"""The room Compare with the real core: the matrix chooses, keys go through the spots and decide, the map follows."""

import processing
import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow

from onemap.plugin.compare.compare_tab import CompareRoom
from onemap.plugin.connection.core_session import Core
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.tests.plugin.small_town import CRS, Reader, box, wait_for, write_layer

MATRIX = """title = "test"
for_a = ["PLAN_A"]
for_b = ["PLAN_B"]
[a]
field = "GHDLDM"
construction = ["2"]
other = ["1"]
[b]
field = "YDXZDM"
construction = ["R"]
other = ["E"]
"""
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier


def add(library, folder, code, fields, shapes, label):
    source = write_layer(folder / f"{code}-{label}.gpkg", ["BSM", *fields], shapes)
    define = f"name={code},department=planning,library=department,kind=vector,geometry=polygon,key=BSM"
    asked = {"LIBRARY": library, "SOURCE": source, "AS": code, "LABEL": label}
    processing.run("onemap:add", asked if label == "v2" else {**asked, "DEFINE": define})


PLAN_A = [  # two squares that meet at a corner, and a strip of 1 m, are construction here only
    (box(0, 100, 400, 200), "1", "1110"),
    (box(100, 0, 50, 50), "2", "2110"),
    (box(150, 50, 50, 50), "3", "2110"),
    (box(250, 0, 1, 50), "4", "2110"),
    (box(300, 0, 100, 100), "5", "1110"),
]
PLAN_B = [(box(0, 0, 300, 300), "1", "E2"), (box(300, 0, 50, 50), "2", "R1"), (box(300, 100, 100, 200), "3", "E2")]


@pytest.fixture(scope="module")
def plans(tmp_path_factory, provider):
    """A folder with library.gpkg (two plans) and matrix.toml."""
    folder = tmp_path_factory.mktemp("plans")
    write_layer(folder / "district.gpkg", ["name"], [(box(0, 0, 400, 300), "district")])
    library = str(folder / "library.gpkg")
    processing.run("onemap:new", {"LIBRARY": library, "CRS": CRS, "DISTRICT": str(folder / "district.gpkg")})
    add(library, folder, "PLAN_A", ["GHDLDM"], PLAN_A, "v1")
    add(library, folder, "PLAN_B", ["YDXZDM"], PLAN_B, "v1")
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def core():
    made = Core()
    yield made
    made.stop()


@pytest.fixture
def room(plans, core, canvas):
    """The room, with the two plans and the matrix chosen."""
    library = OpenLibrary(core)
    made = CompareRoom(library, canvas)
    made.said_to_user = []
    made.refused.connect(lambda refusal: made.said_to_user.append(str(refusal)))
    made.resize(360, 900)
    made.show()
    library.open(str(plans / "library.gpkg"))
    wait_for(lambda: made.form.plan_a.count() and core_words.are_known())
    made.form.choose("PLAN_A@v1", "PLAN_B@v1")
    made.form.choose_matrix(str(plans / "matrix.toml"))
    yield made
    made.close_down()
    made.deleteLater()


def compare(room):
    """Press Compare and wait for the spots."""
    done = []
    room.finished.connect(lambda: done.append(True))
    QTest.mouseClick(room.button, LEFT)
    wait_for(lambda: done or room.said_to_user)
    assert room.said_to_user == []


def kinds(room):
    return [spot.kind for spot in room.view.model.shown]


def click_cell(room, row, column, keys=NONE):
    table = room.view.matrix
    QTest.mouseClick(table.viewport(), LEFT, keys, table.visualRect(table.matrix.index(row, column)).center())


def key(room, pressed):
    QTest.keyClick(room.view.list, pressed)


def decide(room, pressed):
    given = []
    room.view.decided.connect(lambda: given.append(True))
    key(room, pressed)
    wait_for(lambda: given or room.said_to_user)
    assert room.said_to_user == []


def test_conflicts_are_listed_first_and_every_type_has_its_look_in_the_legend(room):
    compare(room)
    assert kinds(room)[:3] == ["03", "03", "04"]
    assert set(kinds(room)) == {"03", "04", "90", "98", "01"}
    layer = room.view.spot_layer.layer
    labels = [rule.label() for rule in layer.renderer().rootRule().children()]
    assert labels[0].startswith("03 ") and labels[-1] == "✓ Decided"
    assert QgsProject.instance().mapLayer(layer.id()) is layer


def test_names_that_have_no_room_beside_the_button_end_in_dots_and_are_whole_on_hover(room):
    compare(room)
    names = room.said.text()
    assert names.startswith("PLAN_A v1 | PLAN_B v1") and names in room.said.toolTip()
    room.said.resize(room.said.fontMetrics().horizontalAdvance("PLAN_A v1 |"), 20)
    assert room.said.shown.startswith("PLAN") and room.said.shown.endswith("…")
    room.said.resize(2000, 20)
    assert room.said.shown == names


def test_the_matrix_holds_hectares_and_its_cells_choose_spots_in_the_list_and_on_the_map(room):
    compare(room)
    table = room.view.matrix
    assert table.matrix.data(table.matrix.index(0, 1)) == "0.50"
    click_cell(room, 0, 1)
    assert kinds(room) == ["03", "03"]
    assert room.view.spot_layer.layer.selectedFeatureCount() == 2
    click_cell(room, 1, 1, Qt.KeyboardModifier.ControlModifier)
    assert kinds(room) == ["03", "03", "04"]
    QTest.keyClick(room, Qt.Key.Key_Escape)
    assert len(kinds(room)) == len(room.view.model.all_spots)
    assert room.view.spot_layer.layer.selectedFeatureCount() == 0


def test_keys_go_from_spot_to_spot_and_the_map_goes_along(room, canvas):
    compare(room)
    first = room.view.current
    key(room, Qt.Key.Key_N)
    second = room.view.current
    assert second.name != first.name
    assert room.view.highlight.labels == ["2,500 m²"]
    ground = room.view.spot_layer.geometry(second).boundingBox()
    assert canvas.extent().contains(ground) and canvas.extent().width() < 300
    key(room, Qt.Key.Key_P)
    assert room.view.current.name == first.name
    before = canvas.extent()
    room.leave_map()
    assert canvas.extent() != before


def test_a_decision_by_key_asks_for_its_reason_is_kept_by_the_core_and_marked(room):
    compare(room)
    click_cell(room, 1, 1)
    (spot,) = room.view.model.shown
    key(room, Qt.Key.Key_6)
    assert room.view.model.shown[0].decision == ""
    assert "to be discussed" in room.view.decide.reason.placeholderText()
    QTest.keyClicks(room.view.decide.reason, "minutes of 3 November")
    given = []
    room.view.decided.connect(lambda: given.append(True))
    QTest.keyClick(room.view.decide.reason, Qt.Key.Key_Return)
    wait_for(lambda: given)
    assert room.view.model.shown[0].decision == "discuss"
    assert "minutes of 3 November" in room.view.details.text()
    layer = room.view.spot_layer.layer
    assert [row["spot"] for row in layer.getFeatures("\"decision\" = 'discuss'")] == [spot.name]
    compare(room)
    (again,) = [one for one in room.view.model.all_spots if one.name == spot.name]
    assert (again.decision, again.reason) == ("discuss", "minutes of 3 November")


def test_the_decisions_are_in_sight_however_low_the_dock_is(room):
    compare(room)
    room.resize(360, 400)
    QTest.qWait(50)
    assert room.height() == 400
    for button in room.view.decide.buttons.values():
        place = button.mapTo(room, button.rect().bottomRight())
        assert room.rect().contains(place)
        assert button.visibleRegion().boundingRect().size() == button.size()


def test_one_decision_can_be_given_to_a_whole_cluster(room):
    compare(room)
    room.view.decide.reason.setText("the road was moved")
    key(room, Qt.Key.Key_C)
    decide(room, Qt.Key.Key_4)
    assert [spot.decision for spot in room.view.model.all_spots if spot.kind == "03"] == ["change-b", "change-b"]
    room.view.undecided.setChecked(True)
    assert "03" not in kinds(room) and "01" not in kinds(room)


def test_the_list_sorts_by_every_measure_with_what_was_not_measured_last(room):
    compare(room)
    for column, measure in ((1, "area_m2"), (4, "mean_width_m"), (6, "shift_m"), (7, "line_distance_m")):
        room.view.model.sort(column, Qt.SortOrder.DescendingOrder)
        values = [getattr(spot, measure) for spot in room.view.model.shown]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values[len(known) :] == [None] * (len(values) - len(known))


def test_the_swipe_shows_plan_a_left_of_the_mouse_and_plan_b_right_of_it(room, canvas):
    compare(room)
    canvas.show()
    room.view.buttons["swipe"].click()
    tool = canvas.mapTool()
    wait_for(lambda: tool.is_drawn)
    assert [side.title for side in tool.sides] == ["PLAN_A v1", "PLAN_B v1"]
    QTest.mouseMove(canvas.viewport(), QPoint(100, 100))
    tool.item.divide(10_000)
    assert tool.item.place == canvas.width()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.mapTool() is not tool
    assert not room.view.buttons["swipe"].isChecked()


def test_side_by_side_plan_b_lies_on_a_second_map_and_what_moves_one_moves_the_other(room, canvas):
    compare(room)
    canvas.show()
    QTest.mouseClick(room.view.buttons["beside"], LEFT)
    beside = room.sides.beside
    wait_for(lambda: beside.pictures.is_drawn)
    assert beside.dock.windowTitle() == "PLAN_B v1"
    assert [layer.name() for layer in beside.second.layers()] == ["Difference spots", "PLAN_B v1"]
    assert [side.title for side in beside.pictures.sides] == ["PLAN_A v1"]
    key(room, Qt.Key.Key_Z)
    for leader, follower in ((canvas, beside.second), (beside.second, canvas)):
        leader.zoomByFactor(0.5)
        assert follower.center().compare(leader.center(), 1e-6)
        assert follower.mapUnitsPerPixel() == pytest.approx(leader.mapUnitsPerPixel())
    assert len(beside._bands) == 1
    beside.dock.close()
    assert room.sides.beside is None and not room.view.buttons["beside"].isChecked()


def test_in_qgis_s_window_the_second_map_stands_between_the_map_and_the_panel_and_is_as_wide(room, canvas):
    window, panel = QMainWindow(), QDockWidget("One Map")
    window.setCentralWidget(canvas)
    panel.setWidget(room)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, panel)
    window.resize(1500, 900)
    window.show()
    compare(room)
    key(room, Qt.Key.Key_B)
    beside = room.sides.beside
    wait_for(lambda: abs(beside.dock.width() - canvas.width()) < 40)
    assert canvas.x() < beside.dock.x() < panel.x()
    key(room, Qt.Key.Key_B)
    assert room.sides.beside is None
    wait_for(lambda: canvas.width() > 900)
    window.takeCentralWidget()
    panel.setWidget(None)
    room.setParent(None)


def test_one_of_swipe_and_side_by_side_is_on_at_a_time_and_a_layer_that_goes_ends_it(room, canvas):
    compare(room)
    canvas.show()
    key(room, Qt.Key.Key_B)
    assert room.view.buttons["beside"].isChecked()
    key(room, Qt.Key.Key_S)
    assert [room.view.buttons[name].isChecked() for name in ("beside", "swipe")] == [False, True]
    QgsProject.instance().removeMapLayer(room.view.spot_layer.layer.id())
    assert not room.sides.is_on and not room.view.buttons["swipe"].isChecked()


def test_the_least_area_and_width_of_the_form_decide_what_is_set_apart(room):
    compare(room)
    assert room.view.comparison.record["parameters"]["min_area_m2"] == 200
    room.form.min_area.setValue(0)
    room.form.min_width.setValue(0)
    compare(room)
    assert "90" not in kinds(room)
    room.form.min_area.setValue(3000)
    compare(room)
    assert "04" not in kinds(room)


def test_who_contradicts_whom_is_a_table_whose_cells_open_the_comparison_of_the_two(room):
    QTest.mouseClick(room.pairs_button, LEFT)
    assert not room.form.isVisible() and not room.pairs.save_button.isEnabled()
    shown = []
    room.pairs.shown.connect(lambda: shown.append(True))
    QTest.mouseClick(room.pairs.button, LEFT)
    wait_for(lambda: shown or room.said_to_user)
    assert "1 pairs compared, 1 contradict" in room.pairs.words.text()
    model, table = room.pairs.model, room.pairs.table
    heads = [model.headerData(0, way) for way in (Qt.Orientation.Vertical, Qt.Orientation.Horizontal)]
    assert heads == ["PLAN_A", "PLAN_B"]
    assert model.data(model.index(0, 0)) == "0.75"
    assert "3 spots" in model.data(model.index(0, 0), Qt.ItemDataRole.ToolTipRole)
    done = []
    room.finished.connect(lambda: done.append(True))
    QTest.mouseClick(table.viewport(), LEFT, NONE, table.visualRect(model.index(0, 0)).center())
    wait_for(lambda: done or room.said_to_user)
    assert room.view.comparison.plans == ("PLAN_A v1", "PLAN_B v1") and room.view.comparison.changed is None
    assert kinds(room)[:3] == ["03", "03", "04"]
    assert not room.pairs_button.isChecked() and room.view.isVisible()


def test_the_table_of_contradictions_is_saved_as_the_core_wrote_it_and_goes_with_its_library(room, tmp_path):
    shown = []
    room.pairs.shown.connect(lambda: shown.append(True))
    room.pairs.ask()
    wait_for(lambda: shown or room.said_to_user)
    room.pairs.save(str(tmp_path / "pairs.xlsx"))
    assert (tmp_path / "pairs.xlsx").read_bytes()[:2] == b"PK"
    room._library.path = "another.gpkg"
    room._library.loading.emit()
    assert room.pairs.model.rowCount() == 0 and not room.pairs.save_button.isEnabled()


def test_an_atlas_is_printed_of_the_types_that_are_chosen_and_opened(room, tmp_path):
    reader, told = Reader(), []
    room.told.connect(told.append)
    compare(room)
    click_cell(room, 0, 1)
    target = str(tmp_path / "图册.pdf")
    QDesktopServices.setUrlHandler("file", reader.read)
    room.view.atlas.write(target, "spot")
    assert room.work.isVisible()
    wait_for(lambda: reader.opened or room.said_to_user)
    QDesktopServices.unsetUrlHandler("file")
    assert reader.opened == [target] and "2 sheets" in told[-1]
    wait_for(lambda: not room.work.isVisible())


def test_the_layer_of_a_comparison_goes_with_it_unless_it_is_kept(room):
    compare(room)
    gone = room.view.spot_layer.layer.id()
    compare(room)
    assert QgsProject.instance().mapLayer(gone) is None
    room.view.buttons["keep"].click()
    kept = room.view.spot_layer.layer
    room.view.clear()
    assert kept.isValid() and kept.featureCount() > 0
    names = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert {"Difference spots", "Matrix of differences", "Clusters of differences"} <= names


def test_what_the_core_refuses_is_said_in_its_words(room, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("title = 1", encoding="utf-8")
    room.form.choose_matrix(str(wrong))
    room.button.click()
    wait_for(lambda: room.said_to_user)
    assert "wrong.toml" in room.said_to_user[0]
    assert not room.is_comparing and room.button.isEnabled()


def test_a_comparison_that_is_cancelled_leaves_the_room_ready(room):
    room.button.click()
    QTest.keyClick(room, Qt.Key.Key_Escape)
    wait_for(lambda: not room.is_comparing)
    assert room.button.isEnabled() and room.view.comparison is None


def test_chinese_room_has_no_bare_codes(plans, core, canvas):
    settings.put("language", "zh")
    core_words.learn({})
    library = OpenLibrary(core)
    made = CompareRoom(library, canvas)
    made.said_to_user = []
    library.open(str(plans / "library.gpkg"))
    wait_for(lambda: made.form.plan_a.count() and core_words.are_known())
    made.form.choose("PLAN_A@v1", "PLAN_B@v1")
    made.form.choose_matrix(str(plans / "matrix.toml"))
    compare(made)
    shown = made.view.details.text()
    assert "仅甲为建设" in shown and "construction" not in shown and "policy" not in shown
    made.close_down()
    core_words.learn({})


def test_a_newer_version_is_compared_against_the_earlier_comparison(room, plans):
    compare(room)
    wait_for(lambda: room.form.since.count() > 1)
    run = room.view.comparison.record["id"]
    moved = [*PLAN_B[:1], (box(300, 50, 50, 50), "2", "R1"), *PLAN_B[2:]]
    add(str(plans / "library.gpkg"), plans, "PLAN_B", ["YDXZDM"], moved, "v2")
    listed = []
    room._library.listed.connect(lambda: listed.append(True))
    room._library.refresh()
    wait_for(lambda: listed and room.form.plan_b.count())
    room.form.choose("PLAN_A@v1", "PLAN_B@v2")
    room.form.choose_matrix(str(plans / "matrix.toml"))
    wait_for(lambda: room.form.since.findData(run) > 0)
    room.form.since.setCurrentIndex(room.form.since.findData(run))
    compare(room)
    assert {name: len(rows) for name, rows in room.view.comparison.changed.items()} == {
        "new": 1,
        "gone": 1,
        "changed": 0,
    }
    room.view.changed.setChecked(True)
    assert [(spot.kind, spot.state) for spot in room.view.model.shown] == [("04", "new")]
    assert "1 new" in room.said.text()
