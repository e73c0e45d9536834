"""onemap:statistics and onemap:transitions: what Processing hands on is what the command line says."""

import processing
import pytest

from onemap.tests.plugin.algorithms.test_plan_algorithms import library, on_command_line, plans, rows  # noqa: F401

OUTPUT = "TEMPORARY_OUTPUT"


def test_statistics_by_class_and_unit(library, plans):  # noqa: F811
    asked = {"LIBRARY": library, "CODE": "PLAN_A", "BY": "GHDLDM", "WITHIN": "PLAN_B"}
    found = processing.run("onemap:statistics", {**asked, "STATISTICS": OUTPUT, "UNITS": OUTPUT})
    said = on_command_line("statistics", library, "PLAN_A", "--by=GHDLDM", "--within=PLAN_B")
    told = rows(found["STATISTICS"])
    assert {row["GHDLDM"]: row["area_m2"] for row in told} == pytest.approx({"2110": 10_000, "1110": 5_000})
    assert [row["area_m2"] for row in told] == [row["area_m2"] for row in said["rows"]]
    assert (found["FEATURES"], found["AREA_M2"]) == (2, pytest.approx(15_000))
    (unit,) = found["UNITS"].getFeatures()
    assert unit.geometry().area() == pytest.approx(15_000)


def test_transitions_sum_to_the_compared_ground(library, plans):  # noqa: F811
    asked = {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_A", "BY": "GHDLDM"}
    found = processing.run("onemap:transitions", {**asked, "TRANSITIONS": OUTPUT, "CLASSES": OUTPUT})
    assert sum(row["area_m2"] for row in rows(found["TRANSITIONS"])) == pytest.approx(found["AREA_M2"])
    assert found["CHANGED_M2"] == 0
