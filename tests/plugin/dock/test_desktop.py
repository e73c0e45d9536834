"""The real QGIS desktop on its own screen: the plugin loads, and clicks run a check."""

import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def driver_record(drive_desktop, tmp_path_factory, town, library):
    """The driver's report from QGIS, with a library of its own, to which it adds a version."""
    folder = tmp_path_factory.mktemp("desktop")
    own = folder / "library.gpkg"
    shutil.copy(library, own)
    return drive_desktop(
        folder,
        str(own),
        town / "parcels.gpkg",
        file=town / "farmland.gpkg",
        code="YJJBNTTB",
    )


def test_qgis_loads_unloads_and_loads_the_plugin_again_without_a_warning(driver_record):
    assert driver_record["errors"] == []
    assert "reloaded" in driver_record["steps"]
    assert driver_record["warnings"] == []


def test_a_ticked_layer_is_on_the_map(driver_record):
    assert "Permanent basic farmland 2025-01-01" in driver_record["on_map"]


def test_a_click_on_check_brings_the_verdicts(driver_record):
    assert driver_record["parcels"] == 3
    assert driver_record["counts"]["prohibited"].startswith("1 ")
    assert driver_record["counts"]["unknown"].startswith("2 ")


def test_a_click_on_a_finding_shows_its_measure_and_its_basis(driver_record):
    assert driver_record["labels"] == ["5,000 m²"]
    assert "第三十五条" in driver_record["details"]


def test_a_click_on_explain_shows_the_steps_from_the_data_to_the_verdict(driver_record):
    assert "5,000 m²" in driver_record["steps_text"]
    assert "第三十五条" in driver_record["steps_text"]


def test_a_case_is_opened_on_the_parcels_and_its_findings_lead_to_the_map(driver_record):
    assert driver_record["case"] == ["School", "draft", 10]
    assert driver_record["case_labels"] == ["5,000 m²"]
    assert driver_record["case_ground"]  # the library's layers are still drawn after the core has written
    assert driver_record["cases"] == ["School"]


def test_the_dialog_shows_a_file_beside_the_district_and_loads_it(driver_record):
    assert driver_record["place"] == "It lies in the district (dark outline)."
    assert "EPSG:4547" in driver_record["facts"]
    assert "has a new version, again." in driver_record["added"]


def test_a_trial_says_what_would_change(driver_record):
    assert "0 of 3 parcels would have another verdict" in driver_record["trial"]
