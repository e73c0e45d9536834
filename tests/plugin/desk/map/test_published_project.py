"""The published project in QGIS and on QGIS Server: complete, readable, as in the dock, and wherever it is moved."""

import contextlib
import json
import re
import shutil
import sqlite3
import zipfile
from types import SimpleNamespace

import pytest
from qgis.core import (
    Qgis,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRuleBasedRenderer,
)
from qgis.PyQt.QtCore import QRect, QSize, Qt
from qgis.PyQt.QtGui import QImage

from onemap.plugin.desk.library.layer_list import layers_in, strata_in
from onemap.plugin.desk.map.map_layers import PROPERTY_LIBRARY, put_on_map
from onemap.plugin.desk.map.moved_layers import know_published_layers
from onemap.plugin.profile import settings
from onemap.plugin.words import core_words
from onemap.plugin.words.translation import install_translator, remove_translator
from onemap.tests.plugin.published_town import Session, fill, made_town, make_files, pictures
from onemap.tests.plugin.small_town import CRS, ROOT, X, Y, wait_for
from onemap.tests.plugin.town_server import PASSWORD

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def published_town(town, tmp_path_factory, application):
    """The town's library with its project beside it; the answer, and the answer of `layers`."""
    folder = tmp_path_factory.mktemp("published")
    library = made_town(folder, town)
    project = folder / "一张图.qgz"
    with Session() as core:
        answer = core("publish", library=library, project=project)
        return folder, answer, core("layers", library=library, looks=True), core("words")


@pytest.fixture
def read_project(published_town, tmp_path):
    """Return a function that opens the project, written in Chinese, at another place than where it was made."""
    folder, *_rest = published_town
    moved = tmp_path / "别处"
    shutil.copytree(folder, moved)

    def open_project(project=moved / "一张图.qgz"):
        settings.put("language", "zh")
        assert QgsProject.instance().read(str(project))
        return QgsProject.instance()

    open_project.folder = moved
    return open_project


def by_code(project):
    return {
        layer.id().removeprefix("onemap_layer_").partition("__")[0]: layer for layer in project.mapLayers().values()
    }


def test_every_version_in_force_is_a_valid_layer_with_its_name_count_and_system(published_town, read_project):
    _folder, answer, listed, _words = published_town
    layers = by_code(read_project())
    in_force = {
        layer["code"]: (f"{layer['title']['zh']} {version['label']}", version["count"])
        for layer in listed["layers"]
        for version in layer["versions"]
        if version["in_force"] and layer["code"] != "JSSSWG"
    }
    assert set(in_force) == {"DLTB", "GL", "XZHQ", "STBHHX", "GXDY", "DMDZ", "DEM", "DOM"}
    assert {code: layer.name() for code, layer in layers.items()} == {
        code: name for code, (name, _) in in_force.items()
    }
    assert all(layer.isValid() and layer.crs().authid() == CRS for layer in layers.values())
    vectors = {code: layer for code, layer in layers.items() if code not in ("DEM", "DOM")}
    assert {code: layer.featureCount() for code, layer in vectors.items()} == {
        code: in_force[code][1] for code in vectors
    }
    assert sum(1 for layer in vectors.values() for _feature in layer.getFeatures()) == 9
    assert not any(layer.startEditing() for layer in vectors.values())
    assert {(one["code"], one["version"], one["label"]) for one in answer["layers"]} >= {("STBHHX", 1, "2025-01-01")}
    assert {one["code"]: one["reason"] for one in answer["left_out"]} == {
        "JSSSWG": "withheld",
        "YJJBNTTB": "not_in_force",
    }


def test_the_dock_knows_what_of_its_library_is_on_a_published_map(dock, read_project):
    project = read_project()
    dock.open_library(str(read_project.folder / "一张图.gpkg"))
    wait_for(lambda: dock.library.layers)
    layers = by_code(project)
    rows = {code: dock.map_tab.item_of(code) for code in layers}
    ticked = {code for code, row in rows.items() if row.checkState(0) == Qt.CheckState.Checked}
    assert ticked == {"DMDZ", "STBHHX", "DLTB"}  # what is visible
    for code in ("GL", "DEM"):  # what is there is switched on, and not put there a second time
        rows[code].setCheckState(0, Qt.CheckState.Checked)
        assert project.layerTreeRoot().findLayer(layers[code].id()).isVisible()
    assert len(project.mapLayers()) == len(layers)


def test_the_project_is_called_placed_and_ordered_as_the_dock_has_it(published_town, read_project):
    project = read_project()
    assert (project.title(), project.crs().authid()) == ("小城", CRS)
    assert project.readEntry("TitleLabel", "/Label")[0] == "小城"
    assert "有效的各图层版本" in project.readEntry("CopyrightLabel", "/Label")[0]
    assert all(project.readBoolEntry(item, "/Enabled")[0] for item in ("ScaleBar", "NorthArrow"))
    seen = project.viewSettings().defaultViewExtent()
    assert [round(side) for side in (seen.xMinimum(), seen.yMaximum())] == [X, Y + 1000]
    root = project.layerTreeRoot()
    assert {group.name(): [node.name().split(" ")[0] for node in group.children()] for group in root.children()} == {
        "地名与点": ["地名地址"],
        "控制线与界线": ["生态保护红线"],
        "交通、管线与水系": ["公路"],
        "保护与管控范围": ["洪泛区、蓄滞洪区", "更新"],
        "现状与调查": ["地类图斑"],
        "影像与地形": ["正射影像", "数字高程模型"],
    }
    assert [layer.id().split("_")[2] for layer in root.layerOrder()] == [
        "DMDZ", "STBHHX", "GL", "XZHQ", "GXDY", "DLTB", "DOM", "DEM",
    ]  # fmt: skip
    assert {code for code, layer in by_code(project).items() if root.findLayer(layer.id()).isVisible()} == {
        "DMDZ", "STBHHX", "DLTB",
    }  # fmt: skip
    themes = project.mapThemeCollection()
    assert set(themes.mapThemes()) >= {
        "底图",
        "现状",
        "控制线",
        "生态",
        "自然资源和规划局（土地）",
        "生态环境局",
        "水利局",
    }
    assert {one.id().split("_")[2] for one in themes.mapThemeVisibleLayers("生态")} == {"STBHHX", "XZHQ", "DMDZ"}
    assert {one.id().split("_")[2] for one in themes.mapThemeVisibleLayers("水利局")} == {"XZHQ", "DMDZ"}


def test_what_must_be_known_of_a_version_stands_with_its_layer(published_town, read_project):
    _folder, _answer, listed, _words = published_town
    layers = by_code(read_project())
    flood = layers["XZHQ"].metadata().abstract()
    version = next(layer for layer in listed["layers"] if layer["code"] == "XZHQ")["versions"][0]
    for text in ("外接矩形（假定）", "4.0000 公顷", "有效期 2025-01-01 至 …", "蓄洪.gpkg", version["hash"]):
        assert text in flood, text
    land = layers["DLTB"]
    assert land.attributeAlias(land.fields().lookupField("DLBM")) == "地类编码"
    assert layers["GL"].serverProperties().shortName() == "GL"
    assert {"GL", "交通运输局", "基础库"} <= set(layers["GL"].metadata().keywords()["One Map"])


def look(layer):
    """All that decides how a layer is drawn."""
    renderer = layer.renderer()
    if isinstance(layer, QgsRasterLayer):
        bands = renderer.usesBands()
        enhanced = renderer.contrastEnhancement() if len(bands) == 1 else renderer.redContrastEnhancement()
        limits = (enhanced.minimumValue(), enhanced.maximumValue()) if len(bands) == 1 else ()
        return type(renderer), bands, enhanced.contrastEnhancementAlgorithm(), limits
    if isinstance(renderer, QgsRuleBasedRenderer):
        return [
            (rule.filterExpression(), rule.label(), strokes(rule.symbol())) for rule in renderer.rootRule().children()
        ]
    return strokes(renderer.symbol())


def strokes(symbol):
    """A symbol's layers and what each is made of; colours to eight bits, which is what is drawn."""
    found = []
    for one in symbol.symbolLayers():
        properties = {name: re.sub(r",rgb:.*", "", str(value)) for name, value in one.properties().items()}
        if one.subSymbol():
            del properties["color"]  # of a pattern, whose lines have their own
        found.append((one.layerType(), properties, strokes(one.subSymbol()) if one.subSymbol() else None))
    return found


def test_every_layer_looks_as_on_the_dock_s_map(published_town, read_project):
    folder, _answer, listed, words = published_town
    core_words.learn(words)
    layers = by_code(read_project())
    opened = type("Opened", (), {"path": str(folder / "一张图.gpkg"), "name": "小城", "strata": strata_in(listed)})()
    translator = install_translator()
    if translator is None:
        pytest.skip("the translation is not compiled: python3 build.py translate")
    shown = {
        entry.code: put_on_map(opened, entry, entry.in_force) for entry in layers_in(listed) if entry.code in layers
    }
    remove_translator(translator)
    core_words.learn({})
    assert {code: look(layer) for code, layer in layers.items()} == {code: look(layer) for code, layer in shown.items()}
    assert {code: layer.name() for code, layer in layers.items()} == {
        code: layer.name() for code, layer in shown.items()
    }


def test_the_map_is_drawn_from_its_new_place_with_every_land_class(published_town, read_project, tmp_path):
    project = read_project()
    assert all(str(read_project.folder) in layer.source() for layer in project.mapLayers().values())
    order = project.layerTreeRoot().layerOrder()
    image = draw_map(project, [layer for layer in order if not isinstance(layer, QgsRasterLayer)], 200)
    # the middle of the arable west, of the housing east, of the picture of heights below nothing at all
    assert image.pixelColor(30, 130).name() == over_white("#FFFFC8", LAND_OPACITY)
    assert image.pixelColor(185, 195).name() == over_white("#F7C7C7", LAND_OPACITY)
    heights = draw_map(project, [by_code(project)["DEM"]], 200)
    assert heights.pixelColor(10, 10).lightness() < heights.pixelColor(190, 190).lightness()


LAND_OPACITY = 0.85  # so much of the land's colour is seen, the rest is what lies below


def over_white(colour, opacity):
    """A colour on white paper."""
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    share = round(255 * opacity) / 255
    return "#" + "".join(f"{round(255 - (255 - part) * share):02x}" for part in parts)


def draw_map(project, layers, size):
    """The whole map, or some of its layers."""
    wanted = QgsMapSettings()
    wanted.setLayers(layers)
    wanted.setDestinationCrs(project.crs())
    wanted.setExtent(project.viewSettings().defaultViewExtent())
    wanted.setOutputSize(QSize(size, size))
    wanted.setFlag(Qgis.MapSettingsFlag.Antialiasing, False)
    job = QgsMapRendererSequentialJob(wanted)
    job.start()
    job.waitForFinished()
    assert not job.errors()
    return job.renderedImage()


def test_every_raster_is_painted_as_qgis_paints_it(town, application, tmp_path):
    library, project = tmp_path / "library.gpkg", tmp_path / "map.qgz"
    defined = "name={},department=land,library=base,kind=imagery,geometry=raster"
    files = pictures(tmp_path)
    with Session() as core:
        core("new", library=library, crs=CRS, district=town / "district.gpkg")
        for code, path in files.items():
            core("add", library=library, source=path, **{"as": code}, covers="district", define=defined.format(code))
        core("publish", library=library, project=project)
    assert QgsProject.instance().read(str(project))
    for code, layer in by_code(QgsProject.instance()).items():
        own = QgsRasterLayer(files[code], code)
        assert layer.isValid() and type(layer.renderer()) is type(own.renderer()), code
        assert layer.renderer().alphaBand() == own.renderer().alphaBand(), code
        ours, theirs = (draw_map(QgsProject.instance(), [one], 50) for one in (layer, own))
        places = [(x, y) for x in range(50) for y in range(50)]
        assert len({ours.pixel(*place) for place in places}) > 3, code
        off = [
            abs(mine - its)
            for place in places
            for mine, its in zip(ours.pixelColor(*place).getRgb(), theirs.pixelColor(*place).getRgb(), strict=True)
        ]
        assert max(off) <= 3, code  # percentiles by counting and by a histogram


def test_the_library_is_as_it_was_once_the_project_is_closed(read_project):
    with Session() as core:
        read_project()
        QgsProject.instance().clear()
        library = read_project.folder / "一张图.gpkg"
        assert core("verify", library=library) == {"ok": True, "problems": []}


def test_processing_writes_the_same_bytes_again(published_town, provider, tmp_path):
    import processing

    folder, answer, *_rest = published_town
    settings.put("language", "zh")
    project = folder / "again.qgz"
    asked = {"LIBRARY": str(folder / "一张图.gpkg"), "PROJECT": str(project), "OVERWRITE": True}
    found = processing.run("onemap:publish", asked)
    assert (found["LAYERS"], found["LEFT_OUT"]) == (len(answer["layers"]), 2)
    assert members_of(project) == members_of(folder / "一张图.qgz")
    first = project.read_bytes()
    processing.run("onemap:publish", asked)
    assert project.read_bytes() == first
    project.unlink()


def members_of(project):
    with zipfile.ZipFile(project) as archive:
        return [archive.read(name) for name in archive.namelist()]


@pytest.fixture(scope="module")
def map_server(application):
    """QGIS Server in this process; answers a request on a project."""
    server_of_qgis = pytest.importorskip("qgis.server", reason="QGIS Server's Python bindings are not here")
    server = server_of_qgis.QgsServer()
    methods = server_of_qgis.QgsServerRequest.Method

    def server_answer(project, query, body=b""):
        method = methods.PostMethod if body else methods.GetMethod
        request = server_of_qgis.QgsBufferServerRequest(f"http://localhost/?MAP={project}&{query}", method, {}, body)
        response = server_of_qgis.QgsBufferServerResponse()
        server.handleRequest(request, response)
        return bytes(response.body())

    return server_answer


def test_qgis_server_offers_maps_and_features_and_lets_nobody_write(map_server, read_project):
    project = read_project.folder / "一张图.qgz"
    offered = map_server(project, "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities").decode()
    assert "<Title>小城</Title>" in offered
    assert {"<Name>GL</Name>", "<Name>current_use</Name>", "<CRS>EPSG:4547</CRS>"} <= set(
        re.findall(r"<[NC].*?>.*?</.*?>", offered)
    )
    assert "JSSSWG" not in offered
    box = f"BBOX={Y},{X},{Y + 1000},{X + 1000}&CRS={CRS}&WIDTH=200&HEIGHT=200&FORMAT=image/png&STYLES="
    picture = map_server(project, f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=onemap&{box}")
    assert picture.startswith(b"\x89PNG")
    features = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=GL&OUTPUTFORMAT=GeoJSON"
    found = json.loads(map_server(project, features))["features"]
    assert sorted(feature["properties"]["GLDJ"] for feature in found) == ["国道", "村道"]
    in_metres = json.loads(map_server(project, f"{features}&SRSNAME={CRS}"))["features"][0]["geometry"]["coordinates"]
    assert {round(value) for part in in_metres for point in part for value in point} <= {
        X,
        X + 300,
        X + 1000,
        Y,
        Y + 450,
        Y + 1000,
    }
    delete = (
        '<wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" xmlns:ogc="http://www.opengis.net/ogc" service="WFS"'
        ' version="1.0.0"><wfs:Delete typeName="GL"><ogc:Filter><ogc:FeatureId fid="GL.1"/></ogc:Filter></wfs:Delete>'
        "</wfs:Transaction>"
    )
    map_server(project, "SERVICE=WFS&VERSION=1.0.0&REQUEST=Transaction", delete.encode())
    assert len(json.loads(map_server(project, features))["features"]) == 2


def test_qgis_server_says_what_lies_at_a_place_with_titles_names_of_codes_and_the_area(map_server, read_project):
    project = read_project.folder / "一张图.qgz"
    box = f"BBOX={Y},{X},{Y + 1000},{X + 1000}&CRS={CRS}&WIDTH=200&HEIGHT=200&STYLES="
    asked = "LAYERS=current_use&QUERY_LAYERS=current_use&I=20&J=180&INFO_FORMAT=text/plain&WITH_MAPTIP=true"
    found = map_server(project, f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&{asked}&{box}").decode()
    assert "地类编码 = '0101 水田'" in found and "DLBM" not in found
    assert "<td>450,000 m²</td>" in found  # 500 × 900 m, on its meridian


def test_a_sheet_with_map_legend_scale_and_date_is_ready_to_print(published_town, read_project):
    project = read_project()
    layouts = {layout.name(): layout for layout in project.layoutManager().printLayouts()}
    assert set(layouts) == {"A4", "A3"}
    for layout in layouts.values():
        shown, legend = layout.itemById("map"), layout.itemById("legend")
        assert isinstance(shown, QgsLayoutItemMap) and isinstance(legend, QgsLayoutItemLegend)
        assert shown.extent().contains(project.viewSettings().presetFullExtent())
        ground, paper = shown.extent(), shown.rect()
        assert abs(ground.width() / ground.height() - paper.width() / paper.height()) < 1e-3
        assert legend.linkedMap() is shown and legend.legendFilterByMapEnabled() and legend.title() == "图例"
        assert layout.itemById("scale").linkedMap() is shown and layout.itemById("north").linkedMap() is shown
        texts = [item.currentText() for item in layout.items() if isinstance(item, QgsLayoutItemLabel)]
        assert "小城" in texts and any(text.startswith(f"1:{shown.scale():,.0f}") for text in texts)
        items = (shown, legend, layout.itemById("scale"), layout.itemById("north"))
        assert all(layout.itemById("page").sceneBoundingRect().contains(item.sceneBoundingRect()) for item in items)


def test_qgis_server_prints_the_sheet_of_the_layers_asked_for(map_server, read_project):
    project = read_project.folder / "一张图.qgz"
    box = f"map0:EXTENT={Y},{X},{Y + 1000},{X + 1000}&CRS={CRS}"
    sheet = f"SERVICE=WMS&VERSION=1.3.0&REQUEST=GetPrint&TEMPLATE=A4&DPI=60&{box}"
    assert map_server(project, f"{sheet}&FORMAT=pdf&map0:LAYERS=DLTB").startswith(b"%PDF")
    picture, other = (
        QImage.fromData(map_server(project, f"{sheet}&FORMAT=png&map0:LAYERS={layers}")) for layers in ("DLTB", "GL")
    )
    assert (picture.width(), picture.height()) == (701, 496)  # 297 × 210 mm at 60 dots an inch
    legend, ground = QRect(540, 80, 130, 200), QRect(30, 60, 440, 380)
    assert colours_in(picture.copy(ground)) > 2 and colours_in(picture.copy(legend)) > 2
    assert picture.copy(legend) != other.copy(legend)  # of what is drawn, and of nothing else
    graphic = map_server(project, "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYERS=DLTB&FORMAT=image/png")
    assert colours_in(QImage.fromData(graphic)) > 2


def colours_in(picture):
    return len({picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)})


def test_a_name_that_is_an_expression_is_printed_as_it_stands(town, tmp_path):
    library = made_town(tmp_path, town)
    with contextlib.closing(sqlite3.connect(library)) as connection, connection:
        connection.execute("UPDATE onemap_library SET value = '[% 1 + 1 %]' WHERE key = 'name'")
    with Session() as core:
        core("publish", library=library, project=tmp_path / "one.qgz")
    assert QgsProject.instance().read(str(tmp_path / "one.qgz"))
    layout = QgsProject.instance().layoutManager().layoutByName("A4")
    assert layout.itemById("title").currentText() == "[ % 1 + 1 %]"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_addresses_of_the_manual_are_answered(map_server, read_project, language):
    project = read_project.folder / "一张图.qgz"
    manual = (ROOT / "docs" / f"publish.{language}.md").read_text(encoding="utf-8")
    addresses = re.findall(r"^…\?(SERVICE=\S+)$", manual, re.MULTILINE)
    assert len(addresses) == 3
    for address in addresses:
        box = f"{Y},{X},{Y + 1000},{X + 1000}"
        answer = map_server(project, re.sub("(BBOX|EXTENT)=…", rf"\1={box}", address))
        assert answer.startswith((b"\x89PNG", b"%PDF", b'{"type": "FeatureCollection"')), answer[:300]


@pytest.fixture(scope="module")
def on_server(postgres, town, tmp_path_factory):
    """The town's library on a server, filled."""
    location = postgres.library("published", town).location
    with Session(PGUSER="guarded", PGPASSWORD=PASSWORD) as core:
        fill(core, location, make_files(tmp_path_factory.mktemp("server") / "files"), copy=False)
    return location


def test_a_library_on_a_server_is_published_without_login_and_opened_with_an_entry(on_server, entry, tmp_path):
    project = tmp_path / "server.qgz"
    with Session(PGUSER="guarded", PGPASSWORD=PASSWORD) as core:
        answer = core("publish", library=on_server, project=project)
        assert answer["problems"][0]["code"] == "publish.login"
        number = entry("guarded", PASSWORD)
        answer = core("publish", library=on_server, project=project, authcfg=number, overwrite=True)
        assert "publish.login" not in [problem["code"] for problem in answer["problems"]]
    text = b"".join(members_of(project)).decode()
    assert "guarded" not in text and PASSWORD not in text
    assert QgsProject.instance().read(str(project))
    layers = by_code(QgsProject.instance())
    assert [code for code, layer in layers.items() if not layer.isValid()] == []
    vectors = {code: layer for code, layer in layers.items() if code not in ("DEM", "DOM")}
    assert {layer.providerType() for layer in vectors.values()} == {"postgres"}
    assert {code: len(list(layer.getFeatures())) for code, layer in vectors.items()} == {
        "DLTB": 3, "GL": 2, "XZHQ": 1, "STBHHX": 1, "GXDY": 1, "DMDZ": 1,
    }  # fmt: skip
    assert not any(layer.startEditing() for layer in vectors.values())
    know_published_layers(SimpleNamespace(path=on_server))
    assert {layer.customProperty(PROPERTY_LIBRARY) for layer in layers.values()} == {on_server}


def test_a_service_of_libpq_is_named_and_found(on_server, postgres, tmp_path, monkeypatch):
    services, project = tmp_path / "pg_service.conf", tmp_path / "service.qgz"
    database = postgres.address.partition("///")[2].partition("?")[0]
    services.write_text(f"[city]\nhost={postgres.folder}\ndbname={database}\n", encoding="utf-8")
    for name, value in (("PGSERVICEFILE", str(services)), ("PGUSER", "guarded"), ("PGPASSWORD", PASSWORD)):
        monkeypatch.setenv(name, value)
    with Session() as core:
        core("publish", library="service=city?schema=published", project=project, only="GL")
    assert postgres.folder.encode() not in b"".join(members_of(project))
    assert QgsProject.instance().read(str(project))
    (layer,) = QgsProject.instance().mapLayers().values()
    assert layer.isValid() and layer.featureCount() == 2
    assert "service='city'" in layer.source()
