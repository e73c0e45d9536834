"""onemap:contradictions, decide, sites, atlas: Processing gives the result of the command line, row by row."""

import shutil

import processing
import pytest
from qgis.core import QgsProcessingException, QgsProcessingFeatureSourceDefinition, QgsVectorLayer

from onemap.plugin.connection.verb_runs import command_line
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.qgis.algorithms.test_compare_and_remedy import MATRIX, add
from onemap.tests.plugin.small_town import box, write_layer

pytestmark = pytest.mark.slow

OUTPUT = "TEMPORARY_OUTPUT"


def rows(layer):
    """Every row of a layer, nulls as None."""
    names = layer.fields().names()
    return [
        {name: feature[name] if feature[name] == feature[name] and feature[name] else None for name in names}
        for feature in layer.getFeatures()
    ]


@pytest.fixture(scope="module")
def library(library, tmp_path_factory):
    """A copy of the town's library: what is added here is not there for other tests."""
    return str(shutil.copyfile(library, tmp_path_factory.mktemp("copy") / "library.gpkg"))


@pytest.fixture(scope="module")
def plans(town, library, tmp_path_factory):
    """The town's library with two plans; 100 m × 100 m are construction in the first only."""
    folder = tmp_path_factory.mktemp("plans")
    first = [(box(0, 400, 100, 100), "1", "2110"), (box(100, 400, 50, 100), "2", "1110")]
    add(library, folder, "PLAN_A", ["GHDLDM"], first)
    add(library, folder, "PLAN_B", ["YDXZDM"], [(box(0, 400, 150, 100), "1", "E2")])
    matrix = folder / "matrix.toml"
    matrix.write_text(MATRIX.replace("[a]", 'for_a = ["PLAN_A"]\nfor_b = ["PLAN_B"]\n[a]', 1), encoding="utf-8")
    return str(matrix)


def contradictions(library, matrix, **more):
    wanted = {"CONTRADICTIONS": OUTPUT, "HECTARES": OUTPUT}
    return processing.run("onemap:contradictions", {"LIBRARY": library, "MATRIX": matrix, **wanted, **more})


def test_who_contradicts_whom_is_what_the_command_line_says_pair_by_pair(library, plans):
    found = contradictions(library, plans)
    expected = core("contradictions", library, "--matrix", plans)["pairs"]
    pairs = [{**row, "run": ""} for row in rows(found["CONTRADICTIONS"])]
    assert pairs == [{name: row[name] or None for name in pairs[0]} | {"run": ""} for row in expected]
    (pair,) = pairs
    assert (pair["a"], pair["b"], pair["conflict_ha"], found["PAIR_COUNT"]) == ("PLAN_A", "PLAN_B", 1.0, 1)
    assert rows(found["HECTARES"]) == [{"layer": "PLAN_A", "PLAN_B": 1.0}]


def test_a_limit_of_nothing_reaches_the_core_as_one():
    words = command_line("contradictions", {"library": "x.gpkg", "min_area": 0.0, "min_width": None, "workers": 0})
    assert "--min-area=0.0" in words and "--workers=0" in words
    assert not [word for word in words if word.startswith("--min-width")]


def test_what_a_verb_need_not_be_told_is_left_out_of_the_command():
    assert command_line("words", {})[-4:-3] == ["words"]
    assert "x.gpkg" in command_line("words", {"library": "x.gpkg"})
    assert "None" not in command_line("runs", {"library": "x.gpkg", "run": None})


@pytest.mark.slow
def test_a_decision_is_kept_and_shown_by_the_next_comparison(library, plans):
    options = {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_B", "MATRIX": plans}
    before = processing.run("onemap:compare", {**options, "SPOTS": OUTPUT})
    (spot,) = [row for row in rows(before["SPOTS"]) if row["type"] == "03"]
    asked = {"LIBRARY": library, "TARGET": spot["spot"], "DECISION": "change-a", "REASON": "minutes of 3 November"}
    given = processing.run("onemap:decide", {**asked, "BY": "Wang"})
    assert (given["RUN"], given["SPOT_COUNT"], given["AREA_M2"]) == (before["RUN"], 1, pytest.approx(10_000))
    after = processing.run("onemap:compare", {**options, "SPOTS": OUTPUT})
    (again,) = [row for row in rows(after["SPOTS"]) if row["spot"] == spot["spot"]]
    assert [again[name] for name in ("decision", "decision_reason", "decision_by")] == [
        "change-a",
        "minutes of 3 November",
        "Wang",
    ]
    with pytest.raises(QgsProcessingException, match="NOPE"):
        processing.run("onemap:decide", {**asked, "TARGET": "NOPE"})


@pytest.mark.slow
def test_a_comparison_is_printed_with_as_many_sheets_as_the_command_line_prints(library, plans, tmp_path):
    run = processing.run("onemap:compare", {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_B", "MATRIX": plans})["RUN"]
    target = tmp_path / "图册.pdf"
    asked = {"LIBRARY": library, "RUN": run, "TARGET": str(target), "BY": "spot", "TYPE": "03,90"}
    found = processing.run("onemap:atlas", asked)
    assert target.read_bytes().startswith(b"%PDF")
    again = core("atlas", library, run, tmp_path / "again.pdf", "--by=spot", "--type=03,90")
    assert (found["SHEETS"], found["LEFT_OUT"]) == (again["sheets"], again["left_out"]) == (1, 0)
    with pytest.raises(QgsProcessingException, match=target.name):
        processing.run("onemap:atlas", asked)
    assert processing.run("onemap:atlas", {**asked, "OVERWRITE": True})["SHEETS"] == 1
    report = tmp_path / "报告.html"
    assert processing.run("onemap:comparison", {"LIBRARY": library, "RUN": run, "TARGET": str(report)})["OUT"]
    core("comparison", library, run, tmp_path / "again.html")
    assert report.read_text(encoding="utf-8") == (tmp_path / "again.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_differences_of_a_comparison_become_a_layer_of_the_library(library, plans, tmp_path):
    found = processing.run("onemap:compare", {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_B", "MATRIX": plans})
    asked = {"LIBRARY": library, "RUN": found["RUN"], "LABEL": "spots"}
    with pytest.raises(QgsProcessingException, match="REGION|--region|figures"):
        processing.run("onemap:spots", asked)
    kept = processing.run("onemap:spots", {**asked, "REGION": "130102"})
    assert (kept["VERSION"], kept["FEATURES"]) == ("spots", 1)
    layers = {layer["code"]: layer for layer in core("layers", library)["layers"]}
    assert [version["label"] for version in layers["CYTB"]["versions"]] == ["spots"]


@pytest.mark.slow
def test_sites_are_those_of_the_command_line_and_lie_on_the_selected_ground(library, tmp_path):
    grounds = [(box(100, 100, 100, 100), "farmland"), (box(400, 100, 120, 120), "free")]
    path = write_layer(tmp_path / "grounds.gpkg", ["name"], grounds)
    layer = QgsVectorLayer(path, "grounds", "ogr")
    asked = {"LIBRARY": library, "AREA": 6000.0, "KEEP_VERDICT": "unknown", "COUNT": 3, "SITES": OUTPUT}
    found = processing.run("onemap:sites", {**asked, "WITHIN": path})
    answer = core("sites", library, "--area=6000", f"--within={path}", "--keep-verdict=unknown", "--count=3")
    assert rows(found["SITES"]) == [{name: row[name] or None for name in row} for row in answer["sites"]]
    assert found["SITE_COUNT"] == 1
    from qgis.core import QgsProject

    QgsProject.instance().addMapLayer(layer)
    layer.selectByExpression("name = 'farmland'")
    only = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    assert processing.run("onemap:sites", {**asked, "WITHIN": only})["SITE_COUNT"] == 0


def test_the_part_of_a_file_that_holds_several_layers_is_searched(library, tmp_path):
    path = tmp_path / "two.gpkg"
    write_layer(path, ["name"], [(box(100, 100, 100, 100), "farmland")], layer="farmland")
    write_layer(path, ["name"], [(box(400, 100, 120, 120), "free")], layer="free")
    asked = {"LIBRARY": library, "AREA": 6000.0, "KEEP_VERDICT": "unknown", "SITES": OUTPUT}
    assert processing.run("onemap:sites", {**asked, "WITHIN": f"{path}|layername=free"})["SITE_COUNT"] == 1
