"""A finding in the dock: its pieces on the map, its uncertainty, and its explanation."""

from dataclasses import replace

import pytest
from qgis.core import Qgis, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest

from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.plugin.words.number_format import local_times
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import X, Y, box, checked_tab, line, wait_for, write_layer
from onemap.tests.rules.small_pack import pack_text, rule_of


def transport_rule(name, kind, layer, verdict, **more):
    """A rule on things of the transport department."""
    text = layer, "规则", f"Rule {name}", "公路安全保护条例 第十一条"
    return rule_of(f"{name} transport {verdict}", *text, kind=kind, **more)


RULES = (
    transport_rule("pipe.cross", "cross", "YQGD", "restricted"),
    transport_rule("pipe.near", "near", "YQGD", "consult", distance_m=80),
    transport_rule("tree.cross", "cross", "GSMM", "notice"),
    transport_rule("road.zone", "setback", "GL", "prohibited", distance_m=30, estimated=True),
    transport_rule("farmland.edge", "avoid", "YJJBNTTB", "restricted"),
)
ORDINANCE = transport_rule(
    "road.city", "setback", "GL", "prohibited", distance_m=20, estimated=True, replaces="road.zone"
)


@pytest.fixture(scope="module")
def valley(tmp_path_factory, provider):
    """A library with a pipe through parcel P, 70 m from parcel Q, a tree in P, a road south, farmland 1 m inside P."""
    folder = tmp_path_factory.mktemp("valley")
    for name, rules in (("thin-things", RULES), ("ordinance", (ORDINANCE,))):
        pack = pack_text(id=name, title=("线与点", "Lines and points"))
        (folder / f"{name}.toml").write_text(pack + "".join(rules), encoding="utf-8")
    write_layer(folder / "district.gpkg", ["name"], [(box(0, 0, 1000, 1000), "district")])
    write_layer(folder / "pipe.gpkg", ["GDBH"], [(line((0, 150), (150, 150)), "G1")])
    trees = [(f"POINT({X + x} {Y + x})", name) for name, x in (("T1", 120), ("T2", 90), ("T3", 300))]
    write_layer(folder / "tree.gpkg", ["BH"], trees)
    write_layer(folder / "road.gpkg", ["GLBH"], [(line((0, 90), (400, 90)), "R1")])
    write_layer(folder / "farmland.gpkg", ["BSM"], [(box(199, 100, 100, 100), "F1")])
    parcels = [(box(100, 100, 100, 100), "P"), (box(100, 220, 50, 50), "Q")]
    write_layer(folder / "parcels.gpkg", ["DKBH"], parcels)
    make_library(
        folder / "library.gpkg",
        folder / "district.gpkg",
        ("YQGD", folder / "pipe.gpkg", {}),
        ("GSMM", folder / "tree.gpkg", {"covers": "extent"}),
        ("GL", folder / "road.gpkg", {}),
        ("YJJBNTTB", folder / "farmland.gpkg", {"accuracy": 2.0}),
        pack=[folder / "thin-things.toml", folder / "ordinance.toml"],
    )
    return folder


@pytest.fixture
def tab(valley, canvas, shared_core):
    made = checked_tab(valley / "library.gpkg", valley / "parcels.gpkg", canvas, shared_core)
    made.show()
    yield made
    made.close_down()
    made.deleteLater()


def choose(tab, parcel, rule):
    """Make a finding the current row, go to it on the map, and return its index."""
    model, tree = tab.results.model, tab.results.tree
    for row in range(model.rowCount()):
        above = model.index(row, 0)
        for one in range(model.rowCount(above)):
            index = model.index(one, 0, above)
            found = model.finding_at(index)
            if (found.parcel, found.rule) == (parcel, rule):
                tree.setCurrentIndex(index)
                tree.clicked.emit(index)
                return index
    raise AssertionError(f"no finding {parcel} {rule}")


@pytest.mark.parametrize(
    ("parcel", "rule", "measure", "labels"),
    [
        ("P", "pipe.cross", "50.0 m, 1 feature", ["50.0 m"]),
        ("Q", "pipe.near", "1 object, the nearest 70.0 m away", ["70.0 m away"]),
        ("P", "tree.cross", "points: 1", ["T1"]),
        ("P", "road.city", "≈ 1,000 m²", ["1,000 m²"]),
    ],
)
def test_lines_points_and_ground_are_shown_with_their_measures(tab, parcel, rule, measure, labels):
    index = choose(tab, parcel, rule)
    assert tab.results.model.data(index.sibling(index.row(), 1)) == measure
    assert tab.results.highlight.is_on
    assert tab.results.highlight.labels == labels


def test_results_that_are_kept_hold_the_lines_and_points_that_were_met(tab):
    tab.results.keep()
    kept = {layer.name(): layer for layer in QgsProject.instance().mapLayers().values()}
    assert set(kept) == {
        "Checked parcels",
        "Findings",
        "Overlaps",
        "Lines that cross or are near",
        "Points inside or near",
    }
    assert kept["Lines that cross or are near"].geometryType() == Qgis.GeometryType.Line
    assert kept["Points inside or near"].featureCount() == 1
    labels = [rule.label() for rule in kept["Points inside or near"].renderer().rootRule().children()]
    assert labels == ["Counted", "Not counted"]


def test_what_is_only_near_is_in_the_view(tab, canvas):
    choose(tab, "Q", "pipe.near")
    assert canvas.extent().contains(QgsRectangle(X + 100, Y + 150, X + 150, Y + 270))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("road.city", "Estimated"),
        ("road.city", "The rule takes the place of another one"),
        ("farmland.edge", "Within the boundary error"),
        ("farmland.edge", "between 0.0 m² and"),
    ],
)
def test_what_is_uncertain_is_said_in_the_details(tab, rule, words):
    choose(tab, "P", rule)
    assert words in tab.results.details.text()


def test_data_whose_coverage_is_only_assumed_says_so(tab):
    index = choose(tab, "P", "tree.cross")
    assert tab.results.model.data(index).endswith("◌")
    assert "Assumed" in tab.results.details.text()


def test_space_explains_a_finding_step_by_step_and_goes_back(tab):
    choose(tab, "P", "road.city")
    QTest.keyClick(tab.results.tree, Qt.Key.Key_Space)
    wait_for(lambda: "distance 20 m" in tab.results.details.text())
    text = tab.results.details.text()
    assert "公路安全保护条例" in text
    assert "1,000 m²" in text and "distance_m" not in text  # as a reviewer reads it
    tab.results.details._follow("technical")
    assert "(distance_m) = 20" in tab.results.details.text()
    assert "1,000.000 m²" in tab.results.details.text()
    assert "{" not in text
    QTest.keyClick(tab.results.tree, Qt.Key.Key_Space)
    assert "distance 20 m" not in tab.results.details.text()


def test_another_row_is_not_shown_with_the_explanation_of_the_one_before(tab):
    choose(tab, "P", "road.city")
    answered = []
    tab.results.explain()
    choose(tab, "P", "pipe.cross")
    tab._library.core.ask("words", {}).answered.connect(answered.append)
    wait_for(lambda: answered)
    assert tab.results.details.text() == tab.results.model.details_at(tab.results.tree.currentIndex())
    assert "Rule:" not in tab.results.details.text()  # codes are for whoever asks for an explanation
    assert not tab.results.explain_button.isChecked()


def test_the_row_s_menu_offers_the_map_the_explanation_and_a_trial(tab):
    index = choose(tab, "P", "road.city")
    texts = [action.text() for action in tab.results.menu_at(index).actions()]
    assert texts == ["Go to it on the map", "Explain", "Try with a file instead…"]
    assert [action.text() for action in tab.results.menu_at(index.parent()).actions()] == texts[:1]


def test_chinese_details_and_steps_have_no_bare_codes(valley, canvas, shared_core):
    settings.put("language", "zh")
    core_words.learn({})
    tab = checked_tab(valley / "library.gpkg", valley / "parcels.gpkg", canvas, shared_core)
    choose(tab, "P", "farmland.edge")
    tab.results.explain()
    wait_for(lambda: "边界误差" in tab.results.details.text())
    assert "restricted" not in tab.results.details.text()
    tab.close_down()
    core_words.learn({})


def test_a_moment_among_the_steps_is_told_by_the_clock_on_the_wall():
    assert "T08" not in local_times("20261120T0927 · 2026-11-20T08:27:57.549701Z · anna")


def test_beside_the_verdicts_stands_by_how_many_rules_they_were_reached(tab):
    """All five rules of the pack and the ordinance in place of one of them have their layer: none is left out."""
    assert tab.results.summary_button.text() == "All 5 rules were asked"
    tab.results.summary_button.click()
    assert not tab.results.summary.isHidden() and tab.results._split.isHidden()
    tab.results.summary_button.click()
    assert tab.results.summary.isHidden() and not tab.results._split.isHidden()


def test_a_new_check_shows_its_findings_though_the_sums_were_open(tab):
    tab.results.summary_button.click()
    done = []
    tab.finished.connect(lambda: done.append(True))
    tab.check()
    wait_for(lambda: done)
    assert tab.results.summary.isHidden() and not tab.results._split.isHidden()
    assert not tab.results.summary_button.isChecked()


def test_rules_that_were_not_asked_stand_under_their_department_with_the_reason(tab):
    unasked_rule = {"name": "T: why", "hint": "Layer: Quays (L)"}
    row = {"name": "Transport", "about": {"department": "transport"}, "rows": [unasked_rule]}
    tab.results.summary.show_summary(tab.results.model.parcels, [row])
    tree = tab.results.summary
    row = tree.topLevelItem(0)
    assert (row.text(0), row.child(0).text(0), row.text(6)) == ("Transport", "T: why", "1")
    assert row.child(0).toolTip(0) == "T: why\nLayer: Quays (L)"
    assert tree.topLevelItem(tree.topLevelItemCount() - 1).text(6) == "1"


def test_an_exported_geopackage_opens_in_qgis_with_its_looks_and_names(tab, tmp_path):
    path = str(tmp_path / "results.gpkg")
    written = []
    tab.results.export_button.message_sent.connect(written.append)
    tab.results.export_button.write(path)
    wait_for(lambda: written)
    parcels, pieces = (QgsVectorLayer(f"{path}|layername={table}", table, "ogr") for table in ("parcels", "overlaps"))
    labels = {category.value(): category.label() for category in parcels.renderer().categories()}
    assert labels["prohibited"] == "■ prohibited"
    assert [rule.label() for rule in pieces.renderer().rootRule().children()] == ["Counted", "Not counted"]
    assert parcels.attributeDisplayName(parcels.fields().indexOf("area_ellipsoidal_m2")) == "Ellipsoidal area (m²)"


def test_what_is_measured_in_the_plane_can_be_held_against_the_printed_area(tab):
    found = next(one for parcel in tab.results.model.parcels for one in parcel.findings if one.area_m2)
    found = replace(found, area_m2=1234.5, ellipsoidal_m2=1221.4)
    assert found.in_print(1234.5) == pytest.approx(1221.4) and found.in_print(617.25) == pytest.approx(610.7)
    assert found.in_print(None) is None
    # A finding without ground, or of a run that kept no area on the ellipsoid.
    assert replace(found, area_m2=None, ellipsoidal_m2=None).in_print(5.0) == 5.0
