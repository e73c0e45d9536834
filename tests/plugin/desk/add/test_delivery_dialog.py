"""A department's whole folder: one table of its layers, edited, added at once, or refused as a whole."""

import tomllib

import pytest
from osgeo import gdal
from qgis.core import QgsCoordinateReferenceSystem
from qgis.PyQt.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qgis.PyQt.QtGui import QDragEnterEvent, QDropEvent
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QLineEdit, QListView, QPushButton

from onemap.plugin.connection.refusals import cancel_refusal
from onemap.plugin.desk.add.delivery_dialog import SIZE_PX, DeliveryDialog
from onemap.plugin.desk.add.delivery_table import COVERS, NAME, TARGET
from onemap.plugin.desk.add.geometry_kinds import wrong_kind
from onemap.plugin.desk.add.planned_layers import PlannedLayer, plan_text
from onemap.plugin.widgets.accessible_names import nameless_controls
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import CRS, X, Y, box, line, press_add, wait_for, write_layer

BOW_TIE = f"POLYGON(({X} {Y},{X + 10} {Y + 10},{X + 10} {Y},{X} {Y + 10},{X} {Y}))"


@pytest.fixture
def delivery(tmp_path):
    """Two layers that their names identify, one that its name does not, and a letter."""
    folder = tmp_path / "delivery"
    (folder / "红线").mkdir(parents=True)
    write_layer(folder / "永久基本农田图斑2024.gpkg", ["BSM"], [(box(0, 0, 100, 100), "F1")])
    write_layer(folder / "红线" / "STBHHX.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1"), (box(300, 0, 50, 50), "R2")])
    write_layer(folder / "成果.gpkg", ["A"], [(box(500, 0, 50, 50), "Z")])
    (folder / "说明.pdf").write_bytes(b"%PDF-1.4")
    return folder


@pytest.fixture
def dialog(own_library):
    made = DeliveryDialog(own_library)
    made.show()
    yield made
    made.close_down()
    made.deleteLater()


def look_through(dialog, folder):
    dialog.show_plan(str(folder))
    wait_for(lambda: not dialog.is_working)
    assert dialog.notice.text == ""


def number_of(dialog, name):
    return next(number for number, row in enumerate(dialog.table.rows) if name in row.source)


def speak_for_district(dialog):
    dialog.covers.setCurrentIndex(dialog.covers.findData("district"))


def _control_name(control):
    """A control by its class and those around it."""
    return f"{type(control).__name__} in {type(control.parent()).__name__} {control.objectName()}"


def versions_of(own_library):
    listed = []
    own_library.listed.connect(lambda: listed.append(True))
    own_library.refresh()
    wait_for(lambda: listed)
    return {layer.code: layer.versions for layer in own_library.layers if layer.versions}


def test_a_folder_is_shown_as_one_table_and_nothing_is_added_by_looking(dialog, delivery, own_library):
    look_through(dialog, delivery)
    titles = {row.source: (row.code, dialog.table.state_of(number)) for number, row in enumerate(dialog.table.rows)}
    assert titles == {
        "永久基本农田图斑2024.gpkg": ("YJJBNTTB", "found by its title"),
        "红线/STBHHX.gpkg": ("STBHHX", "found by its code"),
        "成果.gpkg": ("", "not found: choose, or leave it out"),
        "说明.pdf": ("", "comes with the data; not a layer"),
    }
    assert dialog.hint.text().startswith("Layers that go in: 2. Still without a layer, and so left out: 1.")
    assert versions_of(own_library) == {}


def test_where_no_layer_has_a_last_version_the_district_is_proposed(dialog, delivery, own_library):
    """It is said what that means; with a last version its ground is proposed; one mend is said once."""
    look_through(dialog, delivery)
    assert (dialog.covers.currentData(), dialog.covers.itemText(0)) == ("district", "not stated")
    assert dialog.hint.text().endswith("Where a layer has no feature, a check finds nothing there.")
    dialog.covers.setCurrentIndex(0)
    assert press_add(dialog) is None
    lines = dialog.notice.text.splitlines()
    assert len(lines) == 2 and [line.split(" ")[:3] for line in lines] == [["The", "features", "of"]] * 2
    assert ["State the coverage" in line for line in lines] == [False, True]
    speak_for_district(dialog)
    assert press_add(dialog) is not None
    versions_of(own_library)
    again = DeliveryDialog(own_library)
    again.show_plan(str(delivery))
    wait_for(lambda: not again.is_working)
    assert (again.covers.currentData(), again.covers.itemText(0)) == ("", "as the last version said")
    again.close_down()
    again.deleteLater()


def test_layers_of_one_file_are_told_apart_by_the_beginning_of_their_names(dialog, tmp_path):
    folder = tmp_path / "delivery" / "国土"
    folder.mkdir(parents=True)
    for name in ("永久基本农田图斑", "生态保护红线"):
        write_layer(folder / "国土空间数据.gpkg", ["BSM"], [(box(0, 0, 10, 10), "F1")], layer=name)
    look_through(dialog, folder.parent)
    names = [dialog.table.item(row, NAME).text() for row in range(dialog.table.rowCount())]
    assert names == ["永久基本农田图斑 · 国土空间数据.gpkg · 国土", "生态保护红线 · 国土空间数据.gpkg · 国土"]


def test_what_a_row_becomes_is_read_with_its_code(dialog, delivery):
    dialog.resize(*SIZE_PX)  # the screen of tests is narrower
    look_through(dialog, delivery)
    QApplication.processEvents()
    boxes = [dialog.table.cellWidget(row, TARGET) for row in range(dialog.table.rowCount())]
    lines = [box.lineEdit() for box in boxes if box is not None and box.currentText()]
    assert lines
    for edit in lines:
        assert edit.fontMetrics().horizontalAdvance(edit.text()) < edit.width(), edit.text()


def test_a_dialog_that_is_opened_before_the_layers_are_listed_says_what_a_row_becomes(own_library, delivery):
    listed, own_library.layers = own_library.layers, []
    dialog = DeliveryDialog(own_library)
    look_through(dialog, delivery)
    number = number_of(dialog, "STBHHX")
    own_library.layers = listed
    own_library.listed.emit()
    assert dialog.table.cellWidget(number, TARGET).currentData() == "STBHHX"
    assert dialog.covers.currentData() == "district"
    dialog.close_down()
    dialog.deleteLater()


def test_the_table_is_edited_and_all_of_it_added_in_one_go(dialog, delivery, own_library):
    (delivery / "总图.dwg").write_bytes(b"AC1032")
    look_through(dialog, delivery)
    speak_for_district(dialog)
    red = number_of(dialog, "STBHHX")
    dialog.table.choose(red, "")
    assert dialog.hint.text().startswith("Layers that go in: 1.")
    dialog.table.choose(red, "STBHHX")
    assert dialog.table.state_of(red) == "chosen"
    answer = press_add(dialog)
    assert [(one["code"], one["features"]) for one in answer["added"]] == [("YJJBNTTB", 1), ("STBHHX", 2)]
    assert [row["source"] for row in answer["refused"]] == ["总图.dwg"]
    assert dialog.notice.text == "Layers with a new version: 2. Refused: 1; the table says why."
    assert dialog.table.state_of(red) == "added"
    assert dialog.table.state_of(number_of(dialog, "总图")) == "cannot be read"
    assert not dialog.add_button.isEnabled()
    found = versions_of(own_library)
    assert (found["YJJBNTTB"][0].label, found["YJJBNTTB"][0].coverage) == ("2024", "district")


@pytest.mark.slow
def test_what_is_refused_is_said_at_its_row_and_nothing_else_is_in_until_that_is_asked(dialog, delivery, own_library):
    write_layer(delivery / "红线" / "STBHHX.gpkg", ["BSM"], [(box(200, 0, 50, 50), "R1"), (BOW_TIE, "R2")])
    look_through(dialog, delivery)
    speak_for_district(dialog)
    assert press_add(dialog) is None
    assert versions_of(own_library) == {}
    red = number_of(dialog, "STBHHX")
    assert dialog.table.state_of(red) == "refused"
    assert dialog.table.state_of(number_of(dialog, "基本农田")) == "found by its title"
    dialog.table.selectRow(red)
    assert "R2" in dialog.row_page.problems.item(0).text()
    assert dialog.notice._button.text() == "Add the others"
    dialog.notice._button.click()
    wait_for(lambda: not dialog.is_working)
    assert set(versions_of(own_library)) == {"YJJBNTTB"}
    assert dialog.table.state_of(red) == "refused"
    dialog.row_page.repair.click()
    assert press_add(dialog)["added"][0]["code"] == "STBHHX"
    assert set(versions_of(own_library)) == {"YJJBNTTB", "STBHHX"}


def test_a_file_without_a_coordinate_system_gets_one_in_its_row(dialog, tmp_path):
    folder = tmp_path / "lost"
    folder.mkdir()
    rows = [(box(0, 0, 10, 10), "F")]
    write_layer(folder / "YJJBNTTB.shp", ["BSM"], rows, crs=None, driver="ESRI Shapefile")
    look_through(dialog, folder)
    speak_for_district(dialog)
    assert press_add(dialog) is None
    assert "no coordinate system" in dialog.notice.text
    dialog.row_page.crs.setCrs(QgsCoordinateReferenceSystem(CRS))
    assert press_add(dialog)["added"][0]["features"] == 1


def test_the_wrong_geometry_and_two_for_one_version_are_told_before_add(dialog, delivery, own_library):
    write_layer(delivery / "河.gpkg", ["BSM"], [(line((0, 0), (9, 9)), "L")])
    write_layer(delivery / "第二片.gpkg", ["BSM"], [(box(500, 0, 50, 50), "R3")])
    look_through(dialog, delivery)
    dialog.table.choose(number_of(dialog, "河"), "DLTB")
    assert dialog.hint.text() == "河.gpkg: It holds lines; this layer takes polygons."
    assert not dialog.add_button.isEnabled()
    dialog.table.choose(number_of(dialog, "河"), "")
    assert dialog.add_button.isEnabled()
    zone = number_of(dialog, "第二片")
    dialog.table.choose(zone, "STBHHX")
    together = "Several files become one version: Ecological red line (STBHHX)."
    assert dialog.hint.text().startswith(f"Layers that go in: 2. {together} Only different versions have labels")
    dialog.table.cellWidget(zone, 3).setText("2023")
    assert dialog.hint.text().startswith("Layers that go in: 3.") and together not in dialog.hint.text()
    dialog.table.cellWidget(zone, 3).setText("")
    speak_for_district(dialog)
    answer = press_add(dialog)
    assert {row["code"]: row["features"] for row in answer["added"]} == {"YJJBNTTB": 1, "STBHHX": 3}
    assert {row.status for row in dialog.table.rows if row.code == "STBHHX"} == {"added"}
    assert [version.count for version in versions_of(own_library)["STBHHX"]] == [3]


def test_several_rasters_are_no_version(dialog, tmp_path):
    folder = tmp_path / "rasters"
    folder.mkdir()
    for name in ("a", "b"):
        made = gdal.GetDriverByName("GTiff").Create(str(folder / f"{name}.tif"), 4, 4, 1)
        made.SetGeoTransform((X, 10, 0, Y, 0, -10))
        made.SetProjection(QgsCoordinateReferenceSystem(CRS).toWkt())
        del made
    look_through(dialog, folder)
    for number in range(2):
        dialog.table.choose(number, "DEM")
    assert dialog.hint.text().startswith("Several rasters become") and not dialog.add_button.isEnabled()
    dialog.table.cellWidget(1, 3).setText("2023")
    assert dialog.add_button.isEnabled()


def test_tab_goes_from_the_table_through_its_rows_to_the_coordinate_system_and_the_fields(dialog, delivery):
    look_through(dialog, delivery)
    dialog.activateWindow()
    wait_for(dialog.isActiveWindow)
    dialog.table.setFocus()
    names = []
    while not names or names[-1] != dialog.add_button.text():
        before = QApplication.focusWidget()
        QTest.keyClick(before, Qt.Key.Key_Tab)
        now = QApplication.focusWidget()
        assert now is not before
        names.append(now.accessibleName() or now.text())
    first, system = names.index(f"Becomes {dialog.table.rows[0].name}"), names.index("Coordinate system")
    assert (first, names[1:3]) == (0, [f"Covers {dialog.table.rows[0].name}", f"Label {dialog.table.rows[0].name}"])
    assert first < system < names.index("Fields") < len(names) - 1


@pytest.mark.slow
def test_a_label_that_the_layer_has_already_is_told_at_its_row_before_add(dialog, delivery, own_library):
    source = str(delivery / "红线" / "STBHHX.gpkg")
    core("add", own_library.path, source, "--as", "STBHHX", "--covers=district", "--label", "2023")
    own_library.refresh()
    wait_for(lambda: own_library.entry("STBHHX").versions)
    dialog.table.show_targets(own_library.layers)
    look_through(dialog, delivery)
    row = number_of(dialog, "STBHHX")
    dialog.table.cellWidget(row, 3).setText("2023")
    obstacle = "The library has its version “2023” already: another label, or leave it out."
    assert dialog.table.state_of(row) == obstacle and obstacle in dialog.hint.text()
    assert not dialog.add_button.isEnabled()
    dialog.table.cellWidget(row, 3).setText("2024")
    assert dialog.table.state_of(row) == "found by its code" and dialog.add_button.isEnabled()


@pytest.mark.parametrize(
    ("wanted", "found", "reason"),
    [
        ("polygon", "MultiPolygon, Polygon", ""),
        ("polygon", "LineString, Point", "It holds lines, points; this layer takes polygons."),
        ("line", "MultiLineString", ""),
        ("point", "Polygon", "It holds polygons; this layer takes points."),
        ("polygon", "GeometryCollection", ""),
        ("polygon", "", "It is a table without geometry; this layer takes polygons."),
        ("table", "", ""),
        ("raster", "Polygon", "This layer is kept as a raster, and the file is none."),
    ],
)
def test_a_geometry_fits_its_layer_or_it_is_said_why_not(wanted, found, reason):
    assert wrong_kind(wanted, found, 3) == reason


def test_the_plan_is_read_by_the_core_as_it_was_written():
    remembered = PlannedLayer('甲/a "b".shp', "", "DLTB", "planned", fields={"编号": "x y"}, remembered=("covers",))
    own = PlannedLayer("c.gpkg", "层", "STBHHX", "chosen", covers="extent", label="2024", repair=True)
    plain = PlannedLayer("d.gpkg", "", "YJJBNTTB", "planned")
    read = tomllib.loads(plan_text([remembered, own, plain], "district"))["layer"]
    assert read == [
        {"source": '甲/a "b".shp', "code": "DLTB", "fields": {"编号": "x y"}},
        {"source": "c.gpkg", "layer": "层", "code": "STBHHX", "covers": "extent", "label": "2024", "repair": True},
        {"source": "d.gpkg", "code": "YJJBNTTB", "covers": "district"},
    ]


def test_a_cancelled_delivery_leaves_the_library_as_it_was(dialog, delivery, own_library):
    look_through(dialog, delivery)
    speak_for_district(dialog)
    dialog.add_button.click()
    dialog.work.cancel_button.click()
    wait_for(lambda: not dialog.is_working)
    assert dialog.notice.text == ""
    assert versions_of(own_library) == {}
    assert dialog.add_button.isEnabled()


def test_what_went_in_before_a_cancel_is_looked_for_once_however_often_is_cancelled(dialog, own_library):
    looks = []
    dialog._mark_added = lambda: looks.append(DeliveryDialog._mark_added(dialog))
    for _time in range(2):
        dialog.refuse(cancel_refusal())
    for _listing in range(2):
        own_library.listed.emit()
    assert len(looks) == 1


@pytest.mark.slow
def test_what_went_in_layer_by_layer_before_a_cancel_is_not_added_twice(dialog, delivery, own_library):
    look_through(dialog, delivery)
    speak_for_district(dialog)
    dialog.add(each=True)
    dialog.asking.cancel()
    core("add", own_library.path, delivery / "红线" / "STBHHX.gpkg", "--as", "STBHHX", "--covers=district")
    wait_for(lambda: not dialog.is_working)
    red = number_of(dialog, "STBHHX")
    wait_for(lambda: dialog.table.state_of(red) == "added")
    assert "STBHHX" not in [row.code for row in dialog.table.ready]


def _drop_event(path):
    """A file or a folder, let go over a widget; Qt reads the names from the second while the first lives."""
    what = QMimeData()
    what.setUrls([QUrl.fromLocalFile(str(path))])
    button, key = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    return QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, what, button, key), what


def test_a_folder_dropped_on_the_dialog_is_looked_through(dialog, delivery):
    drop, _what = _drop_event(delivery)
    dialog.dropEvent(drop)
    wait_for(lambda: not dialog.is_working)
    assert len(dialog.table.rows) == 4
    nameless = [
        _control_name(control)
        for control in nameless_controls(dialog)
        # A list that drops down belongs to its box; a message's button says its text when there is one.
        if type(control) is not QListView and not isinstance(control, QPushButton)
    ]
    assert nameless == []


@pytest.mark.slow
def test_what_is_dropped_on_the_map_tab_is_asked_about(dock, own_library, delivery):
    dock.open_library(own_library.path)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    drop, _what = _drop_event(delivery / "成果.gpkg")
    dock.map_tab.dropEvent(drop)
    wait_for(lambda: dock.add_dialog is not None and not dock.add_dialog.is_working)
    assert dock.add_dialog.form.chosen_part.count == 1
    drop, _what = _drop_event(delivery)
    dock.map_tab.dropEvent(drop)
    wait_for(lambda: not dock.delivery_dialog.is_working)
    assert not dock.add_dialog.isVisible()
    assert len(dock.delivery_dialog.table.rows) == 4
    speak_for_district(dock.delivery_dialog)
    press_add(dock.delivery_dialog)
    wait_for(lambda: dock.library.entry("STBHHX").versions)


def write_shapefile(path):
    """A layer of land use as a shapefile with all its parts."""
    package = path.with_name("as_sent")
    package.mkdir()
    write_layer(package / "a.gpkg", ["BSM", "DLBM"], [(box(0, 0, 80, 80), "1", "0101")])
    assert gdal.VectorTranslate(str(path), str(package / "a.gpkg"), format="ESRI Shapefile") is not None
    return path


def drop_on(widget, *paths):
    """Drop files as the desktop does: on the widget under the pointer, else on the first parent that accepts them.

    Returns the widget that accepted them; None if none did.
    """
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    while widget is not None:
        place = widget.rect().center()
        more = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        coming = QDragEnterEvent(place, *more)
        coming.ignore()
        if widget.acceptDrops() and QApplication.sendEvent(widget, coming) and coming.isAccepted():
            QApplication.sendEvent(widget, QDropEvent(QPointF(place), *more))
            return widget
        widget = widget.parentWidget()
    return None


@pytest.mark.parametrize(
    "room",
    ["map_tab", *(pytest.param(room, marks=pytest.mark.slow) for room in ("check_tab", "compare_tab", "numbers_tab"))],
)
def test_a_folder_dropped_on_whichever_room_of_the_dock_is_looked_through(dock, own_library, delivery, room):
    tab = getattr(dock, room)
    assert drop_on(tab, delivery) is None  # no library: nothing to add it to
    dock.open_library(own_library.path)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    dock.tabs.setCurrentIndex(dock.tab_index(tab))
    assert drop_on(tab.findChild(QLineEdit) or tab, delivery) in (dock, dock.map_tab)
    wait_for(lambda: not dock.delivery_dialog.is_working)
    table = dock.delivery_dialog.table
    assert len(table.rows) == 4
    for row in range(table.rowCount()):
        covers = table.cellWidget(row, COVERS)
        if covers is not None:  # what is chosen can be read whole
            assert covers.fontMetrics().horizontalAdvance(covers.currentText()) < table.columnWidth(COVERS) - 20


def test_a_file_dropped_elsewhere_than_on_the_room_of_layers_is_left_to_qgis(dock, own_library, delivery):
    dock.open_library(own_library.path)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    assert drop_on(dock.check_tab, delivery / "成果.gpkg") is None


@pytest.mark.parametrize("room", ["map_tab", "check_tab"])
@pytest.mark.slow
def test_several_files_and_folders_are_matched_in_the_one_table_and_added_in_one_go(dock, own_library, delivery, room):
    shape = write_shapefile(delivery.parent / "地类图斑2024.shp")
    (delivery.parent / "other.gpkg").write_bytes(b"")  # beside them, and not dropped
    parts = [path for path in delivery.parent.iterdir() if path.stem == shape.stem]
    assert len(parts) > 2
    dock.open_library(own_library.path)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    tab = getattr(dock, room)
    dock.tabs.setCurrentIndex(dock.tab_index(tab))
    assert (
        drop_on(tab, *parts, delivery / "永久基本农田图斑2024.gpkg", delivery / "说明.pdf", delivery / "红线")
        is not None
    )
    wait_for(lambda: not dock.delivery_dialog.is_working)
    dialog = dock.delivery_dialog
    assert dialog.notice.text == ""
    assert {row.source: (row.code, row.status) for row in dialog.table.rows} == {
        "地类图斑2024.shp": ("DLTB", "planned"),
        "delivery/永久基本农田图斑2024.gpkg": ("YJJBNTTB", "planned"),
        "delivery/红线/STBHHX.gpkg": ("STBHHX", "planned"),
        "delivery/说明.pdf": ("", "note"),
    }
    assert dialog.dropped.isVisible() and "说明.pdf" in dialog.dropped.text()
    speak_for_district(dialog)
    dialog.department.activated.emit(0)  # what was dropped is looked through again, and no more
    wait_for(lambda: not dialog.is_working)
    assert len(dialog.table.rows) == 4
    answer = press_add(dialog)
    assert sorted(one["code"] for one in answer["added"]) == ["DLTB", "STBHHX", "YJJBNTTB"]


def test_parts_of_one_shapefile_are_one_file(dock, own_library, tmp_path):
    shape = write_shapefile(tmp_path / "地类图斑.shp")
    dock.open_library(own_library.path)
    wait_for(lambda: dock.pages.currentWidget() is dock.tabs)
    assert (
        drop_on(dock.map_tab, *sorted(path for path in tmp_path.iterdir() if path.stem == shape.stem)) is dock.map_tab
    )
    wait_for(lambda: dock.add_dialog is not None and not dock.add_dialog.is_working)
    assert dock.add_dialog.form.file.path == str(shape) and dock.delivery_dialog is None


def test_values_stand_beside_the_fields_of_the_chosen_row(dialog, delivery):
    write_layer(
        delivery / "DLTB.gpkg", ["标识", "DLBM"], [(box(0, 0, 80, 80), "A7", "0101"), (box(90, 0, 9, 9), "A8", "0201")]
    )
    look_through(dialog, delivery)

    def fields_of_row(row):
        dialog.table.selectRow(row)
        fields = dialog.row_page.fields
        boxes = [fields.cellWidget(at, 1) for at in range(fields.rowCount())]
        sources = [one.currentData() if one else fields.item(at, 1).text() for at, one in enumerate(boxes)]
        return {source: fields.item(at, 2).text() for at, source in enumerate(sources) if source}

    unknown, known = number_of(dialog, "成果"), number_of(dialog, "DLTB")
    assert fields_of_row(unknown) == {"A": "Z"}
    assert fields_of_row(known)["DLBM"] == "0101, 0201"
    dialog.row_page.fields.choose("BSM", "标识")
    assert fields_of_row(known)["标识"] == "A7, A8"
    assert dialog.table.rows[known].fields == {"BSM": "标识"}
    plan = tomllib.loads(plan_text([dialog.table.rows[known]], "district"))
    assert plan["layer"][0]["fields"] == {"BSM": "标识"}
    dialog.table.selectRow(unknown)
    dialog.table.choose(unknown, "YJJBNTTB")
    assert dialog.row_page.fields.has_schema
    dialog.row_page.fields.choose("BSM", "A")
    assert fields_of_row(unknown)["A"] == "Z"
