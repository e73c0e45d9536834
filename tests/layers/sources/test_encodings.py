"""Text as its sender meant it: a declared encoding counts only if the bytes agree, and lost text is refused."""

import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

GBK = "formats/gbk_shapefile"
VARIANTS = [
    "gbk_nocpg_ldid0",
    "gbk_ldid4d_nocpg",
    "gbk_cpg936",
    "gbk_bytes_but_cpg_utf8_WRONG",
    "gbk_noprj_nocpg",
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gbk_shapefile_reads_right_whatever_it_declares(shelf, shared_data, variant):
    source = shared_data / GBK / f"{variant}.shp"
    crs = "EPSG:4547" if "noprj" in variant else None
    answer = shelf.add(source, crs=crs)
    assert (answer.code, answer.json["features"], answer.json["encoding"]) == (0, 22, "gb18030")
    fields = [name for (name,) in shelf.rows("SELECT name FROM pragma_table_info('T__1') WHERE type = 'TEXT'")]
    texts = {text for name in fields for text in shelf.column(name)}
    assert {"长安区", "桥西区", "正定县"} <= texts


def test_inspect_tells_the_encoding_that_the_bytes_have(onemap, shared_data):
    for variant in VARIANTS:
        layer = onemap("inspect", shared_data / GBK / f"{variant}.shp").json["layers"][0]
        assert (layer["encoding"], layer["count"]) == ("gb18030", 22)


@pytest.mark.parametrize(
    ("file", "encoding", "text"),
    [("cpg/big5.shp", "cp950", "國語"), ("ldid/chinese.shp", "gb18030", "简体")],
)
def test_small_tables_of_other_makers_read_right(shelf, shared_data, file, encoding, text):
    source = shared_data / "formats/gbk_dbf/test/data/dbf" / file
    layer = shelf.run("inspect", source).json["layers"][0]
    assert layer["encoding"] == encoding
    assert shelf.add(source, geometry="point", crs="EPSG:4547").code == 0
    assert shelf.column("NAME") == [text]


@pytest.fixture
def shapefile(layer_file, box):
    """A shapefile with one name in bytes that the test chooses."""

    def write(text: bytes, code_page: str | None) -> Path:
        path = layer_file("names.shp", [box(0, 0)], {"MC": ["x" * len(text)]})
        path.with_suffix(".cpg").unlink()
        if code_page is not None:
            path.with_suffix(".cpg").write_text(code_page)
        table = path.with_suffix(".dbf")
        table.write_bytes(table.read_bytes().replace(b"x" * len(text), text))
        return path

    return write


@pytest.mark.parametrize(
    ("text", "encoding", "code_page"),
    [
        ("国道", "gbk", None),
        ("国道", "gbk", "GBK"),
        ("国道", "gbk", "CP936"),
        ("国道", "gbk", "OEM 936"),
        ("国道", "gbk", "ISO-8859-1"),  # every byte is Latin too, but pairs like these are Chinese
        ("国道", "gbk", "88591"),
        ("朱镕村", "gbk", "ISO-8859-1"),  # 镕 is not in GB2312: its second byte is ASCII
        ("石家庄市", "utf-8", "ISO-8859-1"),
        ("石家庄市", "utf-8", "1252"),
        ("国道", "gbk", "nonsense"),
        ("国道", "utf-8", None),
        ("国道", "utf-8", "UTF-8"),
        ("国道", "utf-8", "65001"),
        ("䶮𠀀", "gb18030", None),  # rare characters of place names take four bytes
        ("國道", "big5", "Big-5"),
        ("Straße Köln", "latin-1", "ISO-8859-1"),
    ],
)
def test_a_name_survives_each_way_of_declaring(shelf, shapefile, text, encoding, code_page):
    assert shelf.add(shapefile(text.encode(encoding), code_page)).code == 0
    assert shelf.column("MC") == [text]


@pytest.mark.parametrize(
    ("written", "bytes_of", "code_page", "read", "doubt"),
    [
        ("永久基本农田", "gbk", "Big5", "cp950", ("GB18030", "永久基本农田")),
        ("永久基本農田", "big5", "GBK", "gb18030", ("BIG5", "永久基本農田")),
        ("永久基本農田", "big5", None, "gb18030", ("BIG5", "永久基本農田")),
        ("永久基本农田", "gbk", "GBK", "gb18030", None),
        ("永久基本農田", "big5", "Big5", "cp950", None),
        ("永久基本農田恒春", "cp950", "Big5", "cp950", None),  # 恒 is of Windows' Big5 alone
        ("永久基本農田恒春", "cp950", None, "gb18030", ("BIG5", "永久基本農田恒春")),
        ("深水埗永久基本農田", "big5hkscs", None, "gb18030", ("BIG5HKSCS", "深水埗永久基本農田")),
        ("深水埗永久基本農田", "big5hkscs", "Big5", "gb18030", ("BIG5HKSCS", "深水埗永久基本農田")),
        ("一般商品林，生态保护红线，人工湿地", "gbk", "GBK", "gb18030", None),
        ("永久基本農田", "gbk", None, "gb18030", None),  # signs of Taiwan in the mainland's bytes
    ],
)
def test_one_chinese_encoding_that_was_read_as_the_other_is_told(
    shelf, shapefile, written, bytes_of, code_page, read, doubt
):
    path = shapefile(written.encode(bytes_of), code_page)
    answer = shelf.add(path)
    assert (answer.code, answer.codes) == (0, ["encoding.doubtful"] if doubt else [])
    assert shelf.run("inspect", path).json["layers"][0]["encoding"] == read
    if doubt:
        other, meant = doubt
        assert meant in answer.json["problems"][0]["message"]
        again = shelf.add(path, encoding=other, label="2")
        assert (again.codes, shelf.rows("SELECT MC FROM T__2")) == ([], [(written,)])
    else:
        assert shelf.column("MC") == [written]


def test_half_a_character_is_refused_with_its_row(shelf, shapefile):
    answer = shelf.add(shapefile("国道".encode("gbk")[:3], None))
    assert (answer.code, answer.codes) == (3, ["encoding.undecidable"])
    assert answer.json["problems"][0]["feature"] == "1"


def test_a_text_cut_by_the_width_of_its_field_is_read_in_the_encoding_that_is_given(shelf, shapefile):
    path = shapefile(("a" + "国" * 127).encode("gbk")[:254], None)  # the most that a field of a DBF holds
    refused = shelf.add(path)
    assert (refused.codes, "width" in refused.json["problems"][0]["mend"]) == (["encoding.undecidable"], True)
    assert shelf.add(path, encoding="UTF-8").codes == ["encoding.wrong"]
    assert shelf.add(path, encoding="GBK").codes == ["encoding.replaced"]
    assert shelf.column("MC") == ["a" + "国" * 126 + "\ufffd"]


def test_a_replacement_character_is_told_and_never_read_as_gbk(shelf, shapefile):
    # The bytes of two U+FFFD are valid GBK as well: the famous 锟斤拷.
    answer = shelf.add(shapefile("\ufffd\ufffd".encode(), None))
    assert (answer.code, answer.codes) == (0, ["encoding.replaced"])
    assert shelf.column("MC") == ["\ufffd\ufffd"]


def test_replacement_characters_in_a_geopackage_are_told_by_field(shelf, layer_file, box):
    answer = shelf.add(layer_file("a.gpkg", [box(0, 0), box(1, 1)], {"MC": ["好", "坏\ufffd"]}))
    problem = answer.json["problems"][0]
    assert (problem["code"], problem["feature"], problem["field"]) == ("encoding.replaced", "2", "MC")


def test_a_given_encoding_must_fit(shelf, shapefile):
    path = shapefile("国道".encode("gbk"), None)
    assert shelf.add(path, encoding="UTF-8").codes == ["encoding.wrong"]
    assert shelf.add(path, encoding="no-such").codes == ["encoding.unknown"]
    assert shelf.add(path, encoding="GBK").json["encoding"] == "gb18030"


def test_the_text_of_deleted_rows_decides_nothing(shelf, layer_file, box):
    path = layer_file("a.shp", [box(0, 0), box(200, 0)], {"MC": ["xxxx", "国道"]})
    table = path.with_suffix(".dbf")
    content = bytearray(table.read_bytes().replace(b"xxxx", b"\xff\xfe\xff\xff"))
    header = int.from_bytes(content[8:10], "little")
    content[header] = 0x2A  # how a DBF marks a deleted row
    table.write_bytes(content)
    answer = shelf.add(path)
    assert (answer.code, answer.json["encoding"], answer.json["features"]) == (0, "utf-8", 1)
    assert shelf.column("MC") == ["国道"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_geojson_in_any_of_our_encodings_reads_alike(shelf, tmp_path, encoding):
    square = {"type": "Polygon", "coordinates": [[[114, 36], [114.001, 36], [114.001, 36.001], [114, 36]]]}
    feature = {"type": "Feature", "properties": {"名称": "国道"}, "geometry": square}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)
    path = tmp_path / "道路.geojson"
    path.write_bytes(text.encode(encoding))
    assert shelf.add(path).code == 0
    assert shelf.column("名称") == ["国道"]
    assert shelf.run("inspect", path).json["layers"][0]["encoding"] == encoding


class _WindowsName(zipfile.ZipInfo):
    """A member whose name is written in GBK without the UTF-8 flag, as Windows' own packer does."""

    def with_name_in_unicode(self) -> zipfile.ZipInfo:
        """The member, with the field for the same name in Unicode that WinRAR writes beside."""
        field = struct.pack("<BL", 1, zlib.crc32(self.filename.encode("gbk"))) + self.filename.encode()
        self.extra = struct.pack("<HH", 0x7075, len(field)) + field
        return self

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


@pytest.mark.parametrize("has_unicode", [False, True])
def test_a_zip_made_on_chinese_windows_keeps_the_names_of_its_files(shelf, shared_data, tmp_path, has_unicode):
    packed = tmp_path / "delivery.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in (shared_data / GBK).glob("gbk_cpg936.*"):
            member = _WindowsName("县界" + part.suffix)
            archive.writestr(member.with_name_in_unicode() if has_unicode else member, part.read_bytes())
    layer = shelf.run("inspect", packed).json["layers"][0]
    assert (layer["name"], layer["count"], layer["encoding"]) == ("县界", 22, "gb18030")
    assert shelf.add(packed).json["features"] == 22


@pytest.mark.parametrize(
    "name", ["uu", "base64", "rot13", "hex", "undefined", "unicode_escape", "punycode", "nonsense"]
)
def test_what_is_no_encoding_of_text_is_no_evidence_and_no_option(shelf, layer_file, box, name):
    path = layer_file("a.shp", [box(0, 0)], {"MC": ["长安区"]}, encoding="gb18030")
    path.with_suffix(".cpg").write_text(name)
    assert shelf.run("inspect", path).json["layers"][0]["encoding"] == "gb18030"
    assert shelf.add(path, encoding=name).codes == ["encoding.unknown"]
    assert shelf.add(path).code == 0
    assert shelf.column("MC") == ["长安区"]
