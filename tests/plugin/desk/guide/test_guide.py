"""The guide inside QGIS: its links, its way back, and the key that opens the right heading in either language."""

import ast

import pytest
from qgis.PyQt.QtCore import QCoreApplication, QEvent, Qt, QUrl
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWidget

from onemap.plugin.desk.guide.guide import Guide, Place, close_guides, headings_of, mark_of, place_of, show_guide
from onemap.plugin.desk.guide.help_key import TOPICS, topic_of
from onemap.plugin.profile import settings
from onemap.plugin.profile.paths import FOLDER, GUIDES
from onemap.plugin.qgis.algorithms.verb_rows import verb_rows
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.tests.plugin.small_town import wait_for


@pytest.fixture(autouse=True)
def no_guide_is_left():
    yield
    close_guides()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def top_heading(guide):
    """The heading at the upper edge of what is seen."""
    return guide.page.cursorForPosition(guide.page.viewport().rect().topLeft()).block().text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_topic_is_a_heading_of_the_guide_in_the_users_language(language):
    settings.put("language", language)
    for topic in TOPICS.values():
        place = place_of(topic)
        assert place.path.name.endswith(f"{language}.md")
        page, _, mark = topic.rpartition("#")
        english = headings_of((GUIDES / (f"{page}.en.md" if page else "en.md")).read_text(encoding="utf-8"))
        assert mark_of(english[place.heading][1]) == mark
        assert place.heading < len(headings_of(place.path.read_text(encoding="utf-8")))


def test_every_part_that_has_a_topic_is_a_class_of_the_plugin():
    classes = {
        node.name
        for path in (FOLDER / "plugin").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert set(TOPICS) - classes == set()


@pytest.mark.parametrize(("language", "heading"), [("en", "Finding a site"), ("zh", "选址")])
def test_the_guide_opens_at_a_heading_in_the_users_language(language, heading):
    settings.put("language", language)
    guide = show_guide("finding-a-site")
    wait_for(lambda: top_heading(guide) == heading)
    assert guide.heading() == heading
    assert guide.contents.currentText().strip() == heading


@pytest.mark.parametrize("language", ["en", "zh"])
def test_f1_in_a_room_opens_the_guide_at_that_room(dock, language):
    settings.put("language", language)
    dock.show()
    dock.pages.setCurrentWidget(dock.tabs)
    dock.tabs.setCurrentIndex(dock.tab_index(dock.compare_tab))
    assert topic_of(dock.compare_tab.pairs) == "who-contradicts-whom"
    assert topic_of(dock.tabs.tabBar()) == "compare-where-two-plans-disagree"
    dock.activateWindow()
    dock.tabs.tabBar().setFocus()
    wait_for(dock.tabs.tabBar().hasFocus)
    QTest.keyClick(dock.tabs.tabBar(), Qt.Key.Key_F1)
    guide = dock.window().findChild(Guide)
    assert guide.heading() == {"en": "Compare: where two plans disagree", "zh": "比对：两个规划在哪里不一致"}[language]


def test_links_lead_to_other_documents_and_back_to_where_one_was(application):
    settings.put("language", "en")
    guide = show_guide("the-first-time")
    wait_for(lambda: top_heading(guide) == "The first time")
    before = guide.page.verticalScrollBar().value()
    guide.page.anchorClicked.emit(QUrl("identify.en.md#in-three-dimensions"))
    assert guide.heading() == "In three dimensions"
    guide.page.anchorClicked.emit(QUrl("../reference.en.md"))
    assert guide.page.toPlainText().startswith("Reference")
    guide.back_button.click()
    guide.back_button.click()
    assert guide.page.toPlainText().startswith("One Map in QGIS: user guide")
    assert guide.page.verticalScrollBar().value() == before
    assert not guide.back_button.isEnabled()


@pytest.mark.slow
def test_every_document_that_the_guide_leads_to_is_shown(application):
    guide = Guide()
    for path in sorted((FOLDER / "docs").glob("*.md")):
        guide.go_to(Place(path))
        assert len(guide.page.toPlainText()) > 300, path.name


def test_a_guide_that_is_closed_is_gone_and_the_next_one_is_new(application):
    window = QWidget()
    show_guide("finding-a-site", window).reject()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert window.findChildren(Guide) == []
    assert show_guide("query-sheets", window).heading() == "Query sheets"


def test_there_is_one_guide_for_a_window(application):
    one, other = QWidget(), QWidget()
    guide = show_guide("query-sheets", one)
    assert show_guide("web-services", one) is guide
    assert show_guide("web-services", guide) is guide
    assert show_guide("web-services", other) is not guide


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_guide_names_every_algorithm(language):
    settings.put("language", language)
    translator = install_translator()
    try:
        titles = [row.title for row in verb_rows()]
    finally:
        remove_translator(translator)
    text = (GUIDES / f"{language}.md").read_text(encoding="utf-8")
    assert len(titles) > 20
    assert [title for title in titles if title not in text] == []
