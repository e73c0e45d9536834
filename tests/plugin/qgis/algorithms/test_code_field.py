"""Codes in Processing's dialogs: chosen from the library's lists, typed as before, and text in models."""

import processing
import pytest
from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
from qgis.core import QgsProcessingModelAlgorithm, QgsProject, QgsVectorLayer
from qgis.gui import QgsProcessingModelerParameterWidget
from qgis.PyQt.QtCore import QPoint, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from onemap.plugin.desk.library import layer_list
from onemap.plugin.profile import settings
from onemap.plugin.qgis.algorithms.code_field import CodeDialog
from onemap.plugin.qgis.algorithms.code_lists import CodeQuestion, codes_for
from onemap.tests.plugin.qgis.algorithms.conftest import algorithm
from onemap.tests.plugin.small_town import wait_for

# Free text by nature: names, numbers, conditions, addresses, what lies in the user's own file or in a comparison.
FREE = {

    "LABEL", "LAYER", "TRANSFORM", "FIELDS", "DEFINE", "SCHEDULER", "SHARED", "TARGET", "REASON", "BY", "TO", "SECRECY",
    "CODE", "NAME", "FILES", "X", "Y", "LINE", "BOX", "AS_OF", "UNITS_WHERE", "WHERE", "FOLDER", "PLAN", "REPORT",
    "PROPERTY", "ZONE", "FILE", "RECEIPT", "RASTERS", "PARCEL", "TEMPLATES", "PROJECT", "ATTACH", "REGION",
    "NEW", "GRANT", "WITHDRAW", "LAND_WIDTH", "IN_PLACE_OF",
}  # fmt: skip


def texts_in(dialog):
    return [dialog.list.item(row).text() for row in range(dialog.list.count())]


def tick(dialog, code):
    """Click the box of a code, as a person does."""
    dialog.show()
    items = [dialog.list.item(row) for row in range(dialog.list.count())]
    place = dialog.list.visualItemRect(next(item for item in items if item.text().startswith(code)))
    box = QPoint(place.left() + 10, place.center().y())
    QTest.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, box)


def test_a_code_is_free_text_nowhere_that_a_list_could_be(provider):
    bare = {}
    for one in provider.algorithms():
        for definition in one.parameterDefinitions():
            if definition.type() == "string" and "class" not in (definition.metadata().get("widget_wrapper") or {}):
                bare.setdefault(definition.name(), set()).add(one.name())
    assert set(bare) <= FREE, {name: verbs for name, verbs in bare.items() if name not in FREE}
    assert bare.get("CODE", set()) <= {"deliver"}  # there the number of a division
    assert bare.get("BY", set()) <= {"decide", "review_open", "review_notice", "validate"}  # a person


def test_layers_are_ticked_in_a_list_of_the_library_in_the_form(form_of, library, monkeypatch):
    """The form is prefilled with the dock's library; the list is of that in the form, whatever the dock has open."""
    settings.put("library", library)
    monkeypatch.setattr(layer_list, "_listed", {})
    panel = form_of("check")
    assert panel.wrappers["LIBRARY"].parameterValue() == library
    field = panel.wrappers["ONLY"]
    field.line.setText("GONE")
    dialog = field.code_dialog()
    assert texts_in(dialog) == ["YJJBNTTB  Permanent basic farmland"]
    tick(dialog, "YJJBNTTB")
    assert dialog.text() == "YJJBNTTB,GONE"  # what is not in the list stays
    tick(dialog, "YJJBNTTB")
    assert dialog.text() == "GONE"
    QTest.keyClicks(field.line, ",X")
    assert field.parameterValue() == "GONE,X"  # typed as ever
    panel.wrappers["LIBRARY"].setParameterValue("", panel.processing_context)
    settings.put("library", "")
    dialog = field.code_dialog()
    assert texts_in(dialog) == [] and not dialog.hint.isHidden() and "library" in dialog.hint.text()


@pytest.mark.slow
def test_the_button_opens_the_list_and_ok_takes_it(form_of, library):
    panel = form_of("statistics")
    panel.wrappers["LIBRARY"].setParameterValue(library, panel.processing_context)
    for name, typed, expected in (("CODE", "farmland", "YJJBNTTB"), ("BY", "BSM", "BSM")):
        field = panel.wrappers[name]
        seen = []

        def answer(typed=typed, seen=seen, field=field):
            dialog = QApplication.activeModalWidget()
            seen.append(type(dialog))
            QTest.keyClicks(dialog.filter, typed)
            shown = [dialog.list.item(at) for at in range(dialog.list.count()) if not dialog.list.item(at).isHidden()]
            if field._separator:
                shown[0].setCheckState(Qt.CheckState.Checked)
            else:
                dialog.list.setCurrentItem(shown[0])
            assert dialog.buttons.button(QDialogButtonBox.StandardButton.Ok).text() == "OK"
            QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Ok), Qt.MouseButton.LeftButton)

        QTimer.singleShot(300, answer)
        QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
        wait_for(lambda seen=seen: seen)
        assert seen == [CodeDialog] and field.parameterValue() == expected


@pytest.mark.parametrize(
    ("kind", "some"),
    [
        ("packs", "city-preliminary"),
        ("packs of indicators", "city-checkup"),
        ("deliveries", "municipal-plan"),
        ("all layers", "STBHHX"),
        ("labels", "2025-01-01"),
        ("themes", "transport"),
        ("indicators", "farmland.arable"),
        ("departments", "land"),
        ("matrices", "survey-land"),
        ("spot types", "01"),
        ("annexes", "maps"),
        ("encodings", "GB18030"),
        ("coverages", "features"),
        ("area layers", "YJJBNTTB"),
        ("versions", "YJJBNTTB"),
    ],
)
def test_every_list_has_what_the_core_takes(library, kind, some):
    assert some in [code.code for code in codes_for(kind, CodeQuestion(library))]


@pytest.mark.parametrize("kind", ["matrices", "annexes", "coverages"])
def test_a_list_of_words_has_their_titles(library, kind):
    found = codes_for(kind, CodeQuestion(library))
    assert found and all(code.title and code.title != code.code and "{" not in code.title for code in found)


@pytest.mark.slow
def test_areas_are_of_the_map_of_a_file_or_of_the_library(form_of, library, town, monkeypatch):
    monkeypatch.setattr(layer_list, "_listed", {})
    drawn = QgsVectorLayer("Polygon?crs=EPSG:4547&field=name:string", "units drawn", "memory")
    QgsProject.instance().addMapLayer(drawn)
    panel = form_of("statistics")
    panel.wrappers["LIBRARY"].setParameterValue(library, panel.processing_context)
    field, unit = panel.wrappers["WITHIN"], panel.wrappers["UNIT"]
    assert field.parameterValue() is None
    field.layers.setLayer(drawn)
    assert field.parameterValue() == drawn.id()
    assert texts_in(unit.code_dialog()) == ["name"]  # fields of the map's layer
    dialog = field.code_dialog()
    assert "YJJBNTTB  Permanent basic farmland" in texts_in(dialog)
    dialog.list.setCurrentRow(0)
    monkeypatch.setattr(CodeDialog, "exec", lambda self: self.list.setCurrentRow(0) or True)
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    assert field.parameterValue() == "YJJBNTTB" and field.layers.currentText() == "YJJBNTTB"
    assert any(text.startswith("BSM") for text in texts_in(unit.code_dialog()))  # fields of the library's layer
    field.setValue(str(town / "parcels.gpkg"))
    assert field.parameterValue() == str(town / "parcels.gpkg")
    QgsProject.instance().removeMapLayer(drawn.id())


def test_matrices_of_the_city_s_own_are_files(form_of, monkeypatch):
    field = form_of("contradictions").wrappers["MATRIX"]
    field.setValue("ours.toml")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["a b.toml", "ours.toml", "c.toml"], ""))
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    assert field.parameterValue() == "ours.toml;a b.toml;c.toml"
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    assert field.parameterValue() == "ours.toml;a b.toml;c.toml"  # nothing chosen, nothing lost


@pytest.mark.slow
def test_runs_are_listed_and_a_pair_has_its_sign(form_of, library, town):
    run = processing.run("onemap:check", {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg")})["RUN"]
    found = codes_for("checks", CodeQuestion(library))
    assert run in [code.code for code in found] and all(code.title for code in found)
    panel = form_of("check")
    panel.wrappers["LIBRARY"].setParameterValue(library, panel.processing_context)
    field = panel.wrappers["REPLACE"]
    field.line.setText("")
    dialog = field.code_dialog()
    tick(dialog, "YJJBNTTB")
    assert dialog.text() == "YJJBNTTB="


def test_in_a_model_the_field_is_qgis_s_own(provider):
    model = QgsProcessingModelAlgorithm()
    dialog = ModelerParametersDialog(algorithm("check"), model)
    assert isinstance(dialog.widget.widget.wrappers["ONLY"], QgsProcessingModelerParameterWidget)


def test_a_long_title_needs_no_wider_form(form_of):
    form = form_of("check")
    wide = form.wrappers["REPLACE"].label
    assert wide.wordWrap() and wide.text().endswith("[optional]")
    assert wide.minimumSizeHint().width() < wide.fontMetrics().horizontalAdvance(wide.text()) / 2
