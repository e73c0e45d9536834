"""The query sheets from the dock: the real core prints the chosen parcels to one file, which opens."""

from pathlib import Path

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtGui import QDesktopServices

from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import Reader, open_in, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def tab(dock, library, parcels):
    """The tab Check of a dock with the town open and its parcels chosen."""
    open_in(dock, library)
    dock.check_tab.parcels.choose_layer(parcels)
    return dock.check_tab


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_selected_parcel_is_printed_and_opened_while_nothing_else_runs(dock, tab, parcels, tmp_path, language):
    settings.put("language", language)
    reader, target = Reader(), tmp_path / "sheet.html"
    parcels.selectByExpression("$id = 1")
    QDesktopServices.setUrlHandler("file", reader.read)
    try:
        tab.sheet_button.write(str(target))
        assert not tab.button.isEnabled() and not tab.sheet_button.isEnabled()
        wait_for(lambda: dock.notice.text)
    finally:
        QDesktopServices.unsetUrlHandler("file")
        parcels.removeSelection()
    assert reader.opened == [str(target)] and str(target) in dock.notice.text
    text = target.read_text(encoding="utf-8")
    assert text.count("<section>") == 1
    words = "用地查询表" if language == "zh" else "Query sheet of a parcel"
    assert text.count(f">{words}") == 2  # title and heading
    assert tab.button.isEnabled() and tab.sheet_button.isEnabled() and tab.results.run is None


def test_without_parcels_there_is_nothing_to_print(tab):
    assert tab.sheet_button.isEnabled()
    QgsProject.instance().clear()
    assert not tab.sheet_button.isEnabled()


def test_a_refusal_is_told_and_the_tab_works_on(dock, tab, tmp_path):
    tab.sheet_button.write(str(tmp_path / "none" / "sheet.pdf"))
    wait_for(lambda: dock.notice.text)
    assert "sheet.pdf" in dock.notice.text or "none" in dock.notice.text
    assert tab.sheet_button.isEnabled() and list(Path(tmp_path).rglob("sheet.pdf")) == []
