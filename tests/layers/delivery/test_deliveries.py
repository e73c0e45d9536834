"""A department's whole delivery: matched by names, planned for a person, added as a whole or layer by layer."""

import json
import os
import shutil
import sys
import tomllib
import zipfile

import geopandas as gpd
import pytest
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.tests.conftest import write_layer

DISTRICT = (500_000, 4_200_000, 501_000, 4_201_000)  # of the library


def square(x, y, size=1000.0):
    return shapely.box(500_000 + x, 4_200_000 + y, 500_000 + x + size, 4_200_000 + y + size)


def versions_of(path):
    with open_library(str(path)) as library:
        return [(version.code, version.label, version.count) for version in versions(library)]


@pytest.fixture
def delivery(tmp_path):
    """Names in three ways: a code with a year, a title, a part of a title; a letter beside them."""
    folder = tmp_path / "环保局汇交"
    (folder / "子目录").mkdir(parents=True)
    write_layer(folder / "STBHHX2024.shp", [square(0, 0)], {"BSM": ["1"], "HXMC": ["甲"]}, encoding="GBK")
    write_layer(
        folder / "子目录" / "自然保护地.gpkg", [square(0, 0, 800)], {"BH": ["7"], "MC": ["山"], "GNFQ": ["核心保护区"]}
    )
    (folder / "说明.docx").write_bytes(b"PK")
    (folder / "readme.txt").write_text("first", encoding="utf-8")
    return folder


def test_a_delivery_goes_in_by_names_in_one_go(library, delivery, onemap):
    answer = onemap("ingest", library, delivery, "--covers", "district").done()
    assert {(row["source"], row["code"], row["status"]) for row in answer.json["plan"]} == {
        ("STBHHX2024.shp", "STBHHX", "added"),
        ("子目录/自然保护地.gpkg", "ZRBHD", "added"),
        ("说明.docx", None, "note"),
        ("readme.txt", None, "note"),
    }
    held = {(row["code"], row["geometry"], row["count"]) for row in answer.json["plan"] if row["code"]}
    assert held == {("STBHHX", "Polygon", 1), ("ZRBHD", "Polygon", 1)}
    assert sorted(versions_of(library)) == [("STBHHX", "2024", 1), ("ZRBHD", "v1", 1)]
    assert onemap("verify", library).json["ok"]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="here every name of a file is text")
@pytest.mark.parametrize("options", [[], ["--plan", "plan.toml"]])
def test_names_of_another_system_are_refused_and_shown_in_letters(library, delivery, onemap, tmp_path, options):
    for part in (*delivery.glob("STBHHX2024.*"), delivery / "子目录"):
        name = part.name.replace("STBHHX2024", "保护红线")
        os.rename(os.fsencode(part), os.fsencode(delivery) + b"/" + name.encode("gbk"))
    answer = onemap("ingest", library, delivery, *[tmp_path / one if one == "plan.toml" else one for one in options])
    assert answer.codes == ["source.name"] * 2
    red_line, protected = sorted((problem["message"] for problem in answer.json["problems"]), key=len)
    assert f"{delivery}/保护红线.shp (GB18030)" in red_line
    assert f"{delivery}/子目录/自然保护地.gpkg (GB18030)" in protected
    assert not (tmp_path / "plan.toml").exists() and versions_of(library) == []


def test_one_wrong_layer_keeps_all_out_unless_each_goes_in_alone(library, delivery, onemap):
    write_layer(delivery / "没人认识.gpkg", [square(0, 0)], {"x": [1]})
    bow_tie = shapely.Polygon([(500_000, 4_200_000), (500_900, 4_200_900), (500_900, 4_200_000), (500_000, 4_200_900)])
    write_layer(delivery / "DLTB.gpkg", [bow_tie], {"BSM": ["1"], "DLBM": ["0101"]})
    answer = onemap("ingest", library, delivery, "--covers", "district")
    assert (answer.code, versions_of(library)) == (3, [])
    assert {"ingest.unmatched", "geometry.invalid"} <= set(answer.codes)
    answer = onemap("ingest", library, delivery, "--covers", "district", "--each")
    assert (answer.code, len(answer.json["added"])) == (4, 2)
    refused = {row["source"]: [problem["code"] for problem in row["problems"]] for row in answer.json["refused"]}
    assert refused["没人认识.gpkg"] == ["ingest.unmatched"]
    assert "geometry.invalid" in refused["DLTB.gpkg"]
    assert sorted(versions_of(library)) == [("STBHHX", "2024", 1), ("ZRBHD", "v1", 1)]


def test_a_file_without_features_waits_for_a_person_who_says_that_there_are_none(library, delivery, onemap, tmp_path):
    none = write_layer(delivery / "水库大坝管理和保护范围.gpkg", [square(0, 0)], {"BH": ["1"], "MC": ["坝"]})
    gpd.read_file(none).iloc[:0].to_file(none)
    refused = onemap("ingest", library, delivery, "--covers", "district")
    assert (refused.code, refused.codes, versions_of(library)) == (3, ["source.empty"], [])
    plan = tmp_path / "plan.toml"
    for accept, code in (("none", "ingest.plan_key"), ("empty", None)):
        row = f'[[layer]]\nsource = "{none.name}"\ncode = "SKGLBHFW"\naccept = "{accept}"\ncovers = "district"\n'
        plan.write_text(row, encoding="utf-8")
        answer = onemap("ingest", library, delivery, "--plan", plan)
        assert [problem["code"] for problem in answer.json.get("problems", ())] == ([code] if code else [])
    assert versions_of(library) == [("SKGLBHFW", "v1", 0)]
    assert onemap("ingest", library, delivery, "--plan", plan).json["unchanged"]


def test_a_plan_is_written_edited_and_carried_out(library, delivery, onemap, tmp_path):
    write_layer(delivery / "没人认识.gpkg", [square(0, 0)], {"编号": ["9"], "类": ["0101"]})
    plan = tmp_path / "plan.toml"
    answer = onemap("ingest", library, delivery, "--plan", plan)
    assert (answer.code, versions_of(library)) == (0, [])
    written = {row["source"]: row for row in tomllib.loads(plan.read_text(encoding="utf-8"))["layer"]}
    assert written["STBHHX2024.shp"]["code"] == "STBHHX"
    assert written["没人认识.gpkg"]["code"] == ""
    rows = "\n".join(
        f'[[layer]]\nsource = "{source}"\ncode = "{code}"\ncovers = "district"\n{more}'
        for source, code, more in (
            (
                "没人认识.gpkg",
                "DLTB",
                'label = "人定"\nfields = { BSM = "编号", DLBM = "类" }\nvalid_from = 2024-01-01\n',
            ),
            ("STBHHX2024.shp", "", ""),
        )
    )
    plan.write_text(rows, encoding="utf-8")
    answer = onemap("ingest", library, delivery, "--plan", plan).done()
    assert versions_of(library) == [("DLTB", "人定", 1)]
    # What was answered once is remembered for the layer, and shown.
    (delivery / "没人认识.gpkg").unlink()
    write_layer(delivery / "地类图斑2025.gpkg", [square(0, 0)], {"编号": ["9"], "类": ["0102"]})
    shutil.rmtree(delivery / "子目录")
    answer = onemap("ingest", library, delivery, "--department", "land")
    assert answer.code == 3  # the other department's file is not known to this one
    for part in delivery.glob("STBHHX2024.*"):
        part.unlink()
    answer = onemap("ingest", library, delivery, "--department", "land")
    row = next(row for row in answer.json["plan"] if row["code"] == "DLTB")
    assert (row["fields"], row["remembered"]) == ({"BSM": "编号", "DLBM": "类"}, ["fields", "covers"])
    assert versions_of(library) == [("DLTB", "人定", 1), ("DLTB", "2025", 1)]


def test_the_crs_and_encoding_that_a_person_named_are_remembered_where_the_next_file_is_silent(
    library, tmp_path, onemap
):
    def delivery_of(year, crs, encoding):
        folder = tmp_path / f"sent{year}"
        folder.mkdir()
        path = folder / f"DLTB{year}.shp"
        write_layer(
            path,
            [square(0, 0, year / 2)],
            {"BSM": ["1"], "DLBM": ["0101"], "DLMC": ["水田"]},
            crs=crs,
            encoding=encoding,
        )
        path.with_suffix(".cpg").unlink(missing_ok=True)
        return folder

    def planned_reading(folder):
        (row,) = onemap("ingest", library, folder, "--plan", tmp_path / f"{folder.name}.toml").json["plan"]
        return row["crs"], row["encoding"], row["remembered"]

    first = delivery_of(2022, None, "big5")
    asked = ("--as", "DLTB", "--label", "2022", "--covers", "district", "--crs", "EPSG:4547", "--encoding", "big5")
    assert onemap("add", library, first / "DLTB2022.shp", *asked).code == 0
    silent = delivery_of(2023, None, "big5")
    assert planned_reading(silent) == ("EPSG:4547", "big5", ["covers", "crs", "encoding"])
    text = (tmp_path / "sent2023.toml").read_text(encoding="utf-8")
    assert "# as for the last version: covers, crs, encoding" in text
    answer = onemap("ingest", library, silent)
    assert (answer.code, answer.json["added"][0]["encoding"]) == (0, "cp950")
    # A file that says both needs no memory; and what was answered before it is not forgotten.
    clear = delivery_of(2024, "EPSG:4547", "utf-8")
    assert planned_reading(clear) == (None, None, ["covers"])
    assert onemap("ingest", library, clear).code == 0
    later = delivery_of(2025, None, "big5")
    plan = tmp_path / "sent2025.toml"
    assert planned_reading(later) == ("EPSG:4547", "big5", ["covers", "crs", "encoding"])
    plan.write_text(plan.read_text(encoding="utf-8").replace("EPSG:4547", "EPSG:4549"), encoding="utf-8")
    assert onemap("ingest", library, later, "--plan", plan).codes != []  # another answer counts, and is refused here
    assert [label for _, label, _ in versions_of(library)] == ["2022", "2023", "2024"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("layer = 1", "ingest.plan"),
        ("[[layer]\n", "ingest.plan"),
        ('[[layer]]\nsource = "a"\nsorce = "b"\n', "ingest.plan_key"),
        ('[[layer]]\ncode = "DLTB"\n', "ingest.plan_key"),
        ('[[layer]]\nsource = "a"\nvalid_from = "soon"\n', "ingest.plan_key"),
        ('[[layer]]\nsource = "a"\nrepair = "yes"\n', "ingest.plan_key"),
        ('[[layer]]\nsource = "not there.shp"\n', "ingest.plan_source"),
        ('[[layer]]\nsource = "../library.gpkg"\n', "ingest.plan_source"),
    ],
)
def test_a_wrong_plan_is_refused_with_its_place(library, delivery, onemap, tmp_path, text, code):
    plan = tmp_path / "plan.toml"
    plan.write_text(text, encoding="utf-8")
    answer = onemap("ingest", library, delivery, "--plan", plan)
    assert (answer.code, answer.codes) == (3, [code])


def test_a_file_and_a_layer_that_say_different_things_wait_for_a_person(library, tmp_path, onemap):
    folder = tmp_path / "in"
    folder.mkdir()
    write_layer(folder / "历史地类图斑2009.gpkg", [square(0, 0)], {"BSM": ["1"]}, layer="地类图斑")
    answer = onemap("ingest", library, folder, "--plan", tmp_path / "p.toml")
    row = answer.json["plan"][0]
    assert (row["status"], set(row["suggested"])) == ("unsure", {"DLTB", "LSDLTB"})


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("生态保护红线调出图斑.gpkg", None),
        ("生态保护红线（征求意见稿）.gpkg", None),
        ("拟调整/STBHHX2025.gpkg", None),
        ("STBHHX_old.gpkg", None),
        ("生态保护红线周边1公里.gpkg", None),
        ("生态保护红线2025更新.gpkg", "STBHHX"),
        ("某市生态保护红线成果2025终稿.gpkg", "STBHHX"),
        ("130900示例市/4矢量/STBHHX.gpkg", "STBHHX"),
        ("STBHHX_older.gpkg", "STBHHX"),
        ("old town/STBHHX.gpkg", "STBHHX"),
        ("非涉密/2数据部分/土地储备中心/STBHHX（非涉密）.gpkg", "STBHHX"),
        ("非生态保护红线.gpkg", None),
        ("送审稿/STBHHX.gpkg", None),
        ("old/生态保护红线 2025.gpkg", "STBHHX"),
    ],
)
def test_a_name_that_says_more_than_the_layers_waits_for_a_person(library, tmp_path, onemap, path, code):
    file = tmp_path / "in" / path
    file.parent.mkdir(parents=True)
    write_layer(file, [square(0, 0)], {"BSM": ["1"]})
    row = onemap("ingest", library, tmp_path / "in", "--plan", tmp_path / "p.toml").json["plan"][0]
    assert row["code"] == code
    if code is None:
        assert (row["status"], row["why"], row["suggested"]) == ("unsure", "other_matter", ["STBHHX"])
        answer = onemap("ingest", library, tmp_path / "in")
        assert (answer.code, answer.codes) == (3, ["ingest.other_matter"])
        plan = tmp_path / "p.toml"
        plan.write_text(plan.read_text(encoding="utf-8").replace('code = ""', 'code = "STBHHX"'), encoding="utf-8")
        chosen = onemap("ingest", library, tmp_path / "in", "--plan", plan)
        assert (chosen.code, [row["code"] for row in chosen.json["added"]]) == (0, ["STBHHX"]), "nobody is asked twice"


def test_a_file_of_several_layers_may_be_called_anything(library, tmp_path, onemap):
    (tmp_path / "in").mkdir()
    for layer in ("STBHHX", "YJJBNTTB"):
        write_layer(tmp_path / "in" / "test.gpkg", [square(0, 0)], {"BSM": ["1"]}, layer=layer)
    plan = onemap("ingest", library, tmp_path / "in", "--plan", tmp_path / "p.toml").json["plan"]
    assert sorted(row["code"] for row in plan) == ["STBHHX", "YJJBNTTB"]


def test_two_files_of_one_layer_and_year_are_not_guessed_apart(library, tmp_path, onemap):
    folder = tmp_path / "in"
    (folder / "a").mkdir(parents=True)
    (folder / "b").mkdir()
    for name in ("a", "b"):
        write_layer(folder / name / "STBHHX2024.gpkg", [square(0, 0)], {"BSM": ["1"]})
    answer = onemap("ingest", library, folder)
    assert (answer.code, set(answer.codes)) == (3, {"ingest.several"})
    assert "may be STBHHX Ecological red line: the files of one version" in answer.json["problems"][0]["message"], (
        "one candidate is no choice between several"
    )


def test_a_delivery_may_come_packed_and_unreadable_formats_are_told(library, delivery, onemap, tmp_path):
    (delivery / "总图.dwg").write_bytes(b"AC1032")
    packed = tmp_path / "in.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in delivery.rglob("*"):
            archive.write(path, path.relative_to(delivery))
    answer = onemap("ingest", library, packed, "--covers", "district", "--each")
    assert sorted(row["code"] for row in answer.json["added"]) == ["STBHHX", "ZRBHD"]
    assert [row["source"] for row in answer.json["refused"]] == ["总图.dwg"]
    assert onemap("ingest", library, delivery / "STBHHX2024.shp").codes == ["ingest.no_folder"]
    assert onemap("ingest", library, tmp_path / "none").codes == ["source.missing"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert onemap("ingest", library, empty).codes == ["source.nothing_inside"]


@pytest.mark.slow
def test_the_sample_city_is_matched_as_its_makers_know_it(sample_city, tmp_path, onemap):
    """Every file of the invented departments: matched rightly, or left to a person; never wrongly."""
    city, library = sample_city, tmp_path / "city.gpkg"
    assert onemap("new", library, "--crs", "EPSG:4547", "--district", city / "district.gpkg").code == 0
    answer = onemap("ingest", library, city, "--plan", tmp_path / "plan.toml")
    truth = {}
    for row in json.loads((city / "layers.json").read_text(encoding="utf-8")):
        truth.setdefault((row["file"], row["options"].get("layer")), row["code"])
    by_file = {file: code for (file, layer), code in truth.items() if layer is None}
    matched = {(row["source"], row["layer"]): row["code"] for row in answer.json["plan"] if row["code"]}
    wrong = {
        key: code
        for key, code in matched.items()
        if code
        not in (
            truth.get(key),
            by_file.get(key[0]),
            *(c for (f, _), c in truth.items() if f == key[0] and key[1] is None),
        )
    }
    assert not wrong
    assert len(matched) >= 0.8 * len(truth)


def test_of_chosen_files_alone_parts_are_with_their_file_and_what_is_no_data_is_named(
    library, delivery, onemap, tmp_path
):
    write_layer(delivery / "不要.gpkg", [square(0, 0)], {"x": [1]})
    (delivery / "孤.shx").write_bytes(b"")
    parts = [path for path in delivery.iterdir() if path.stem == "STBHHX2024"]
    assert len(parts) > 3
    chosen = [*parts, delivery / "孤.shx", delivery / "说明.docx", delivery / "子目录"]
    options = [text for path in chosen for text in ("--file", path)]
    plan = tmp_path / "plan.toml"
    answer = onemap("ingest", library, delivery, "--plan", plan, *options)
    rows = {row["source"]: row for row in answer.json["plan"]}
    assert {source: row["status"] for source, row in rows.items()} == {
        "STBHHX2024.shp": "planned",
        "子目录/自然保护地.gpkg": "planned",
        "说明.docx": "note",
        "孤.shx": "note",
    }
    assert rows["STBHHX2024.shp"]["samples"] == {"BSM": ["1"], "HXMC": ["甲"]}
    answer = onemap("ingest", library, delivery, "--plan", plan, "--file", delivery / "子目录", "--covers", "district")
    assert (answer.code, versions_of(library)) == (0, [("ZRBHD", "v1", 1)])


def test_a_chosen_file_must_be_there_and_in_the_folder(library, delivery, onemap, tmp_path):
    other = write_layer(tmp_path / "DLTB.gpkg", [square(0, 0)], {"BSM": ["1"]})
    for path, code in ((other, "ingest.outside"), (delivery / "gone.shp", "source.missing")):
        answer = onemap("ingest", library, delivery, "--file", path)
        assert (answer.code, answer.codes) == (3, [code])


def test_a_title_is_known_without_its_signs(library, tmp_path, onemap):
    """The catalogue has 林地“一张图” and 正射影像（DOM）; no file has such marks."""
    folder = tmp_path / "林业局汇交"
    folder.mkdir()
    write_layer(folder / "林地一张图.shp", [square(0, 0)], {"BH": ["1"]}, encoding="UTF-8")
    (row,) = onemap("ingest", library, folder, "--plan", tmp_path / "plan.toml").json["plan"]
    assert (row["code"], row["why"]) == ("LDYZT", "title")


def test_of_a_folder_a_shapefile_without_its_shp_is_told(library, delivery, tmp_path, onemap):
    write_layer(delivery / "湿地.shp", [square(0, 0)], {"BH": ["1"]}, encoding="UTF-8")
    (delivery / "湿地.shp").unlink()
    rows = onemap("ingest", library, delivery, "--plan", tmp_path / "plan.toml").json["plan"]
    (lost,) = (row for row in rows if row["source"].startswith("湿地"))
    assert (lost["source"], lost["status"]) == ("湿地.dbf", "unreadable")
    assert "湿地.shp" in lost["problems"][0]["message"]


def test_a_table_that_never_had_a_shapefile_is_no_data_and_stops_nothing(library, delivery, tmp_path, onemap):
    write_layer(tmp_path / "QSDWDMB.shp", [square(0, 0)], {"QSDWDM": ["1"]}, encoding="UTF-8")
    shutil.copy(tmp_path / "QSDWDMB.dbf", delivery)
    rows = onemap("ingest", library, delivery, "--plan", tmp_path / "plan.toml").json["plan"]
    assert [row["status"] for row in rows if row["source"] == "QSDWDMB.dbf"] == ["note"]


def test_a_label_that_is_there_already_is_told_with_its_file_and_the_others_go_in(library, delivery, onemap):
    assert onemap("ingest", library, delivery, "--covers", "district").code == 0
    shutil.rmtree(delivery / "子目录")
    write_layer(delivery / "STBHHX2024.shp", [square(0, 0)], {"BSM": ["1"], "HXMC": ["乙"]}, encoding="GBK")
    write_layer(delivery / "永久基本农田图斑.gpkg", [square(0, 0)], {"BSM": ["1"]})
    answer = onemap("ingest", library, delivery, "--covers", "district")
    problems = [(problem["code"], problem["file"]) for problem in answer.json["problems"]]
    assert (answer.code, problems) == (3, [("version.label", "STBHHX2024.shp")])
    assert onemap("ingest", library, delivery, "--covers", "district", "--each").code == 4
    assert ("YJJBNTTB", "v1", 1) in versions_of(library)


def test_a_plan_that_is_written_says_why_a_file_cannot_be_read(library, delivery, terminal, tmp_path):
    (delivery / "总平面.dwg").write_bytes(b"AC1032" + bytes(100))
    done = terminal("ingest", library, delivery, "--plan", tmp_path / "plan.toml", "--lang", "en")
    lines = done.stdout.decode("utf-8").splitlines()
    assert "Save it as DXF" in lines[lines.index("cannot be read: 总平面.dwg → –") + 1]


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_cannot_be_read_stays_refused_through_plan_and_report_and_keeps_nothing_out(
    library, delivery, onemap, terminal, tmp_path, lang
):
    """Two forms that nobody reads here, called like layers; half a shapefile and halves of other files of features;
    and Thumbs.db and a program's own JSON, which are no data."""
    (delivery / "湿地2024.json").write_text('{"a": 1', encoding="utf-8")
    (delivery / "b.json").write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")
    (delivery / "红线.txt").write_text("[地块坐标]\n4,1,A,甲,面,,,,@\nJ1,1,4000000\n", encoding="utf-8")
    (delivery / "layers.json").write_text('{"a": 1', encoding="utf-8")
    (delivery / "永久基本农田图斑.gpx").write_text("<gpx/>", encoding="utf-8")
    (delivery / "CZKFBJ2024.xyz").write_bytes(b"1 2 3")
    (delivery / "湿地.shp").write_bytes(b"\x00\x00\x27\x0a")
    (delivery / "Thumbs.db").write_bytes(b"x")
    (delivery / "STBHHX2024.qml").write_text("<qgis/>", encoding="utf-8")
    unread = ["CZKFBJ2024.xyz", "b.json", "永久基本农田图斑.gpx", "湿地.shp", "湿地2024.json", "红线.txt"]
    plan, report = tmp_path / "plan.toml", tmp_path / "report.json"
    planned = onemap("ingest", library, delivery, "--plan", plan).json["plan"]
    assert [row["source"] for row in planned if row["status"] == "unreadable"] == sorted(unread)
    assert {row["source"] for row in planned if row["status"] == "note"} >= {
        "Thumbs.db",
        "STBHHX2024.qml",
        "layers.json",
    }
    options = ("--plan", plan, "--covers", "district", "--report", report, "--lang", lang)
    done = terminal("ingest", library, delivery, *options)
    assert (done.returncode, sorted(versions_of(library))) == (4, [("STBHHX", "2024", 1), ("ZRBHD", "v1", 1)])
    written = json.loads(report.read_text(encoding="utf-8"))
    assert {row["source"] for row in written["layers"] if row["status"] == "unreadable"} == {*unread}
    assert {one["source"]: one["code"] for one in written["problems"] if one["level"] == "refuse"} == {
        "CZKFBJ2024.xyz": "format.unknown",
        "永久基本农田图斑.gpx": "format.no_driver",
        "湿地.shp": "source.part_missing",
        "湿地2024.json": "source.damaged",
        "b.json": "source.damaged",
        "红线.txt": "redline.point",
    }
    for text in (done.stdout.decode("utf-8"), done.stderr.decode("utf-8")):
        assert all(text.count(f"{'Refused: ' if lang == 'en' else '未入库：'}{name}") == 1 for name in unread), text
    report.unlink()
    write_layer(delivery / "湿地.shp", [square(0, 0)], {"BH": ["1"]}, encoding="UTF-8")
    (delivery / "永久基本农田图斑.gpx").unlink()
    assert onemap("ingest", library, delivery, *options[:2]).codes == ["ingest.plan_source"]
    answer = onemap("ingest", library, delivery, *options[:4], "--each")
    assert {row["source"]: row["problems"][0]["code"] for row in answer.json["refused"]} == {
        "CZKFBJ2024.xyz": "format.unknown",
        "永久基本农田图斑.gpx": "ingest.plan_source",
        "湿地.shp": "ingest.readable_now",
        "湿地2024.json": "source.damaged",
        "b.json": "source.damaged",
        "红线.txt": "redline.point",
    }


def test_refusals_name_feature_and_row_and_repairs_are_said(library, tmp_path, terminal):
    folder, plan = tmp_path / "in", tmp_path / "plan.toml"
    folder.mkdir()
    bow_tie = shapely.Polygon([(500_000, 4_200_000), (500_900, 4_200_900), (500_900, 4_200_000), (500_000, 4_200_900)])
    for code in ("DLTB", "STBHHX"):
        write_layer(folder / f"{code}.gpkg", [square(0, 0), bow_tie], {"BSM": ["甲1", "甲2"], "DLBM": ["0101"] * 2})
    rows = '[[layer]]\nsource = "DLTB.gpkg"\ncode = "DLTB"\nrepair = true\n'
    plan.write_text(f'{rows}[[layer]]\nsource = "STBHHX.gpkg"\ncode = "STBHHX"\n', encoding="utf-8")
    done = terminal("ingest", library, folder, "--each", "--plan", plan, "--covers", "district", "--lang", "en")
    assert done.returncode == 4
    text, remarks = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    assert "DLTB version v1: 2 features added, 1 repaired, " in text
    assert "\n  - 甲2 · row 2: The geometry is invalid: " in text
    assert "甲2: The geometry was repaired " in remarks and "  Refused: STBHHX.gpkg · STBHHX\n" in remarks


def test_a_delivery_without_anything_is_named_as_its_sender_named_it(library, onemap, tmp_path):
    empty, packed = tmp_path / "empty", tmp_path / "empty.zip"
    empty.mkdir()
    zipfile.ZipFile(packed, "w").close()
    for folder in (empty, packed):
        answer = onemap("ingest", library, folder)
        assert answer.codes == ["source.nothing_inside"]
        assert f"{folder.name} contains nothing " in answer.json["problems"][0]["message"]


def test_a_folder_without_rights_is_said_and_not_taken_as_empty(library, delivery, onemap, tmp_path):
    locked = delivery / "水利"
    locked.mkdir(mode=0o000)
    if os.access(locked, os.R_OK):
        pytest.skip("whoever runs this may read every folder")
    try:
        rows = onemap("ingest", library, delivery, "--plan", tmp_path / "plan.toml").json["plan"]
        assert [row["problems"][0]["code"] for row in rows if row["source"] == "水利"] == ["source.denied"]
        assert onemap("ingest", library, locked).codes == ["source.denied"]
    finally:
        locked.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_a_link_whose_data_is_gone_is_said(library, delivery, onemap, tmp_path):
    for name in ("水库.shp", "水利二期", "说明.doc"):
        (delivery / name).symlink_to(tmp_path / "gone")
    rows = onemap("ingest", library, delivery, "--plan", tmp_path / "plan.toml").json["plan"]
    codes = {row["source"]: row["problems"][0]["code"] for row in rows if (delivery / row["source"]).is_symlink()}
    assert codes == dict.fromkeys(("水库.shp", "水利二期"), "source.missing")


def test_a_file_that_goes_away_after_the_plan_keeps_no_other_out_layer_by_layer(library, delivery, onemap, tmp_path):
    plan = tmp_path / "plan.toml"
    planned = onemap("ingest", library, delivery, "--covers", "district", "--plan", plan).json["plan"]
    gone = [row["source"] for row in planned if row["code"] == "ZRBHD"]
    for name in gone:
        for part in (delivery / name).parent.glob(f"{(delivery / name).stem}.*"):
            part.unlink()
    refused = onemap("ingest", library, delivery, "--plan", plan)
    assert refused.codes == ["ingest.plan_source"]
    assert refused.json["problems"][0]["file"] == gone[0]
    answer = onemap("ingest", library, delivery, "--plan", plan, "--each", "--covers", "district")
    assert [row["code"] for row in answer.json["added"]] == ["STBHHX"]
    assert [row["source"] for row in answer.json["refused"]] == gone
