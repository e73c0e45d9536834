"""The changes of a version, from the menu of its row: a page that the core writes and the desktop opens."""

from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtWidgets import QMenu, QWidget

from onemap.plugin.desk.library.version_changes_page import VersionChangesPage, version_before
from onemap.tests.plugin.small_town import Reader, wait_for


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
