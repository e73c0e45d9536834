"""Processing takes a place from the map and folders from QGIS's dialogs, and its log is for people."""

import json

import processing
import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsPointXY,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProject,
)
from qgis.gui import QgsFileWidget

from onemap.tests.plugin.small_town import CRS, X, Y


@pytest.mark.parametrize(("verb", "name"), [("ingest", "FOLDER"), ("receive", "RASTERS"), ("deliver", "FILES")])
def test_a_folder_is_chosen_in_a_dialog_and_an_archive_may_be_written(form_of, verb, name):
    field = form_of(verb).wrappers[name]
    widget = field.wrappedWidget().findChild(QgsFileWidget) or field.wrappedWidget()
    assert widget.storageMode() == QgsFileWidget.StorageMode.GetDirectory
    widget.setFilePath("delivery.zip")
    assert field.parameterValue() == "delivery.zip"


def identified(values, feedback=None):
    return processing.run("onemap:identify", values, feedback=feedback)


@pytest.mark.slow
def test_a_point_of_the_map_is_asked_about_in_its_own_system(library, tmp_path):
    degrees = QgsCoordinateReferenceSystem("EPSG:4490")
    change = QgsCoordinateTransform(QgsCoordinateReferenceSystem(CRS), degrees, QgsProject.instance())
    there = change.transform(QgsPointXY(X + 150, Y + 150))
    answers = []
    for number, place in enumerate(
        (
            {"POINT": f"{X + 150},{Y + 150} [{CRS}]"},
            {"POINT": f"{there.x()!r},{there.y()!r} [EPSG:4490]"},
            {"POINT": f"{X + 150},{Y + 150}"},
            {"X": str(X + 150), "Y": str(Y + 150)},
        )
    ):
        path = tmp_path / f"{number}.json"
        results = identified({"LIBRARY": library, **place, "JSON": str(path)})
        assert results["JSON"] == str(path)
        layers = json.loads(path.read_text(encoding="utf-8"))["layers"]
        answers.append([feature["feature"] for layer in layers for feature in layer["features"]])
        assert results["FEATURE_COUNT"] == len(answers[-1])
    assert answers[0] and answers.count(answers[0]) == len(answers)


def test_two_places_at_once_are_refused(library):
    with pytest.raises(QgsProcessingException, match="one place only"):
        identified({"LIBRARY": library, "POINT": f"{X},{Y}", "X": str(X), "Y": str(Y)})


def test_the_log_and_the_results_of_identify_hold_no_json(library):
    feedback = QgsProcessingFeedback()
    results = identified({"LIBRARY": library, "POINT": f"{X + 150},{Y + 150} [{CRS}]"}, feedback)
    assert set(results) == {"FEATURE_COUNT"}
    assert "Permanent basic farmland" in feedback.textLog() and "attributes" not in feedback.textLog()
