"""Parcels of several files, a folder, a pattern, or stdin; unusable ones set aside; fields renamed."""

import io
import itertools
import json
import os
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from onemap.layers.frames.frames import joined_attributes
from onemap.rules.judge.kinds.conditions import column_named

CRS = "EPSG:4547"


def plot(number):
    return shapely.box(100 * number, 0, 100 * number + 50, 50)


@pytest.fixture
def city(desk):
    """One zone over the plots 0 to 2; a sheet, a folder and a file without ids to ask about."""
    desk.layer("ZONE", [shapely.box(0, 0, 260, 60)])
    desk.pack({"when": "XMLX = 'works'"})
    return desk


def frame(ids, numbers, **columns):
    return gpd.GeoDataFrame({"DKBH": ids, **columns}, geometry=[plot(number) for number in numbers], crs=CRS)


def ask(city, *parcels, **options):
    given = [
        text
        for name, value in options.items()
        for text in (f"--{name.replace('_', '-')}", *([] if value is True else [value]))
    ]
    out = city.folder / "out.gpkg"
    pack = ("--pack", city.folder / "test.toml", "--out", out, "--overwrite")
    answer = city.run("check", city.library, *parcels, *pack, *given)
    rows = gpd.read_file(out, layer="parcels") if answer.code == 0 else pd.DataFrame({"parcel": [], "verdict": []})
    return answer, dict(zip(rows.parcel, rows.verdict, strict=True))


@pytest.fixture
def files(city):
    """Two files of their own formats and columns, and one whose parcels have no ids."""
    folder = city.folder / "sent"
    folder.mkdir()
    frame(["a", "b"], [0, 5], XMLX=["works", "works"]).to_file(folder / "one.shp")
    frame(["c"], [1], XMLX=["works"], note=["n"]).to_crs(4490).to_file(folder / "two.gpkg")
    gpd.GeoDataFrame({"XMLX": ["works", "works"]}, geometry=[plot(2), plot(7)], crs=CRS).to_file(folder / "three.gpkg")
    return folder


def test_several_files_are_one_check(city, files):
    answer, verdicts = ask(city, files / "one.shp", files / "two.gpkg", files / "three.gpkg")
    assert answer.json["parcels"] == 5
    expected = {
        "a": "prohibited",
        "b": "clear",
        "c": "prohibited",
        "three.gpkg:1": "prohibited",
        "three.gpkg:2": "clear",
    }
    assert verdicts == expected
    assert answer.json["run"]["parameters"]["parcels"] == "one.shp, two.gpkg, three.gpkg"


@pytest.mark.slow
def test_a_folder_and_a_pattern_are_their_files(city, files):
    assert set(ask(city, files)[1]) == {"a", "b", "c", "three.gpkg:1", "three.gpkg:2"}
    assert set(ask(city, files / "t*.gpkg")[1]) == {"c", "three.gpkg:1", "three.gpkg:2"}
    assert ask(city, files / "x*.gpkg")[0].codes == ["source.missing"]


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_what_cannot_be_reached_in_a_folder_is_left_out_by_name(city, files, tmp_path):
    for name in ("lost.shp", "a county"):
        (files / name).symlink_to(tmp_path / "gone")
    closed = files / "closed"
    closed.mkdir(mode=0o000)
    try:
        answer, _ = ask(city, files)
        left_out = {"lost.shp", "a county"} | (set() if os.access(closed, os.R_OK) else {"closed"})
        assert (answer.code, {Path(name).name for name in answer.json["left_out"]}) == (4, left_out)
        assert answer.json["parcels"] == 5
    finally:
        closed.chmod(0o755)


def test_fields_are_matched_in_those_of_several_files_that_need_it(city, files):
    plots = gpd.GeoDataFrame({"plot_no": ["d"], "use": ["works"]}, geometry=[plot(1)], crs=CRS)
    plots.to_file(files / "four.gpkg")
    matched = {"fields": "DKBH=plot_no,XMLX=use"}
    answer, verdicts = ask(city, files / "one.shp", files / "four.gpkg", **matched)
    assert (answer.code, verdicts) == (0, {"a": "prohibited", "b": "clear", "d": "prohibited"})
    # A file that has neither is told of, and so is one alone that lacks what was named for it.
    assert ask(city, files / "one.shp", files / "three.gpkg", **matched)[0].codes == ["field.missing"]
    assert ask(city, files / "one.shp", **matched)[0].codes == ["field.missing", "field.missing"]


def test_a_field_that_files_spell_in_small_and_capital_letters_is_one(city):
    # Without its kind a project is not known for works, and a rule on nothing else would not reach it.
    frame(["a"], [0], YDXZ=["1001"]).to_file(city.folder / "capital.gpkg")
    frame(["b"], [1], ydxz=["1001"]).to_file(city.folder / "small.gpkg")
    works = '[class.works]\ntitle = { zh = "工", en = "Works" }\nuse = ["10"]\nkinds = []\n'
    city.pack({"only": ["works"]}, classes=works.replace("[]", '["factory"]'))
    assert ask(city, city.folder / "capital.gpkg", city.folder / "small.gpkg")[1] == dict.fromkeys("ab", "prohibited")
    # A file that has two fields of one name, but for that, has its other fields joined all the same.
    gpd.GeoDataFrame({"dkbh": ["c"], "ydxz": ["1001"], "DM": [1], "dm": [2]}, geometry=[plot(2)], crs=CRS).to_file(
        city.folder / "two.geojson"
    )
    answer, verdicts = ask(city, *(city.folder / name for name in ("capital.gpkg", "small.gpkg", "two.geojson")))
    assert (verdicts, answer.json["run"]["parameters"]["id"]) == (dict.fromkeys("abc", "prohibited"), "DKBH")


def test_two_fields_that_differ_by_small_letters_alone_are_read_in_each_file_as_in_it_alone():
    both, small, other = ({"GD": [10], "gd": [99]}, {"gd": [98], "h": [1]}, {"Gd": [97], "H": [2]})
    for order in itertools.permutations([both, small, other]):
        joined = joined_attributes([pd.DataFrame(part) for part in order])
        for row, part in enumerate(order):
            found = [column_named(joined, name)[row] for name in ("GD", "gd")]
            assert found == [column_named(pd.DataFrame(part), name)[0] for name in ("GD", "gd")]
        assert len([name for name in joined.columns if name.lower() == "h"]) == 1


def test_one_file_alone_is_as_ever(city, files):
    answer, verdicts = ask(city, files / "three.gpkg")
    assert verdicts == {"1": "prohibited", "2": "clear"}
    assert "set_aside" not in answer.json
    assert not {"fields", "keep_bad"} & set(answer.json["run"]["parameters"])


def test_files_of_two_counties_that_are_called_alike_are_told_apart_by_their_folders(city, files):
    for folder, at in (("370101", 1), ("370102", 4)):
        (files / folder).mkdir()
        gpd.GeoDataFrame({"XMLX": ["works"]}, geometry=[plot(at)], crs=CRS).to_file(files / folder / "plots.gpkg")
    answer, verdicts = ask(city, files / "370101" / "plots.gpkg", files / "370102" / "plots.gpkg")
    assert (answer.code, set(verdicts)) == (0, {"370101/plots.gpkg:1", "370102/plots.gpkg:1"}), answer.json
    assert answer.json["run"]["parameters"]["parcels"] == "370101/plots.gpkg, 370102/plots.gpkg"


def test_an_id_in_two_files_is_refused_with_both(city, files):
    frame(["b"], [3], XMLX=["works"]).to_file(files / "four.gpkg")
    answer, _ = ask(city, files / "one.shp", files / "four.gpkg")
    (problem,) = answer.json["problems"]
    assert (answer.code, problem["code"], problem["feature"]) == (3, "parcel.twice", "b")
    assert "one.shp, four.gpkg" in problem["message"]


@pytest.mark.slow
@pytest.mark.parametrize("keep_bad", [{}, {"keep_bad": True}])
def test_of_several_files_those_that_cannot_be_read_are_named_with_their_path_and_the_rest_is_checked(
    city, files, terminal, keep_bad
):
    (files / "sub").mkdir()
    (files / "sub" / "bad.gpkg").write_bytes(b"rubbish")
    (files / "site.dwg").write_bytes(b"AC1032")
    answer, _ = ask(city, files, fail_on="notice", **keep_bad)
    left = [str(files / "site.dwg"), str(files / "sub" / "bad.gpkg")]
    assert (answer.code, answer.json["parcels"], sorted(answer.json["left_out"])) == (4, 5, left)
    problems = {problem["file"]: problem["code"] for problem in answer.json["problems"]}
    assert {name: problems.get(name) for name in left} == {left[0]: "format.no_driver", left[1]: "source.damaged"}
    assert all(any(name in problem["message"] for problem in answer.json["problems"]) for name in left)
    assert ask(city, files / "*", **keep_bad)[0].json["left_out"] == left[:1]
    done = terminal("check", city.library, files, "--pack", city.folder / "test.toml", "--lang", "en", "--unrecorded")
    assert done.returncode == 4
    assert all(name in done.stdout.decode("utf-8") and name in done.stderr.decode("utf-8") for name in left)
    nothing = ask(city, files / "sub" / "bad.gpkg", files / "site.dwg", **keep_bad)[0]
    assert (nothing.code, sorted(nothing.codes)) == (3, ["format.no_driver", "source.damaged"])
    assert {problem["file"] for problem in nothing.json["problems"]} == {*left}


@pytest.mark.parametrize("is_packed", [False, True])
def test_what_lies_beside_the_parcels_and_may_hold_others_is_read_or_named(city, files, tmp_path, is_packed):
    """Archives of a folder are read; not so a sheet of corners, an archive in an archive, one called like a file."""
    frame(["d"], [1], XMLX=["works"]).to_file(tmp_path / "d.gpkg")
    for name in ("east.zip", "two.zip"):
        with zipfile.ZipFile(files / name, "w") as archive:
            archive.write(tmp_path / "d.gpkg", "d.gpkg")
    corners = [("e", 0, 300), ("e", 0, 350), ("e", 50, 350)]
    pd.DataFrame(corners, columns=["地块编号", "X坐标", "Y坐标"]).to_excel(files / "corners.xlsx", index=False)
    pd.DataFrame({"人": ["x"], "电话": ["1"]}).to_excel(files / "contacts.xlsx", index=False)
    (files / "~$corners.xlsx").write_bytes(b"\0" * 165)
    (files / "more.ods").write_bytes(b"PK")
    asked, aside = files, {str(files / name) for name in ("corners.xlsx", "more.ods", "two.zip")}
    if is_packed:
        with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
            for file in files.iterdir():
                if not file.name.startswith(("two.gpkg", "three")):
                    archive.write(file, file.name)
        asked, aside = (
            tmp_path / "sent.zip",
            {f"sent.zip/{name}" for name in ("corners.xlsx", "more.ods", "two.zip", "east.zip")},
        )
        (layer,) = city.run("inspect", asked).json["layers"]
        assert {problem["file"] for problem in layer["problems"]} == aside
    answer, _ = ask(city, asked)
    assert (answer.code, answer.json["parcels"]) == (4, 2 if is_packed else 6)
    assert {*answer.json["left_out"]} == aside
    assert {problem["file"] for problem in answer.json["problems"] if problem["code"] == "source.beside"} == aside


def test_a_file_of_several_whose_parcels_are_all_bad_is_left_out_where_bad_ones_are_set_aside(city, files):
    bow = shapely.Polygon([(0, 300), (50, 350), (50, 300), (0, 350)])
    gpd.GeoDataFrame({"DKBH": ["x"]}, geometry=[bow], crs=CRS).to_file(files / "four.gpkg")
    assert ask(city, files)[0].code == 3
    answer, _ = ask(city, files, keep_bad=True)
    assert (answer.code, answer.json["left_out"]) == (4, [str(files / "four.gpkg")])


@pytest.mark.slow
def test_unusable_parcels_are_set_aside_and_named(city):
    bow = shapely.Polygon([(0, 300), (50, 350), (50, 300), (0, 350)])
    shapes = [plot(0), plot(1), plot(2), plot(3), bow, None]
    sent = gpd.GeoDataFrame({"DKBH": ["a", "b", "b", None, "e", "f"], "XMLX": ["works"] * 6}, geometry=shapes, crs=CRS)
    sent.to_file(city.folder / "sent.gpkg")
    refused = ask(city, city.folder / "sent.gpkg")[0]
    assert refused.code == 3 and sorted(refused.codes) == ["geometry.invalid", "geometry.null", *["parcel.id"] * 3]
    answer, verdicts = ask(city, city.folder / "sent.gpkg", keep_bad=True)
    assert verdicts == {"a": "prohibited"}
    assert answer.json["set_aside"] == 5
    problems = [(problem["code"], problem["feature"]) for problem in answer.json["problems"]]
    expected = [("parcel.id", "b"), ("parcel.id", "b"), ("parcel.id", "4")]
    assert problems == [*expected, ("geometry.null", "f"), ("geometry.invalid", "e")]
    assert answer.json["bad_table"] == "parcels_bad"
    aside = gpd.read_file(city.folder / "out.gpkg", layer="parcels_bad")
    assert aside.parcel.tolist() == ["b", "b", "4", "e", "f"]
    assert (set(aside.source), aside.source_row.tolist()) == ({"sent.gpkg"}, [2, 3, 4, 5, 6])
    assert aside.problem.tolist() == ["parcel.id"] * 3 + ["geometry.invalid", "geometry.null"]
    assert json.loads(aside.attributes[2]) == {"DKBH": None, "XMLX": "works"}
    assert aside.geometry[1].equals(plot(2)) and aside.geometry[3].equals(bow) and aside.geometry[4] is None
    assert aside.crs.to_epsg() == 4547 and aside.message.str.len().min() > 10
    sent.iloc[1:3].to_file(city.folder / "bad.gpkg")
    assert ask(city, city.folder / "bad.gpkg", keep_bad=True)[0].codes == ["bad.all", "parcel.id", "parcel.id"]


@pytest.mark.slow
def test_what_was_set_aside_of_several_files_is_one_table_in_every_form(city, files, terminal):
    gpd.GeoDataFrame({"note": [1, 2]}, geometry=[shapely.LineString([(0, 0), (9, 9)]), plot(3)], crs=CRS).to_file(
        files / "four.gpkg"
    )
    frame(["z", "z", "y"], [8, 9, 10]).to_file(files / "five.gpkg")
    asked = ("check", city.library, files / "four.gpkg", files / "five.gpkg", "--keep-bad", "--overwrite")
    asked += ("--pack", city.folder / "test.toml")
    answer = city.run(*asked, "--out", city.folder / "t", "--out", city.folder / "t.xlsx")
    assert (answer.json["set_aside"], answer.json["bad_table"], answer.json["parcels"]) == (3, "parcels_bad", 2)
    aside = gpd.read_parquet(city.folder / "t" / "parcels_bad.parquet")
    assert list(zip(aside.source, aside.source_row, strict=True)) == [
        ("four.gpkg", 1),
        ("five.gpkg", 1),
        ("five.gpkg", 2),
    ]
    assert aside.problem.tolist() == ["geometry.type", "parcel.id", "parcel.id"]
    assert [json.loads(text) for text in aside.attributes] == [{"note": 1}, {"DKBH": "z"}, {"DKBH": "z"}]
    sheet = pd.read_excel(city.folder / "t.xlsx", sheet_name="Parcels set aside", engine="openpyxl")
    assert sheet["Row in the source"].tolist() == [1, 1, 2]
    unwritten = city.run(*asked)
    assert (unwritten.json["set_aside"], unwritten.json["bad_table"]) == (3, None)
    for lang, words in (("en", "3 parcels could not be used"), ("zh", "3 个地块无法使用")):
        output = terminal(*asked, "--lang", lang, "--progress", "none").stdout.decode()
        assert words in output and "--out" in output


def test_where_nothing_is_set_aside_the_table_is_empty(city, files):
    answer, _ = ask(city, files / "one.shp", keep_bad=True)
    assert (answer.json["set_aside"], answer.json["bad_table"]) == (0, None)
    aside = gpd.read_file(city.folder / "out.gpkg", layer="parcels_bad")
    assert len(aside) == 0 and list(aside.columns[:5]) == ["parcel", "source", "source_row", "problem", "message"]


def test_fields_of_another_name_are_matched(city):
    frame(["a", "b"], [0, 1], kind=["works", "school"]).rename(columns={"DKBH": "nr"}).to_file(city.folder / "x.gpkg")
    answer, verdicts = ask(city, city.folder / "x.gpkg", fields="DKBH=nr,XMLX=kind")
    assert verdicts == {"a": "prohibited", "b": "clear"}
    assert answer.json["run"]["parameters"]["fields"] == {"DKBH": "nr", "XMLX": "kind"}
    assert ask(city, city.folder / "x.gpkg", fields="DKBH=none")[0].codes == ["field.missing"]


@pytest.mark.parametrize("form", ["geojson", "lines", "arrow"])
def test_parcels_come_by_stdin(city, monkeypatch, form):
    parcels = frame(["a", "b"], [0, 5], XMLX=["works", "works"]).to_crs(4490)
    if form == "arrow":
        table, sink = pa.table(parcels.to_arrow()), io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        content = sink.getvalue()
    else:
        collection = json.loads(parcels.to_json())
        lines = "\n".join(json.dumps(feature) for feature in collection["features"])
        content = (lines if form == "lines" else json.dumps(collection)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    answer, verdicts = ask(city, "-")
    assert (answer.code, verdicts) == (0, {"a": "prohibited", "b": "clear"})


def test_nothing_or_nonsense_by_stdin_is_refused(city, monkeypatch):
    for content, code in (
        (b"", "source.empty"),
        (b"hello", "source.damaged"),
        (b"\xff\xff\xff\xffxx", "source.damaged"),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert ask(city, "-")[0].codes == [code]
