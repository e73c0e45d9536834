"""Remembered answers about a layer: stored, shown, changed, forgotten; a change of datum by its hash."""

import hashlib
import shutil
import sqlite3
import zipfile

import geopandas as gpd
import pytest
import shapely

from onemap.tests.conftest import write_layer

DISTRICT = (495_000, 4_195_000, 515_000, 4_215_000)  # of the library
PARAMETERS = """
from = "EPSG:2383"
to = "EPSG:4547"
dx_m = 30.0
dy_m = -112.0
x_axis = "north"
rotation_arcsec = 0.0
turns = "clockwise"
scale_ppm = 0.0
"""


def square(x, y, size=1000.0):
    return shapely.box(500_000 + x, 4_200_000 + y, 500_000 + x + size, 4_200_000 + y + size)


def delivery_of(tmp_path, year, crs="EPSG:2383"):
    """A delivery of one layer in the old datum."""
    folder = tmp_path / f"sent{year}"
    folder.mkdir()
    columns = {"BSM": [str(year)], "DLBM": ["0101"], "DLMC": ["水田"]}
    write_layer(folder / f"DLTB{year}.gpkg", [square(0, 0, 900)], columns, crs=crs)
    return folder


@pytest.fixture
def parameters(tmp_path):
    """A file of parameters, not beside the library."""
    place = tmp_path / "office"
    place.mkdir()
    path = place / "西安80转换.toml"
    path.write_text(PARAMETERS, encoding="utf-8")
    return path


def plan_of(onemap, library, folder, *more):
    plan = folder.with_suffix(".toml")
    plan.unlink(missing_ok=True)
    (row,) = onemap("ingest", library, folder, "--plan", plan, *more).json["plan"]
    return row, plan


def test_a_change_of_datum_is_known_again_by_its_hash(library, tmp_path, parameters, onemap):
    onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", parameters).done()
    digest = hashlib.sha256(parameters.read_bytes()).hexdigest()
    (row,) = onemap("answers", library).json["answers"]
    assert row["transform"] == {"hash": digest, "file": "西安80转换.toml"}
    # Nowhere at hand: said in words, with the name and the first signs of the hash.
    folder = delivery_of(tmp_path, 2023)
    row, _ = plan_of(onemap, library, folder)
    assert (row["status"], [one["code"] for one in row["problems"]]) == ("unsure", ["ingest.transform"])
    assert "西安80转换.toml" in row["problems"][0]["message"] and digest[:12] in row["problems"][0]["message"]
    # Beside the library, even under another name, it is found and used.
    found = tmp_path / "参数（新盘）.toml"
    shutil.copy(parameters, found)
    row, plan = plan_of(onemap, library, folder)
    assert (row["status"], row["transform"], row["transform_hash"]) == ("planned", str(found), digest)
    assert row["remembered"] == ["covers", "transform"]
    text = plan.read_text(encoding="utf-8")
    assert f'transform_hash = "{digest}"' in text and "dx_m" not in text
    assert onemap("ingest", library, folder, "--plan", plan).code == 0
    # What came in lies where four parameters, without turn or scale, put it: 30 m north, 112 m west.
    box = gpd.read_file(library, layer="DLTB__2").geometry[0].bounds
    assert box == pytest.approx((500_000 - 112, 4_200_030, 500_900 - 112, 4_200_930), abs=1e-6)


@pytest.mark.slow
def test_another_file_under_the_known_name_is_refused_in_words(library, tmp_path, parameters, onemap):
    assert (
        onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", parameters).code
        == 0
    )
    beside = tmp_path / parameters.name
    beside.write_text(PARAMETERS.replace("30.0", "31.0"), encoding="utf-8")
    folder = delivery_of(tmp_path, 2023)
    answer = onemap("ingest", library, folder)
    assert (answer.code, answer.codes) == (3, ["ingest.transform_other"])
    assert "西安80转换.toml is not the change of datum" in answer.json["problems"][0]["message"]
    # Named for the whole delivery it is refused as well; the right one is taken.
    assert onemap("ingest", library, folder, "--transform", beside).codes == ["ingest.transform_other"]
    assert onemap("ingest", library, folder, "--transform", parameters, lang="zh").code == 0
    # A plan was made while the right one lay there; then the file changed.
    shutil.copy(parameters, beside)
    later = delivery_of(tmp_path, 2024)
    row, plan = plan_of(onemap, library, later)
    assert row["transform"] == str(beside)
    beside.write_text(PARAMETERS.replace("30.0", "32.0"), encoding="utf-8")
    assert onemap("ingest", library, later, "--plan", plan).codes == ["ingest.transform_other"]
    # A person who means the new one says so, and it is the one that is known from then on.
    lines = plan.read_text(encoding="utf-8").splitlines()
    plan.write_text("\n".join(line for line in lines if not line.startswith("transform_hash")), encoding="utf-8")
    assert onemap("ingest", library, later, "--plan", plan).code == 0
    known = onemap("answers", library, "DLTB").json["answers"][0]["transform"]["hash"]
    assert known == hashlib.sha256(beside.read_bytes()).hexdigest()


def test_a_pipeline_is_known_by_its_hash_and_written_nowhere(library, tmp_path, onemap):
    pipeline = "+proj=affine +xoff=10 +yoff=20"
    assert (
        onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", pipeline).code
        == 0
    )
    folder = delivery_of(tmp_path, 2023)
    assert onemap("ingest", library, folder).codes == ["ingest.transform"]
    row, plan = plan_of(onemap, library, folder, "--transform", pipeline)
    assert (row["transform"], row["status"]) == (None, "planned")
    assert "xoff" not in plan.read_text(encoding="utf-8")
    assert onemap("ingest", library, folder, "--plan", plan).codes == ["ingest.transform"]
    assert onemap("ingest", library, folder, "--plan", plan, "--transform", pipeline).code == 0
    assert b"xoff" not in library.read_bytes()


def test_parameters_that_come_packed_with_the_delivery_are_named_from_its_folder(library, tmp_path, parameters, onemap):
    assert (
        onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", parameters).code
        == 0
    )
    folder = delivery_of(tmp_path, 2023)
    shutil.copy(parameters, folder / "p.toml")
    packed = tmp_path / "sent.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, f"数据/{path.name}")
    row, plan = plan_of(onemap, library, packed)
    assert row["transform"] == "数据/p.toml"
    assert onemap("ingest", library, packed, "--plan", plan).code == 0


def test_a_file_of_the_librarys_own_datum_is_not_changed_again(library, tmp_path, parameters, onemap):
    assert (
        onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", parameters).code
        == 0
    )
    row, _ = plan_of(onemap, library, delivery_of(tmp_path, 2023, "EPSG:4547"))
    assert (row["status"], row["transform"], row["transform_hash"]) == ("planned", None, None)
    shutil.copy(parameters, tmp_path / parameters.name)
    assert onemap("ingest", library, tmp_path / "sent2023").code == 0
    assert gpd.read_file(library, layer="DLTB__2").geometry[0].bounds[:2] == (500_000, 4_200_000)


def test_answers_are_shown_changed_and_forgotten(library, tmp_path, parameters, onemap):
    assert onemap("answers", library).json == {"answers": []}
    assert (
        onemap("ingest", library, delivery_of(tmp_path, 2022), "--covers", "district", "--transform", parameters).code
        == 0
    )
    changed = onemap(
        *("answers", library, "DLTB", "--set", "fields=BSM=编号,DLBM=类", "--set", "crs=EPSG:2383"),
        *("--set", "covers=features", "--set", "encoding=GBK", "--forget", "transform"),
    )
    (row,) = changed.json["answers"]
    assert (row["fields"], row["crs"]) == ({"BSM": "编号", "DLBM": "类"}, "EPSG:2383")
    assert (row["covers"], row["encoding"], row["transform"]) == ("features", "gb18030", None)
    assert (row["department"], set(row["changed"])) == ("land", {"fields", "covers", "crs", "encoding"})
    assert onemap("answers", library, "--department", "environment").json == {"answers": []}
    assert [one["code"] for one in onemap("answers", library, "--department", "land").json["answers"]] == ["DLTB"]
    # The next delivery is planned by them.
    folder = tmp_path / "sent2023"
    folder.mkdir()
    write_layer(folder / "DLTB2023.shp", [square(0, 0, 900)], {"编号": ["1"], "类": ["0101"]}, crs=None, encoding="GBK")
    (folder / "DLTB2023.cpg").unlink(missing_ok=True)
    row, _ = plan_of(onemap, library, folder)
    assert (row["fields"], row["crs"]) == ({"BSM": "编号", "DLBM": "类"}, "EPSG:2383")
    assert (row["covers"], row["encoding"]) == ("features", "gb18030")
    assert row["remembered"] == ["fields", "covers", "crs", "encoding"]
    # A later version that was answered otherwise counts again, and the log knows who changed what.
    fields = ("--fields", "BSM=编号,DLBM=类", "--crs", "EPSG:4547", "--covers", "district")
    assert onemap("add", library, folder / "DLTB2023.shp", "--as", "DLTB", *fields).code == 0
    (row,) = onemap("answers", library, "DLTB").json["answers"]
    assert (row["crs"], row["covers"], set(row["changed"])) == ("EPSG:4547", "district", {"encoding"})
    entry = next(one for one in onemap("history", library).json["rows"] if one["action"] == "answers")
    assert (entry["subject"], entry["detail"]["changed"]["crs"]) == ("DLTB", "EPSG:2383")
    assert onemap("verify", library).json["ok"]
    copy = tmp_path / "copy.gpkg"
    assert onemap("copy", library, copy).code == 0
    assert onemap("answers", copy).json == onemap("answers", library).json
    assert onemap("answers", copy, "DLTB", "--forget", "encoding").code == 0
    # Whoever changes it past the log is found out before it is changed again.
    with sqlite3.connect(copy) as connection:
        connection.execute(
            "UPDATE onemap_library SET value = replace(value, '2383', '2384') WHERE key LIKE 'answers.%'"
        )
    assert onemap("answers", copy, "DLTB", "--set", "covers=extent").codes == ["library.altered"]
    assert not onemap("verify", copy).json.get("ok")


def test_matched_fields_are_left_where_a_file_has_the_right_names_by_now(library, tmp_path, onemap):
    assert onemap("answers", library, "DLTB", "--set", "fields=BSM=编号,DLBM=类").code == 0
    (row,) = onemap("answers", library, "DLTB").json["answers"]
    assert row["since"] == {"fields": None}
    row, _ = plan_of(onemap, library, delivery_of(tmp_path, 2023, "EPSG:4547"))
    assert (row["fields"], row["remembered"]) == ({}, [])


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (("DLTB", "--set", "covers=everything"), "answers.value"),
        (("DLTB", "--set", "crs=EPSG:1"), "crs.unknown"),
        (("DLTB", "--set", "encoding=klingon"), "encoding.unknown"),
        (("DLTB", "--set", "transform=abc"), "answers.name"),
        (("DLTB", "--set", "colour=red"), "answers.name"),
        (("DLTB", "--forget", "colour"), "answers.name"),
        (("DLTB", "--set", "crs"), "usage.value"),
        (("DLTB", "--set", "fields=BSM"), "usage.value"),
        (("DLTB", "--set", "crs=EPSG:4547", "--forget", "crs"), "usage.apart"),
        (("--forget", "crs"), "usage.required"),
        (("NONE",), "layer.unknown"),
    ],
)
def test_what_cannot_be_answered_is_refused(library, onemap, wishes, code):
    answer = onemap("answers", library, *wishes)
    assert (answer.code, answer.codes) == (2 if code.startswith("usage") else 3, [code])
    assert onemap("answers", library).json == {"answers": []}


@pytest.mark.slow
def test_on_a_server_they_are_kept_and_read_in_the_same_way(library, postgis, tmp_path, onemap):
    url = f"{postgis.database().url}&schema=town"
    assert onemap("ingest", library, delivery_of(tmp_path, 2022, "EPSG:4547"), "--covers", "district").code == 0
    assert onemap("answers", library, "DLTB", "--set", "crs=EPSG:4547").code == 0
    assert onemap("copy", library, url).code == 0
    assert onemap("answers", url).json == onemap("answers", library).json
    onemap("answers", url, "DLTB", "--set", "covers=features", "--forget", "crs").done()
    (row,) = onemap("answers", url).json["answers"]
    assert (row["covers"], row["crs"], set(row["changed"])) == ("features", None, {"covers"})
    (plan,) = onemap("ingest", url, delivery_of(tmp_path, 2023, "EPSG:4547"), "--plan", tmp_path / "p.toml").json[
        "plan"
    ]
    assert (plan["covers"], plan["remembered"]) == ("features", ["covers"])
    assert onemap("verify", url).json["ok"]
