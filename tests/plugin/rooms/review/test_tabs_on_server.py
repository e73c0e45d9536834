"""The tabs Check, Compare and Review on a library on a PostGIS server, by clicks, as with a file."""

from types import SimpleNamespace

import pytest
from qgis.core import QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QDesktopServices
from qgis.PyQt.QtTest import QTest

from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.server_logins import keep_entry
from onemap.plugin.desk.library.library_follower import SERVER_LOOKS
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.rooms.check.check_tab import CheckTab
from onemap.plugin.rooms.compare.compare_tab import CompareTab
from onemap.plugin.words import core_words
from onemap.tests.plugin.review_desk import ASKED, Desk
from onemap.tests.plugin.rooms.compare.test_compare_tab import MATRIX, PLAN_A, PLAN_B
from onemap.tests.plugin.small_town import Reader, awaited, box, wait_for, write_layer
from onemap.tests.plugin.town_server import PASSWORD, end_server_of, locked, restart_server, town_server

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def city(postgres, entry, town, tmp_path_factory):
    """A library on the server with two plans and farmland; the id of its entry, and a core."""
    folder = tmp_path_factory.mktemp("city")
    server = postgres.library("tabs", town)
    define = "department=planning,library=department,kind=vector,geometry=polygon,key=BSM"
    for code, column, shapes in (("PLAN_A", "GHDLDM", PLAN_A), ("PLAN_B", "YDXZDM", PLAN_B)):
        source = write_layer(folder / f"{code}.gpkg", ["BSM", column], shapes)
        named = ["--as", code, "--label", "v1", "--covers", "district", "--define", f"name={code},{define}"]
        server.core("add", server.location, source, *named)
    farmland = ("--as", "YJJBNTTB", "--valid-from", "2025-01-01", "--covers", "district")
    server.core("add", server.location, town / "farmland.gpkg", *farmland)
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    core = Core()
    yield SimpleNamespace(
        location=server.location, entry=entry("guarded", PASSWORD), core=core, matrix=str(folder / "matrix.toml")
    )
    core.stop()


@pytest.fixture
def library(city):
    """The library, open in the dock's way: with the entry that is remembered for it."""
    keep_entry(city.location, city.entry)
    opened = OpenLibrary(city.core)
    opened.open(city.location)
    wait_for(lambda: opened.layers and core_words.are_known())
    return opened


@pytest.fixture
def show_tab():
    """Return a function that shows a tab, which is closed after the test."""
    tabs = []

    def show(tab):
        tab.said_to_user = []
        tab.refused.connect(lambda refusal: tab.said_to_user.append(str(refusal)))
        tab.resize(360, 900)
        tab.show()
        tabs.append(tab)
        return tab

    yield show
    for tab in tabs:
        tab.close_down()
        tab.deleteLater()


def after(tab, signal, do):
    """Do something, and wait for what it leads to."""
    with awaited(signal, lambda: tab.said_to_user):
        do()
    assert tab.said_to_user == []


def test_two_plans_are_compared_decided_on_shown_side_by_side_and_printed(library, city, canvas, show_tab, tmp_path):
    tab = show_tab(CompareTab(library, canvas))
    tab.form.refresh()
    tab.form.choose("PLAN_A@v1", "PLAN_B@v1")
    tab.form.choose_matrix(city.matrix)
    after(tab, tab.finished, lambda: QTest.mouseClick(tab.button, LEFT))
    assert [spot.kind for spot in tab.view.model.filtered_spots][:3] == ["03", "03", "04"]
    spot = tab.view.current.name
    tab.view.decide.reason.setText("minutes of 3 November")
    after(tab, tab.view.decided, lambda: QTest.keyClick(tab.view.list, Qt.Key.Key_1))
    canvas.show()
    QTest.mouseClick(tab.view.buttons["beside"], LEFT)
    plan = tab.sides.second_map.second.layers()[1]
    assert (plan.providerType(), plan.featureCount()) == ("postgres", len(PLAN_B))
    wait_for(lambda: tab.sides.second_map.pictures.is_drawn)
    tab.view.buttons["keep"].click()
    kept = {layer.name() for layer in QgsProject.instance().mapLayers().values()}
    assert {"Difference spots", "Matrix of differences"} <= kept
    reader, target = Reader(), tmp_path / "atlas.pdf"
    QDesktopServices.setUrlHandler("file", reader.read)
    tab.view.atlas.write(str(target), "cluster")
    wait_for(lambda: reader.opened or tab.said_to_user)
    QDesktopServices.unsetUrlHandler("file")
    assert (reader.opened, tab.said_to_user) == ([str(target)], [])

    QTest.mouseClick(tab.pairs_button, LEFT)
    after(tab, tab.pairs.results_shown, lambda: QTest.mouseClick(tab.pairs.button, LEFT))
    tree = tab.pairs.tree
    assert tree.topLevelItem(0).text(1) == "0.7500"
    cell = tree.visualItemRect(tree.topLevelItem(0)).center()
    after(
        tab,
        tab.finished,
        lambda: QTest.mouseClick(tree.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, cell),
    )
    assert {one.name: one.decision for one in tab.view.model.all_spots}[spot] == "keep-a"


def test_what_would_pass_and_where_else_is_found(library, canvas, show_tab, town):
    tab = show_tab(CheckTab(library, canvas))
    tab.parcels.choose_file(str(town / "parcels.gpkg"))
    after(tab, tab.finished, lambda: tab.check())
    tab.remedy.form.move.setValue(100)
    after(tab, tab.remedy.results_shown, tab.results.remedy_button.click)
    assert tab.remedy.tree.topLevelItemCount() >= 1
    tab.remedy.leave()
    QTest.mouseClick(tab.sites_button, LEFT)
    tab.sites.form.area.setValue(2500)
    after(tab, tab.sites.results_shown, lambda: QTest.mouseClick(tab.sites.button, LEFT))
    assert "no proof" in tab.sites.summary.text()  # of the red line nothing is known, so nowhere would pass


def test_a_case_is_opened_circulated_and_signed_and_its_findings_lead_to_the_map(city, canvas, tmp_path):
    keep_entry(city.location, city.entry)
    one = write_layer(tmp_path / "one.gpkg", ["DKBH"], [(box(100, 100, 100, 100), "A")])
    desk = Desk(city.location, canvas)
    desk.open(one)
    assert (desk.case.project, desk.case.state, len(desk.case.opinions)) == ("School", "draft", 10)
    desk.after(desk.next)
    assert desk.case.state == "circulating"
    tree = desk.page.findings.results.tree
    desk.page.tabs.setCurrentWidget(desk.page.findings)
    tree.clicked.emit(tree.currentIndex())
    assert desk.page.findings.results.highlight.is_on
    desk.become("Zhao")  # a name counts for nothing where accounts do
    assert (desk.tab.person.known_name, desk.library.step_day) == ("guarded", "")
    land, environment = ASKED
    desk.sign(land)
    assert desk.record(land)["signed_by"] == "guarded"
    desk.choose(environment, "conditional", "Not within the red line.")
    sign = desk.page.editor.buttons["sign"]
    assert (sign.isEnabled(), "guarded" in sign.toolTip()) == (False, True)
    assert {entry["by"] for entry in desk.case.entries} == {"guarded"}
    desk.page.back_button.click()
    wait_for(lambda: desk.tab.list.lines)
    assert [line.row["name"].split("\n")[0] for line in desk.tab.list.lines] == ["School"]
    desk.tab.close_down()
    desk.library.core.stop()
    desk.tab.deleteLater()


def test_what_another_desk_does_on_the_server_is_shown_without_a_press(postgres, entry, town, canvas, tmp_path):
    """A server says nothing of itself: every fourth look asks it, and only then."""
    server = postgres.library("followed", town)
    keep_entry(server.location, entry("guarded", PASSWORD))
    desk = Desk(server.location, canvas)
    desk.open(write_layer(tmp_path / "one.gpkg", ["DKBH"], [(box(100, 100, 100, 100), "A")]))
    follower, answers, case = desk.tab.follower, [], desk.case.id
    follower.answered.connect(answers.append)
    for _look in range(SERVER_LOOKS - 1):
        follower.look()
    assert (answers, desk.case.state) == ([], "draft")
    server.core("review", "circulate", server.location, case)
    follower.look()
    wait_for(lambda: desk.case.state == "circulating")
    assert [one["revision"] for one in answers[0]["cases"]] == [desk.case.revision]

    follower.timer.setInterval(50)
    follower.follow(True)
    options = ("--conclusion", "agree", "--text", "Outside the red line.")
    server.core("review", "opine", server.location, case, "environment", *options)
    wait_for(lambda: desk.case.opinion("environment").conclusion == "agree")
    server.core("review", "withdraw", server.location, case, "--reason", "given up")
    wait_for(lambda: desk.case.state == "withdrawn")
    assert desk.refused == []
    desk.tab.close_down()
    desk.library.core.stop()
    desk.tab.deleteLater()


def test_what_waits_for_the_server_says_so_and_can_be_cancelled_and_nothing_typed_is_lost(
    postgres, entry, town, canvas, tmp_path
):
    server = postgres.library("locked", town)
    keep_entry(server.location, entry("guarded", PASSWORD))
    desk = Desk(server.location, canvas)
    desk.tab.resize(400, 900)
    desk.tab.show()
    desk.open(write_layer(tmp_path / "one.gpkg", ["DKBH"], [(box(100, 100, 100, 100), "A")]))
    desk.after(desk.next)
    page, case = desk.page, desk.case
    page.table.choose_department("land")
    with locked(server, "locked.onemap_events"):
        page.editor.buttons["return"].click()
        page.steps.dialog.reason.setPlainText("The area is missing.")
        page.steps.dialog.ok.click()
        assert not page.work.isVisible()  # it may be there in a moment
        wait_for(page.work.isVisible)
        page.work.cancel_button.click()
        wait_for(lambda: not page.steps.asking.is_busy)
        assert [refusal.is_cancel for refusal in desk.refused] == [True]
        assert (desk.case, page.work.isVisible()) == (case, False)
        page.editor.buttons["return"].click()
        assert page.steps.dialog.reason.toPlainText() == "The area is missing."
        page.steps.dialog.reject()
        desk.tab.reload_case()
        wait_for(desk.tab.work.isVisible)
        desk.tab.work.cancel_button.click()
        wait_for(lambda: not desk.tab.work.isVisible())
    desk.refused.clear()
    desk.tab.reload_case()
    desk.wait_for_case(lambda: not desk.tab.opening.is_busy)
    desk.tab.close_down()
    desk.library.core.stop()
    desk.tab.deleteLater()


@pytest.mark.nightly
def test_what_is_typed_outlives_a_server_that_ends_and_comes_back(entry, town, canvas, tmp_path):
    with town_server() as own:
        server = own.library("interrupted", town)
        keep_entry(server.location, entry("guarded", PASSWORD))
        desk = Desk(server.location, canvas)
        desk.open(write_layer(tmp_path / "one.gpkg", ["DKBH"], [(box(100, 100, 100, 100), "A")]))
        desk.after(desk.next)
        desk.page.table.choose_department("land")
        editor = desk.page.editor
        editor.conclusion.setCurrentIndex(editor.conclusion.findData("agree"))
        editor.text.setPlainText("Off the farmland.")
        command = end_server_of(own.folder)
        editor.buttons["opine"].click()
        wait_for(lambda: desk.refused)
        assert "whether the server runs" in str(desk.refused.pop())
        assert (editor.text.toPlainText(), editor.buttons["opine"].isEnabled()) == ("Off the farmland.", True)
        with restart_server(own.folder, command):
            desk.after(editor.buttons["opine"].click)
            assert (desk.case.opinion("land").text, desk.refused) == ("Off the farmland.", [])
            desk.tab.close_down()
            desk.library.core.stop()
    desk.tab.deleteLater()
