"""GML, MapInfo, FlatGeobuf: axes, character sets, systems by parameters; nothing is written beside a source."""

import shutil

import pyogrio
import pytest
import shapely

from onemap.layers.sources.gdal.vector import read_vector

GML = """<?xml version="1.0" encoding="{encoding}"?>
<ogr:FeatureCollection xmlns:ogr="http://ogr.maptools.org/" xmlns:gml="http://www.opengis.net/gml"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://localhost:9/ http://localhost:9/a.xsd">
<gml:featureMember><ogr:plan gml:id="a.0"><ogr:g>
<gml:Polygon srsName="{srs}"><gml:exterior>{ring}</gml:exterior></gml:Polygon>
</ogr:g><ogr:DLBM>0101</ogr:DLBM><ogr:MC>长安区</ogr:MC></ogr:plan></gml:featureMember></ogr:FeatureCollection>"""
LINE = "<gml:LinearRing><gml:posList>{}</gml:posList></gml:LinearRing>"
NORTH_FIRST = "4000000 500000 4000100 500000 4000100 500200 4000000 500200 4000000 500000"
EAST_FIRST = "500000 4000000 500000 4000100 500200 4000100 500200 4000000 500000 4000000"
CIRCLE = (
    "<gml:Ring><gml:curveMember><gml:Curve><gml:segments><gml:ArcString>"
    "<gml:posList>4000000 499000 4001000 500000 4000000 501000 3999000 500000 4000000 499000</gml:posList>"
    "</gml:ArcString></gml:segments></gml:Curve></gml:curveMember></gml:Ring>"
)


@pytest.fixture
def gml_file(tmp_path):
    def write(srs: str, ring: str, encoding: str = "UTF-8", written: str = "utf-8"):
        folder = tmp_path / "gml"
        folder.mkdir(exist_ok=True)
        text = GML.format(srs=srs, ring=ring, encoding=encoding)
        (folder / "plan.gml").write_bytes(text.encode(written))
        return folder / "plan.gml"

    return write


@pytest.mark.parametrize(
    ("srs", "points"),
    [
        ("urn:ogc:def:crs:EPSG::4547", NORTH_FIRST),
        ("http://www.opengis.net/def/crs/EPSG/0/4547", NORTH_FIRST),
        ("EPSG:4547", EAST_FIRST),
    ],
)
def test_the_axes_of_gml_follow_the_name_of_its_system(shelf, gml_file, srs, points):
    source = gml_file(srs, LINE.format(points))
    assert shelf.add(source).code == 0
    assert shapely.total_bounds(shelf.geometries()).tolist() == [500000, 4000000, 500200, 4000100]
    assert shelf.rows('SELECT "DLBM", "MC" FROM "T__1"') == [("0101", "长安区")]
    assert [file.name for file in source.parent.iterdir()] == ["plan.gml"]


def test_axes_that_contradict_their_system_are_refused(shelf, gml_file):
    assert shelf.add(gml_file("urn:ogc:def:crs:EPSG::4547", LINE.format(EAST_FIRST))).codes == ["crs.contradicted"]


@pytest.mark.parametrize("name", ["g", "built"])
def test_a_feature_with_two_grounds_is_refused_and_one_with_a_point_beside_it_is_read(onemap, shelf, gml_file, name):
    source = gml_file("EPSG:4547", LINE.format(EAST_FIRST))
    text = source.read_text(encoding="utf-8")
    point = "<ogr:mark><gml:Point><gml:pos>500050 4000050</gml:pos></gml:Point></ogr:mark><ogr:g>"
    source.write_text(text.replace("<ogr:g>", point), encoding="utf-8")
    assert shelf.add(source).code == 0
    ground = text[text.index("<ogr:g>") : text.index("<ogr:DLBM>")]
    other = ground.replace("ogr:g>", f"ogr:{name}>").replace("500000", "500100")
    source.write_text(text.replace(ground, ground + other), encoding="utf-8")
    (problem,) = onemap("inspect", source).json["problems"]
    assert problem["code"] == "source.geometries" and problem["feature"] == "1" and name in problem["message"]


@pytest.mark.parametrize(("encoding", "written"), [("GBK", "gbk"), ("UTF-8", "gb18030")])
def test_gml_in_the_encoding_of_chinese_windows_is_read(onemap, shelf, gml_file, encoding, written):
    source = gml_file("EPSG:4547", LINE.format(EAST_FIRST), encoding, written)
    assert onemap("inspect", source).json["layers"][0]["encoding"] == "gb18030"
    assert shelf.add(source).code == 0
    assert shelf.column("MC") == ["长安区"]


def test_arcs_of_gml_are_stroked_by_sagitta(shelf, gml_file):
    answer = shelf.add(gml_file("urn:ogc:def:crs:EPSG::4547", CIRCLE))
    assert [p["code"] for p in answer.json["problems"]] == ["geometry.stroked"]
    (shape,) = shelf.geometries()
    middles = shapely.get_coordinates(shape)
    middles = (middles[1:] + middles[:-1]) / 2
    apart = shapely.distance(shapely.points(middles), shapely.Point(500000, 4000000))
    assert 1000 - apart.min() <= 0.01


def test_broken_gml_is_refused(onemap, gml_file):
    source = gml_file("EPSG:4547", LINE.format(EAST_FIRST))
    source.write_bytes(source.read_bytes()[:600])
    assert onemap("inspect", source).codes == ["source.damaged"]


def mapinfo_file(layer_file, name: str, crs: str, **options: object):
    return layer_file(
        name,
        [shapely.box(500000, 4000000, 500100, 4000100)],
        {"MC": ["长安区"]},
        crs=crs,
        driver="MapInfo File",
        **options,
    )


@pytest.mark.parametrize("name", ["a.tab", "a.mif"])
@pytest.mark.parametrize("crs", ["EPSG:2382", "EPSG:2434"])
def test_a_nameless_plane_of_mapinfo_is_known_by_its_parameters(onemap, shelf, layer_file, name, crs):
    source = mapinfo_file(layer_file, name, crs, ENCODING="CP936")
    (layer,) = onemap("inspect", source).json["layers"]
    assert (layer["crs"]["code"], layer["crs"]["from"], layer["encoding"]) == (crs, "declared", "gb18030")
    assert shelf.add(source).codes == ["crs.no_transformation"]


def test_a_plane_on_wgs_84_counts_as_cgcs2000(shelf, layer_file):
    answer = shelf.add(mapinfo_file(layer_file, "a.mif", "EPSG:4547", ENCODING="CP936"))
    assert [p["code"] for p in answer.json["problems"]] == ["crs.identity"]
    # Longitude and latitude stay; the two figures differ by a tenth of a millimetre.
    bounds = shapely.total_bounds(shelf.geometries()).tolist()
    assert bounds == pytest.approx([500000, 4000000, 500100, 4000100], abs=0.0002)
    assert shelf.column("MC") == ["长安区"]


@pytest.mark.parametrize(
    ("name", "crs", "bounds", "step"),
    [
        ("a.tab", "EPSG:4547", None, 0.03),  # the driver's own bounds
        ("a.tab", "EPSG:4490", None, 0.111),
        ("a.tab", "EPSG:4547", "400000,3900000,600000,4100000", None),
        ("a.mif", "EPSG:4547", None, None),
    ],
)
def test_a_table_on_a_grid_coarser_than_a_millimetre_is_told(layer_file, name, crs, bounds, step):
    source = mapinfo_file(layer_file, name, crs, **({"BOUNDS": bounds} if bounds else {}))
    remarks = [(problem.code, problem.facts["step"]) for problem in read_vector(source, "a", None).problems]
    assert remarks == ([("geometry.grid", step)] if step else [])


@pytest.mark.parametrize("charset", ["Neutral", "WindowsLatin1", "WindowsSimpChinese"])
def test_a_character_set_is_believed_only_if_the_bytes_agree(shelf, layer_file, charset):
    source = mapinfo_file(layer_file, "a.mif", "EPSG:4547", ENCODING="CP936")
    source.write_bytes(source.read_bytes().replace(b"WindowsSimpChinese", charset.encode()))
    assert shelf.add(source).code == 0
    assert shelf.column("MC") == ["长安区"]


def test_utf_8_under_a_western_character_set_is_recognised(shelf, layer_file):
    source = mapinfo_file(layer_file, "a.mif", "EPSG:4547", ENCODING="CP936")
    source.write_bytes(source.read_bytes().replace(b"WindowsSimpChinese", b"WindowsLatin1"))
    values = source.with_suffix(".mid")
    values.write_bytes(values.read_bytes().replace("长安区".encode("gbk"), "长安区".encode()))
    assert shelf.add(source).code == 0
    assert (shelf.column("MC"), shelf.run("inspect", source).json["layers"][0]["encoding"]) == (["长安区"], "utf-8")


@pytest.mark.parametrize(
    ("charset", "page", "text"),
    [
        ("WindowsTradChinese", "cp950", "住宅區"),
        ("WindowsCyrillic", "cp1251", "Москва"),
        ("WindowsKorean", "cp949", "서울"),
    ],
)
def test_a_character_set_that_is_not_western_is_believed(shelf, layer_file, charset, page, text):
    source = mapinfo_file(layer_file, "a.mif", "EPSG:4547", ENCODING="CP936")
    source.write_bytes(source.read_bytes().replace(b"WindowsSimpChinese", charset.encode()))
    values = source.with_suffix(".mid")
    values.write_bytes(values.read_bytes().replace("长安区".encode("gbk"), text.encode(page)))
    assert shelf.add(source).code == 0
    assert shelf.column("MC") == [text]


def test_a_given_encoding_is_applied_to_the_bytes_as_they_were(shelf, layer_file):
    source = mapinfo_file(layer_file, "a.mif", "EPSG:4547", ENCODING="CP936")
    assert shelf.add(source, encoding="GBK").code == 0
    assert shelf.column("MC") == ["长安区"]
    assert shelf.add(source, encoding="utf-8", label="2").codes == ["encoding.wrong"]


def test_a_table_without_its_parts_is_refused(onemap, layer_file):
    source = mapinfo_file(layer_file, "a.tab", "EPSG:4547", ENCODING="CP936")
    for part in (".id", ".dat"):
        shutil.move(source.with_suffix(part), source.with_suffix(part + "_"))
        answer = onemap("inspect", source)
        assert (answer.codes, part in answer.json["problems"][0]["message"]) == (["source.part_missing"], True)
    other = mapinfo_file(layer_file, "b.mif", "EPSG:4547", ENCODING="CP936")
    other.with_suffix(".mid").unlink()
    assert onemap("inspect", other).codes == ["source.part_missing"]


def test_a_flatgeobuf_is_read_and_half_of_one_refused(shelf, layer_file, box):
    source = layer_file("a.fgb", [box(n * 200, 0) for n in range(50)], {"MC": ["长安区"] * 50})
    assert shelf.add(source).json["features"] == 50
    assert pyogrio.read_info(source)["features"] == 50
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    assert shelf.add(source, label="2").codes == ["source.damaged"]
