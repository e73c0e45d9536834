"""A plan's database in the receiver's folders: checked first, written whole or not at all; a city's own template."""

import hashlib
import shutil
import zipfile

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.shipped_files import RESOURCES
from onemap.tests.rules.command import done

SHIPPED = RESOURCES / "deliveries" / "municipal-plan.toml"
PDF = b"%PDF-1.7\n"
HEAD = "130900示例市"
ASKED = ("--template=municipal-plan", "--code=130900", "--name=示例市")


def jpeg(dots, unit=1):
    """The head of a JPEG with a resolution: 1 is dots an inch, 2 dots a centimetre."""
    size = dots.to_bytes(2, "big")
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x01" + bytes([unit]) + size + size + b"\0\0\xff\xd9"


@pytest.fixture(scope="module")
def library_made(tmp_path_factory):
    """The three control lines, and the table of targets."""
    folder = tmp_path_factory.mktemp("city")
    path, ground, rules = (
        folder / "city.gpkg",
        shapely.box(500_000, 4_200_000, 501_000, 4_201_000),
        folder / "none.toml",
    )
    rules.write_text('[pack]\nid = "none"\nversion = "1"\n', encoding="utf-8")
    done("new", path, "--crs=EPSG:4547", "--name=示例市", "--pack", rules)
    for code in ("YJJBNT", "STBHHX", "CZKFBJ"):
        gpd.GeoDataFrame({"BSM": ["1"]}, geometry=[ground], crs="EPSG:4547").to_file(folder / f"{code}.gpkg")
        done("add", path, folder / f"{code}.gpkg", "--as", code, "--covers=extent")
    rows = {
        "XZQDM": ["130900", "130902"],
        "ZBMC": ["耕地保有量", "=1+1"],
        "DW": ["公顷", "公顷"],
        "GHMBN": [100.0, 5.5],
    }
    pd.DataFrame(rows).to_csv(folder / "targets.csv", index=False)
    done("add", path, folder / "targets.csv", "--as=GHZBB")
    return path


@pytest.fixture
def library(library_made, tmp_path):
    return shutil.copy(library_made, tmp_path / "city.gpkg")


@pytest.fixture
def files(tmp_path):
    """Files made by people: text, two maps, three reports."""
    made = {
        f"1文本/{HEAD}国土空间总体规划.pdf": PDF,
        f"2图件/{HEAD}01国土空间用地布局图.jpg": jpeg(300),
        f"2图件/{HEAD}02三条控制线图.JPG": jpeg(119, 2),
        **{f"5说明/{HEAD}数据库{name}.pdf": PDF for name in ("建库报告", "质检报告", "质检记录")},
    }
    folder = tmp_path / "people"
    for name, content in made.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def deliver(onemap, library, target, files, *asked, code=0):
    answer = onemap("deliver", library, target, *(asked or ASKED), "--files", files)
    assert answer.code == code, answer.json
    return answer.json


def test_a_delivery_has_the_folders_names_and_rows_that_are_asked_for(library, files, onemap, tmp_path):
    target = tmp_path / "汇交.zip"
    answer = deliver(onemap, library, target, files)
    assert (
        answer["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest() and answer["template"] == "municipal-plan"
    )
    assert "DLTB" in answer["left_out"] and "STBHHX" not in answer["left_out"]
    with zipfile.ZipFile(target) as packed:
        packed.extractall(tmp_path / "out")
    root = tmp_path / "out" / HEAD
    assert sorted(path.name for path in root.iterdir()) == [
        *("1文本", "2图件", "3表格", "4矢量", "5说明", "6元数据", "清单.xlsx"),
    ]
    vectors = root / "4矢量" / f"{HEAD}国土空间规划矢量数据.gdb"
    assert pyogrio.list_layers(vectors)[:, 0].tolist() == ["YJJBNT", "STBHHX", "CZKFBJ"], "in the template's order"
    assert gpd.read_file(vectors, layer="STBHHX").geometry.area.tolist() == [pytest.approx(1e6)]
    table = pyogrio.read_dataframe(root / "3表格" / f"{HEAD}国土空间规划表格.gdb", layer="GHZBB")
    assert table["GHMBN"].tolist() == [100.0, 5.5] and table["ZBMC"].tolist() == ["耕地保有量", "=1+1"]
    sheet = openpyxl.load_workbook(root / "3表格" / f"{HEAD}国土空间规划表格.xlsx")["GHZBB"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("行政区代码", "指标名称") and rows[2][1] == "=1+1" and sheet["B3"].data_type == "s"
    assert len(list((root / "6元数据").glob(f"{HEAD}*.xml"))) == 4
    listed = list(openpyxl.load_workbook(root / "清单.xlsx").active.iter_rows(min_row=2, values_only=True))
    assert [f"{HEAD}/{row[1]}" for row in listed] == answer["files"]
    for _, name, size, digest in listed:
        content = (root / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, digest)
    with open_library(str(library)) as opened:
        (entry,) = opened.connection.execute("SELECT detail FROM onemap_audit WHERE action = 'deliver'")
    assert "STBHHX" in entry[0] and onemap("verify", library).json["ok"]


def wrong_pdf(folder):
    (folder / "1文本" / f"{HEAD}国土空间总体规划.pdf").write_bytes(b"PK\x03\x04")


def no_report(folder):
    (folder / "5说明" / f"{HEAD}数据库质检记录.pdf").unlink()


def coarse(folder):
    (folder / "2图件" / f"{HEAD}01国土空间用地布局图.jpg").write_bytes(jpeg(299))


def silent(folder):
    (folder / "2图件" / f"{HEAD}01国土空间用地布局图.jpg").write_bytes(jpeg(300, 0))


def gap(folder):
    (folder / "2图件" / f"{HEAD}01国土空间用地布局图.jpg").unlink()


def twice(folder):
    (folder / "2图件" / f"{HEAD}02国土空间用地布局图二.jpg").write_bytes(jpeg(300))


def other_name(folder):
    (folder / "1文本" / "规划文本.pdf").write_bytes(PDF)


@pytest.mark.parametrize(
    ("harm", "code", "file"),
    [
        (wrong_pdf, "template.form", f"1文本/{HEAD}国土空间总体规划.pdf"),
        (no_report, "template.missing", f"5说明/{HEAD}数据库质检记录.pdf"),
        (coarse, "template.dpi", f"2图件/{HEAD}01国土空间用地布局图.jpg"),
        (silent, "template.dpi", f"2图件/{HEAD}01国土空间用地布局图.jpg"),
        (gap, "template.number", "2图件"),
        (twice, "template.number_extra", "2图件"),
        (other_name, "template.name", "1文本/规划文本.pdf"),
    ],
)
def test_what_is_missing_or_wrong_is_named_and_nothing_leaves(library, files, onemap, tmp_path, harm, code, file):
    harm(files)
    target = tmp_path / "p.zip"
    (problem,) = deliver(onemap, library, target, files, code=3)["problems"]
    assert "{" not in problem["message"] + problem["mend"] + problem["file"]
    assert (problem["code"], problem["file"]) == (code, file) and problem["mend"]
    assert not target.exists()


def test_all_that_is_wrong_is_told_at_once(library, tmp_path, onemap):
    answer = onemap("deliver", library, tmp_path / "p.zip", *ASKED, "--as-of=1999-01-01")
    assert "{" not in "".join(problem["message"] + problem["mend"] for problem in answer.json["problems"])
    codes = [problem["code"] for problem in answer.json["problems"]]
    assert answer.code == 3 and codes.count("template.missing") == 5


def test_a_layer_that_must_be_there_and_is_not_is_named(files, onemap, tmp_path):
    empty = tmp_path / "empty.gpkg"
    assert onemap("new", empty, "--crs=EPSG:4547").code == 0
    problems = deliver(onemap, empty, tmp_path / "p.zip", files, code=3)["problems"]
    assert {(problem["code"], problem["layer"]) for problem in problems} == {
        ("template.layer", code) for code in ("YJJBNT", "STBHHX", "CZKFBJ", "GHZBB")
    }


def test_vectors_and_tables_go_as_a_geopackage_where_the_receiver_reads_no_geodatabase(
    library, files, onemap, tmp_path
):
    own = tmp_path / "own.toml"
    own.write_text(SHIPPED.read_text(encoding="utf-8").replace(".gdb", ".gpkg"), encoding="utf-8")
    target = tmp_path / "out.zip"
    deliver(onemap, library, target, files, f"--template={own}", *ASKED[1:])
    with zipfile.ZipFile(target) as packed:
        packed.extractall(tmp_path / "out")
    root = tmp_path / "out" / HEAD
    vectors, tables = (
        root / "4矢量" / f"{HEAD}国土空间规划矢量数据.gpkg",
        root / "3表格" / f"{HEAD}国土空间规划表格.gpkg",
    )
    assert sorted(path.name for path in vectors.parent.iterdir()) == [vectors.name], "one file, nothing beside it"
    assert pyogrio.list_layers(vectors)[:, 0].tolist() == ["YJJBNT", "STBHHX", "CZKFBJ"]
    assert gpd.read_file(vectors, layer="CZKFBJ").geometry.area.tolist() == [pytest.approx(1e6)]
    assert pyogrio.read_dataframe(tables, layer="GHZBB")["GHMBN"].tolist() == [100.0, 5.5]


def test_a_bureau_changes_the_template_without_a_line_of_python(library, files, onemap, tmp_path):
    own = tmp_path / "ours.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    own.write_text(
        text.replace('name = "4矢量"', 'name = "04空间数据"').replace("dpi = 300", "dpi = 600"), encoding="utf-8"
    )
    refused = deliver(onemap, library, tmp_path / "p.zip", files, f"--template={own}", *ASKED[1:], code=3)
    assert {problem["code"] for problem in refused["problems"]} == {"template.dpi"}
    own.write_text(own.read_text(encoding="utf-8").replace("dpi = 600", "dpi = 200"), encoding="utf-8")
    answer = deliver(onemap, library, tmp_path / "p.zip", files, f"--template={own}", *ASKED[1:])
    assert any(name.startswith(f"{HEAD}/04空间数据/") for name in answer["files"])


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('root = "{code}{name}"', 'root = "{code}/{name}"', "root"),
        ('list = "清单.xlsx"', 'lost = "清单.xlsx"', "lost"),
        ('layers = ["GHZBB"], required', 'layers = ["STBHHX"], required', "tables.layers"),
        ('"STBHHX", "CZKFBJ"] }', '"NOPE"] }', "vectors.layers"),
        ("矢量数据.gdb", "矢量数据.mdb", "vectors.name"),
        ('name = "1文本"', 'name = "../1文本"', "name"),
        ("dpi = 300", 'dpi = "fine"', "files.dpi"),
        ("{layer}.xml", "{sheet}.xml", "metadata.name"),
        ("metadata = [", "metadates = [", "metadates"),
    ],
)
def test_a_wrong_template_is_refused_with_line_and_key(library, onemap, tmp_path, before, after, key):
    own = tmp_path / "ours.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    assert before in text
    own.write_text(text.replace(before, after), encoding="utf-8")
    answer = onemap("deliver", library, tmp_path / "p.zip", f"--template={own}", *ASKED[1:])
    found = {problem["field"]: problem for problem in answer.json["problems"]}
    assert answer.code == 3 and key in found and found[key]["code"] == "template.key"
    line = int(found[key]["message"].split("Line ")[1].split(" ")[0])
    lines = own.read_text(encoding="utf-8").splitlines()
    assert lines[line - 1].startswith((key.partition(".")[0], "[")), lines[line - 1]


def test_what_cannot_be_asked_together_is_refused(library, files, onemap, tmp_path):
    target = tmp_path / "p.zip"
    for asked, code in (
        ((*ASKED, "--layers=STBHHX"), "usage.apart"),
        (ASKED[:2], "usage.required"),
        ((*ASKED[:2], "--name=../x"), "usage.value"),
        ((), "usage.required"),
        (("--layers=STBHHX", "--code=1"), "usage.required"),
    ):
        answer = onemap("deliver", library, target, *asked)
        assert (answer.code, answer.json["problems"][0]["code"]) == (2, code), asked
    for text, code in (("[template", "template.syntax"), ("a = 1", "template.key")):
        (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
        answer = onemap("deliver", library, target, f"--template={tmp_path / 'bad.toml'}", *ASKED[1:])
        assert (answer.code, answer.json["problems"][0]["code"]) == (3, code)
    answer = onemap("deliver", library, target, "--template=nope", *ASKED[1:])
    assert answer.json["problems"][0]["code"] == "template.unknown"
