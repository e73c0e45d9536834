"""The real QGIS desktop, on a screen of its own: the plugin loads, and a check is run by clicks."""

import shutil

import pytest

from onemap.tests.plugin import desktop

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(desktop.missing_parts()), reason=f"not on this machine: {', '.join(desktop.missing_parts())}"
    ),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory, town, library):
    """What the driver saw in QGIS, with a library of its own: it adds a version."""
    folder = tmp_path_factory.mktemp("desktop")
    own = folder / "library.gpkg"
    shutil.copy(library, own)
    return desktop.drive(
        folder,
        str(own),
        town / "parcels.gpkg",
        file=town / "farmland.gpkg",
        code="YJJBNTTB",
    )


def test_qgis_loads_unloads_and_loads_the_plugin_again_without_a_warning(seen):
    assert seen["errors"] == []
    assert "reloaded" in seen["steps"]
    assert seen["warnings"] == []


def test_a_ticked_layer_is_on_the_map(seen):
    assert "Permanent basic farmland 2025-01-01" in seen["on_map"]


def test_a_click_on_check_brings_the_verdicts(seen):
    assert seen["parcels"] == 3
    assert seen["counts"]["prohibited"].startswith("1 ")
    assert seen["counts"]["unknown"].startswith("2 ")


def test_a_click_on_a_finding_shows_its_measure_and_its_basis(seen):
    assert seen["labels"] == ["5,000 m²"]
    assert "第三十五条" in seen["details"]


def test_a_click_on_explain_shows_the_steps_from_the_data_to_the_verdict(seen):
    assert "5,000 m²" in seen["steps_text"]
    assert "第三十五条" in seen["steps_text"]


def test_a_case_is_opened_on_the_parcels_and_its_findings_lead_to_the_map(seen):
    assert seen["case"] == ["School", "draft", 10]
    assert seen["case_labels"] == ["5,000 m²"]
    assert seen["case_ground"]  # the library's layers are still drawn after the core has written
    assert seen["cases"] == ["School"]


def test_the_dialog_shows_a_file_beside_the_district_and_loads_it(seen):
    assert seen["place"] == "It lies in the district (dark outline)."
    assert "EPSG:4547" in seen["facts"]
    assert "has a new version, again." in seen["added"]


def test_a_trial_says_what_would_change(seen):
    assert "0 of 3 parcels would have another verdict" in seen["trial"]
