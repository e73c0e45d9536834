"""The shipped example models run unchanged in QGIS's program for scripts, without a window."""

import json
import shutil
import subprocess

import pytest
from qgis.core import QgsProcessingModelAlgorithm, QgsVectorLayer

from onemap.tests.plugin.desktop import environment_of
from onemap.tests.plugin.small_town import CRS, ROOT, box, write_layer

MODEL = ROOT / "docs" / "models" / "delivery-check-sheets.model3"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("qgis_process") is None, reason="QGIS's program for scripts is not here"),
]


@pytest.fixture
def empty_library(town, provider, tmp_path):
    """A library of the town without any layer."""
    import processing

    path = str(tmp_path / "town.gpkg")
    values = {"LIBRARY": path, "CRS": CRS, "NAME": "Town", "DISTRICT": str(town / "district.gpkg")}
    processing.run("onemap:new", {**values, "PACK": str(town / "pack.toml")})
    return path


def qgis_process(tmp_path, library, *words):
    environment = environment_of(tmp_path, library, QT_QPA_PLATFORM="offscreen")
    return subprocess.run(["qgis_process", *words], env=environment, capture_output=True, timeout=200, encoding="utf-8")


def test_a_delivery_is_taken_in_checked_and_printed_by_one_model(town, empty_library, tmp_path):
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    write_layer(delivery / "YJJBNTTB2025.gpkg", ["BSM"], [(box(0, 0, 150, 300), "F1")])
    findings, report, sheets = tmp_path / "findings.gpkg", tmp_path / "report.xlsx", tmp_path / "sheets.pdf"
    given = {"LIBRARY": empty_library, "FOLDER": delivery, "COVERS": "district"}
    given |= {"PARCELS": town / "parcels.gpkg", "ID": "DKBH", "findings": findings, "report": report}
    given |= {"sheets": sheets}
    words = [f"--{name}={value}" for name, value in given.items()]
    done = qgis_process(tmp_path, empty_library, "--json", "run", str(MODEL), *words)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert results["report"] == str(report) and report.stat().st_size > 5000
    assert results["sheets"] == str(sheets) and sheets.read_bytes().startswith(b"%PDF")
    layer = QgsVectorLayer(str(findings), "findings", "ogr")
    of_a = [row for row in layer.getFeatures() if row["parcel"] == "A" and row["layer"] == "YJJBNTTB"]
    assert [row["area_m2"] for row in of_a] == [5000.0] and of_a[0]["verdict"] == "prohibited"


def test_the_model_opens_in_the_designer_and_names_what_it_needs(provider):
    model = QgsProcessingModelAlgorithm()
    assert model.fromFile(str(MODEL)) and model.validate()[0]
    names = {definition.name() for definition in model.parameterDefinitions()}
    inputs = {"LIBRARY", "FOLDER", "PLAN", "COVERS", "PARCELS", "ID"}
    assert names == inputs | {"checked_parcels", "findings", "report", "sheets"}
    before = {name: child.dependencies() for name, child in model.childAlgorithms().items()}
    assert {name: [one.childId for one in of] for name, of in before.items()} == {
        "ingest": [],
        "check": ["ingest"],
        "sheet": ["check"],
    }


@pytest.mark.nightly
def test_thirty_files_go_through_in_one_call(town, empty_library, tmp_path):
    """A folder of parcels, then a folder of layers: one start of QGIS and of the core for each."""
    parcels, delivery = tmp_path / "parcels", tmp_path / "delivery"
    parcels.mkdir()
    delivery.mkdir()
    for number in range(30):
        write_layer(parcels / f"p{number:02}.gpkg", ["DKBH"], [(box(30 * number, 0, 20, 20), f"P{number}")])
    for year in range(1990, 2020):
        write_layer(delivery / f"YJJBNTTB{year}.gpkg", ["BSM"], [(box(0, 0, 150, 300), "F1")])
    words = [f"--LIBRARY={empty_library}", f"--FOLDER={delivery}", "--COVERS=district"]
    done = qgis_process(tmp_path, empty_library, "--json", "run", "onemap:ingest", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["results"]["ADDED"] == 30
    out, folder = tmp_path / "out.gpkg", tmp_path / "again"
    folder.mkdir()
    words = [f"--LIBRARY={empty_library}", f"--PARCELS={parcels}", "--ID=DKBH", f"--OUT={out}"]
    done = qgis_process(folder, empty_library, "--json", "run", "onemap:check", *words)
    assert done.returncode == 0, done.stderr
    rows = QgsVectorLayer(f"{out}|layername=parcels", "parcels", "ogr").getFeatures()
    verdicts = {row["parcel"]: row["verdict"] for row in rows}
    assert len(verdicts) == 30
    on_farmland = {f"P{number}" for number in range(5)}  # 30 m apart; the farmland ends at 150 m
    assert {name for name, verdict in verdicts.items() if verdict == "prohibited"} == on_farmland
