"""A file that does not look like its layer is refused with figures, and added if somebody insists."""

import json

import numpy as np
import pytest
import rasterio
import shapely

from onemap.layers.library.library import open_library
from onemap.layers.library.versions import versions
from onemap.tests.conftest import write_layer

DISTRICT = (500_000, 4_200_000, 510_000, 4_210_000)  # of the library
FARMLAND = "永久基本农田图斑"
RED_LINE = {"BSM": "1", "YSDM": "2", "XJXZQDM": "139901", "XJXZQMC": "甲", "HXMC": "乙", "LHLX": "丙", "MJ": 1.0}


def squares(count, west=0.0, side=100.0):
    """This many squares in rows of ten."""
    corners = [(500_000 + west + side * (n % 10), 4_200_000 + side * (n // 10)) for n in range(count)]
    return [shapely.box(x, y, x + side, y + side) for x, y in corners]


@pytest.fixture
def add(library, tmp_path, onemap):
    """Add squares to a layer, from a file of some name."""

    def run(name, shapes, *options, code="YJJBNTTB", columns=None, **asked):
        path = write_layer(tmp_path / name, shapes, columns)
        return onemap("add", library, path, "--as", code, "--covers", "district", *options, **asked)

    return run


def labels(library):
    with open_library(str(library)) as opened:
        return [(version.code, version.label) for version in versions(opened)]


def doubts(answer):
    """The text of each doubt, after the colon: they are one problem with one mend."""
    assert answer.codes == ["layer.doubtful"], answer.json
    message = answer.json["problems"][0]["message"].partition(": ")[2]
    return [f"{doubt.removesuffix('.')}." for doubt in message.split("; ")]


def test_a_red_line_is_no_second_version_of_farmland(add, library, onemap):
    assert add(f"{FARMLAND}.gpkg", squares(610)).code == 0
    answer = add("生态保护红线2025.gpkg", squares(3))
    assert (answer.code, labels(library)) == (3, [("YJJBNTTB", "v1")])
    assert doubts(answer) == [
        "its name “生态保护红线2025” is that of STBHHX Ecological red line.",
        "it has 3 features, and version v1 has 610.",
    ]
    problem = answer.json["problems"][0]
    assert (problem["file"], problem["layer"], problem["field"]) == ("生态保护红线2025.gpkg", "YJJBNTTB", "--sure")
    assert "--sure" in problem["mend"]
    message = add("生态保护红线.gpkg", squares(3), lang="zh").json["problems"][0]["message"]
    assert message == (
        "生态保护红线.gpkg 不像是图层 YJJBNTTB 的数据：名称“生态保护红线”与 STBHHX 生态保护红线 相符；"
        "要素 3 个，而版本 v1 有 610 个。"
    )
    assert add("生态保护红线2025.gpkg", squares(3), "--sure").code == 0
    log = [row["detail"] for row in onemap("history", library, "YJJBNTTB").json["rows"] if row["action"] == "add"]
    assert [detail.get("sure") for detail in log] == [None, ["name", "count"]]
    words = [row["details"] for row in onemap("history", library, "YJJBNTTB").json["rows"] if row["action"] == "add"]
    assert "name, number of features" in words[1]
    assert onemap("verify", library).json["ok"]


def test_another_layers_name_is_told_before_there_is_any_version(add):
    assert doubts(add("DLTB_2025.gpkg", squares(1)))[0].startswith("its name “DLTB_2025”")
    assert doubts(add("永久基本农田.gpkg", squares(1), code="STBHHX")) != []  # a part of its title
    for name in ("data.gpkg", "plan.gpkg", "YJJBNTTB与红线.gpkg", f"{FARMLAND}2025.gpkg"):
        answer = add(name, squares(1), "--label", name)
        assert answer.code == 0 or answer.json["problems"][0]["code"] != "layer.doubtful", answer.json


def test_of_a_file_of_several_layers_the_layers_name_counts(library, tmp_path, onemap):
    path = write_layer(tmp_path / "生态保护红线.gpkg", squares(1), layer="甲")
    write_layer(path, squares(2), layer="DLTB")
    arguments = ("add", library, path, "--as", "YJJBNTTB", "--covers", "district")
    assert onemap(*arguments, "--layer", "甲").code == 0
    assert doubts(onemap(*arguments, "--layer", "DLTB")) == ["its name “DLTB” is that of DLTB Land use patches."]


@pytest.mark.parametrize(
    ("folder", "other"),
    [("生态保护红线2025", "STBHHX"), ("DLTB/shp", "DLTB"), ("Land use patches", "DLTB"), ("road/hl", ""), ("农田", "")],
)
def test_a_file_whose_name_says_nothing_is_called_as_its_folder(add, tmp_path, folder, other):
    (tmp_path / folder).mkdir(parents=True)
    answer = add(f"{folder}/data.gpkg", squares(1))
    if not other:
        assert answer.code == 0, answer.json
        return
    (doubt,) = doubts(answer)
    assert doubt.startswith(f"the name of its folder, “{folder.split('/')[0]}”, is that of {other} ")
    assert add(f"{folder}/{FARMLAND}.gpkg", squares(1)).code == 0, "its own name goes before"


def test_fields_of_another_layer_are_told_unless_a_person_matched_them(add):
    columns = {name: [value] for name, value in RED_LINE.items()}
    words = doubts(add("new.gpkg", squares(1), columns=columns))
    assert words == ["of its 7 fields, 7 belong to STBHHX Ecological red line, and 2 to this layer."]
    assert add("new.gpkg", squares(1), "--fields", "BSM=BSM", columns=columns).code == 0
    # A name decides, never the fields alone.
    assert add(f"{FARMLAND}.gpkg", squares(1), "--label", "b", columns={**columns, "MJ": [2.0]}).code == 0


def test_the_fields_of_a_layer_of_the_librarys_own_are_those_of_its_last_version(add):
    define = ("--define", "name=n,department=land,library=department,kind=vector,geometry=polygon,key=KEY")
    plots = {name: ["1"] for name in ("KEY", "PLAN", "USE", "RATIO")}
    zones = {name: ["1"] for name in ("KEY", "ZONE", "GRADE", "LIMIT")}
    assert add("a.gpkg", squares(1), *define, code="PLOTS", columns=plots).code == 0
    assert add("b.gpkg", squares(1), *define, code="ZONES", columns=zones).code == 0
    assert doubts(add("c.gpkg", squares(1), "--label", "b", code="ZONES", columns=plots)) == [
        "of its 4 fields, 4 belong to PLOTS n, and 1 to this layer."
    ]
    red_line = {name: [value] for name, value in {**RED_LINE, "KEY": "1"}.items()}
    assert doubts(add("d.gpkg", squares(1), "--label", "b", code="ZONES", columns=red_line)) == [
        "of its 8 fields, 7 belong to STBHHX Ecological red line, and 1 to this layer."
    ]
    assert add("e.gpkg", squares(2), "--label", "b", code="ZONES", columns={**zones, "KEY": ["1"]}).code == 0


@pytest.mark.parametrize("word", ["占用", "补划", "（征求意见稿）", "_更新层", "备份"])
def test_a_name_that_makes_another_matter_of_the_layer_is_told(add, library, onemap, word):
    answer = add(f"{FARMLAND}{word}.gpkg", squares(1))
    (doubt,) = doubts(answer)
    assert doubt.startswith(f"its name “{FARMLAND}{word}” says “{word.strip('（）_稿')}”, which is another matter")
    assert labels(library) == []
    assert add(f"{FARMLAND}{word}.gpkg", squares(1), "--sure").code == 0
    log = [row["detail"] for row in onemap("history", library, "YJJBNTTB").json["rows"] if row["action"] == "add"]
    assert log[0]["sure"] == ["words"]


@pytest.mark.parametrize("name", ["占用", "old", "YJJBNTTB_old", f"{FARMLAND}2025更新", "备份数据"])
def test_a_name_that_does_not_speak_of_the_layer_or_says_nothing_else_is_none(add, name):
    assert add(f"{name}.gpkg", squares(1)).code == 0


@pytest.mark.parametrize(("before", "count"), [(40, 20), (40, 80), (40, 19)])
def test_a_count_from_half_to_twice_the_last_is_no_doubt(add, before, count):
    assert add("a.gpkg", squares(before)).code == 0
    assert add("b.gpkg", [*squares(count - 1), squares(before)[-1]]).code == 0


@pytest.mark.parametrize(("before", "count"), [(50, 24), (40, 81), (610, 60)])
def test_a_count_below_half_or_above_twice_the_last_is_told(add, before, count):
    assert add("a.gpkg", squares(before)).code == 0
    answer = add("b.gpkg", [*squares(count - 1), squares(before)[-1]])
    assert doubts(answer) == [f"it has {count} features, and version v1 has {before}."]


def test_few_features_are_told_only_where_there_were_a_hundred_and_ten_times_as_many(add):
    assert add("a.gpkg", squares(99)).code == 0
    assert add("b.gpkg", squares(2)).code == 0
    assert add("c.gpkg", squares(110)).code == 0  # two say nothing of how many there should be
    assert doubts(add("d.gpkg", squares(10))) == ["it has 10 features, and version v3 has 110."]
    assert add("e.gpkg", squares(11)).code == 0


def test_a_box_that_meets_less_than_half_of_the_last_is_told(add):
    assert add("a.gpkg", squares(30)).code == 0
    assert doubts(add("b.gpkg", squares(30, west=600.0))) == ["its extent meets 40 % of that of version v1."]
    assert doubts(add("c.gpkg", squares(30, west=5000.0)))[0].startswith("its extent meets 0 %")
    assert add("d.gpkg", squares(30, west=400.0)).code == 0


def test_in_a_delivery_a_doubtful_layer_is_refused_and_the_others_go_in(add, library, tmp_path, onemap):
    assert add("YJJBNTTB.gpkg", squares(610)).code == 0
    folder = tmp_path / "delivery"
    folder.mkdir()
    write_layer(folder / "YJJBNTTB2025.gpkg", squares(3))
    write_layer(folder / "STBHHX2025.gpkg", squares(3))
    report = tmp_path / "report.json"
    arguments = ("ingest", library, folder, "--covers", "district")
    answer = onemap(*arguments)
    assert (answer.code, doubts(answer)) == (3, ["it has 3 features, and version v1 has 610."])
    answer = onemap(*arguments, "--each", "--report", report)
    assert (answer.code, labels(library)) == (4, [("STBHHX", "2025"), ("YJJBNTTB", "v1")])
    rows = {row["code"]: row for row in answer.json["plan"]}
    assert (rows["YJJBNTTB"]["status"], rows["STBHHX"]["status"]) == ("refused", "added")
    words = [row["message"] for row in rows["YJJBNTTB"]["problems"]]
    assert words == [problem["message"] for row in answer.json["refused"] for problem in row["problems"]]
    assert "3 features" in words[0]
    reported = json.loads(report.read_text(encoding="utf-8"))["problems"]
    assert [row["code"] for row in reported if row["level"] == "refuse"] == ["layer.doubtful"]
    plan = tmp_path / "plan.toml"
    plan.write_text('[[layer]]\nsource = "YJJBNTTB2025.gpkg"\ncode = "YJJBNTTB"\nsure = true\n', encoding="utf-8")
    assert onemap(*arguments, "--plan", plan).code == 0
    (folder / "YJJBNTTB2025.gpkg").unlink()
    write_layer(folder / "YJJBNTTB2026.gpkg", squares(100))
    assert onemap(*arguments, "--sure", "--file", folder / "YJJBNTTB2026.gpkg").code == 0
    assert labels(library) == [("STBHHX", "2025"), ("YJJBNTTB", "v1"), ("YJJBNTTB", "v2"), ("YJJBNTTB", "2026")]


@pytest.fixture
def terrain(library, tmp_path, onemap):
    """Add a grid to the elevation model: cells across and down of some size in m, of some bands, from the west."""

    def run(name, across, down, size, bands=1, west=0.0, *options):
        grid = rasterio.Affine(size, 0, 500_000 + west, 0, -size, 4_210_000)
        facts = {"width": across, "height": down, "count": bands, "dtype": "float32", "crs": "EPSG:4547"}
        with rasterio.open(tmp_path / name, "w", driver="GTiff", transform=grid, nodata=-9999, **facts) as target:
            target.write(np.ones((bands, down, across), dtype="float32"))
        return onemap("add", library, tmp_path / name, "--as", "DEM", "--covers", "extent", *options)

    return run


def test_a_raster_is_held_against_the_last_one_by_its_extent_cells_and_bands(terrain, library, onemap):
    assert terrain("a.tif", 100, 80, 30.0).code == 0
    assert terrain("b.tif", 90, 80, 30.0, 1, 100.0).code == 0  # a little to the east, of nearly as many cells
    assert doubts(terrain("c.tif", 90, 80, 30.0, 1, 1600.0)) == ["its extent meets 44 % of that of version v2."]
    assert doubts(terrain("d.tif", 20, 16, 135.0)) == [
        "it has 320 cells of 135 m, and version v2 has 7,200 of 30 m.",
    ]
    assert doubts(terrain("e.tif", 90, 80, 30.0, 3)) == ["it has 3 bands, and version v2 has 1."]
    assert terrain("e.tif", 90, 80, 30.0, 3, 0.0, "--sure").code == 0
    log = [row["detail"] for row in onemap("history", library, "DEM").json["rows"] if row["action"] == "add"]
    assert [detail.get("sure") for detail in log] == [None, None, ["bands"]]
