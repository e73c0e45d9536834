"""QGIS's own algorithms on the same data: intersection, difference and buffer give the core's areas.

QGIS has its own GEOS, older than the core's, and its own code around it.
"""

from pathlib import Path

import processing
import pytest
from qgis.core import QgsFeatureRequest, QgsVectorLayer

from onemap.tests.rules.small_pack import pack_text

pytestmark = pytest.mark.slow

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data" / "cambridge" / "transplant_epsg4547.gpkg"
_PLANNED = {"layer": "ZONING", "department": "planning", "verdict": "notice"}
PACK = pack_text(
    {**_PLANNED, "id": "zoning"},
    {**_PLANNED, "id": "outside", "kind": "within"},
    {"id": "water", "kind": "setback", "layer": "WATER", "department": "water", "verdict": "notice", "distance_m": 40},
    id="second-engine",
)


def areas(layer, key):
    """Area by key, summed over the features of a layer."""
    sums = {}
    for feature in layer.getFeatures(QgsFeatureRequest()):
        name = tuple(str(feature[field]) for field in key)
        sums[name] = sums.get(name, 0.0) + feature.geometry().area()
    return {name: area for name, area in sums.items() if area > 1e-6}


@pytest.fixture(scope="module")
def both(provider, tmp_path_factory):
    """Every tenth real parcel: the core's tables through Processing, and QGIS's own layers."""
    if not SHARED.is_file():
        pytest.skip("the real parcels do not lie beside the project")
    folder = tmp_path_factory.mktemp("engines")
    pack, library = folder / "pack.toml", str(folder / "library.gpkg")
    pack.write_text(PACK, encoding="utf-8")
    processing.run("onemap:new", {"LIBRARY": library, "CRS": "EPSG:4547"})
    for name in ("zoning", "water"):
        define = f"name={name},department=planning,library=department,kind=vector,geometry=polygon,key=src_row"
        source = f"{SHARED}|layername={name}"
        options = {"LIBRARY": library, "SOURCE": source, "AS": name.upper(), "DEFINE": define, "COVERS": "extent"}
        processing.run("onemap:add", options)
    parcels = str(folder / "parcels.gpkg")
    expression = '"src_row" % 10 = 3 and is_valid($geometry) and $area > 0'
    source = f"{SHARED}|layername=parcels_2014"
    processing.run("native:extractbyexpression", {"INPUT": source, "EXPRESSION": expression, "OUTPUT": parcels})
    checked = processing.run(
        "onemap:check",
        {
            "LIBRARY": library,
            "PARCELS": parcels,
            "ID": "src_row",
            "PACK": str(pack),
            "FINDINGS": str(folder / "findings.gpkg"),
            "OVERLAPS": str(folder / "overlaps.gpkg"),
        },
    )
    return folder, parcels, {name: QgsVectorLayer(checked[name]) for name in ("FINDINGS", "OVERLAPS")}


def test_pieces_equal_those_of_qgis_intersection(both):
    _, parcels, ours = both
    theirs = processing.run(
        "native:intersection",
        {
            "INPUT": parcels,
            "OVERLAY": f"{SHARED}|layername=zoning",
            "INPUT_FIELDS": ["src_row"],
            "OVERLAY_FIELDS": ["src_row"],
            "OVERLAY_FIELDS_PREFIX": "zone_",
            "OUTPUT": "memory:",
        },
    )["OUTPUT"]
    expected = areas(theirs, ("src_row", "zone_src_row"))
    found = {
        (feature["parcel"], feature["feature"]): feature["area_m2"]
        for feature in ours["OVERLAPS"].getFeatures("\"rule\" = 'zoning'")
    }
    assert set(found) == set(expected) and len(found) > 1300
    for pair, area in found.items():
        assert area == pytest.approx(expected[pair], rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("rule", ["outside", "water"])
def test_findings_equal_those_of_qgis_difference_and_buffer(both, rule):
    _, parcels, ours = both
    if rule == "outside":
        overlay, algorithm = f"{SHARED}|layername=zoning", "native:difference"
        extent = processing.run("native:polygonfromlayerextent", {"INPUT": overlay, "OUTPUT": "memory:"})["OUTPUT"]
        ground = processing.run("native:clip", {"INPUT": parcels, "OVERLAY": extent, "OUTPUT": "memory:"})["OUTPUT"]
    else:
        water = f"{SHARED}|layername=water"
        options = {"INPUT": water, "DISTANCE": 40, "SEGMENTS": 64, "DISSOLVE": True, "OUTPUT": "memory:"}
        overlay, algorithm = processing.run("native:buffer", options)["OUTPUT"], "native:intersection"
        ground = parcels
    result = processing.run(algorithm, {"INPUT": ground, "OVERLAY": overlay, "OUTPUT": "memory:"})["OUTPUT"]
    expected = {name: area for (name,), area in areas(result, ("src_row",)).items()}
    query = f"\"rule\" = '{rule}' and \"verdict\" <> 'unknown'"
    found = {feature["parcel"]: feature["area_m2"] for feature in ours["FINDINGS"].getFeatures(query)}
    alike = {name for name, area in expected.items() if area > 1e-3}
    assert alike <= set(found) and all(
        expected.get(name, 0.0) <= 1e-3 for name in set(found) - alike if found[name] > 1
    )
    for name in alike:
        assert found[name] == pytest.approx(expected[name], rel=1e-6, abs=1e-3)
