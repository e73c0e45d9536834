"""onemap:statistics, transitions and sheet: Processing gives the result of the command line."""

import json

import processing
import pytest
from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject, QgsVectorLayer

from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.qgis.algorithms.test_plan_algorithms import library, plans, rows  # noqa: F401

pytestmark = pytest.mark.slow

OUTPUT = "TEMPORARY_OUTPUT"


def test_statistics_by_class_and_unit(library, plans):  # noqa: F811
    asked = {"LIBRARY": library, "CODE": "PLAN_A", "BY": "GHDLDM", "WITHIN": "PLAN_B"}
    found = processing.run("onemap:statistics", {**asked, "STATISTICS": OUTPUT, "UNITS": OUTPUT})
    answer = core("statistics", library, "PLAN_A", "--by=GHDLDM", "--within=PLAN_B")
    areas = rows(found["STATISTICS"])
    assert {row["GHDLDM"]: row["area_m2"] for row in areas} == pytest.approx({"2110": 10_000, "1110": 5_000})
    assert [row["area_m2"] for row in areas] == [row["area_m2"] for row in answer["rows"]]
    assert (found["FEATURES"], found["AREA_M2"]) == (2, pytest.approx(15_000))
    (unit,) = found["UNITS"].getFeatures()
    assert unit.geometry().area() == pytest.approx(15_000)


def test_a_table_that_was_not_asked_for_is_no_empty_layer(library, tmp_path):  # noqa: F811
    asked = {"LIBRARY": library, "CODE": "PLAN_A", "STATISTICS": OUTPUT, "UNITS": str(tmp_path / "units.gpkg")}
    found = processing.run("onemap:statistics", asked)  # of no units
    assert rows(found["STATISTICS"])
    assert "UNITS" not in found and not (tmp_path / "units.gpkg").exists()


def test_transitions_sum_to_the_compared_ground(library, plans):  # noqa: F811
    asked = {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_A", "BY": "GHDLDM"}
    found = processing.run("onemap:transitions", {**asked, "TRANSITIONS": OUTPUT, "CLASSES": OUTPUT})
    assert sum(row["area_m2"] for row in rows(found["TRANSITIONS"])) == pytest.approx(found["AREA_M2"])
    assert found["CHANGED_M2"] == 0


def test_indicators_by_unit_over_a_series_of_days(library, tmp_path):  # noqa: F811
    pack = tmp_path / "own.toml"
    pack.write_text(
        '[pack]\nid = "own"\nversion = "1"\ntitle = { zh = "试", en = "own" }\nissuer = "i"\nedition = "e"\n'
        '[[term]]\nid = "plan"\nkind = "area"\nlayer = "PLAN_A"\n[[term]]\nid = "ground"\nkind = "ground"\n'
        '[[indicator]]\nid = "share"\ntitle = { zh = "题", en = "Share" }\nformula = "plan / ground"\nunit = "%"\n'
        'nature = "binding"\nbound = "floor"\ntarget = 50\nsource = "s"\n',
        encoding="utf-8",
    )
    asked = {"LIBRARY": library, "PACK": str(pack), "UNIT": "PLAN_B", "AS_OF": "2026-01-01;2026-06-01"}
    found = processing.run("onemap:indicators", {**asked, "INDICATORS": OUTPUT, "TERMS": OUTPUT})
    given = [f"--pack={pack}", "--unit=PLAN_B", "--as-of=2026-01-01", "--as-of=2026-06-01"]
    answer = core("indicators", library, *given)
    indicators = rows(found["INDICATORS"])
    assert [row["value"] for row in indicators] == [row["value"] for row in answer["indicators"]]
    assert [row["as_of"] for row in indicators] == ["2026-01-01", "2026-06-01"] and indicators[0]["status"] == "ok"
    assert found["VALUES"] == 2 and len(rows(found["TERMS"])) == 4 and found["RUN"]


def test_what_to_look_at_is_what_the_command_line_lists(library):  # noqa: F811
    asked = {"LIBRARY": library, "UNIT": "PLAN_B", "AS_OF": "2026-01-01", "RHYTHM": "PLAN_A=1,TRL=5"}
    found = processing.run("onemap:warnings", {**asked, "WARNINGS": OUTPUT})
    given = ["--unit=PLAN_B", "--as-of=2026-01-01", "--rhythm=PLAN_A=1,TRL=5"]
    warnings = core("warnings", library, *given)["warnings"]
    assert [row["id"] for row in rows(found["WARNINGS"])] == [row["id"] for row in warnings]
    assert found["COUNT"] == len(warnings) and "stale:TRL:TRL" in [row["id"] for row in warnings]


def test_sheets_of_a_selection_are_written_into_one_file(library, town, tmp_path):  # noqa: F811
    layer = QgsVectorLayer(str(town / "parcels.gpkg"), "parcels", "ogr")
    layer.selectByExpression("DKBH IN ('A', 'C')")
    QgsProject.instance().addMapLayer(layer)
    target = tmp_path / "sheets.json"
    parcels = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    found = processing.run("onemap:sheet", {"LIBRARY": library, "PARCELS": parcels, "TARGET": str(target)})
    assert found["PARCEL_COUNT"] == 2
    sheets = json.loads(target.read_text(encoding="utf-8"))["sheets"]
    assert [(sheet["parcel"], sheet["verdict"]) for sheet in sheets] == [("A", "prohibited"), ("C", "unknown")]
