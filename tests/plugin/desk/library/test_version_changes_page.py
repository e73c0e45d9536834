"""What a version changed, from the menu of its row: a page that the core writes and the desktop opens."""

import pytest
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QMenu, QWidget

from onemap.plugin.desk.library.version_changes_page import VersionChangesPage, version_before
from onemap.tests.plugin.other_desk import core
from onemap.tests.plugin.small_town import Reader, box, wait_for, write_layer


@pytest.fixture
def two_versions(own_library, tmp_path):
    """Two plots of farmland; then one of them elsewhere, and a third."""
    years = {"2023": [(0, "F1"), (200, "F2")], "2024": [(0, "F1"), (210, "F2"), (400, "F3")]}
    for label, plots in years.items():
        source = tmp_path / f"{label}.gpkg"
        write_layer(source, ["BSM"], [(box(x, 0, 100, 100), name) for x, name in plots])
        core(
            *("add", own_library.path, str(source), "--as", "YJJBNTTB", "--covers", "district", "--label", label),
            *("--valid-from", f"{label}-01-01"),
        )
    listed = []
    own_library.listed.connect(lambda: listed.append(True))
    own_library.refresh()
    wait_for(lambda: listed)
    return own_library


def test_the_page_is_offered_for_what_has_a_version_before_it_and_opened(two_versions, tmp_path):
    entry = next(one for one in two_versions.layers if one.code == "YJJBNTTB")
    first, second = entry.versions
    assert (version_before(entry, first), version_before(entry, second)) == (None, first)
    window, menu, sentences, reader = QWidget(), QMenu(), [], Reader()
    page = VersionChangesPage(two_versions, window)
    page.add_action(menu, entry, first)
    assert menu.actions() == []
    page.add_action(menu, entry, second)
    assert [action.text() for action in menu.actions()] == ["What changed since 2023…"]
    page.written.connect(sentences.append)
    refusals = []
    page.refused.connect(refusals.append)
    target = tmp_path / "changes.html"
    QDesktopServices.setUrlHandler("file", reader.read)
    page.write(entry, first, second, str(target))
    wait_for(lambda: sentences or refusals)
    QDesktopServices.unsetUrlHandler("file")
    assert (reader.opened, refusals) == ([str(target)], [])
    verdicts = "With 2024 in place of 2023: 0 cases and checks judged, 0 with a verdict that would change"
    assert sentences == [f"1 added, 0 removed, 1 moved, 0 changed, 1 unchanged · {verdicts}"]
    assert "F3" in target.read_text(encoding="utf-8")
    page.write(entry, first, second, str(tmp_path / "nowhere" / "changes.html"))
    wait_for(lambda: refusals)
    assert refusals[0].problems[0]["code"] == "out.folder"
