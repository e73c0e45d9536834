"""Results written, stored and printed: sheets with townships, folders, the library, words, a map's styles."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from onemap.layers.library.library import open_library
from onemap.rules.answers.compare import comparison_storage
from onemap.rules.answers.compare.comparison import comparison_of
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.overlay.threads import Threads
from onemap.rules.judge.runs.run_differences import Differences
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
    table.run("add", table.library, source, "--as", "XZQ", "--covers", "extent").done()


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


def test_a_plan_beside_itself_is_compared_and_said_to_be_the_same(city):
    other = city.run("compare", city.library, "A", "B", "--matrix", city.matrix())
    same = city.run("compare", city.library, "A", "A", "--matrix", city.matrix())
    assert (same.code, same.codes, other.codes) == (0, ["compare.same"], [])


def test_an_existing_target_is_refused_before_any_work(city):
    city.compare()
    answer = city.run("compare", city.library, "A", "B", "--matrix", city.matrix(), "--out", city.folder / "out.gpkg")
    assert (answer.code, answer.codes) == (3, ["out.exists"])


@pytest.mark.parametrize(("lang", "word"), [("zh", "仅规划一为建设"), ("en", "construction in plan A only")])
def test_people_are_told_in_their_language(city, terminal, lang, word):
    text = terminal("compare", city.library, "A", "B", "--matrix", city.matrix(), "--lang", lang).stdout.decode()
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
    matrix = city.matrix()
    city.library.chmod(0o444)
    city.folder.chmod(0o555)
    try:
        import os

        if os.access(city.library, os.W_OK):
            pytest.skip("this user may write everything")
        answer = city.run("compare", city.library, "A", "B", "--matrix", matrix)
        assert answer.code == 0 and answer.json["run"]["recorded"] is False
    finally:
        city.folder.chmod(0o755)


@pytest.fixture
def made_again(city):
    """A function: a stored comparison held against the same, its spots changed on the way."""
    run = city.compare().answer["run"]["id"]

    def hold(change):
        with open_library(str(city.library)) as library:
            held = Differences(library, run, comparison_storage.KEPT)
            with comparison_of(library, comparison_storage.stored_options(library, run), Threads(1)) as found:
                spots = found.tables["spots"]
                columns, ground = change(spots.columns.copy(), np.asarray(spots.geometries).copy())
                tables = {**found.tables, "spots": Table(columns, ground)}
                for _, name, rows in comparison_storage.kept_rows(replace(found, tables=tables)):
                    held.hold_rows(name, rows)
            return held.repetition()

    return hold


def turn_rings(columns, ground):
    """The same ground as another GEOS might make it: rings begin elsewhere; spots are named by it."""
    apart = shapely.reverse(ground)
    assert not shapely.equals_exact(apart, ground).any()
    columns["spot"] = [f"S{number:012x}" for number in range(len(columns))]
    return columns, apart


def rename_one(columns, ground):
    columns.loc[0, "spot"] = "S000000000000"
    return columns, ground


def rename_alike(columns, ground):
    columns, ground = turn_rings(columns, ground)
    columns["spot"] = "S000000000000"
    return columns, ground


def move_ground(columns, ground):
    return columns, shapely.transform(ground, lambda points: points + [0.001, 0])


def test_spots_whose_rings_begin_elsewhere_are_equal_in_meaning_under_other_names(made_again):
    again = made_again(turn_rings)
    assert again.differences == [] and again.equal_in_meaning > 2


@pytest.mark.parametrize(("change", "count"), [(rename_one, 1), (rename_alike, 3), (move_ground, 3)])
def test_other_names_on_the_same_bytes_one_name_for_all_and_other_ground_are_differences(made_again, change, count):
    again = made_again(change)
    assert len(again.differences) == count, again.differences
