"""Web services: registered, shown live, and taken as snapshots; keys stay in QGIS's own store."""

import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import processing
import pytest
from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProcessingException,
    QgsProcessingUtils,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDate, QDateTime, QSize, Qt, QTime
from qgis.PyQt.QtGui import QColor

pytest.importorskip("qgis.server", reason="QGIS Server's Python bindings are not here")

from onemap.plugin.connection.layer_export import export_layer
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.add_dialog import AddDialog
from onemap.plugin.desk.add.add_options_form import free_label
from onemap.plugin.desk.add.service_snapshot import Snapshot, incomplete_refusal
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.service_list import Service, services_in
from onemap.plugin.desk.library.service_uris import source_of
from onemap.plugin.desk.parcels.ground_choice import GroundChoice
from onemap.plugin.qgis.services.service_dialog import ServiceDialog
from onemap.plugin.qgis.services.service_form import ServiceForm
from onemap.plugin.qgis.services.service_keys import begin_moving_keys, end_moving_keys, key_in, store_key
from onemap.plugin.qgis.services.service_map import put_service_on_map, service_on_map, show_service
from onemap.plugin.qgis.services.service_offers import read_offers, request_offers
from onemap.plugin.qgis.services.service_rows import ROLE_SERVICE
from onemap.tests.plugin.map_server import FEATURES, KEY, STATIONS
from onemap.tests.plugin.other_desk import make_library
from onemap.tests.plugin.small_town import CRS, X, Y, wait_for

SERVER = Path(__file__).parents[2] / "map_server.py"
WMTS = {"crs": "EPSG:4547", "style": "default", "format": "image/png", "matrix": "EPSG:4547"}


@pytest.fixture(scope="module")
def web(town):
    """The address of a server of map services."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(town)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    address = f"http://127.0.0.1:{int(process.stdout.readline())}"
    missing = [kind for kind in ("WMS", "WFS", "WMTS") if not answers(f"{address}/ows?SERVICE={kind}")]
    missing += [] if answers(f"{address}/wfs3/collections") else ["WFS3"]
    if not missing:
        yield address
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()
    if missing:
        pytest.skip(f"QGIS Server's modules are not installed: {', '.join(missing)}")


def answers(address):
    """Whether a service states its capabilities."""
    try:
        with urllib.request.urlopen(f"{address}{'&' if '?' in address else '?'}REQUEST=GetCapabilities") as answer:
            return b"not registered" not in answer.read() and answer.status == 200
    except urllib.error.HTTPError:
        return False


@pytest.fixture(scope="module")
def empty_library(town, provider, tmp_path_factory):
    """A library of the town's without any layer."""
    path = tmp_path_factory.mktemp("services") / "library.gpkg"
    return make_library(path, town / "district.gpkg", pack=town / "pack.toml")


@pytest.fixture
def named_library(shared_core, tmp_path):
    """A library of which only the name is known: all that the map needs."""
    library = OpenLibrary(shared_core)
    library.path, library.crs = str(tmp_path / "library.gpkg"), CRS
    return library


@pytest.fixture
def store():
    """QGIS's authentication store, open; and the key in requests moved to where servers want it."""
    assert QgsApplication.authManager().setMasterPassword("of the test", True)
    moving = begin_moving_keys()
    yield QgsApplication.authManager()
    end_moving_keys(moving)


def services_of(web):
    """One service of every kind that the server has."""
    return {
        "wms": Service("pictures", "wms", f"{web}/ows", "parcels", "land", "base", options={"crs": CRS}),
        "wmts": Service("tiles", "wmts", f"{web}/ows", "parcels", "land", "base", options=WMTS),
        "xyz": Service("own tiles", "xyz", web + "/xyz/{z}/{x}/{y}", "", "land", "base"),
        "wfs": Service("old features", "wfs", f"{web}/ows", "parcels", "land", "department"),
        "wfs2": Service("features", "wfs", f"{web}/wfs2/whole", "ns:land", "land", "department", code="YJJBNTTB"),
        "oapif": Service("new features", "oapif", f"{web}/wfs3", "parcels", "land", "department"),
        "sensorthings": Service("gauges", "sensorthings", f"{web}/sta/v1.1", "Location", "water", "department"),
    }


def colours_of(layer):
    """The number of colours in a picture of a layer, over the whole town."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(layer.extent())
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(120, 120))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    wait_for(lambda: not job.isActive())
    image = job.renderedImage()
    return len({image.pixel(x, y) for x in range(120) for y in range(120)})


def take_snapshot(service):
    """Take a snapshot; return the result, or why there is none."""
    came = []
    snapshot = Snapshot(service)
    snapshot.answered.connect(came.append)
    snapshot.refused.connect(came.append)
    snapshot.start()
    wait_for(lambda: came)
    assert len(came) == 1
    return came[0]


@pytest.mark.parametrize("kind", ["wms", "wmts", "xyz", "wfs", "wfs2", "oapif", "sensorthings"])
def test_qgis_shows_every_kind_of_service(web, named_library, kind):
    layer = put_service_on_map(named_library, services_of(web)[kind])
    assert layer.isValid(), layer.error().summary()
    assert service_on_map(named_library, services_of(web)[kind]) is layer
    if isinstance(layer, QgsVectorLayer):
        assert layer.readOnly()
        assert len(list(layer.getFeatures())) == {"wfs2": FEATURES, "sensorthings": STATIONS}.get(kind, 3)
    else:
        assert colours_of(layer) > 1


def test_pictures_lie_below_everything_and_features_with_their_kind(web, named_library):
    named_library.strata = {"protected_areas": "Protected areas"}
    kind = ("YJJBNTTB", "Farmland", "land", "department", "vector", "polygon")
    named_library.layers = [CatalogueLayer(*kind, stratum="protected_areas")]
    put_service_on_map(named_library, services_of(web)["wfs2"])
    picture = put_service_on_map(named_library, services_of(web)["wms"])
    root = QgsProject.instance().layerTreeRoot()
    assert root.children()[-1].layer() is picture
    home = root.children()[0]
    assert [(group.name(), len(group.children())) for group in home.children()] == [("Protected areas", 1)]


@pytest.mark.parametrize(
    ("kind", "name", "options"),
    [
        ("wms", "parcels", {"crs": CRS, "format": "image/png"}),
        ("wmts", "parcels", WMTS),
        ("wfs", "parcels", {"crs": CRS}),
        ("wfs2", "ns:land", {"crs": CRS}),
        ("oapif", "parcels", {}),
        ("sensorthings", "Location", {"geometry": "PointZ"}),
    ],
)
def test_a_server_is_asked_what_it_offers(web, named_library, kind, name, options):
    offers = {offer.name: offer.options for offer in request_offers(services_of(web)[kind], CRS, None)}
    assert offers[name] == options


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("wms", b"<html><body>Sign in</body></html>"),
        ("wms", b"not a document"),
        ("wmts", b"<Capabilities/>"),
        ("wfs", b"<a/>"),
        ("oapif", b"[]"),
        ("oapif", b"{}"),
        ("sensorthings", b'{"value": [{"name": "Things"}]}'),
    ],
)
def test_an_answer_of_something_else_is_refused_in_words(kind, answer):
    with pytest.raises(Refusal, match="server"):
        read_offers(kind, answer, CRS)


def test_a_server_that_is_not_there_is_said_and_freezes_nothing(named_library):
    results = []
    show_service(
        named_library,
        Service("gone", "wms", "http://127.0.0.1:9/ows", "a", "land", "base"),
        lambda *what: results.append(what),
    )
    wait_for(lambda: results)
    layer, refusal = results[0]
    assert layer is None
    assert str(refusal).startswith("The server does not answer")
    assert QgsProject.instance().mapLayers() == {}


def test_a_key_is_sent_in_the_address_and_stands_nowhere_else(web, named_library, store, tmp_path):
    number = store_key("天地图", KEY)
    service = Service("天地图", "wmts", f"{web}/keyed/ows", "parcels", "land", "base", authcfg=number, options=WMTS)
    layer = put_service_on_map(named_library, service)
    assert layer.isValid(), layer.error().summary()
    assert colours_of(layer) > 1
    assert KEY not in layer.source()
    project = tmp_path / "project.qgs"
    QgsProject.instance().write(str(project))
    text = project.read_text(encoding="utf-8")
    assert number in text
    assert KEY not in text


def test_without_the_key_the_server_refuses(web, named_library, store):
    service = Service("天地图", "wmts", f"{web}/keyed/ows", "parcels", "land", "base", options=WMTS)
    assert not put_service_on_map(named_library, service).isValid()


@pytest.mark.parametrize(
    ("address", "plain", "key"),
    [
        (f"https://a.example/img_c/wmts?tk={KEY}", "https://a.example/img_c/wmts", KEY),
        (f"https://a.example/wmts?a=1&TK={KEY}&b=2", "https://a.example/wmts?a=1&b=2", KEY),
        ("https://a.example/{z}/{x}/{y}.png", "https://a.example/{z}/{x}/{y}.png", ""),
    ],
)
def test_a_key_is_taken_out_of_an_address(address, plain, key):
    assert key_in(address) == (plain, key)


@pytest.mark.parametrize(("kind", "count"), [("wfs", 3), ("wfs2", FEATURES), ("oapif", 3), ("sensorthings", STATIONS)])
def test_a_snapshot_is_all_features_in_a_file_with_the_service_and_the_moment(web, kind, count):
    service = services_of(web)[kind]
    file = take_snapshot(service)
    assert not isinstance(file, Refusal), str(file)
    assert (file.service, file.taken_at[-1]) == (service.name, "Z")
    layer = QgsVectorLayer(f"{file.path}|layername={file.layer}", "snapshot", "ogr")
    assert layer.featureCount() == count
    assert layer.crs().isValid()


def test_a_snapshot_keeps_the_server_s_own_coordinates(web):
    file = take_snapshot(services_of(web)["wfs2"])
    layer = QgsVectorLayer(f"{file.path}|layername={file.layer}", "snapshot", "ogr")
    assert layer.crs().authid() == CRS
    box = layer.extent()
    assert (box.xMinimum(), box.yMinimum(), box.yMaximum()) == (X, Y + 100, Y + 110)
    assert sorted(feature["BSM"] for feature in layer.getFeatures()) == sorted(f"F{n}" for n in range(FEATURES))


def folders():
    """Files of snapshots that are there now."""
    return set(Path(QgsProcessingUtils.tempFolder()).rglob("features.gpkg"))


@pytest.mark.parametrize(
    ("mode", "words"),
    [("stops", "gave 20 of 25"), ("lies", "gave 25 of 26"), ("stops_unknown", "broke off")],
)
def test_a_server_that_stops_midway_gives_no_snapshot_and_leaves_no_file(web, mode, words):
    before = folders()
    refusal = take_snapshot(Service("features", "wfs", f"{web}/wfs2/{mode}", "ns:land", "land", "department"))
    assert isinstance(refusal, Refusal)
    assert words in str(refusal)
    assert folders() == before


def test_a_server_that_does_not_say_how_many_is_believed_when_nothing_failed(web):
    file = take_snapshot(Service("features", "wfs", f"{web}/wfs2/unknown", "ns:land", "land", "department"))
    assert QgsVectorLayer(file.path, "snapshot", "ogr").featureCount() == FEATURES


@pytest.mark.parametrize(
    ("count", "expected", "trouble", "is_whole"),
    [
        (5, 5, [], True),
        (5, 5, ["closed, then asked again"], True),
        (5, 0, [], True),
        (4, 5, [], False),
        (6, 5, [], False),
        (5, 0, ["closed"], False),
        (0, 0, [], False),
    ],
)
def test_whole_means_as_many_as_the_server_has_or_no_failure(count, expected, trouble, is_whole):
    assert (incomplete_refusal("s", count, expected, trouble) is None) == is_whole


@pytest.mark.parametrize(("mode", "words"), [("stops", "gave 20 of 25"), ("unknown", "take a snapshot")])
def test_a_live_layer_of_the_map_is_taken_whole_or_not_at_all(web, own_library, canvas, tmp_path, mode, words):
    kept = put_service_on_map_alone(Service("live", "wfs", f"{web}/wfs2/whole", "ns:land", "land", "department"))
    file = export_layer(kept, False, str(tmp_path))
    assert QgsVectorLayer(file.path, "taken", "ogr").featureCount() == FEATURES
    broken = put_service_on_map_alone(Service("live", "wfs", f"{web}/wfs2/{mode}", "ns:land", "land", "department"))
    with pytest.raises(Refusal, match=words):
        export_layer(broken, False, str(tmp_path))
    QgsProject.instance().addMapLayer(broken)
    ground = GroundChoice(own_library, canvas)
    ground.choose_layer(broken)
    with pytest.raises(Refusal, match=words):
        ground.path(str(tmp_path))
    ground.close_down()


def put_service_on_map_alone(service):
    """A live layer, opened in QGIS without the dock."""
    provider, uri = source_of(service)
    return QgsVectorLayer(uri, service.name, provider)


@pytest.mark.slow
def test_processing_adds_a_live_layer_whole_or_not_at_all(web, own_library):
    params = {"LIBRARY": own_library.path, "AS": "YJJBNTTB", "COVERS": "district"}
    broken = put_service_on_map_alone(Service("live", "wfs", f"{web}/wfs2/stops", "ns:land", "land", "department"))
    QgsProject.instance().addMapLayer(broken)
    with pytest.raises(QgsProcessingException, match="gave 20 of 25"):
        processing.run("onemap:add", {**params, "SOURCE": broken})
    whole = put_service_on_map_alone(services_of(web)["wfs2"])
    QgsProject.instance().addMapLayer(whole)
    register(own_library, services_of(web)["wfs2"])
    taken_at = QDateTime(QDate(2026, 11, 20), QTime(8, 0), Qt.TimeSpec.UTC)
    answer = processing.run("onemap:add", {**params, "SOURCE": whole, "SERVICE": "features", "TAKEN_AT": taken_at})
    assert answer["FEATURES"] == FEATURES
    own_library.refresh()
    wait_for(lambda: own_library.services[0].snapshots)
    assert own_library.services[0].snapshots == ("2026-11-20T08:00:00Z",)


def test_a_snapshot_is_cancelled_while_the_server_keeps_us_waiting(web):
    came = []
    snapshot = Snapshot(Service("features", "wfs", f"{web}/wfs2/waits", "ns:land", "land", "department"))
    snapshot.answered.connect(came.append)
    snapshot.refused.connect(came.append)
    before = folders()
    snapshot.progressed.connect(lambda _fraction, _step: snapshot.cancel())
    snapshot.start()
    wait_for(lambda: came)
    assert [refusal.is_cancel for refusal in came] == [True]
    with urllib.request.urlopen(f"{web}/release"):
        wait_for(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert folders() == before


def test_a_service_with_name_and_password_is_read_through_the_store(web, store):
    config = QgsAuthMethodConfig("Basic", 1)
    config.setName("planner")
    config.setConfig("username", "planner")
    config.setConfig("password", "secret")
    assert store.storeAuthenticationConfig(config)[0]
    service = Service("features", "wfs", f"{web}/guarded/wfs2/whole", "ns:land", "land", "department")
    assert isinstance(take_snapshot(service), Refusal)
    file = take_snapshot(replace(service, authcfg=config.id()))
    assert QgsVectorLayer(file.path, "snapshot", "ogr").featureCount() == FEATURES


@pytest.mark.slow
def test_a_snapshot_in_degrees_lands_where_it_was_published_from(web, own_library):
    file = take_snapshot(services_of(web)["oapif"])
    define = "name=地块,department=land,library=project,kind=vector,geometry=polygon,key=DKBH"
    params = {"LIBRARY": own_library.path, "SOURCE": file.path, "AS": "DK", "DEFINE": define, "COVERS": "district"}
    assert processing.run("onemap:add", params)["FEATURES"] == 3
    box = QgsVectorLayer(f"{own_library.path}|layername=DK__1", "added", "ogr").extent()
    # The server writes six decimals of a degree, which is a decimetre.
    assert (box.xMinimum(), box.yMinimum()) == pytest.approx((X + 100, Y + 100), abs=0.2)


def test_a_service_that_is_no_service_is_refused_in_words(web):
    refusal = take_snapshot(Service("nothing", "wfs", f"{web}/wfs2/whole", "ns:other", "land", "department"))
    assert "“nothing” cannot be read" in str(refusal)


def test_a_snapshot_goes_through_the_dialog_and_becomes_today_s_version(web, own_library):
    service = services_of(web)["wfs2"]
    register(own_library, service)
    dialog = AddDialog(own_library)
    dialog.begin(service.code)
    dialog.take_snapshot(service)
    wait_for(lambda: not dialog.is_working)
    assert dialog.notice.text == ""
    assert dialog.form.chosen_target.code == "YJJBNTTB"
    dialog.options.covers.setCurrentIndex(dialog.options.covers.findData("district"))
    dialog.add_button.click()
    wait_for(lambda: not dialog.is_working)
    own_library.refresh()
    wait_for(lambda: own_library.services and own_library.services[0].snapshots)
    layer = next(one for one in own_library.layers if one.code == "YJJBNTTB")
    today = QDate.currentDate().toString(Qt.DateFormat.ISODate)
    assert [(version.label, version.valid_from, version.count) for version in layer.versions] == [
        (today, today, FEATURES)
    ]
    dialog.close_down()


def test_a_second_snapshot_of_a_day_has_a_number():
    assert free_label("2026-11-20", []) == "2026-11-20"
    assert free_label("2026-11-20", ["2026-11-20", "2026-11-20 (2)"]) == "2026-11-20 (3)"


def register(own_library, service):
    """Put a service into the register, and read the library anew."""
    results = []
    form = {"name": service.name, "type": service.type, "url": service.url, "layer": service.layer}
    params = {"library": own_library.path, **form, "as": service.code, "department": service.department}
    request = own_library.core.ask("service", params)
    request.answered.connect(results.append)
    request.refused.connect(results.append)
    wait_for(lambda: results)
    assert isinstance(results[0], dict), str(results[0])
    own_library.refresh()
    wait_for(lambda: own_library.services)


def test_the_dialog_asks_the_server_moves_the_key_and_registers(web, own_library, store):
    dialog = ServiceDialog(own_library)
    dialog.show()
    assert dialog.hint.text() == "Give its address."
    dialog.form.type.setCurrentIndex(dialog.form.type.findData("wmts"))
    dialog.form.url.setText(f"{web}/keyed/ows?tk={KEY}")
    dialog.form.ask.click()
    assert dialog.form.url.text() == f"{web}/keyed/ows"
    wait_for(lambda: not dialog.is_working)
    names = [dialog.form.layer.itemData(index).name for index in range(dialog.form.layer.count())]
    assert sorted(names) == ["farmland", "parcels"]
    dialog.form.layer.setCurrentIndex(names.index("parcels"))
    dialog.form.layer.activated.emit(names.index("parcels"))
    assert dialog.hint.text() == "Choose the department that answers for it."
    dialog.form.department.setCurrentIndex(dialog.form.department.findData("land"))
    dialog.form.name.setText("地块瓦片")
    dialog.register_button.click()
    wait_for(lambda: not dialog.is_working)
    assert not dialog.isVisible(), dialog.notice.text
    wait_for(lambda: own_library.services)
    (service,) = own_library.services
    assert (service.name, service.layer, service.options) == ("地块瓦片", "parcels", WMTS)
    assert KEY not in Path(own_library.path).read_bytes().decode("latin-1")
    assert put_service_on_map(own_library, service).isValid()


def test_a_template_of_tianditu_asks_for_its_key(own_library, store):
    dialog = ServiceDialog(own_library)
    dialog.form.template.setCurrentIndex(1)
    dialog.form.template.activated.emit(1)
    service = dialog.form.service
    assert (service.type, service.layer, service.options["matrix"]) == ("wmts", "img", "c")
    dialog.form.key.setText(KEY)
    dialog.form.department.setCurrentIndex(dialog.form.department.findData("land"))
    dialog.register()
    wait_for(lambda: not dialog.is_working)
    wait_for(lambda: own_library.services)
    assert own_library.services[0].authcfg
    assert dialog.form.key.text() == ""
    assert KEY not in source_of(own_library.services[0])[1]


def test_what_the_core_refuses_is_said_in_the_dialog(own_library):
    dialog = ServiceDialog(own_library)
    dialog.form.show_service(Service("s", "wfs", "https://a.example/wfs?token=SECRET", "a", "land", "department"))
    dialog.register()
    wait_for(lambda: not dialog.is_working)
    assert "token" in dialog.notice.text
    assert "SECRET" not in dialog.notice.text
    assert own_library.services == []


def test_a_registered_service_that_is_changed_keeps_what_the_form_does_not_ask():
    kept = {"kind": "census", "dated": "2026-01-02", "options": {"crs": CRS}, "note": "n"}
    service = Service("s", "wfs", "https://a.example/wfs", "a", "land", "department", **kept)
    form = ServiceForm()
    form.show_service(service)
    assert form.service == service
    form.type.setCurrentIndex(form.type.findData("oapif"))
    assert (form.service.kind, form.service.options) == ("", {})  # as such services have it


def row_of(dock, name):
    """The row of a service in the dock's list."""
    rows = [item for item in dock.map_tab._layer_items(ROLE_SERVICE) if item.text(0) == name]
    return rows[0] if rows else None


def test_the_dock_lists_services_by_department_and_a_tick_shows_them(web, dock, own_library):
    register(own_library, services_of(web)["wfs2"])
    dock.open_library(own_library.path)
    wait_for(lambda: row_of(dock, "features"))
    row = row_of(dock, "features")
    beside = [row.parent().child(index).data(0, Qt.ItemDataRole.UserRole) for index in range(row.parent().childCount())]
    assert "land" in {entry.department for entry in beside if entry is not None}
    assert row.text(1) == "WFS"
    assert "No snapshot has been taken" in row.toolTip(0)
    row.setCheckState(0, Qt.CheckState.Checked)
    assert row.checkState(0) == Qt.CheckState.PartiallyChecked
    wait_for(lambda: service_on_map(dock.library, dock.library.services[0]))
    assert row_of(dock, "features").checkState(0) == Qt.CheckState.Checked
    row_of(dock, "features").setCheckState(0, Qt.CheckState.Unchecked)
    assert QgsProject.instance().mapLayers() == {}
    assert dock.notice.text == ""


@pytest.mark.slow
def test_the_dock_takes_a_snapshot_of_a_row_and_lists_it(web, dock, own_library):
    register(own_library, services_of(web)["wfs2"])
    dock.open_library(own_library.path)
    wait_for(lambda: dock.library.services)
    dock.map_tab.services.snapshot_requested.emit(dock.library.services[0])
    wait_for(lambda: not dock.add_dialog.is_working)
    covers = dock.add_dialog.options.covers
    covers.setCurrentIndex(covers.findData("district"))
    dock.add_dialog.add_button.click()
    wait_for(lambda: not dock.add_dialog.is_working)
    assert "has a new version" in dock.add_dialog.notice.text
    wait_for(lambda: dock.library.services[0].snapshots)
    assert "Last snapshot" in row_of(dock, "features").toolTip(0)


def test_a_service_is_struck_off_from_its_row_and_a_button_undoes_it(web, dock, own_library):
    register(own_library, services_of(web)["wms"])
    dock.open_library(own_library.path)
    wait_for(lambda: dock.library.services)
    put_service_on_map(dock.library, dock.library.services[0])
    dock.map_tab.services.strike_off(dock.library.services[0])
    wait_for(lambda: not dock.library.services)
    assert QgsProject.instance().mapLayers() == {}
    assert dock.notice.text == "“pictures” is no longer registered; snapshots of it stay."
    dock.notice._button.click()
    wait_for(lambda: dock.library.services)
    assert row_of(dock, "pictures").text(1) == "WMS"


def test_an_answer_without_services_lists_none():
    assert services_in({"layers": []}) == []
