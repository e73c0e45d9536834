"""What is written, kept and said: sheets with townships, folders, the library, words, a map's styles."""

import geopandas as gpd
import pandas as pd
import pytest
from shapely import box

from onemap.tests.conftest import write_layer
from onemap.tests.rules.answers.compare.conftest import GROUND, MATRIX
from onemap.tests.rules.run_damage import change_value


@pytest.fixture
def city(table):
    table.plan("A", [(box(0, 0, 400, 100), "07"), (box(0, 500, 100, 600), "01")])
    table.plan("B", [(GROUND, "E")])
    return table


def townships(table):
    columns = {"BSM": ["1", "2"], "XZQDM": ["130102001", "130102002"], "XZQMC": ["东街", "西街"]}
    source = write_layer(table.folder / "xzq.gpkg", [box(100, -100, 2000, 2000), box(-100, -100, 100, 400)], columns)
    answer = table.run("add", table.library, source, "--as", "XZQ", "--covers", "extent")
    assert answer.code == 0, answer.json


def test_statistics_by_township_and_type(city):
    townships(city)
    out = city.folder / "out.xlsx"
    city.compare(out=out)
    sheets = pd.read_excel(out, sheet_name=None, engine="openpyxl", dtype={"Kind of difference (code)": str})
    assert set(sheets) == {"Spots", "Matrix", "Clusters", "Statistics", "Run", "Technical"}
    rows = sheets["Statistics"]
    heads = ["Township code", "Township", "Kind of difference (code)", "Spots", "Plane area (m²)", "Share"]
    assert list(rows.columns) == [*heads, "Area (ha)", "Kind of difference"]
    rows.columns = ["township_code", "township", "type", "spots", "area_m2", "share", "area_ha", "title"]
    assert dict(zip(rows["type"], rows["title"], strict=True))["03"] == "construction in plan A only"
    assert rows["area_ha"].tolist() == pytest.approx((rows["area_m2"] / 10_000).tolist())
    found = {
        (None if pd.isna(r.township) else r.township, r.type): (r.spots, round(r.area_m2)) for r in rows.itertuples()
    }
    assert found == {
        ("东街", "03"): (1, 30_000),
        ("东街", "98"): (1, 870_000),
        ("西街", "03"): (1, 10_000),
        ("西街", "98"): (1, 30_000),
        (None, "01"): (1, 10_000),
        (None, "98"): (1, 50_000),
    }
    assert rows.groupby("township", dropna=False)["share"].sum().tolist() == pytest.approx([1, 1, 1])
    assert rows["area_m2"].sum() == pytest.approx(GROUND.area)


def test_codes_that_no_cell_can_hold_are_marked_in_the_sheet_and_told(table):
    long = "7" * 40_000
    matrix = MATRIX.replace('"07"', f'"07", "{long}"', 1)
    assert long in matrix
    table.plan("A", [(box(0, 0, 400, 100), long)])
    table.plan("B", [(GROUND, "E")])
    out = table.folder / "out.xlsx"
    marks = {
        (one["code"], one["file"], one["layer"], one["field"])
        for one in table.compare(matrix=matrix, out=out).answer["problems"]
    }
    assert ("out.cell_cut", "out.xlsx", "Spots", "Code in plan A") in marks
    pairs = table.run("contradictions", table.library, "--matrix", table.matrix(matrix))
    assert pairs.json["problems"] == []


def test_without_townships_the_statistics_are_of_the_whole(city):
    found = city.compare()
    rows = gpd.read_file(found.out, layer="statistics")
    assert rows["township"].isna().all() and rows["area_m2"].sum() == pytest.approx(GROUND.area)


def test_a_folder_of_parquet_holds_every_table_even_if_empty(table):
    table.plan("A", [(box(0, 0, 100, 100), "01")])
    table.plan("B", [(box(0, 0, 100, 100), "E")])
    out = table.folder / "folder"
    table.compare(out=out)
    names = {path.stem for path in out.glob("*.parquet")}
    assert names == {"spots", "matrix", "clusters", "statistics", "run"}
    assert len(pd.read_parquet(out / "clusters.parquet")) == 0


def test_an_existing_target_is_refused_before_any_work(city):
    city.compare()
    answer = city.run("compare", city.library, "A", "B", "--matrix", city.matrix(), "--out", city.folder / "out.gpkg")
    assert (answer.code, answer.codes) == (3, ["out.exists"])


@pytest.mark.parametrize(("lang", "word"), [("zh", "仅规划一为建设"), ("en", "construction in plan A only")])
def test_people_are_told_in_their_language(city, core, lang, word):
    text = core("compare", city.library, "A", "B", "--matrix", city.matrix(), "--lang", lang).stdout.decode()
    assert word in text and "03" in text and "4.0000" in text


def test_a_comparison_is_kept_and_repeats_row_by_row(city):
    townships(city)
    run = city.compare().answer["run"]["id"]
    city.plan("A", [(box(0, 0, 50, 50), "07")], label="newer")
    answer = city.run("verify", city.library, "--run", run)
    assert (answer.code, answer.json) == (0, {"ok": True, "problems": []})


def test_a_stored_comparison_is_written_again_with_its_spots(city):
    comparison = city.compare()
    again, sheet = city.folder / "again.gpkg", city.folder / "again.xlsx"
    run = comparison.answer["run"]["id"]
    answer = city.run("runs", city.library, run, "--out", again, "--out", sheet)
    assert (answer.code, answer.json["run"]["kind"]) == (0, "compare")
    first, second = (gpd.read_file(path, layer="spots").set_index("spot") for path in (city.folder / "out.gpkg", again))
    assert len(first) > 2 and first.geometry.geom_equals(second.geometry.loc[first.index]).all()
    names = ["type", "class_a", "class_b", "area_m2", "conflict"]
    assert first[names].astype(str).equals(second.loc[first.index, names].astype(str))
    assert {"Spots", "Matrix", "Clusters", "Run"} <= set(pd.read_excel(sheet, sheet_name=None, engine="openpyxl"))


def test_a_row_that_was_changed_is_found_by_repeating_the_comparison(city):
    run = city.compare().answer["run"]["id"]
    change_value(city.library, "spots", "type", "03", "01")
    answer = city.run("verify", city.library, "--run", run)
    assert answer.code == 5 and answer.codes == ["verify.record_changed", "verify.row"]


def test_a_library_that_may_only_be_read_is_compared_all_the_same(city):
    city.library.chmod(0o444)
    city.folder.chmod(0o555)
    try:
        import os

        if os.access(city.library, os.W_OK):
            pytest.skip("this user may write everything")
        answer = city.run("compare", city.library, "A", "B", "--matrix", city.matrix())
        assert answer.code == 0 and answer.json["run"]["recorded"] is False
    finally:
        city.folder.chmod(0o755)
