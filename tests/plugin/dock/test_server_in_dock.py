"""A library on a PostGIS server in the dock: opened, shown, checked, added to; its password only in QGIS's store."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsCredentials,
    QgsDataSourceUri,
    QgsProcessingException,
    QgsProject,
    QgsProviderRegistry,
    QgsSettings,
    QgsVectorLayer,
)
from qgis.gui import QgsCredentialDialog
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QMainWindow, QMenu

from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.layer_export import SourceFile
from onemap.plugin.connection.login_questions import LoginQuestions
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.connection.server_location import data_source, has_login, location_of, parts_of
from onemap.plugin.connection.server_logins import entry_of, keep_entry, login_environment
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.place_preview import district_in, district_table
from onemap.plugin.desk.library.library_follower import SERVER_LOOKS
from onemap.plugin.desk.library.server_dialog import ServerDialog
from onemap.plugin.desk.map.map_layers import layer_on_map
from onemap.plugin.desk.map.table_layers import is_to_be_tried_again, table_layer
from onemap.plugin.profile import settings
from onemap.tests.plugin.small_town import CRS, awaited, check, press_add, wait_for
from onemap.tests.plugin.town_server import KEEPER, PASSWORD, end_server_of, restart_server, town_server

pytestmark = pytest.mark.slow

WRONG = "not-this-one-0815"


@pytest.fixture
def core_of_dock():
    """A core that a test may end."""
    made = Core()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(postgres, town):
    """The server, with the town's library in the schema `town`."""
    return postgres.library("town", town)


def connect(dock, address, schema, entry):
    """Fill in the dialog and press Open; wait for the library, or for the message instead."""
    dock.header.server_requested.emit()
    dialog = dock.server_dialog
    dialog.address.setText(address)
    dialog.schema.setText(schema)
    dialog.entry.setConfigId(entry)
    with awaited(dock.library.listed, lambda: dock.notice.text):
        assert dialog.open_button.isEnabled(), dialog.hint.text()
        dialog.open_button.click()
    return dialog


def of(dock, code):
    """A layer of the library that is open."""
    return next(one for one in dock.library.layers if one.code == code)


def test_a_library_on_a_server_is_opened_filled_shown_and_checked_and_its_password_is_nowhere(
    dock, server, entry, town, parcels, tmp_path
):
    logged = []
    QgsApplication.messageLog().messageReceived.connect(lambda *words: logged.append(" ".join(map(str, words))))
    number = entry("guarded", PASSWORD)
    connect(dock, server.address, "town", number)
    assert (dock.notice.text, dock.library.name) == ("", "Town")
    assert district_in(district_table(server.location)).area() == pytest.approx(1_000_000)

    dialog = AddDialog(dock.library, dock)
    dialog.begin("")
    dialog.form.source.choose(SourceFile(str(town / "farmland.gpkg"), ""))
    wait_for(lambda: not dialog.is_working)
    dialog.form.choose_target("YJJBNTTB")
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    assert press_add(dialog), dialog.notice.text
    with awaited(dock.library.listed):
        dock.library.refresh()
    dialog.close_down()

    dock.map_tab.item_of("YJJBNTTB").setCheckState(0, Qt.CheckState.Checked)
    layer = layer_on_map(dock.library, of(dock, "YJJBNTTB").in_force)
    assert (layer.providerType(), layer.featureCount(), layer.readOnly()) == ("postgres", 1, True)
    assert [round(feature.geometry().area()) for feature in layer.getFeatures()] == [45_000]
    assert layer.crs().authid() == CRS

    dock.check_tab.parcels.choose_layer(parcels)
    check(dock)
    model = dock.check_tab.results.model
    finding = model.finding_at(model.index(0, 0, model.index(0, 0)))
    assert (finding.verdict, round(finding.area_m2)) == ("prohibited", 5000)

    project = tmp_path / "project.qgs"
    assert QgsProject.instance().write(str(project))
    QgsSettings().sync()
    environment = Path(f"/proc/{dock.core.process_id}/environ")
    command_lines = [
        path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.parent.name != str(os.getpid())
    ]
    assert PASSWORD.encode() in environment.read_bytes()  # the one place besides the store
    texts = [
        *logged,
        project.read_text(encoding="utf-8"),
        *(str(QgsSettings().value(key)) for key in QgsSettings().allKeys()),
    ]
    texts += [Path(QgsSettings().fileName()).read_text(encoding="utf-8"), layer.source(), dock.library.path]
    assert [text for text in texts if PASSWORD in text or "guarded" in text] == []
    # The server's keeper was told it by the test, to make the account.
    assert [line for line in command_lines if PASSWORD.encode() in line and KEEPER.name.encode() not in line] == []
    assert settings.get("recent_libraries") == [server.location]
    assert entry_of(server.location) == number
    assert f"authcfg={number}" in project.read_text(encoding="utf-8")


def test_a_password_that_was_changed_meanwhile_is_asked_for_by_a_room(dock, server, entry):
    connect(dock, server.address, "town", entry("guarded", PASSWORD))
    dock.core.log_in_with(entry("guarded", WRONG))  # as a server that lets in this one no more
    dock.review_tab.refresh()
    wait_for(lambda: dock.notice.text)
    assert "refused access to the library" in dock.notice.text
    assert [word for word in ("PGPASSWORD", WRONG, "guarded") if word in dock.notice.text] == []
    dock.notice._button.click()
    assert dock.server_dialog.schema.text() == "town"


def test_a_wrong_password_is_refused_and_the_right_one_lets_in_without_a_restart_of_qgis(dock, server, entry):
    connect(dock, server.address, "town", entry("guarded", WRONG))
    assert "refused access to" in dock.notice.text
    assert "Change the connection…" in dock.notice.text
    assert [word for word in ("PGPASSWORD", WRONG, "guarded") if word in dock.notice.text] == []
    dock.notice._button.click()
    assert dock.server_dialog.address.text() == server.address
    assert dock.server_dialog.schema.text() == "town"
    connect(dock, server.address, "town", entry("guarded", PASSWORD))
    assert (dock.notice.text, dock.library.name) == ("", "Town")


@pytest.mark.parametrize(
    ("user", "schema", "host", "words"),
    [
        ("stranger", "town", "", "Your account may not do this"),
        ("guarded", "village", "", "has no library"),
        ("guarded", "town", "/nowhere", "cannot be reached"),
    ],
    ids=["no right", "no library", "no server"],
)
def test_what_the_server_refuses_is_said_in_the_dock(dock, server, entry, user, schema, host, words):
    address = server.address.replace(server.folder, host) if host else server.address
    connect(dock, address, schema, entry(user, PASSWORD))
    assert words in dock.notice.text
    assert PASSWORD not in dock.notice.text
    assert settings.get("recent_libraries") == []
    assert dock.notice._button.text() == "Change the connection…"


def test_processing_logs_in_with_the_entry_of_the_library(provider, server, entry, parcels):
    asked = {"LIBRARY": server.location, "PARCELS": parcels, "ID": "DKBH"}
    with pytest.raises(QgsProcessingException, match="refused access to|cannot be reached"):
        processing.run("onemap:check", asked)
    keep_entry(server.location, entry("guarded", PASSWORD))
    assert processing.run("onemap:check", asked)["VERDICT"] in ("prohibited", "unknown")


def test_processing_takes_no_password_in_an_address(provider, parcels):
    asked = {"LIBRARY": f"postgresql://guarded:{PASSWORD}@host/city?schema=town", "PARCELS": parcels, "ID": "DKBH"}
    with pytest.raises(QgsProcessingException, match="Take user and password out"):
        processing.run("onemap:check", asked)


def test_the_library_that_was_open_last_is_opened_again(dock, server, entry):
    connect(dock, server.address, "town", entry("guarded", PASSWORD))
    dock.core.stop()
    dock.library.path = ""
    dock.begin()
    listed = []
    dock.library.listed.connect(lambda: listed.append(True))
    wait_for(lambda: listed)
    assert dock.library.path == server.location


def test_a_server_that_is_chosen_while_the_core_works_is_opened_by_a_press(dock, server, entry, tmp_path):
    working = dock.core.ask("sample", {"folder": str(tmp_path / "sample")}, "Make the sample city")
    keep_entry(server.location, entry("guarded", PASSWORD))
    dock.open_library(server.location)
    assert (dock.notice.text.partition(".")[0], dock.library.path) == ("The core is still at work", "")
    working.cancel()
    wait_for(lambda: not dock.core.is_working)
    dock.notice._button.click()
    wait_for(lambda: dock.library.layers)
    assert (dock.library.path, dock.notice.text) == (server.location, "")


@pytest.mark.parametrize(
    ("address", "schema", "words"),
    [
        ("postgresql://wang:secret@host/city", "city", "Take user and password out"),
        ("postgresql://wang@host/city", "city", "Take user and password out"),
        ("postgresql:///city?password=secret", "city", "Take user and password out"),
        ("service=city password=secret", "city", "Take user and password out"),
        ("postgresql://host", "city", "Write the server as"),
        ("postgresql://host:port/city", "city", "Write the server as"),
        ("postgresql://[host/city", "city", "Write the server as"),
        ("a service", "city", "Write the server as"),
        ("postgresql://host/city", "City", "Give the schema"),
        ("postgresql://host/city", "", "Give the schema"),
        ("", "city", "Give the server's address"),
    ],
)
def test_the_dialog_says_what_is_missing_and_opens_nothing_meanwhile(application, address, schema, words):
    dialog = ServerDialog()
    dialog.address.setText(address)
    dialog.schema.setText(schema)
    assert words in dialog.hint.text()
    assert not dialog.open_button.isEnabled()


@pytest.mark.parametrize(
    ("typed", "location", "source"),
    [
        ("postgresql://db:5433/city", "postgresql://db:5433/city?schema=one", "dbname='city' host=db port=5433"),
        ("postgresql://db/city?sslmode=require", "postgresql://db/city?sslmode=require&schema=one", "sslmode=require"),
        ("planning", "service=planning?schema=one", "service='planning'"),
    ],
)
def test_a_location_is_what_was_typed_and_its_tables_name_the_entry_only(application, typed, location, source):
    assert location_of(typed, "one") == location
    assert parts_of(location) == (typed, "one")
    assert not has_login(location)
    uri = data_source(location, "abc1234", "YJJBNTTB__1", "geom", "fid")
    assert source in uri
    assert "authcfg=abc1234" in uri
    assert """key='fid'""" in uri
    assert """table="one"."YJJBNTTB__1" (geom)""" in uri


def test_an_entry_that_is_gone_is_refused_before_the_core_starts(application):
    assert login_environment("") == {}
    with pytest.raises(Refusal, match="not in QGIS's store"):
        login_environment("gone123")


def test_an_account_is_offered_what_its_roles_may_do_also_when_they_change_while_it_works(dock, server, entry, town):
    owner = QgsDataSourceUri(f"dbname='{server.address.partition('?')[0].rpartition('/')[2]}' host={server.folder}")
    owner.setUsername("guarded")
    owner.setPassword(PASSWORD)
    as_owner = QgsProviderRegistry.instance().providerMetadata("postgres").createConnection(owner.uri(False), {})
    as_owner.executeSql("CREATE ROLE town_land LOGIN IN ROLE onemap_town_land")
    server.core("add", server.location, town / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "district")
    settings.put("review_department", "water")  # of the desk
    check_room, cases, follower = dock.check_tab, dock.review_tab.list, dock.other_desks.follower
    offered = (dock.map_tab.add_button, dock.map_tab.delivery_button, dock.header.profile_action, cases.publish_action)
    connect(dock, server.address, "town", entry("guarded", PASSWORD))
    assert [one.isEnabled() for one in (*offered, cases.open_button)] == [True] * 5
    assert dock.review_tab.person.department == "water"
    connect(dock, server.address, "town", entry("town_land", PASSWORD))
    of_owner = (*offered, check_room.add_button, check_room.past.delete_button, *actions_of_version(dock))
    assert [one.isEnabled() for one in (*of_owner, cases.open_button)] == [False] * (len(of_owner) + 1)
    assert {one.toolTip() for one in of_owner} == {"Only an owner of the library on the server may do this"}
    assert cases.open_button.toolTip() == "Only the lead department may do this"
    cases.show_cases([])
    assert cases.empty.text() == "No case yet. The lead department opens them."
    assert dock.review_tab.person.department == "land"

    def change_roles(sql):
        as_owner.executeSql(sql)
        before = dock.library.rights
        for _look in range(SERVER_LOOKS):
            follower.look()
        wait_for(lambda: dock.library.rights != before)

    change_roles("GRANT onemap_town_lead TO town_land; REVOKE onemap_town_land FROM town_land")
    assert [one.isEnabled() for one in (*offered, cases.open_button)] == [False] * 4 + [True]
    assert dock.review_tab.person.department == ""
    assert "What your account may do in this library has changed" in dock.notice.text
    change_roles("GRANT onemap_town_owner TO town_land")
    assert [one.isEnabled() for one in offered] == [True] * 4
    dock.map_tab.add_button.click()
    assert dock.add_dialog.hint.text() == "Choose a file."
    change_roles("REVOKE onemap_town_owner FROM town_land")
    assert dock.add_dialog.hint.text() == "Only an owner of the library on the server may do this"


def actions_of_version(dock):
    """What the menu of a version and of a service offers to the owner alone."""
    menu, entry = QMenu(dock), of(dock, "YJJBNTTB")
    dock.map_tab.retirement.add_action(menu, entry, entry.versions[0])
    dock.map_tab.services.add_actions(menu, None)
    return menu.actions()


def test_layers_on_the_map_log_in_as_the_library_does_after_its_connection_was_changed(dock, server, entry, town):
    server.core("add", server.location, town / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "district")
    first, second = (entry("guarded", PASSWORD) for _turn in range(2))
    connect(dock, server.address, "town", first)
    dock.map_tab.item_of("YJJBNTTB").setCheckState(0, Qt.CheckState.Checked)
    (layer,) = QgsProject.instance().mapLayers().values()
    assert QgsDataSourceUri(layer.source()).authConfigId() == first
    connect(dock, server.address, "town", second)
    wait_for(lambda: QgsDataSourceUri(layer.source()).authConfigId() == second)
    assert (layer.isValid(), layer.featureCount(), layer.name()[:9]) == (True, 1, "Permanent")


def test_a_layer_that_a_server_refuses_at_once_is_tried_again_and_one_that_was_waited_for_is_not(application, tmp_path):
    away = QgsVectorLayer('dbname=\'town\' host=/nowhere table="town"."FARM__1" (geom)', "Farmland", "postgres")
    assert not away.isValid()
    assert is_to_be_tried_again(away, time.monotonic())
    assert not is_to_be_tried_again(away, time.monotonic() - 2)
    assert not is_to_be_tried_again(QgsVectorLayer(str(tmp_path / "none.gpkg"), "File", "ogr"), time.monotonic())


class OwnCredentials(QgsCredentials):
    """Gives QGIS's question for logins back to who asked it before."""

    def give_back(self, other):
        """Let another one ask from now on."""
        self.setInstance(other)


@pytest.fixture
def question(application):
    """QGIS's dialog that asks for a login, as its window has it; what nobody answers is given up after some seconds."""
    before, window = QgsCredentials.instance(), QMainWindow()
    made = QgsCredentialDialog(window)
    made.setObjectName("QgsCredentialDialog")
    questions, limit = LoginQuestions(window), QTimer(window, interval=10_000, timeout=made.reject)
    limit.start()
    yield SimpleNamespace(dialog=made, waived=questions.waived)
    OwnCredentials().give_back(before)
    window.deleteLater()


def test_qgis_asks_no_login_for_a_library_whose_server_is_away_and_goes_on_asking_for_others(question, server, entry):
    waived, shown = [], []
    question.waived.connect(lambda: waived.append(True))
    away = location_of(server.address.replace(server.folder, "/nowhere"), "town")
    other = entry("somebody", "else")
    keep_entry(away, entry("guarded", PASSWORD))
    assert not table_layer(away, "YJJBNTTB__1", "Farmland").isValid()
    wait_for(lambda: waived)
    assert not question.dialog.isVisible()

    def give_up():
        shown.append(question.dialog.isVisible())
        question.dialog.reject()

    QTimer.singleShot(500, give_up)
    assert not QgsVectorLayer(data_source(away, other, "YJJBNTTB__1", "geom", "fid"), "own", "postgres").isValid()
    assert (shown, waived) == ([True], [True])


@pytest.mark.nightly
def test_the_map_is_whole_again_once_a_server_that_was_away_is_back(dock, question, entry, town, canvas):
    question.waived.connect(dock.other_desks.look_at_once)
    with town_server() as own:
        server = own.library("lost", town)
        server.core("add", server.location, town / "farmland.gpkg", "--as", "YJJBNTTB", "--covers", "district")
        connect(dock, server.address, "lost", entry("guarded", PASSWORD))
        dock.map_tab.item_of("YJJBNTTB").setCheckState(0, Qt.CheckState.Checked)
        canvas.setLayers(list(QgsProject.instance().mapLayers().values()))
        canvas.show()
        blank = canvas.grab().toImage()
        canvas.refresh()
        wait_for(lambda: canvas.grab().toImage() != blank)
        whole = canvas.grab().toImage()
        command = end_server_of(own.folder)
        canvas.refreshAllLayers()
        wait_for(lambda: "cannot be reached" in dock.notice.text)
        wait_for(lambda: canvas.grab().toImage() == blank)
        with restart_server(own.folder, command):
            dock.other_desks.follower.ask()
            wait_for(lambda: not dock.notice.text and canvas.grab().toImage() == whole)
            dock.core.stop()
