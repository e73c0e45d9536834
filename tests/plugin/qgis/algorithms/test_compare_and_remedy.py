"""The algorithms onemap:compare and onemap:remedy with the real core."""

import processing
import pytest
from qgis.core import QgsProcessingException, QgsVectorLayer

from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import box, write_layer
from onemap.tests.rules.small_pack import matrix_text

pytestmark = pytest.mark.slow

MATRIX = matrix_text(("GHDLDM", ["2"], ["1"]), ("YDXZDM", ["R"], ["E"]))


def rows(path, table, *names):
    layer = QgsVectorLayer(f"{path}|layername={table}", table, "ogr")
    assert layer.isValid()
    return [tuple(feature[name] for name in names) for feature in layer.getFeatures()]


def add(library, folder, code, fields, shapes):
    source = write_layer(folder / f"{code}.gpkg", ["BSM", *fields], shapes)
    define = f"name={code},department=planning,library=department,kind=vector,geometry=polygon,key=BSM"
    core("add", library, source, f"--as={code}", f"--define={define}", "--covers=district")


@pytest.fixture(scope="module")
def plans(library, tmp_path_factory):
    """Two plans of the town's own layers; 100 m × 100 m are construction in the first only."""
    folder = tmp_path_factory.mktemp("plans")
    add(
        library, folder, "PLAN_A", ["GHDLDM"], [(box(0, 0, 100, 100), "1", "2110"), (box(100, 0, 50, 100), "2", "1110")]
    )
    add(library, folder, "PLAN_B", ["YDXZDM"], [(box(0, 0, 150, 100), "1", "E2")])
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    return folder


def compare(library, plans, **more):
    options = {"LIBRARY": library, "A": "PLAN_A", "B": "PLAN_B", "MATRIX": str(plans / "matrix.toml")}
    return processing.run("onemap:compare", {**options, **more})


def test_compare_writes_its_tables_and_says_how_many_spots_there_are(library, plans, tmp_path):
    out = str(tmp_path / "out.gpkg")
    found = compare(library, plans, OUT=out)
    assert found["SPOT_COUNT"] == 2 and found["AREA_M2"] == pytest.approx(15_000)
    assert rows(out, "spots", "type", "use_a", "use_b", "area_m2") == [
        ("01", "other", "other", pytest.approx(5000)),
        ("03", "construction", "other", pytest.approx(10_000)),
    ]


def test_a_limit_of_nothing_is_a_limit_too(library, plans, tmp_path):
    out = str(tmp_path / "out.gpkg")
    compare(library, plans, OUT=out, MIN_AREA=10_001.0)
    assert {kind for (kind,) in rows(out, "spots", "type")} == {"90"}
    compare(library, plans, OUT=out, MIN_AREA=0.0, MIN_WIDTH=0.0, OVERWRITE=True)
    assert {kind for (kind,) in rows(out, "spots", "type")} == {"01", "03"}


def test_a_plan_that_is_not_there_ends_with_the_core_s_words(library, plans, tmp_path):
    with pytest.raises(QgsProcessingException, match="NOPE"):
        compare(library, plans, A="NOPE", OUT=str(tmp_path / "out.gpkg"))


def test_remedy_keeps_what_passes(library, town, tmp_path):
    out = str(tmp_path / "out.gpkg")
    options = {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg"), "KEEP_VERDICT": "unknown", "OUT": out}
    found = processing.run("onemap:remedy", options)
    assert found["PASSING"] == 3 and found["CUT_M2"] == pytest.approx(5000)
    left = dict(rows(out, "remainder", "parcel", "area_m2"))
    assert left["A"] == pytest.approx(5000)
    assert rows(out, "cuts", "parcel", "rule", "area_m2") == [("A", "farmland.test", pytest.approx(5000))]


def test_compare_fills_its_outputs_with_spots_matrix_and_clusters(library, plans):
    wanted = dict.fromkeys(("SPOTS", "MATRIX_TABLE", "CLUSTERS"), "TEMPORARY_OUTPUT")
    found = compare(library, plans, **wanted)
    spots = {feature["type"]: feature["area_m2"] for feature in found["SPOTS"].getFeatures()}
    assert spots == {"01": pytest.approx(5000), "03": pytest.approx(10_000)}
    assert sum(feature["area_m2"] for feature in found["MATRIX_TABLE"].getFeatures()) == pytest.approx(15_000)
    assert [feature["types"] for feature in found["CLUSTERS"].getFeatures()] == ["03"]


def test_remedy_of_one_parcel_hands_on_what_remains_and_what_was_cut(library, town):
    options = {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg"), "KEEP_VERDICT": "unknown", "PARCEL": "A"}
    found = processing.run("onemap:remedy", {**options, "REMAINDER": "TEMPORARY_OUTPUT", "CUTS": "TEMPORARY_OUTPUT"})
    left = {feature["parcel"]: feature.geometry().area() for feature in found["REMAINDER"].getFeatures()}
    assert left == {"A": pytest.approx(5000)}
    assert [feature["rule"] for feature in found["CUTS"].getFeatures()] == ["farmland.test"]


def test_a_file_of_results_opens_by_itself_with_looks_and_with_names_of_its_columns(library, town, tmp_path):
    out = str(tmp_path / "remedy.gpkg")
    asked = {"LIBRARY": library, "PARCELS": str(town / "parcels.gpkg"), "OUT": out}
    processing.run("onemap:remedy", asked)
    layer = QgsVectorLayer(f"{out}|layername=cuts", "cuts", "ogr")
    assert layer.isValid() and layer.fields().field("verdict").alias() == "Verdict"
    processing.run("onemap:check", {**asked, "OUT": str(tmp_path / "check.gpkg")})
    layer = QgsVectorLayer(f"{tmp_path / 'check.gpkg'}|layername=parcels", "parcels", "ogr")
    labels = [category.label() for category in layer.renderer().categories()]
    assert labels[0] == "■ prohibited" and layer.fields().field("verdict").alias() == "Verdict"
