"""The tab Compare with the real core: the matrix selects, keys visit and decide spots, the map follows."""

import zipfile

import pytest
from qgis.core import QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDockWidget, QFileDialog, QMainWindow

from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.profile import settings
from onemap.plugin.rooms.compare.column_fit import MOST_ROWS, ROW_MARGIN_PX
from onemap.plugin.rooms.compare.compare_details import details_of
from onemap.plugin.rooms.compare.compare_results import read_spots
from onemap.plugin.rooms.compare.compare_spots import SpotsModel
from onemap.plugin.rooms.compare.compare_tab import CompareTab
from onemap.plugin.widgets.scroll_area import RoomArea
from onemap.plugin.words import core_words
from onemap.plugin.words.number_format import value_or_none
from onemap.tests.plugin import other_desk
from onemap.tests.plugin.small_town import Reader, X, Y, awaited, box, lay_out, wait_for, write_layer
from onemap.tests.rules.small_pack import matrix_text

PLANS = {"for_a": ["PLAN_A"], "for_b": ["PLAN_B"]}
MATRIX = matrix_text(("GHDLDM", ["2"], ["1"]), ("YDXZDM", ["R"], ["E"]), **PLANS)
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
LIST_PX = 120  # so narrow that two plans stand below one another


def add(library, folder, code, fields, shapes, label):
    source = write_layer(folder / f"{code}-{label}.gpkg", ["BSM", *fields], shapes)
    define = f"name={code},department=planning,library=department,kind=vector,geometry=polygon,key=BSM"
    given = [
        f"--as={code}",
        f"--label={label}",
        "--covers=district",
        *([] if label == "v2" else [f"--define={define}"]),
    ]
    other_desk.core("add", library, source, *given)


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
    library = other_desk.make_library(folder / "library.gpkg", folder / "district.gpkg")
    add(library, folder, "PLAN_A", ["GHDLDM"], PLAN_A, "v1")
    add(library, folder, "PLAN_B", ["YDXZDM"], PLAN_B, "v1")
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    return folder


@pytest.fixture
def tab(plans, shared_core, canvas):
    """The tab, with the two plans and the matrix chosen."""
    library = OpenLibrary(shared_core)
    made = CompareTab(library, canvas)
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


def compare(tab):
    """Press Compare and wait for the spots."""
    with awaited(tab.finished, lambda: tab.said_to_user):
        QTest.mouseClick(tab.button, LEFT)
    assert tab.said_to_user == []


def kinds(tab):
    return [spot.kind for spot in tab.view.model.filtered_spots]


def click_cell(tab, row, column, keys=NONE):
    tree = tab.view.matrix
    index = tree.indexFromItem(tree.topLevelItem(row), column)
    tree.scrollTo(index)
    QTest.mouseClick(tree.viewport(), LEFT, keys, tree.visualRect(index).center())


def key(tab, pressed):
    QTest.keyClick(tab.view.list, pressed)


def decide(tab, pressed):
    with awaited(tab.view.decided, lambda: tab.said_to_user):
        key(tab, pressed)
    assert tab.said_to_user == []


def test_conflicts_are_listed_first_and_every_type_has_its_look_in_the_legend(tab):
    compare(tab)
    assert kinds(tab)[:3] == ["03", "03", "04"]
    assert set(kinds(tab)) == {"03", "04", "98", "01"}
    layer = tab.view.spot_layer.layer
    labels = [rule.label() for rule in layer.renderer().rootRule().children()]
    assert labels[0].startswith("03 ") and labels[-1] == "✓ Decided"
    assert QgsProject.instance().mapLayer(layer.id()) is layer


def test_slivers_are_listed_when_asked_for_and_counted_before(tab):
    compare(tab)
    slivers = [spot for spot in tab.view.model.all_spots if spot.kind == "90"]
    assert tab.view.slivers.text() == f"Slivers: {len(slivers)}" and not tab.view.slivers.isChecked()
    tab.view.slivers.click()
    assert kinds(tab).count("90") == len(slivers) > 0
    tab.view.slivers.click()
    tab.view.model.choose(frozenset({slivers[0].cell}))  # whoever chooses them in the matrix wants to see them
    assert set(kinds(tab)) == {"90"}


def test_of_many_spots_few_are_asked_when_they_are_shown(tab, monkeypatch):
    asked, plain = set(), SpotsModel.data

    def note_row(model, cell, role=Qt.ItemDataRole.DisplayRole):
        asked.add(cell.row())
        return plain(model, cell, role)

    monkeypatch.setattr(SpotsModel, "data", note_row)
    compare(tab)
    spot = tab.view.model.all_spots[0]
    asked.clear()
    tab.view.model.set_spots([spot] * 20_000)
    tab.view.list_columns.measure()
    QApplication.processEvents()
    assert 0 < len(asked) <= MOST_ROWS


def test_the_names_of_both_plans_stand_whole_in_as_many_lines_as_they_need(tab):
    compare(tab)
    names = tab.summary.text()
    assert names.startswith("PLAN_A v1 | PLAN_B v1") and names in tab.summary.toolTip()
    metrics = tab.summary.fontMetrics()
    narrow_px = metrics.horizontalAdvance("PLAN_A v1 |") + 4
    assert tab.summary.heightForWidth(narrow_px) > 1.5 * metrics.height()  # two lines
    tab.pairs_button.setChecked(True)
    assert tab.summary.isHidden()
    tab.pairs_button.setChecked(False)
    assert not tab.summary.isHidden()


def test_the_matrix_holds_hectares_and_its_cells_choose_spots_in_the_list_and_on_the_map(tab):
    compare(tab)
    assert tab.view.matrix.topLevelItem(0).text(1) == "0.5000"
    click_cell(tab, 0, 1)
    assert kinds(tab) == ["03", "03"]
    assert tab.view.spot_layer.layer.selectedFeatureCount() == 2
    click_cell(tab, 1, 1, Qt.KeyboardModifier.ControlModifier)
    assert kinds(tab) == ["03", "03", "04"]
    QTest.keyClick(tab, Qt.Key.Key_Escape)
    assert kinds(tab) == [spot.kind for spot in tab.view.model.all_spots if spot.kind != "90"]
    assert tab.view.spot_layer.layer.selectedFeatureCount() == 0


def test_keys_and_clicks_go_from_spot_to_spot_and_the_map_goes_along(tab, canvas):
    compare(tab)
    first = tab.view.current
    key(tab, Qt.Key.Key_N)
    second = tab.view.current
    assert second.name != first.name
    assert tab.view.highlight.labels == ["2,500 m²"]
    ground = tab.view.spot_layer.geometry(second).boundingBox()
    assert canvas.extent().contains(ground) and canvas.extent().width() < 300
    key(tab, Qt.Key.Key_P)
    assert tab.view.current.name == first.name
    row = tab.view.list.visualRect(tab.view.list.currentIndex()).center()
    canvas.setExtent(QgsRectangle(X - 900, Y - 900, X - 800, Y - 800))
    QTest.mouseClick(tab.view.list.viewport(), Qt.MouseButton.LeftButton, pos=row)  # of the row that is chosen already
    assert canvas.extent().contains(tab.view.spot_layer.geometry(first).boundingBox())
    before = canvas.extent()
    tab.leave_map()
    assert canvas.extent() != before


def test_a_decision_by_key_asks_for_its_reason_is_kept_by_the_core_and_marked(tab):
    compare(tab)
    click_cell(tab, 1, 1)
    (spot,) = tab.view.model.filtered_spots
    key(tab, Qt.Key.Key_6)
    assert tab.view.model.filtered_spots[0].decision == ""
    assert "to be discussed" in tab.view.decide.reason.placeholderText()
    QTest.keyClicks(tab.view.decide.reason, "minutes of 3 November")
    with awaited(tab.view.decided):
        QTest.keyClick(tab.view.decide.reason, Qt.Key.Key_Return)
    assert tab.view.model.filtered_spots[0].decision == "discuss"
    assert "minutes of 3 November" in tab.view.details.text()
    layer = tab.view.spot_layer.layer
    assert [row["spot"] for row in layer.getFeatures("\"decision\" = 'discuss'")] == [spot.name]
    compare(tab)
    (again,) = [one for one in tab.view.model.all_spots if one.name == spot.name]
    assert (again.decision, again.reason) == ("discuss", "minutes of 3 November")


@pytest.mark.parametrize("scale", [1, 1.5])
def test_in_a_low_dock_with_the_form_open_the_room_scrolls_and_eight_spots_stay(tab, application, scale):
    before, letters = application.font(), application.font()
    letters.setPointSizeF(before.pointSizeF() * scale)
    application.setFont(letters)
    area = RoomArea(tab)
    area.resize(320, 480)
    area.show()
    compare(tab)
    tab.form_button.setChecked(True)
    lay_out()
    view = tab.view
    row = min(view.list.verticalHeader().defaultSectionSize(), 2 * view.list.fontMetrics().height() + ROW_MARGIN_PX)
    height = view.list.viewport().height()
    area.verticalScrollBar().setValue(view.list.mapTo(tab, QPoint()).y())
    lay_out()
    in_sight = view.list.visibleRegion().boundingRect().height()
    area.bring_into_sight(view.decide)
    lay_out()
    cut = [
        button.text()
        for button in view.decide.buttons.values()
        if button.visibleRegion().boundingRect().size() != button.size() or button.width() < button.sizeHint().width()
    ]
    application.setFont(before)
    area.takeWidget()
    assert height >= 8 * row
    assert in_sight >= min(view.list.height(), 480) - 1
    assert cut == []


def test_one_decision_can_be_given_to_a_whole_cluster(tab):
    compare(tab)
    tab.view.decide.reason.setText("the road was moved")
    key(tab, Qt.Key.Key_C)
    decide(tab, Qt.Key.Key_4)
    assert [spot.decision for spot in tab.view.model.all_spots if spot.kind == "03"] == ["change-b", "change-b"]
    tab.view.undecided.setChecked(True)
    assert "03" not in kinds(tab) and "01" not in kinds(tab)
    tab.view.undecided.setChecked(False)
    tab.view.list.setCurrentIndex(tab.view.model.index(0, 0))
    first = tab.view.current
    tab.view.decide.scope.setCurrentIndex(0)
    assert first.kind == "03" and tab.view.decide.back_button.isVisibleTo(tab.view)
    decide(tab, Qt.Key.Key_0)  # of this spot alone
    assert [spot.decision for spot in tab.view.model.all_spots if spot.kind == "03"].count("") == 1
    assert tab.view.current.name == first.name and not tab.view.decide.back_button.isVisibleTo(tab.view)
    marked = [feature["decision"] for feature in tab.view.spot_layer.layer.getFeatures() if feature["type"] == "03"]
    assert sorted(value_or_none(one) or "" for one in marked) == ["", "change-b"]
    other = next(spot for spot in tab.view.model.all_spots if spot.decision)
    tab.view.model.store_decision([other.name], "undecided", "")  # as a desk that has not seen it
    tab.view.list.setCurrentIndex(tab.view.model.index(tab.view.model.row_of(other.name), 0))
    key(tab, Qt.Key.Key_1)
    wait_for(lambda: tab.said_to_user)
    assert other.name in tab.said_to_user[0] and "the road was moved" in tab.said_to_user[0]


def test_the_list_sorts_by_every_measure_with_what_was_not_measured_last(tab):
    compare(tab)
    for column, measure in ((1, "area_m2"), (4, "mean_width_m"), (6, "shift_m"), (7, "line_distance_m")):
        tab.view.model.sort(column, Qt.SortOrder.DescendingOrder)
        values = [getattr(spot, measure) for spot in tab.view.model.filtered_spots]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True)
        assert values[len(known) :] == [None] * (len(values) - len(known))


def test_the_swipe_shows_plan_a_left_of_the_mouse_and_plan_b_right_of_it(tab, canvas):
    compare(tab)
    canvas.show()
    tab.view.buttons["swipe"].click()
    tool = canvas.mapTool()
    wait_for(lambda: tool.is_drawn)
    assert [side.title for side in tool.sides] == ["PLAN_A v1", "PLAN_B v1"]
    QTest.mouseMove(canvas.viewport(), QPoint(100, 100))
    tool.item.divide(10_000)
    assert tool.item.position == canvas.width()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.mapTool() is not tool
    assert not tab.view.buttons["swipe"].isChecked()


def test_side_by_side_plan_b_lies_on_a_second_map_and_what_moves_one_moves_the_other(tab, canvas):
    compare(tab)
    canvas.show()
    far = QgsRectangle(X - 90_000, Y - 90_000, X - 80_000, Y - 80_000)
    canvas.setExtent(far)
    QTest.mouseClick(tab.view.buttons["beside"], LEFT)
    beside = tab.sides.second_map
    wait_for(lambda: beside.pictures.is_drawn)
    place = tab.view.spot_layer.geometry(tab.view.current).boundingBox()
    for shown in (canvas, beside.second):
        assert shown.extent().contains(place), "both go to the chosen spot"
    assert beside.dock.windowTitle() == "PLAN_B v1"
    assert [layer.name() for layer in beside.second.layers()] == ["Difference spots", "PLAN_B v1"]
    assert [side.title for side in beside.pictures.sides] == ["PLAN_A v1"]
    key(tab, Qt.Key.Key_Z)
    for leader, follower in ((canvas, beside.second), (beside.second, canvas)):
        leader.zoomByFactor(0.5)
        assert follower.center().compare(leader.center(), 1e-6)
        assert follower.mapUnitsPerPixel() == pytest.approx(leader.mapUnitsPerPixel())
    assert beside._band is not None
    beside.dock.close()
    assert tab.sides.second_map is None and not tab.view.buttons["beside"].isChecked()


def test_in_qgis_s_window_the_second_map_stands_between_the_map_and_the_panel_and_is_as_wide(tab, canvas):
    window, panel = QMainWindow(), QDockWidget("One Map")
    window.setCentralWidget(canvas)
    panel.setWidget(tab)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, panel)
    window.resize(1500, 900)
    window.show()
    compare(tab)
    key(tab, Qt.Key.Key_B)
    beside = tab.sides.second_map
    wait_for(lambda: abs(beside.dock.width() - canvas.width()) < 40)
    assert canvas.x() < beside.dock.x() < panel.x()
    key(tab, Qt.Key.Key_B)
    assert tab.sides.second_map is None
    wait_for(lambda: canvas.width() > 900)
    window.takeCentralWidget()
    panel.setWidget(None)
    tab.setParent(None)


def test_one_of_swipe_and_side_by_side_is_on_at_a_time_and_a_layer_that_goes_ends_it(tab, canvas):
    compare(tab)
    canvas.show()
    key(tab, Qt.Key.Key_B)
    assert tab.view.buttons["beside"].isChecked()
    key(tab, Qt.Key.Key_S)
    assert [tab.view.buttons[name].isChecked() for name in ("beside", "swipe")] == [False, True]
    QgsProject.instance().removeMapLayer(tab.view.spot_layer.layer.id())
    assert not tab.sides.is_on and not tab.view.buttons["swipe"].isChecked()


def test_the_least_area_and_width_of_the_form_decide_what_is_set_apart(tab):
    compare(tab)
    assert tab.view.comparison.record["parameters"]["min_area_m2"] == 200
    tab.form.min_area.setValue(0)
    tab.form.min_width.setValue(0)
    compare(tab)
    assert "90" not in kinds(tab)
    tab.form.min_area.setValue(3000)
    compare(tab)
    assert "04" not in kinds(tab)


def test_who_contradicts_whom_is_a_list_whose_rows_open_the_comparison_of_the_two(tab):
    QTest.mouseClick(tab.pairs_button, LEFT)
    assert not tab.form.isVisible() and not tab.pairs.save_button.isEnabled()
    with awaited(tab.pairs.results_shown, lambda: tab.said_to_user):
        QTest.mouseClick(tab.pairs.button, LEFT)
    assert "1 pair compared, 1 with contradictions" in tab.pairs.summary.text()
    tree = tab.pairs.tree
    (row,) = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    assert [row.text(column) for column in (0, 1, 3)] == ["PLAN_A × PLAN_B", "0.7500", "3"]
    assert "in the second only" in row.toolTip(0)
    size = tab.pairs.size()
    tab.pairs.resize(LIST_PX, size.height())
    assert [tree.isColumnHidden(column) for column in range(3)] == [False, False, True]
    tab.pairs.resize(size)
    with awaited(tab.finished, lambda: tab.said_to_user):
        QTest.mouseClick(tree.viewport(), LEFT, NONE, tree.visualItemRect(row).center())
    assert tab.view.comparison.plans == ("PLAN_A v1", "PLAN_B v1") and tab.view.comparison.changes is None
    assert kinds(tab)[:3] == ["03", "03", "04"]
    assert not tab.pairs_button.isChecked() and tab.view.isVisible()


def test_the_table_of_contradictions_is_saved_as_the_core_wrote_it_and_goes_with_its_library(tab, tmp_path):
    with awaited(tab.pairs.results_shown, lambda: tab.said_to_user):
        tab.pairs.ask()
    tab.pairs.save(str(tmp_path / "pairs.xlsx"))
    assert (tmp_path / "pairs.xlsx").read_bytes()[:2] == b"PK"
    tab._library.path = "another.gpkg"
    tab._library.loading.emit()
    assert tab.pairs.tree.topLevelItemCount() == 0 and not tab.pairs.save_button.isEnabled()


def test_an_atlas_is_printed_of_the_types_that_are_chosen_and_opened(tab, tmp_path, monkeypatch):
    reader, messages = Reader(), []
    tab.message_sent.connect(messages.append)
    compare(tab)
    click_cell(tab, 0, 1)
    target = str(tmp_path / "图册.pdf")
    QDesktopServices.setUrlHandler("file", reader.read)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_words: (target, ""))
    tab.view.atlas.kinds.actions()[1].trigger()
    assert tab.work.isVisible()
    wait_for(lambda: reader.opened or tab.said_to_user)
    QDesktopServices.unsetUrlHandler("file")
    assert reader.opened == [target] and "2 sheets" in messages[-1]
    wait_for(lambda: not tab.work.isVisible())


def test_a_report_for_word_is_printed_and_opened(tab, tmp_path, monkeypatch):
    reader, messages = Reader(), []
    tab.message_sent.connect(messages.append)
    compare(tab)
    target = str(tmp_path / "报告.docx")
    QDesktopServices.setUrlHandler("file", reader.read)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_words: (target, ""))
    tab.view.atlas.kinds.actions()[2].trigger()
    wait_for(lambda: reader.opened or tab.said_to_user)
    QDesktopServices.unsetUrlHandler("file")
    assert reader.opened == [target] and target in messages[-1]
    with zipfile.ZipFile(target) as document:
        assert "ha were compared." in document.read("word/document.xml").decode("utf-8")


def test_the_layer_of_a_comparison_goes_with_it_unless_it_is_kept(tab):
    compare(tab)
    gone = tab.view.spot_layer.layer.id()
    compare(tab)
    assert QgsProject.instance().mapLayer(gone) is None
    tab.view.buttons["keep"].click()
    kept = tab.view.spot_layer.layer
    tab.view.clear()
    assert kept.isValid() and kept.featureCount() > 0
    names = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert {"Difference spots", "Matrix of differences", "Clusters of differences"} <= names


def test_what_the_core_refuses_is_said_in_its_words(tab, tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("title = 1", encoding="utf-8")
    tab.form.choose_matrix(str(wrong))
    tab.button.click()
    wait_for(lambda: tab.said_to_user)
    assert "wrong.toml" in tab.said_to_user[0]
    assert not tab.is_comparing and tab.button.isEnabled()


def test_a_comparison_that_is_cancelled_leaves_the_tab_ready(tab):
    tab.button.click()
    QTest.keyClick(tab, Qt.Key.Key_Escape)
    wait_for(lambda: not tab.is_comparing)
    assert tab.button.isEnabled() and tab.view.comparison is None


def test_chinese_tab_has_no_bare_codes(plans, shared_core, canvas):
    settings.put("language", "zh")
    core_words.learn({})
    library = OpenLibrary(shared_core)
    made = CompareTab(library, canvas)
    made.said_to_user = []
    library.open(str(plans / "library.gpkg"))
    wait_for(lambda: made.form.plan_a.count() and core_words.are_known())
    made.form.choose("PLAN_A@v1", "PLAN_B@v1")
    made.form.choose_matrix(str(plans / "matrix.toml"))
    compare(made)
    shown = made.view.details.text()
    assert "仅规划一为建设" in shown and "construction" not in shown and "policy" not in shown
    made.close_down()
    core_words.learn({})


def test_a_class_stands_with_the_title_that_the_core_gives(tab):
    compare(tab)
    answer = {**tab.view.comparison.answer, "class_titles": {"a": {"2110": "Town land"}, "b": {}}}
    spots = read_spots(tab.view.comparison.path, answer)
    only_a = next(spot for spot in spots if spot.kind == "03")
    assert (only_a.class_a, only_a.class_b) == ("2110 Town land", "E2")  # no table knows the other
    assert "2110 Town land" in details_of(only_a, 1, ("A", "B"))


@pytest.mark.slow
def test_a_newer_version_is_compared_against_the_earlier_comparison(tab, plans):
    compare(tab)
    wait_for(lambda: tab.form.since.count() > 1)
    run = tab.view.comparison.record["id"]
    moved = [*PLAN_B[:1], (box(300, 50, 50, 50), "2", "R1"), *PLAN_B[2:]]
    add(str(plans / "library.gpkg"), plans, "PLAN_B", ["YDXZDM"], moved, "v2")
    add(str(plans / "library.gpkg"), plans, "PLAN_A", ["GHDLDM"], PLAN_A[:-1], "v2")
    with awaited(tab._library.listed):
        tab._library.refresh()
    wait_for(lambda: tab.form.plan_b.count() == 4)
    offered = [tab.form.plan_b.itemData(row).plan_text for row in range(4)]
    assert offered == ["PLAN_A@v2", "PLAN_B@v2", "PLAN_A@v1", "PLAN_B@v1"]  # those in force before all others
    tab.form.choose("PLAN_A@v1", "PLAN_B@v2")
    tab.form.choose_matrix(str(plans / "matrix.toml"))
    wait_for(lambda: tab.form.since.findData(run) > 0)
    tab.form.since.setCurrentIndex(tab.form.since.findData(run))
    compare(tab)
    assert {name: len(rows) for name, rows in tab.view.comparison.changes.items()} == {
        "new": 1,
        "gone": 1,
        "changed": 0,
    }
    tab.view.changed.setChecked(True)
    assert [(spot.kind, spot.state) for spot in tab.view.model.filtered_spots] == [("04", "new")]
    assert "1 new" in tab.summary.text()
