"""Settings changed while answers are shown: the unit of areas, the rules, the language."""

import pytest
from qgis.core import QgsRectangle

from onemap.plugin.desk.results.results_model import AREA, NAME
from onemap.plugin.dock.options_page import OptionsPage
from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import PACK, X, Y, awaited, check, open_in, wait_for

UNITS = {"m2": "5,000 m²", "mu": "7.50 mu", "ha": "0.5000 ha"}


@pytest.fixture
def open_dock(dock, library, parcels):
    """The dock in sight with the town's library open and its parcels chosen."""
    dock.show()
    open_in(dock, library)
    dock.check_tab.parcels.choose_layer(parcels)
    return dock


def choose(**values):
    """Choose values on the page of QGIS's options, and apply them, whichever way the options were opened."""
    page = OptionsPage()
    for name, value in values.items():
        control = getattr(page, name)
        if hasattr(control, "findData"):
            control.setCurrentIndex(control.findData(value))
        else:
            control.setFilePath(value)
    page.apply()
    page.deleteLater()


def items_of(item):
    """All rows below an item."""
    for below in map(item.child, range(item.childCount())):
        yield from (below, *items_of(below))


def first_finding(dock):
    """The index of the gravest finding of the first parcel."""
    model = dock.check_tab.results.model
    return model.index(0, NAME, model.index(0, NAME))


def test_list_details_and_labels_on_the_map_follow_the_unit(open_dock):
    check(open_dock)
    results = open_dock.check_tab.results
    index = first_finding(open_dock)
    results.tree.setCurrentIndex(index)
    results.tree.clicked.emit(index)
    for unit, area in reversed(UNITS.items()):
        choose(unit=unit)
        shown = results.model.data(first_finding(open_dock).siblingAtColumn(AREA))
        assert (shown, results.highlight.labels) == (area, [area])
        assert results.details.text().splitlines()[1].startswith(area)


def test_an_explanation_has_its_areas_in_the_unit_beside_those_that_the_rule_is_held_to(open_dock):
    check(open_dock)
    results = open_dock.check_tab.results
    results.tree.setCurrentIndex(first_finding(open_dock))
    results.explain_button.click()
    wait_for(lambda: "Conflict" in results.details.text())
    assert "5,000 m²" in results.details.text() and "mu" not in results.details.text()
    choose(unit="mu")
    assert results.explain_button.isChecked()
    assert "5,000 m² (7.50 mu)" in results.details.text()
    choose(unit="m2")
    assert "mu" not in results.details.text()


def test_what_lies_here_follows_the_unit(open_dock, canvas):
    view = open_dock.identify
    with awaited(view.shown):
        view.ask_in(QgsRectangle(X, Y, X + 100, Y + 50))
    assert "5,000 m²" in view.place.text()
    for unit, area in UNITS.items():
        choose(unit=unit)
        assert area in view.place.text()
        assert area in [item.text(1) for item in items_of(view.tree.invisibleRootItem())]


def test_what_would_pass_and_the_search_for_sites_follow_the_unit(open_dock, tmp_path):
    farmland = tmp_path / "farmland.toml"  # of the red line the town knows nothing: by that rule no ground passes
    farmland.write_text(PACK.partition('[[rule]]\nid = "redline')[0], encoding="utf-8")
    choose(pack=str(farmland))
    check(open_dock)
    tab = open_dock.check_tab
    tab.results.tree.setCurrentIndex(first_finding(open_dock))
    with awaited(tab.remedy.results_shown, lambda: open_dock.notice.text):
        tab.results.remedy_button.click()
    for unit, area in UNITS.items():
        choose(unit=unit)
        assert area in tab.remedy.summary.text() and tab.remedy.tree.topLevelItem(0).text(1) == area
    choose(unit="mu")
    assert (tab.sites.form.area.text(), tab.sites.form.mu.text()) == ("15.00 mu", "10,000 m²")
    choose(unit="m2")
    assert (tab.sites.form.area.text(), tab.sites.form.mu.text()) == ("10,000 m²", "15.00 mu")


def test_the_rules_of_the_settings_are_chosen_at_once_and_given_up_at_once(open_dock, town):
    rules = open_dock.check_tab.rules
    assert rules.packs is None
    choose(pack=str(town / "pack.toml"))
    assert rules.packs == [str(town / "pack.toml")]
    choose(pack="")
    assert rules.packs is None


def test_a_language_that_is_chosen_now_does_not_speak_through_the_core_before_the_next_start(open_dock):
    settings.put("language", "en")
    settings.hold_language()
    try:
        choose(language="zh")
        check(open_dock)
        results = open_dock.check_tab.results
        title = results.model.data(first_finding(open_dock))
        assert title == "Occupies permanent basic farmland"
        assert settings.get("language") == "zh"
    finally:
        settings.release_language()
    assert settings.language() == "zh"


def test_another_python_for_the_core_is_taken_up_whichever_way_the_options_were_opened(open_dock, tmp_path):
    choose(python=str(tmp_path / "python"))
    assert str(tmp_path / "python") in open_dock.notice.text
    choose(python="")
    wait_for(lambda: open_dock.pages.currentWidget() is open_dock.tabs)
