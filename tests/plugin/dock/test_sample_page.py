"""The sample city, made from the dock."""

import shutil
import time

import pytest
from qgis.PyQt.QtWidgets import QPushButton, QToolButton

from onemap.tests.plugin.small_town import awaited, open_in, wait_for

pytestmark = pytest.mark.slow  # what they share takes long to make


def test_the_sample_city_is_made_opened_and_checked(dock, tmp_path):
    dock.make_sample_in(tmp_path / "city")
    wait_for(lambda: dock.library.layers or dock.notice.text)
    assert dock.notice.text == ""
    assert dock.pages.currentWidget() is dock.tabs
    assert sum(1 for layer in dock.library.layers if layer.in_force) >= 10
    with awaited(dock.check_tab.finished):
        dock.check_tab.button.click()
    assert "DK90028" in dock.notice.text  # which states neither use nor kind
    assert dock.check_tab.results.model.rowCount() == 2000


def test_a_sample_city_that_is_made_while_somebody_works_at_another_library_is_offered(dock, library, town, tmp_path):
    dock.pages.setCurrentWidget(dock.sample_page)
    open_in(dock, library)
    city = shutil.copy(library, tmp_path / "city.gpkg")  # instead of one whose making takes half a minute
    dock.sample_page.made.emit(str(city), str(town / "parcels.gpkg"))
    assert "sample city is made" in dock.notice.text
    assert dock.library.path == library and dock.pages.currentWidget() is dock.tabs
    dock.notice.findChild(QPushButton).click()
    wait_for(lambda: dock.library.path == str(city) and dock.library.layers)


def test_a_full_folder_gets_the_sample_city_in_a_new_one_inside_and_a_cancel_goes_back(dock, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me", encoding="utf-8")
    with awaited(dock.sample_page.asking.progressed):
        dock.make_sample_in(tmp_path)
    for _look in range(1200):  # Qt rests meanwhile, so the core's answer lies unread when the work is cancelled
        if (tmp_path / "onemap-sample-city").exists():
            break
        time.sleep(0.1)
    dock.pages.setCurrentWidget(dock.empty_page)  # as by the header's menu
    dock.empty_page.sample_requested.emit()  # one city at a time: its work is shown, and no folder is asked for
    assert dock.pages.currentWidget() is dock.sample_page
    dock.sample_page.findChild(QToolButton).click()
    wait_for(lambda: dock.pages.currentWidget() is dock.empty_page)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "keep me"
