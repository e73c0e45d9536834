"""A library that disappears while it is open, and returns: the message, and that it does not stay forever."""

import shutil

import pytest
from qgis.core import QgsPointXY

from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import X, Y, awaited, open_in, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def lost(dock, library, tmp_path):
    """The dock with a library whose file was moved away, and a function that brings it back."""
    path, away = tmp_path / "mine.gpkg", tmp_path / "away.gpkg"
    shutil.copyfile(library, path)
    open_in(dock, path)
    path.rename(away)
    return dock, lambda: away.rename(path)


def test_what_could_not_be_looked_up_is_forgotten_once_it_can_be(lost):
    dock, bring_back = lost
    with awaited(dock.identify.shown):
        dock.identify.ask_at(QgsPointXY(X + 120, Y + 120))
        wait_for(lambda: dock.notice.text)
        assert "There is no library" in dock.notice.text
        bring_back()
        dock.identify.ask_at(QgsPointXY(X + 120, Y + 120))
    assert dock.notice.text == ""


def test_cases_that_could_not_be_read_are_not_said_to_be_none(lost):
    dock, bring_back = lost
    room = dock.review_tab
    assert room.list.empty.text() == "Reading the cases…"
    dock.tabs.setCurrentIndex(dock.tab_index(room))
    room.set_open(True)  # as when the dock is seen
    wait_for(lambda: room.list.empty.text() == "The cases could not be read.")
    assert room.list.summary.text() == "" and "There is no library" in dock.notice.text
    bring_back()
    room.refresh()
    wait_for(lambda: room.list.empty.text().startswith("No case yet"))
    assert dock.notice.text == ""


def test_a_refused_search_for_sites_is_forgotten_once_one_succeeds(lost):
    dock, bring_back = lost
    view = dock.check_tab.sites
    view.form.area.set_area(2500)
    view.search()
    wait_for(lambda: dock.notice.text)
    refusal = dock.notice.text
    bring_back()
    with awaited(view.results_shown):
        view.search()
    assert refusal not in dock.notice.text
    assert "cannot be judged" in dock.notice.text  # most of the ground there


def test_a_refused_step_stays_said_while_the_case_follows_what_others_did(lost, parcels):
    """Else whoever signed too late would read nothing: the page is read again a moment after the refusal."""
    dock, bring_back = lost
    bring_back()
    room, path = dock.review_tab, dock.library.path
    case = core("review", "open", path, str(parcels.source()).split("|")[0], "--project", "School", "--by", "Wang")
    room.person.set_name("Wang")
    room.open_case(case["case"])
    wait_for(lambda: room.case_page.case is not None and room.case_page.findings.results.run is not None)
    core("review", "withdraw", path, case["case"], "--by", "Li", "--reason", "given up")
    room.case_page.steps.circulate()
    room.case_page.steps.dialog.ok.click()
    wait_for(lambda: dock.notice.text)
    assert "Li" in dock.notice.text
    room.follower.look()
    wait_for(lambda: room.case_page.case.state == "withdrawn")
    assert "Li" in dock.notice.text
    room.reload_case()
    wait_for(lambda: dock.notice.text == "")
