"""KML and KMZ: every placemark is read or named, folders are layers, nothing is fetched."""

import zipfile

import pytest

HEAD = '<?xml version="1.0" encoding="{}"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'
RING = "114,36 114.01,36 114.01,36.01 114,36.01 114,36"


def square(name: str, ring: str = RING, extra: str = "") -> str:
    boundary = f"<outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Placemark><name>{name}</name>{extra}<Polygon>{boundary}</Polygon></Placemark>"


@pytest.fixture
def kml_file(tmp_path):
    def write(body: str, name: str = "a.kml", encoding: str = "UTF-8", written: str | None = None):
        (tmp_path / name).write_bytes(HEAD.format(encoding, body).encode(written or encoding))
        return tmp_path / name

    return write


def test_folders_are_layers_and_two_of_one_name_are_told_apart(onemap, shelf, kml_file):
    inner = f"<Folder><name>红线</name>{square('三')}{square('四')}</Folder>"
    body = f"<name>项目</name><Folder><name>红线</name>{square('一')}</Folder><Folder><name>二期</name>{inner}</Folder>"
    source = kml_file(body + "<Folder><name>空</name></Folder>")
    layers = {layer["name"]: layer for layer in onemap("inspect", source).json["layers"]}
    assert {name: layer["count"] for name, layer in layers.items()} == {"项目/红线": 1, "项目/二期/红线": 2}
    assert {layer["crs"]["code"] for layer in layers.values()} == {"EPSG:4326"}
    assert shelf.add(source).codes == ["source.layer_needed"]
    assert shelf.add(source, layer="项目/二期/红线").json["features"] == 2
    assert shelf.column("Name") == ["三", "四"]


def test_what_cannot_be_read_of_a_placemark_is_named_and_refused(onemap, shelf, kml_file):
    line = "<Placemark><LineString><coordinates>114,36</coordinates></LineString></Placemark>"
    body = square("一") + line + square("三", "no,30 no,30 no,30") + square("四", "114,36 114,36 114,36 114,36")
    body += square(
        "五", RING.replace("36 114.01,36.01", "36,0,114.01,36.01,0")
    )  # a blank is lost, and with it a corner
    (layer,) = onemap("inspect", kml_file(body)).json["layers"]
    found = [(p["code"], p["feature"]) for p in layer["problems"]]
    assert layer["count"] == 5
    assert found[:4] == [("geometry.unreadable", str(row)) for row in (2, 3, 4, 5)]
    assert [p["code"] for p in shelf.add(kml_file(body)).json["problems"]] == ["geometry.null"] * 4


def test_mixed_geometry_is_told_and_a_layer_of_one_kind_refuses_the_other(onemap, shelf, kml_file):
    point = "<Placemark><Point><coordinates>114, 36, 20</coordinates></Point></Placemark>"
    source = kml_file(square("一") + point)
    (layer,) = onemap("inspect", source).json["layers"]
    assert layer["geometry"] == "Point, Polygon"
    assert [p["code"] for p in layer["problems"]] == ["geometry.z_dropped"]
    answer = shelf.add(source)
    assert [(p["code"], p["row"]) for p in answer.json["problems"]] == [("geometry.type", 2)]


def test_extended_data_keep_leading_zeros_and_declared_types(onemap, shelf, kml_file):
    schema = '<Schema id="s"><SimpleField name="面积" type="double"/><SimpleField name="DLBM" type="string"/></Schema>'
    values = '<SimpleData name="面积">12.5</SimpleData><SimpleData name="DLBM">0101</SimpleData>'
    data = '<Data name="Name"><value>别名</value></Data>'
    extra = f'<ExtendedData><SchemaData schemaUrl="#s">{values}</SchemaData>{data}</ExtendedData>'
    source = kml_file(schema + square("一", extra=extra))
    (layer,) = onemap("inspect", source).json["layers"]
    assert {f["name"]: f["type"] for f in layer["fields"]} == {
        "Name": "text",
        "面积": "number",
        "DLBM": "text",
        "Name_": "text",
    }
    assert shelf.add(source).code == 0
    assert shelf.rows('SELECT "Name", "面积", "DLBM", "Name_" FROM "T__1"') == [("一", 12.5, "0101", "别名")]


@pytest.mark.parametrize(("encoding", "written"), [("GBK", "gbk"), ("UTF-8", "gb18030"), ("UTF-8", "utf-8")])
def test_chinese_is_read_whatever_the_prologue_says(shelf, kml_file, encoding, written):
    assert shelf.add(kml_file(square("长安区"), encoding=encoding, written=written)).code == 0
    assert shelf.column("Name") == ["长安区"]


def test_a_kmz_is_read_and_a_damaged_one_refused(onemap, kml_file, tmp_path):
    packed = tmp_path / "a.kmz"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(kml_file(square("一")), "doc.kml")
    answer = onemap("inspect", packed)
    assert (answer.json["format"], answer.json["layers"][0]["count"]) == ("KMZ", 1)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.write(kml_file(square("二") + square("三")), "files/二期.kml")
        archive.writestr("__MACOSX/._doc.kml", b"rubbish")
    layers = onemap("inspect", packed).json["layers"]
    assert [(layer["name"], layer["count"]) for layer in layers] == [("a", 1), ("二期", 2)]
    packed.write_bytes(packed.read_bytes()[:200])
    assert onemap("inspect", packed).codes == ["source.damaged"]
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("logo.png", "x")
    assert onemap("inspect", packed).codes == ["source.nothing_inside"]


def test_links_and_overlays_are_left_aside_with_a_word(onemap, shelf, kml_file):
    link = "<NetworkLink><Link><href>http://localhost:9/a.kml</href></Link></NetworkLink>"
    (layer,) = onemap("inspect", kml_file(link)).json["layers"]
    assert (layer["count"], [p["code"] for p in layer["problems"]]) == (0, ["source.aside", "source.empty"])
    assert shelf.add(kml_file(link)).codes == ["source.empty"]


def test_a_broken_document_is_refused(onemap, kml_file):
    source = kml_file(square("一"))
    source.write_bytes(source.read_bytes()[:-40])
    assert onemap("inspect", source).codes == ["source.damaged"]
    # Entities that unfold into gigabytes are an attack, not a map.
    names = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 20}">' for n in range(1, 12))
    source.write_text(f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a0 "x">{names}]><kml><name>&a11;</name></kml>')
    assert onemap("inspect", source).codes == ["source.damaged"]


@pytest.mark.parametrize("suffix", [".kml", ".kmz"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<OGRVRTDataSource><OGRVRTLayer name='a'/></OGRVRTDataSource>", "source.indirect"),
        ("<VRTDataset rasterXSize='1' rasterYSize='1'/>", "source.indirect"),
        ("<gpx version='1.1'><wpt lat='30' lon='100'/></gpx>", "source.damaged"),
        ("<html><body>Not found</body></html>", "source.damaged"),
    ],
)
def test_another_xml_that_is_called_kml_is_refused(onemap, tmp_path, suffix, text, code):
    path = tmp_path / f"a{suffix}"
    if suffix == ".kmz":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("doc.kml", text)
    else:
        path.write_text(text)
    assert (onemap("inspect", path).code, onemap("inspect", path).codes) == (3, [code])
