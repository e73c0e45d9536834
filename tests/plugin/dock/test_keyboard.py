"""The dock by keyboard alone, in the real QGIS desktop: every room and every control, without a click."""

import shutil
from pathlib import Path

import pytest

from onemap.tests.plugin.other_desk import core

pytestmark = pytest.mark.slow
CASE = ["case: Opinion", "case: Findings", "case: Rounds", "case: Notice", "case: History"]
ROOMS = ["Map", "Check", "Compare", "Review", "Numbers", "Proof", "results", *CASE]


@pytest.fixture(scope="module")
def driver_record(drive_desktop, tmp_path_factory, town, library):
    """The driver's report from QGIS."""
    folder = tmp_path_factory.mktemp("keyboard")
    own = folder / "library.gpkg"
    shutil.copy(library, own)
    who = ("--by", "Wang")
    case = core("review", "open", own, town / "parcels.gpkg", "--project", "School", *who)["case"]
    core("review", "circulate", own, case, *who)
    driver = Path(__file__).parents[1] / "keyboard_driver.py"
    return drive_desktop(folder, str(own), town / "parcels.gpkg", driver=driver)


def test_the_shortcut_opens_the_panel_and_arrows_go_from_room_to_room(driver_record):
    assert driver_record["errors"] == []
    assert driver_record["shortcut"] == ["OneMapPanel"]  # QGIS does nothing on keys that two of its actions have
    assert list(driver_record["rooms"]) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_tab_comes_to_every_control_of_a_room(driver_record, room):
    assert len(driver_record["rooms"][room]["visited"]) > 3
    assert driver_record["rooms"][room]["missed"] == []


@pytest.mark.parametrize("room", ROOMS)
def test_every_control_has_a_name_and_shows_that_it_has_the_focus(driver_record, room):
    assert driver_record["rooms"][room]["nameless"] == []
    assert driver_record["rooms"][room]["hidden"] == []


def test_a_check_is_begun_and_its_findings_explained_by_keys(driver_record):
    assert "5,000 m²" in driver_record["finding"]
    assert "第三十五条" in driver_record["explained"]


def test_f1_opens_the_guide(driver_record):
    assert driver_record["guide"] == ["Check: what stands against a parcel"]


def test_a_case_is_opened_and_an_opinion_written_by_keys(driver_record):
    assert driver_record["case_focus"], "whoever opens a case by keys is in it"
    assert "By keys alone." in driver_record["opinion"]
    assert driver_record["list_focus"], "Esc leads back to the list of cases, and the keyboard with it"
