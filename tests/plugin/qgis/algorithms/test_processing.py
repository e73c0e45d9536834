"""The Processing provider: its fixed form, with the real core."""

import json
import subprocess

import processing
import pytest
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsFeatureRequest,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProject,
    QgsVectorLayer,
)

from onemap.plugin.connection.core_session import core_python
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.verb_runs import ProgressLines, run_verb
from onemap.tests.plugin.small_town import CRS, X, Y, box, write_layer

OF_QGIS = {
    "check": {"CHECKED", "FINDINGS", "OVERLAPS"},
    "inspect": {"HTML"},
    "compare": {"SPOTS", "MATRIX_TABLE", "CLUSTERS"},
    "remedy": {"REMAINDER", "CUTS", "ALTERNATIVES"},
    "contradictions": {"CONTRADICTIONS", "HECTARES"},
    "sites": {"SITES"},
    "statistics": {"STATISTICS", "UNITS"},
    "readings": {"STATUS", "MEANS"},
    "transitions": {"TRANSITIONS", "CLASSES", "UNITS"},
    "indicators": {"INDICATORS", "TERMS", "FEATURES", "VALUES"},
    "warnings": {"WARNINGS", "COUNT"},
    "changes": {"CHANGES", "TRANSITIONS"},
    "identify": {"POINT", "JSON"},
}  # what only QGIS has: outputs, and a point that is picked on the map
VERBS = """
import json
from onemap.rules.verbs.commands.verbs import VERBS
print(json.dumps({verb.name: [verb.makes_data, [p.name for p in verb.parameters]] for verb in VERBS.values()}))
"""


@pytest.fixture(scope="module")
def declared_verbs():
    """The core's own table of verbs: whether each makes data, and its parameters."""
    python = [str(core_python().path), "-P", "-c", VERBS]
    return json.loads(subprocess.run(python, capture_output=True, encoding="utf-8", check=True).stdout)


def rows(layer, *names):
    """Values of some fields of every row."""
    if isinstance(layer, str):
        layer = QgsVectorLayer(layer, "rows", "ogr")
    return [tuple(feature[name] for name in names) for feature in layer.getFeatures()]


class Listener(QgsProcessingFeedback):
    """Records the steps that it is told."""

    def __init__(self):
        super().__init__(False)
        self.steps = []

    def setProgressText(self, text):
        self.steps.append(text)


def check(library, source, **more):
    return processing.run(
        "onemap:check",
        {
            "LIBRARY": library,
            "PARCELS": source,
            "CHECKED": "TEMPORARY_OUTPUT",
            "FINDINGS": "TEMPORARY_OUTPUT",
            "OVERLAPS": "TEMPORARY_OUTPUT",
            **more,
        },
    )


@pytest.fixture(scope="module")
def results(library, town):
    """A check of the town's parcels, of which several tests look at one thing each."""
    return check(library, str(town / "parcels.gpkg"))


def parameters_of(verb):
    algorithm = QgsApplication.processingRegistry().algorithmById(f"onemap:{verb}")
    return {definition.name() for definition in algorithm.parameterDefinitions()} - OF_QGIS.get(verb, set())


def test_every_verb_that_makes_data_is_an_algorithm_with_the_same_parameters(provider, declared_verbs):
    makers = {verb: names for verb, (makes_data, names) in declared_verbs.items() if makes_data}
    assert {"new", "add", "check", "redline"} <= set(makers)
    assert {algorithm.name() for algorithm in provider.algorithms()} >= set(makers)
    assert {verb: parameters_of(verb) for verb in makers} == {
        verb: {name.upper() for name in names} for verb, names in makers.items()
    }


@pytest.mark.parametrize("verb", ["inspect", "contradictions", "decide", "spots", "sites", "atlas", "comparison"])
def test_other_algorithms_have_the_command_line_s_parameters_too(provider, declared_verbs, verb):
    assert parameters_of(verb) == {name.upper() for name in declared_verbs[verb][1]}


def test_enumerations_are_static_strings(provider):
    algorithm = QgsApplication.processingRegistry().algorithmById("onemap:check")
    definition = algorithm.parameterDefinition("FAIL_ON")
    assert definition.usesStaticStrings()
    assert definition.options() == ["prohibited", "restricted", "unknown", "consult", "notice"]


def test_check_has_the_outputs_of_the_contract(provider):
    algorithm = QgsApplication.processingRegistry().algorithmById("onemap:check")
    names = {definition.name() for definition in algorithm.outputDefinitions()}
    assert {"CHECKED", "FINDINGS", "OVERLAPS", "VERDICT", "RUN"} <= names


@pytest.mark.slow
def test_half_a_parcel_on_farmland_is_prohibited_with_half_its_area(results):
    assert results["VERDICT"] == "prohibited"
    assert dict(rows(results["CHECKED"], "parcel", "verdict")) == {"A": "prohibited", "B": "unknown", "C": "unknown"}
    hits = [row for row in rows(results["FINDINGS"], "parcel", "rule", "verdict", "area_m2") if row[2] == "prohibited"]
    assert hits == [("A", "farmland.test", "prohibited", pytest.approx(5000, abs=1e-6))]
    assert rows(results["OVERLAPS"], "parcel", "feature", "area_m2") == [("A", "F1", pytest.approx(5000, abs=1e-6))]


@pytest.mark.slow
def test_the_run_is_named(results):
    assert results["RUN"]


@pytest.mark.slow
def test_the_sinks_have_the_contract_s_columns_first_and_no_row_number(results):
    names = results["CHECKED"].fields().names()
    assert names[:4] == ["parcel", "verdict", "known_verdict", "unknown_rules"]
    assert "fid" not in names


@pytest.mark.slow
def test_loaded_results_call_their_fields_and_codes_as_people_do(library, town, tmp_path):
    target = str(tmp_path / "findings.gpkg")
    values = {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg"), "FINDINGS": target}
    loaded = processing.runAndLoadResults("onemap:check", values)
    assert loaded["FINDINGS"] == target
    (layer,) = (one for one in QgsProject.instance().mapLayers().values() if target in one.source())
    fields = layer.fields()
    assert [fields.field(name).alias() for name in ("parcel", "verdict", "area_m2")] == [
        "Parcel",
        "Verdict",
        "Plane area (m²)",
    ]
    setup = fields.field("department").editorWidgetSetup()
    assert setup.type() == "ValueMap"
    assert {code: text for pair in setup.config()["map"] for text, code in pair.items()}["water"] == "Water"
    assert "farmland" in {feature["rule"].split(".")[0] for feature in layer.getFeatures()}  # codes stay in the file


@pytest.mark.slow
def test_a_selection_is_honoured(library, parcels):
    parcels.selectByExpression("\"DKBH\" = 'B'")
    only = QgsProcessingFeatureSourceDefinition(parcels.id(), selectedFeaturesOnly=True)
    assert rows(check(library, only)["CHECKED"], "parcel") == [("B",)]
    parcels.removeSelection()
    of_none = QgsProcessingFeatureSourceDefinition(parcels.id(), filterExpression="DKBH = 'none'")
    for nothing in (only, of_none):  # “contains no features, check the file” would send people to their layer
        with pytest.raises(QgsProcessingException, match="No feature of “.*” is selected, or fits the filter"):
            check(library, nothing)


@pytest.mark.slow
def test_a_parcel_of_a_selection_has_its_place_in_the_layer_where_it_has_no_name(library, tmp_path):
    path = write_layer(tmp_path / "nameless.gpkg", ["note"], [(box(10, 10, 50, 50), "a"), (box(400, 400, 50, 50), "b")])
    layer = QgsVectorLayer(path, "nameless", "ogr")
    QgsProject.instance().addMapLayer(layer)
    assert rows(check(library, layer)["CHECKED"], "parcel", "verdict") == [("1", "prohibited"), ("2", "unknown")]
    layer.selectByIds([2])
    only = QgsProcessingFeatureSourceDefinition(layer.id(), selectedFeaturesOnly=True)
    assert rows(check(library, only)["CHECKED"], "parcel", "verdict") == [("2", "unknown")]
    layer.removeSelection()
    of_note = QgsProcessingFeatureSourceDefinition(layer.id(), filterExpression="note = 'b'")
    assert rows(check(library, of_note)["CHECKED"], "parcel", "verdict") == [("2", "unknown")]
    layer.removeSelection()
    of_path = QgsProcessingFeatureSourceDefinition(path, filterExpression="note = 'b'")
    assert rows(check(library, of_path)["CHECKED"], "parcel") == [("2",)]
    # The field of ours that names parcels by their places is none of them.
    with pytest.raises(QgsProcessingException, match=r"lacks the field none; it has: fid, note\."):
        check(library, of_note, ID="none")
    filtered = f"{path}|layername=nameless|subset=note = 'b'"
    assert rows(check(library, filtered)["CHECKED"], "parcel") == [("2",)]
    layer.setSubsetString("note = 'b'")
    assert rows(check(library, layer)["CHECKED"], "parcel") == [("2",)]


@pytest.mark.slow
def test_a_layer_without_a_file_is_checked_with_its_attributes(library):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4547&field=DKBH:string", "drawn", "memory")
    from qgis.core import QgsFeature, QgsGeometry

    feature = QgsFeature(layer.fields())
    feature.setAttributes(["甲"])
    feature.setGeometry(QgsGeometry.fromWkt(box(100, 100, 100, 100)))
    layer.dataProvider().addFeatures([feature])
    QgsProject.instance().addMapLayer(layer)
    assert rows(check(library, layer)["CHECKED"], "parcel", "verdict") == [("甲", "prohibited")]


@pytest.mark.slow
def test_a_layer_in_degrees_is_measured_in_the_library_s_metres(library, parcels, tmp_path):
    results = processing.run(
        "native:reprojectlayer", {"INPUT": parcels, "TARGET_CRS": "EPSG:4490", "OUTPUT": str(tmp_path / "degrees.gpkg")}
    )
    found = rows(check(library, results["OUTPUT"])["FINDINGS"], "parcel", "verdict", "area_m2")
    assert [row for row in found if row[1] == "prohibited"] == [("A", "prohibited", pytest.approx(5000, abs=0.01))]


@pytest.mark.slow
def test_an_unsaved_edit_is_checked_as_it_is_seen(library, parcels):
    parcels.startEditing()
    parcels.selectByExpression("\"DKBH\" <> 'B'")
    parcels.deleteSelectedFeatures()
    assert rows(check(library, parcels)["CHECKED"], "parcel") == [("B",)]
    parcels.rollBack()


@pytest.mark.slow
@pytest.mark.parametrize("setting", list(Qgis.InvalidGeometryCheck))
@pytest.mark.parametrize("how", ["selected", "edited", "drawn"])
def test_an_invalid_shape_is_named_or_repaired_whatever_qgis_does_with_invalid_ones(library, tmp_path, how, setting):
    # A bow-tie on farmland beside a square off it: without the bow-tie all would be clear.
    bow = f"POLYGON(({X} {Y},{X + 10} {Y + 10},{X + 10} {Y},{X} {Y + 10},{X} {Y}))"
    path = write_layer(tmp_path / "shapes.gpkg", ["DKBH"], [(box(300, 100, 50, 50), "B"), (bow, "A")])
    layer = QgsVectorLayer(str(path), "shapes", "ogr")
    if how == "drawn":
        layer = layer.materialize(QgsFeatureRequest())
    QgsProject.instance().addMapLayer(layer)
    if how == "edited":
        layer.startEditing()
        layer.changeAttributeValue(1, layer.fields().lookupField("DKBH"), "C")
    layer.selectAll()
    source = QgsProcessingFeatureSourceDefinition(layer.id(), True) if how == "selected" else layer
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    context.setInvalidGeometryCheck(setting)
    values = {"LIBRARY": library, "PARCELS": source}
    with pytest.raises(QgsProcessingException, match="The geometry is invalid"):
        processing.run("onemap:check", values, context=context)
    found = processing.run("onemap:check", {**values, "REPAIR": True}, context=context)
    assert found["VERDICT"] == "prohibited"
    layer.rollBack()


def test_a_refusal_is_the_core_s_own_text(library, town, tmp_path):
    lost = write_layer(tmp_path / "lost.shp", ["DKBH"], [(box(0, 0, 1, 1), "A")], crs=None, driver="ESRI Shapefile")
    with pytest.raises(QgsProcessingException) as refused:
        check(library, lost)
    assert "lost.shp" in str(refused.value)
    assert "{" not in str(refused.value)


@pytest.mark.usefixtures("cold_programs")
def test_an_unknown_layer_code_is_refused_with_the_command_line_s_text(library, town):
    with pytest.raises(QgsProcessingException, match="NOSUCH"):
        processing.run("onemap:add", {"LIBRARY": library, "SOURCE": str(town / "farmland.gpkg"), "AS": "NOSUCH"})


@pytest.mark.slow
def test_reaching_the_threshold_fails_after_the_results_are_written(library, town, tmp_path):
    kept = tmp_path / "kept.gpkg"
    with pytest.raises(QgsProcessingException, match="verdict is prohibited: the threshold restricted"):
        check(library, str(town / "parcels.gpkg"), FAIL_ON="restricted", OUT=str(kept))
    assert dict(rows(f"{kept}|layername=parcels", "parcel", "verdict"))["A"] == "prohibited"


@pytest.mark.slow
def test_an_excel_file_is_written_and_the_sinks_filled_by_one_and_the_same_run(library, town, tmp_path, monkeypatch):
    verbs = []
    monkeypatch.setattr(
        "onemap.plugin.qgis.algorithms.verb_algorithm.run_verb",
        lambda *asked: verbs.append(asked[0]) or run_verb(*asked),
    )
    results = check(library, str(town / "parcels.gpkg"), OUT=str(tmp_path / "run.xlsx"))
    assert (tmp_path / "run.xlsx").stat().st_size > 0
    assert results["CHECKED"].featureCount() == 3
    assert verbs == ["check"]


@pytest.mark.slow
def test_a_trial_with_a_file_instead_of_a_layer_tells_which_verdicts_change(library, town, tmp_path):
    before = check(library, str(town / "parcels.gpkg"))["RUN"]
    moved = write_layer(tmp_path / "moved.gpkg", ["BSM"], [(box(400, 100, 10, 10), "F2")])
    after = check(library, str(town / "parcels.gpkg"), REPLACE=f"YJJBNTTB={moved}", AGAINST=before)
    changes = {change["parcel"]: (change["from"], change["to"]) for change in json.loads(after["CHANGED"])}
    assert changes == {"A": ("prohibited", "unknown"), "B": ("unknown", "prohibited")}


@pytest.mark.slow
def test_inspect_tells_what_is_in_a_file_without_loading_it(provider, town, tmp_path):
    page = tmp_path / "report.html"
    results = processing.run("onemap:inspect", {"SOURCE": str(town / "parcels.gpkg"), "HTML": str(page)})
    assert results["FORMAT"] == "GPKG"
    (layer,) = json.loads(results["JSON"])["layers"]
    assert (layer["name"], layer["count"], layer["crs"]["code"]) == ("parcels", 3, CRS)
    assert "EPSG:4547" in page.read_text(encoding="utf-8")


def test_inspect_names_the_problems_of_a_file(provider, tmp_path):
    lost = write_layer(tmp_path / "lost.shp", ["DKBH"], [(box(0, 0, 1, 1), "A")], crs=None, driver="ESRI Shapefile")
    layer = json.loads(processing.run("onemap:inspect", {"SOURCE": lost})["JSON"])["layers"][0]
    assert [problem["code"] for problem in layer["problems"]] == ["crs.missing"]


@pytest.mark.slow
def test_a_red_line_goes_to_text_and_back_with_its_area(provider, parcels, tmp_path):
    text, again = str(tmp_path / "红线.txt"), str(tmp_path / "again.gpkg")
    parcels.selectByExpression("\"DKBH\" = 'B'")
    only = QgsProcessingFeatureSourceDefinition(parcels.id(), selectedFeaturesOnly=True)
    assert processing.run("onemap:redline", {"SOURCE": only, "TARGET": text})["FEATURES"] == 1
    processing.run("onemap:redline", {"SOURCE": text, "TARGET": again})
    (feature,) = QgsVectorLayer(again, "again", "ogr").getFeatures()
    assert feature.geometry().area() == pytest.approx(10_000, abs=0.1)
    with pytest.raises(QgsProcessingException, match="again.gpkg"):
        processing.run("onemap:redline", {"SOURCE": text, "TARGET": again})


@pytest.mark.slow
def test_progress_is_told_in_steps(library, town):
    listener = Listener()
    processing.run("onemap:check", {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg")}, feedback=listener)
    assert len(set(listener.steps)) > 1


def test_a_cancelled_run_stops_the_core_and_says_so(library, town):
    class Impatient(QgsProcessingFeedback):
        """Cancels at the first sign of progress."""

        def setProgressText(self, text):
            self.cancel()

    with pytest.raises(QgsProcessingException, match="[Cc]ancelled"):
        processing.run(
            "onemap:check", {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg")}, feedback=Impatient(False)
        )


def test_what_is_cancelled_before_it_begins_does_nothing(town, tmp_path):
    cancelled, target = QgsProcessingFeedback(False), tmp_path / "new.gpkg"
    cancelled.cancel()
    with pytest.raises(Refusal, match="[Cc]ancelled"):
        run_verb("new", {"library": str(target), "crs": CRS}, cancelled)
    assert not target.exists()


@pytest.mark.slow
def test_a_cancel_that_comes_after_the_core_s_answer_leaves_no_part_of_the_rows(library, town, tmp_path):
    class Late(QgsProcessingFeedback):
        """Cancels when the core's remarks are written to the log."""

        def pushInfo(self, text):
            self.cancel()

        pushWarning = pushInfo

    late, target = Late(False), str(tmp_path / "checked.gpkg")
    asked = {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg"), "CHECKED": target}
    processing.run("onemap:check", asked, feedback=late)
    assert late.isCanceled() and len(rows(target, "verdict")) == 3


def test_a_step_that_goes_on_is_one_line_of_the_log():
    feedback = QgsProcessingFeedback(False)
    follower = ProgressLines(feedback)
    for fraction, step in ((0.1, "Making the tables"), (0.2, "Making the tables"), (0.3, "Done")):
        follower.feed((json.dumps({"progress": fraction, "step": step}) + "\n").encode())
    assert feedback.textLog().splitlines() == ["Making the tables", "Done"]
    assert feedback.progress() == 30


@pytest.mark.slow
def test_a_refusal_names_the_fields_of_the_dialog(library, town, tmp_path):
    parcels_as_farmland = {"LIBRARY": library, "SOURCE": str(town / "parcels.gpkg"), "AS": "YJJBNTTB"}
    with pytest.raises(QgsProcessingException, match="“Fields ") as refused:
        processing.run("onemap:add", parcels_as_farmland)
    assert "--" not in str(refused.value)
    with pytest.raises(QgsProcessingException, match="“New library”"):
        check(str(tmp_path / "none.gpkg"), str(town / "parcels.gpkg"))


def test_what_a_run_reads_is_chosen_as_a_file_that_is_there(provider):
    for verb, name in (("readings", "LIMITS"), ("ingest", "PLAN"), ("receive", "FILE"), ("ingest", "FOLDER")):
        definition = QgsApplication.processingRegistry().algorithmById(f"onemap:{verb}").parameterDefinition(name)
        assert definition.type() == "file", (verb, name)
