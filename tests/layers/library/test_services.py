"""Web services in the register: owner and date, no keys, never used by checks; snapshots become versions."""

import json

import pytest

WFS = ("--type", "wfs", "--url", "https://gis.example.gov.cn/wfs?map=/data/a.map", "--layer", "ns:redline")
POLYGONS = ("--department", "land")


@pytest.fixture
def register(shelf, onemap):
    """`onemap service` on the shelf's library."""

    def run(name, *arguments):
        return onemap("service", shelf.path, name, *arguments)

    return run


def services_of(onemap, shelf):
    return onemap("layers", shelf.path).json["services"]


def test_a_service_is_listed_with_its_owner_its_date_and_who_registered_it(shelf, onemap, register):
    register("红线服务", *WFS, "--department", "environment", "--dated", "2025-06-30", "--note", "季度更新").done()
    (service,) = services_of(onemap, shelf)
    assert service["name"] == "红线服务"
    assert (service["department"], service["library"], service["kind"]) == ("environment", "department", "vector")
    assert (service["dated"], service["note"], service["layer"]) == ("2025-06-30", "季度更新", "ns:redline")
    assert service["url"] == "https://gis.example.gov.cn/wfs?map=%2Fdata%2Fa.map"
    assert service["registered_by"] and service["registered_at"].endswith("Z")
    assert service["snapshots"] == []


def test_a_library_without_services_lists_none(shelf, onemap):
    assert services_of(onemap, shelf) == []


def test_a_service_of_a_catalogue_layer_takes_department_and_library_from_it(shelf, onemap, register):
    assert register("红线", *WFS, "--as", "STBHHX").code == 0
    (service,) = services_of(onemap, shelf)
    (layer,) = [one for one in onemap("layers", shelf.path).json["layers"] if one["code"] == "STBHHX"]
    assert (service["department"], service["library"]) == (layer["department"], layer["library"])


@pytest.mark.parametrize(
    ("kind", "url", "library", "data"),
    [
        ("wms", "https://a.example/wms", "base", "imagery"),
        ("wmts", "https://t0.tianditu.gov.cn/img_c/wmts", "base", "imagery"),
        ("xyz", "https://a.example/{z}/{x}/{-y}.png", "base", "imagery"),
        ("oapif", "https://a.example/ogc", "department", "vector"),
        ("sensorthings", "https://a.example/v1.1", "department", "iot"),
    ],
)
def test_every_kind_of_service_has_its_usual_place(shelf, onemap, register, kind, url, library, data):
    assert register("s", "--type", kind, "--url", url, "--layer", "img", *POLYGONS).code == 0
    (service,) = services_of(onemap, shelf)
    assert (service["type"], service["url"], service["library"], service["kind"]) == (kind, url, library, data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://t0.tianditu.gov.cn/img_c/wmts?tk=0123456789abcdef0123456789abcdef", "tk"),
        ("https://t0.tianditu.gov.cn/img_c/wmts?SERVICE=WMTS&TK=SECRETVALUE", "TK"),
        ("https://a.example/wfs?authkey=SECRETVALUE", "authkey"),
        ("https://a.example/arcgis?f=json&token=SECRETVALUE", "token"),
        ("https://a.example/wfs?access_token=SECRETVALUE", "access_token"),
        ("https://a.example/wfs?x-api-key=SECRETVALUE", "x-api-key"),
        ("https://a.example/wfs?%74%6b=SECRETVALUE", "tk"),
        ("https://a.example/proxy?url=https%3A%2F%2Fb.example%2F%3Fpassword%3DSECRETVALUE", "password"),
        ("https://a.example/wfs;token=SECRETVALUE", "token"),
        ("https://a.example/wfs#token=SECRETVALUE", "token"),
        ("https://planner:SECRETVALUE@a.example/wfs", "user:password@"),
    ],
)
def test_an_address_with_a_key_is_refused_and_not_repeated(shelf, onemap, register, url, name):
    answer = register("s", "--type", "wmts", "--url", url, "--layer", "img", *POLYGONS)
    assert (answer.code, answer.codes) == (3, ["service.secret"])
    assert name in answer.json["problems"][0]["message"]
    output = json.dumps(answer.json) + answer.stderr
    assert "SECRETVALUE" not in output
    assert "0123456789abcdef" not in output
    assert "authentication store" in answer.json["problems"][0]["mend"]
    assert services_of(onemap, shelf) == []


def test_a_key_in_the_name_or_the_note_is_refused_too(register):
    assert register("s", *WFS, *POLYGONS, "--note", "tk=0123456789abcdef").codes == ["service.secret"]
    assert register("s?token=a", *WFS, *POLYGONS).codes == ["service.secret"]


def test_a_key_in_place_of_an_authentication_id_is_refused(register):
    key = "0123456789abcdef0123456789abcdef"
    answer = register("s", *WFS, *POLYGONS, "--authcfg", key)
    assert answer.codes == ["service.authcfg"]
    assert key not in json.dumps(answer.json)


def test_what_qgis_asks_by_itself_is_taken_from_the_address(shelf, onemap, register):
    url = "HTTPS://a.example/ows?SERVICE=WFS&Request=GetCapabilities&version=2.0.0&map=x"
    assert register("s", "--type", "wfs", "--url", url, "--layer", "a", *POLYGONS).code == 0
    assert services_of(onemap, shelf)[0]["url"] == "https://a.example/ows?map=x"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--type", "wfs", "--url", "file:///etc/passwd", "--layer", "a", *POLYGONS), "service.url"),
        (("--type", "wfs", "--url", "https://", "--layer", "a", *POLYGONS), "service.url"),
        (("--type", "wfs", "--url", "https://a.example:port/", "--layer", "a", *POLYGONS), "service.url"),
        (("--type", "wfs", "--url", "https://a b.example/", "--layer", "a", *POLYGONS), "service.url"),
        (("--type", "wfs", "--url", "https://[a/", "--layer", "a", *POLYGONS), "service.url"),
        (("--type", "xyz", "--url", "https://a.example/{z}/{x}.png", *POLYGONS), "service.tiles"),
        (("--type", "wfs", "--url", "https://a.example/", *POLYGONS), "service.layer"),
        (WFS, "service.owner"),
        ((*WFS, *POLYGONS, "--options", "speed=fast"), "service.option"),
        ((*WFS, *POLYGONS, "--options", "crs=EPSG:4490' sql='x"), "service.option"),
        ((*WFS, "--as", "NOSUCH"), "layer.unknown"),
        (("--type", "ftp", "--url", "https://a.example/", *POLYGONS), "usage.choice"),
        ((*WFS, "--department", "nobody"), "usage.choice"),
        (("--type", "wfs", *POLYGONS), "usage.required"),
        (("--url", "https://a.example/", *POLYGONS), "usage.required"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(shelf, onemap, register, arguments, code):
    assert register("s", *arguments).codes == [code]
    assert services_of(onemap, shelf) == []


def test_a_raster_layer_is_no_layer_of_a_service_of_features(register):
    assert register("s", *WFS, "--as", "DEM").codes in (["service.geometry"], ["layer.unknown"])


@pytest.mark.parametrize("name", ["  ", "a" * 81, "a\u0007b"])
def test_a_name_is_short_and_visible(register, name):
    assert register(name, *WFS, *POLYGONS).codes[0] in ("service.name", "usage.required")


def test_a_second_service_of_the_name_needs_overwrite(shelf, onemap, register):
    assert register("s", *WFS, *POLYGONS).code == 0
    assert register("s", *WFS, "--department", "water").codes == ["service.exists"]
    assert register("s", *WFS, "--department", "water", "--overwrite").code == 0
    assert [service["department"] for service in services_of(onemap, shelf)] == ["water"]


def test_a_service_is_struck_off_and_both_are_in_the_log(shelf, onemap, register):
    assert register("s", *WFS, *POLYGONS).code == 0
    answer = register("s", "--remove")
    assert (answer.code, answer.json["removed"]["name"]) == (0, "s")
    assert services_of(onemap, shelf) == []
    actions = [row[0] for row in shelf.rows("SELECT action FROM onemap_audit ORDER BY number")]
    assert actions[-2:] == ["service", "service.remove"]
    assert onemap("verify", shelf.path).code == 0
    assert register("s", "--remove").codes == ["service.missing"]


def test_a_snapshot_is_a_version_that_says_of_which_service_and_when(shelf, onemap, register, layer_file, box):
    assert register("红线服务", *WFS, *POLYGONS).code == 0
    source = layer_file("snapshot.gpkg", [box(0, 0)])
    taken = {"service": "红线服务", "taken_at": "2026-11-20T10:30:00+08:00", "label": "2026-11-20"}
    shelf.add(source, **taken).done()
    ((origin, report),) = shelf.rows("SELECT source, report FROM onemap_versions")
    assert origin == (
        "红线服务 (wfs https://gis.example.gov.cn/wfs?map=%2Fdata%2Fa.map ns:redline), 2026-11-20T02:30:00Z"
    )
    assert json.loads(report)["service"]["at"] == "2026-11-20T02:30:00Z"
    (service,) = services_of(onemap, shelf)
    assert service["snapshots"] == [{"table": "T__1", "taken_at": "2026-11-20T02:30:00Z"}]
    assert "红线服务" in shelf.rows("SELECT detail FROM onemap_audit ORDER BY number DESC LIMIT 1")[0][0]


def test_a_snapshot_outlives_its_service(shelf, onemap, register, layer_file, box):
    assert register("s", *WFS, *POLYGONS).code == 0
    assert shelf.add(layer_file("snapshot.gpkg", [box(0, 0)]), service="s").code == 0
    assert register("s", "--remove").code == 0
    assert shelf.rows("SELECT count FROM onemap_versions") == [(1,)]
    assert onemap("verify", shelf.path).code == 0


def test_a_refused_snapshot_leaves_nothing(shelf, onemap, register, layer_file, box):
    assert register("s", *WFS, *POLYGONS).code == 0
    source = layer_file("snapshot.gpkg", [box(0, 0)])
    assert shelf.add(source, service="s", label="1").code == 0
    other = layer_file("later.gpkg", [box(0, 0), box(200, 0)])
    assert shelf.add(other, service="s", label="1").codes == ["version.label"]
    assert len(services_of(onemap, shelf)[0]["snapshots"]) == 1


def test_no_snapshot_is_taken_of_a_picture_or_of_a_service_that_nobody_registered(shelf, register, layer_file, box):
    source = layer_file("snapshot.gpkg", [box(0, 0)])
    assert shelf.add(source, service="s").codes == ["service.missing"]
    assert register("s", "--type", "wms", "--url", "https://a.example/", "--layer", "a", *POLYGONS).code == 0
    assert shelf.add(source, service="s").codes == ["service.picture"]
    assert shelf.add(source, taken_at="2026-11-20").codes == ["usage.alone"]
    assert shelf.rows("SELECT count(*) FROM onemap_versions") == [(0,)]


def test_a_registered_service_is_nothing_to_check_against(shelf, onemap, register, layer_file, box):
    assert register("s", *WFS, "--as", "STBHHX").code == 0
    parcels = layer_file("parcels.gpkg", [box(0, 0)], {"DKBH": ["A"]})
    answer = onemap("check", shelf.path, parcels, "--only", "STBHHX").done()
    assert answer.json["verdicts"]["unknown"] == 1


def test_services_are_told_in_words(shelf, terminal, register):
    assert register("红线服务", *WFS, *POLYGONS).code == 0
    for language, word in (("zh", "已登记"), ("en", "Registered")):
        output = terminal(
            "service", shelf.path, f"另一个{language}", *WFS, *POLYGONS, "--lang", language
        ).stdout.decode("utf-8")
        assert word in output
    assert "红线服务" in terminal("layers", shelf.path).stdout.decode("utf-8")
