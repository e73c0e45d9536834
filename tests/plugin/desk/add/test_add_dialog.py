"""The dialog that adds a department's file: its content, its place, the names of its fields, the loading."""

import contextlib
import shutil
import sqlite3

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QMimeData, QPoint, Qt, QUrl
from qgis.PyQt.QtGui import QDropEvent

from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.refusals import problem_line
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.field_matches import match_fields, matches_of_layer, store_matches
from onemap.plugin.desk.add.place_preview import district_in, district_table
from onemap.plugin.desk.library.layer_list import CatalogueLayer, SchemaField
from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import CRS, X, Y, box, line, press_add, wait_for, write_layer

BOW_TIE = f"POLYGON(({X} {Y},{X + 10} {Y + 10},{X + 10} {Y},{X} {Y + 10},{X} {Y}))"


@pytest.fixture
def dialog(own_library):
    made = AddDialog(own_library)
    made.begin("")
    yield made
    made.close_down()
    made.deleteLater()


def show(dialog, path, layer=""):
    """Choose a file and wait for what is in it."""
    dialog.form.source.choose(SourceFile(str(path), layer))
    wait_for(lambda: not dialog.is_working and not dialog.page.preview.is_reading)


def add(dialog, code=""):
    """Press Add and wait for the answer; the data covers the district."""
    if code:
        dialog.form.choose_target(code)
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    return press_add(dialog)


def test_what_inspect_found_is_shown_before_anything_is_loaded(dialog, town):
    show(dialog, town / "parcels.gpkg")
    text = dialog.page.facts.text()
    assert "Format: GPKG" in text
    assert "Features: 3" in text
    assert "EPSG:4547 (declared in the file)" in text
    assert dialog._library.layers[0].versions == ()


def test_the_small_map_says_whether_it_lies_in_the_district(dialog, town, tmp_path):
    show(dialog, town / "farmland.gpkg")
    assert dialog.page.preview.summary.text() == "It lies in the district (dark outline)."
    show(dialog, town / "parcels.gpkg")
    assert "reaches beyond" in dialog.page.preview.summary.text()
    show(dialog, write_layer(tmp_path / "far.gpkg", ["BSM"], [(box(11_000, 0, 10, 10), "F")]))
    assert "10.0 km away" in dialog.page.preview.summary.text()
    assert dialog.page.preview.canvas.extent().width() > 11_000


def test_the_district_is_read_from_the_library(own_library):
    assert district_in(district_table(own_library.path)).area() == pytest.approx(1_000_000)


def test_a_file_called_as_a_layer_becomes_that_layer(dialog, tmp_path):
    show(dialog, write_layer(tmp_path / "YJJBNTTB.gpkg", ["BSM"], [(box(0, 0, 10, 10), "F")]))
    assert dialog.form.chosen_target.code == "YJJBNTTB"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("地类图斑", "DLTB"),
        ("DLTB_2025", "DLTB"),
        ("某县永久基本农田图斑_2022", "YJJBNTTB"),
        ("规划成果", "STBHHX"),
        ("永久基本农田", ""),
    ],
)
def test_a_file_is_matched_by_its_name_as_in_a_delivery_whatever_is_selected(dialog, tmp_path, name, code):
    """One that says nothing stays with what is selected; one that means several layers is for a person to choose."""
    dialog.begin("STBHHX")
    show(dialog, write_layer(tmp_path / f"{name}.gpkg", ["BSM"], [(box(0, 0, 10, 10), "F")]))
    assert (dialog.form.chosen_target.code if dialog.form.chosen_target else "") == code


def test_what_the_numbers_look_like_is_taken_only_by_a_click(dialog, tmp_path):
    corner = f"{38_000_000 + X + 5},{Y + 5}"
    (tmp_path / "points.csv").write_text(f"easting,northing,BSM\n{corner},1\n", encoding="utf-8")
    show(dialog, tmp_path / "points.csv")
    assert dialog.form.lacks_crs
    assert "EPSG:4526" in dialog.form.guess.text()
    dialog.form.guess.click()
    assert dialog.form.given_crs == "EPSG:4526"
    assert "in the district" in dialog.page.preview.summary.text()
    assert not dialog.form.lacks_crs


def test_problems_are_listed_by_how_grave_they_are_and_absent_fields_in_one_line(dialog):
    problems = [
        {"code": "field.absent", "level": "note", "field": "YSDM", "message": "not there"},
        {"code": "field.absent", "level": "note", "field": "MJ", "message": "not there"},
        {"code": "crs.identity", "level": "note", "message": "the same datum"},
        {"code": "value.code", "level": "warn", "message": "no such code"},
        {"code": "geometry.invalid", "level": "refuse", "message": "invalid"},
    ]
    dialog.page.show_problems(problems)
    listed = dialog.page.problems
    assert [listed.item(row).text() for row in range(listed.count())] == [
        "invalid",
        "no such code",
        "the same datum",
        "Fields of the schema that the file lacks: YSDM, MJ",
    ]


def test_problems_do_not_repeat_the_name_of_the_file_that_is_shown():
    problem = {"file": "a.csv", "layer": "a", "feature": "7", "message": "is broken.", "mend": "Mend it."}
    assert problem_line(problem) == "a.csv · a · 7: is broken. Mend it."
    assert problem_line(problem, {"a.csv", "a"}) == "7: is broken. Mend it."
    assert problem_line({"file": "a.csv", "message": "a.csv is damaged."}) == "a.csv is damaged."


def test_a_file_is_loaded_and_the_library_told(dialog, town):
    show(dialog, town / "farmland.gpkg")
    dialog.options.label.setText("2025")
    answer = add(dialog, "YJJBNTTB")
    assert (answer["version"], answer["features"]) == ("2025", 1)
    assert "2025" in dialog.notice.text
    assert not dialog.add_button.isEnabled()


def test_a_file_without_a_coordinate_system_gets_a_chooser_and_lands_in_the_district(dialog, tmp_path):
    path = write_layer(tmp_path / "lost.shp", ["BSM"], [(box(0, 0, 10, 10), "F")], crs=None, driver="ESRI Shapefile")
    show(dialog, path)
    dialog.form.choose_target("YJJBNTTB")
    assert dialog.form.crs.isVisible()
    assert dialog.hint.text() == "Choose the coordinate system."
    assert "crs.missing" in [problem["code"] for problem in dialog.form.chosen_part.problems]
    dialog.form.crs.setCrs(QgsCoordinateReferenceSystem(CRS))
    assert "in the district" in dialog.page.preview.summary.text()
    assert add(dialog)["features"] == 1


def test_the_fields_of_a_file_are_seen_before_anybody_knows_what_it_becomes(dialog, tmp_path):
    show(dialog, write_layer(tmp_path / "unnamed.gpkg", ["编号"], [(box(0, 0, 10, 10), "F1")]))
    assert dialog.form.chosen_target is None
    rows = [[dialog.fields.item(row, column).text() for column in (1, 2)] for row in range(dialog.fields.rowCount())]
    assert ["编号", "F1"] in rows
    dialog.form.choose_target("YJJBNTTB")
    assert dialog.fields.has_schema


def test_a_field_of_another_name_is_chosen_once_and_remembered(dialog, own_library, tmp_path):
    path = write_layer(tmp_path / "named.gpkg", ["编号"], [(box(0, 0, 10, 10), "F1")])
    show(dialog, path)
    dialog.form.choose_target("YJJBNTTB")
    assert "BSM" not in dialog.fields.matches
    assert dialog.hint.text() == "Still without a field of the file: BSM"
    dialog.fields.choose("BSM", "编号")
    add(dialog)
    layer = next(one for one in own_library.layers if one.code == "YJJBNTTB")
    assert matches_of_layer(layer) == {"BSM": "编号"}
    again = AddDialog(own_library)
    show(again, path)
    again.form.choose_target("YJJBNTTB")
    assert again.fields.matches["BSM"] == "编号"
    again.close_down()


def test_some_values_stand_beside_each_field_that_is_matched(dialog, tmp_path):
    rows = [(box(20 * row, 0, 10, 10), f"F{row % 4}", "水田") for row in range(6)]
    show(dialog, write_layer(tmp_path / "values.gpkg", ["编号", "DLMC"], rows))
    dialog.form.choose_target("YJJBNTTB")
    names = [dialog.fields.item(row, 0).text().split()[0] for row in range(dialog.fields.rowCount())]
    number = names.index("BSM")
    assert dialog.fields.item(number, 2).text() == ""
    dialog.fields.choose("BSM", "编号")
    assert dialog.fields.item(number, 2).text() == "F0, F1, F2"
    assert dialog.fields.item(names.index("DLMC"), 2).text() == "水田"


def test_a_geometry_of_another_kind_is_told_before_add(dialog, tmp_path):
    show(dialog, write_layer(tmp_path / "lines.gpkg", ["BSM"], [(line((0, 0), (9, 9)), "L")]))
    dialog.form.choose_target("YJJBNTTB")
    assert dialog.hint.text() == "It holds lines; this layer takes polygons."
    assert not dialog.add_button.isEnabled()


def test_invalid_geometry_is_refused_with_a_button_that_repairs_and_its_place_is_shown(dialog, tmp_path):
    rows = [(box(100, 100, 10, 10), "F1"), (BOW_TIE, "F2")]
    show(dialog, write_layer(tmp_path / "bow.gpkg", ["BSM"], rows))
    assert add(dialog, "YJJBNTTB") is None
    assert "F2" in dialog.notice.text
    dialog.notice._button.click()
    wait_for(lambda: not dialog.is_working)
    problems = [
        dialog.page.problems.item(row).data(Qt.ItemDataRole.UserRole) for row in range(dialog.page.problems.count())
    ]
    repaired = next(problem for problem in problems if problem["code"] == "geometry.repaired")
    assert dialog.page.place_of(repaired).boundingBox().xMaximum() == pytest.approx(X + 10)
    dialog.page.problems.place_requested.emit(repaired)
    assert dialog.page.preview.canvas.extent().width() < 200


def test_a_refused_feature_is_shown_on_the_small_map_by_its_key(dialog, tmp_path):
    rows = [(box(100, 100, 10, 10), "F1"), (BOW_TIE, "F2")]
    show(dialog, write_layer(tmp_path / "bow.gpkg", ["BSM"], rows))
    assert add(dialog, "YJJBNTTB") is None
    problem = dialog.page.problems.item(0).data(Qt.ItemDataRole.UserRole)
    assert problem["feature"] == "F2"
    assert dialog.page.place_of(problem).boundingBox().xMaximum() == pytest.approx(X + 10)


def test_bad_features_are_set_aside_and_reported_in_a_sheet_to_send_back(dialog, tmp_path):
    rows = [(box(100, 100, 10, 10), "F1"), (BOW_TIE, "F2")]
    show(dialog, write_layer(tmp_path / "bow.gpkg", ["BSM"], rows))
    dialog.options.keep_bad.setChecked(True)
    dialog.options.report.setText(str(tmp_path / "report.xlsx"))
    answer = add(dialog, "YJJBNTTB")
    assert (answer["features"], answer["set_aside"]) == (1, 1)
    assert "Set aside as bad: 1;" in dialog.notice.text
    assert (tmp_path / "report.xlsx").stat().st_size > 0
    bad = next(one for one in answer["problems"] if one["code"] == "geometry.invalid")
    assert dialog.page.place_of(bad).boundingBox().xMinimum() == pytest.approx(X)


def test_a_file_without_features_is_added_by_a_button_where_it_is_to_say_that_there_are_none(dialog, tmp_path):
    none = tmp_path / "none.geojson"
    none.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    show(dialog, none)
    assert add(dialog, "YJJBNTTB") is None
    answers = []
    dialog.added.connect(lambda answer, _said: answers.append(answer))
    for covers in ("", "district"):
        assert dialog.notice._button.text() == "Add it: there are none"
        assert "--accept" not in dialog.notice.text
        dialog.options.covers.setCurrentIndex(dialog.options.covers.findData(covers))
        dialog.notice._button.click()
        wait_for(lambda: not dialog.is_working)
        if not covers:
            assert answers == [] and "it is not stated on which ground" in dialog.notice.text
            dialog.add_button.click()
            wait_for(lambda: not dialog.is_working)
    assert [answer["features"] for answer in answers] == [0]
    assert "of 0 features" in dialog.notice.text


def test_a_layer_of_several_is_chosen_in_the_dialog(dialog, tmp_path, town):
    path = tmp_path / "two.gpkg"
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter

    for name in ("farmland", "parcels"):
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.layerName = name
        if path.exists():
            options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
        source = QgsVectorLayer(str(town / f"{name}.gpkg"), name, "ogr")
        QgsVectorFileWriter.writeAsVectorFormatV3(source, str(path), QgsCoordinateTransformContext(), options)
    show(dialog, path)
    assert dialog.form.part.isVisible()
    dialog.form.part.setCurrentIndex(dialog.form.part.findText("farmland"))
    assert "Features: 1" in dialog.page.facts.text()
    assert add(dialog, "YJJBNTTB")["features"] == 1


def test_of_several_layers_the_one_called_as_the_target_is_taken_unless_another_was_chosen(dialog, tmp_path):
    path = write_layer(tmp_path / "several.gpkg", ["BSM"], [(box(0, 0, 10, 10), "F")], layer="地类图斑")
    write_layer(path, ["BSM"], [(box(0, 0, 10, 10), "F")], layer="永久基本农田图斑")
    show(dialog, path)
    assert (dialog.form.part.currentText(), dialog.form.chosen_target.code) == ("地类图斑", "DLTB")
    dialog.form.choose_target("YJJBNTTB")
    assert dialog.form.part.currentText() == "永久基本农田图斑"
    dialog.form.part.setCurrentIndex(0)
    dialog.form.part.activated.emit(0)
    dialog.form.choose_target("DLTB")
    dialog.form.choose_target("YJJBNTTB")
    assert dialog.form.part.currentText() == "地类图斑"


def test_a_file_that_nobody_can_read_is_refused_in_the_core_s_words(dialog, tmp_path):
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"not a map")
    show(dialog, broken)
    assert "broken.gpkg" in dialog.notice.text
    assert not dialog.add_button.isEnabled()


def test_a_dropped_shapefile_with_its_parts_is_one_file(dialog, tmp_path):
    path = write_layer(tmp_path / "one.shp", ["BSM"], [(box(0, 0, 10, 10), "F")], driver="ESRI Shapefile")
    what = QMimeData()
    what.setUrls([QUrl.fromLocalFile(str(one)) for one in sorted(tmp_path.glob("one.*"))])
    drop = QDropEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, what, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    dialog.dropEvent(drop)
    wait_for(lambda: not dialog.is_working)
    assert dialog.form.source.line.text() == path
    assert dialog.form.chosen_part.count == 1


def test_a_layer_of_the_map_without_a_file_is_added_as_a_snapshot(dialog):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4547&field=BSM:string", "from a service", "memory")
    from qgis.core import QgsFeature

    feature = QgsFeature(layer.fields())
    feature.setAttributes(["F1"])
    feature.setGeometry(QgsGeometry.fromWkt(box(0, 0, 10, 10)))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    dialog.form.source.choose_layer(layer)
    wait_for(lambda: not dialog.is_working)
    assert add(dialog, "YJJBNTTB")["features"] == 1


def test_a_cancelled_load_leaves_the_library_as_it_was(dialog, town):
    show(dialog, town / "farmland.gpkg")
    dialog.form.choose_target("YJJBNTTB")
    dialog.add_button.click()
    dialog.work.cancel_button.click()
    wait_for(lambda: not dialog.is_working)
    assert dialog.notice.text == ""
    listed = []
    dialog._library.listed.connect(lambda: listed.append(True))
    dialog._library.refresh()
    wait_for(lambda: listed)
    assert all(not layer.versions for layer in dialog._library.layers)


def test_a_closed_dialog_loads_on(dialog, town):
    show(dialog, town / "farmland.gpkg")
    dialog.form.choose_target("YJJBNTTB")
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    answers = []
    dialog.added.connect(lambda answer, _said: answers.append(answer))
    dialog.add_button.click()
    dialog.close()
    wait_for(lambda: answers)
    assert answers[0]["features"] == 1


def test_data_in_a_corner_of_the_district_is_not_taken_to_speak_for_it(dialog, town):
    show(dialog, town / "farmland.gpkg")
    dialog.form.choose_target("YJJBNTTB")
    dialog.add_button.click()
    wait_for(lambda: not dialog.is_working)
    assert "extend over 4 % of the district only" in dialog.notice.text
    assert "“Covers”" in dialog.notice.text


def test_the_dialog_works_small_and_by_keyboard(dialog, town):
    show(dialog, town / "farmland.gpkg")
    assert dialog.minimumSizeHint().width() <= 340
    dialog.resize(340, 300)
    assert dialog.page.orientation() == Qt.Orientation.Vertical
    for widget in (dialog.form.source.line, dialog.form.target, dialog.tabs, dialog.add_button):
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_fields_are_matched_by_name_then_case_then_alias_and_not_where_two_would_do():
    schema = [
        SchemaField("BSM", aliases=("标识码",)),
        SchemaField("DLMC", aliases=("地类名称",)),
        SchemaField("MJ", aliases=("面积", "图斑面积")),
    ]
    assert match_fields(schema, ["bsm", "地类名称", "面积", "图斑面积"], {}) == {"BSM": "bsm", "DLMC": "地类名称"}
    assert match_fields(schema, ["bsm", "X"], {"BSM": "X", "MJ": "gone"}) == {"BSM": "X"}


def test_what_is_remembered_belongs_to_one_department_and_layer():
    land = CatalogueLayer("GHDK", "a", "land", "department", "vector", "polygon")
    store_matches(land, {"DKBH": "编号", "BSM": "BSM"})
    assert matches_of_layer(land) == {"DKBH": "编号"}
    assert matches_of_layer(CatalogueLayer("GHDK", "a", "water", "department", "vector", "polygon")) == {}
    settings.put("field_matches", "not json")
    assert matches_of_layer(land) == {}


def test_the_district_is_seen_in_a_library_that_holds_a_table_without_geometry_too(library, tmp_path):
    path = tmp_path / "with_table.gpkg"
    shutil.copyfile(library, path)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE people (fid INTEGER PRIMARY KEY, n INTEGER)")
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('people', 'attributes', 'people')"
        )
    assert district_in(district_table(str(path))).area() == district_in(district_table(str(library))).area() > 0


def squares(count):
    return [(box(10 * number, 10, 8, 8), f"F{number}") for number in range(count)]


def test_a_file_is_matched_by_its_name_whichever_layer_was_selected(dialog, tmp_path):
    dialog.begin("YJJBNTTB")
    show(dialog, write_layer(tmp_path / "生态保护红线2025.gpkg", ["BSM"], squares(1)))
    assert dialog.form.chosen_target.code == "STBHHX"
    show(dialog, write_layer(tmp_path / "nobody knows.gpkg", ["BSM"], squares(1)))
    assert dialog.form.chosen_target.code == "STBHHX"  # a name that says nothing chooses nothing
    dialog.form.choose_target("DLTB")
    dialog.form.target.activated.emit(dialog.form.target.currentIndex())
    dialog.form.show_layers(dialog.form.file, dialog.form._layers)
    assert dialog.form.chosen_target.code == "DLTB"  # what a person chose for this file stays


def test_what_does_not_look_like_the_layer_is_a_question_with_figures_and_both_on_the_map(dialog, tmp_path):
    show(dialog, write_layer(tmp_path / "a.gpkg", ["BSM"], squares(120)))
    assert add(dialog, "YJJBNTTB")["features"] == 120
    dialog._library.refresh()
    wait_for(lambda: any(entry.versions for entry in dialog._library.layers))
    show(dialog, write_layer(tmp_path / "生态保护红线.gpkg", ["BSM"], squares(3)))
    assert add(dialog, "YJJBNTTB") is None
    assert "3 features" in dialog.notice.text and "has 120" in dialog.notice.text
    assert "生态保护红线" in dialog.notice.text and "--sure" not in dialog.notice.text
    assert dialog.notice._button.text() == "Add all the same"
    names = [layer.source() for layer in dialog.page.preview.canvas.layers()]
    assert any("YJJBNTTB__1" in name for name in names) and any("生态保护红线" in name for name in names)
    answers = []
    dialog.added.connect(lambda answer, _said: answers.append(answer))
    dialog.notice._button.click()
    wait_for(lambda: not dialog.is_working)
    assert [answer["features"] for answer in answers] == [3]


def test_the_same_again_says_that_nothing_was_written(dialog, tmp_path):
    path = write_layer(tmp_path / "YJJBNTTB.gpkg", ["BSM"], squares(2))
    show(dialog, path)
    assert add(dialog)["unchanged"] is False
    show(dialog, path)
    assert add(dialog)["unchanged"] is True
    assert "is unchanged" in dialog.notice.text and "Nothing was written" in dialog.notice.text
