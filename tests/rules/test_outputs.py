"""What a check writes: three forms with the same content, all tables even when empty, nothing half-written."""

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import box

SQUARE = box(0, 0, 10, 10)
TABLES = ["parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "composition", "land_classes", "run"]
FINDINGS = [
    "parcel",
    "rule",
    "pack",
    "department",
    "layer",
    "version",
    "verdict",
    "area_m2",
    "area_ellipsoidal_m2",
    "counted_area_m2",
    "net_area_m2",
    "share",
    "features",
    "length_m",
    "distance_m",
    "value",
    "counted",
    "reason",
    "title",
    "basis",
]
OVERLAPS = ["parcel", "rule", "feature", "area_m2", "length_m", "distance_m", "counted", "reason", "attributes"]
PARCELS = ["parcel", "verdict", "known_verdict", "unknown_rules", "findings", "area_m2", "area_ellipsoidal_m2"]


@pytest.fixture
def ready(desk):
    desk.layer("ZONE", [box(0, 0, 2, 10)], {"名称": ["红线=1"]}, covers=box(-99, -99, 8, 99))
    return desk, desk.pack({}), desk.parcels({"A": SQUARE, "B": box(50, 50, 60, 60)})


def check(ready, out, *more):
    desk, pack, parcels = ready
    return desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, *more)


def test_a_geopackage_holds_every_table_with_the_contracts_columns_first(ready, tmp_path):
    assert check(ready, tmp_path / "o.gpkg").code == 0
    assert [name for name, _ in pyogrio.list_layers(tmp_path / "o.gpkg")] == TABLES
    for table, columns in (("findings", FINDINGS), ("overlaps", OVERLAPS), ("parcels", PARCELS)):
        assert list(pyogrio.read_info(tmp_path / "o.gpkg", layer=table)["fields"])[: len(columns)] == columns
    assert not list(tmp_path.glob("*.part"))


def test_the_three_forms_say_the_same(ready, tmp_path):
    for out in ("o.gpkg", "o.xlsx", "folder"):
        assert check(ready, tmp_path / out).code == 0
    for table, columns in (("findings", FINDINGS), ("overlaps", OVERLAPS), ("parcels", PARCELS)):
        forms: list[pd.DataFrame] = [
            pyogrio.read_dataframe(tmp_path / "o.gpkg", layer=table),
            gpd.read_parquet(tmp_path / "folder" / f"{table}.parquet"),
            pd.read_excel(tmp_path / "o.xlsx", sheet_name=table, dtype={"parcel": str, "feature": str}),
        ]
        plain = [
            pd.DataFrame(form[columns]).assign(reason=form["reason"].astype(object).fillna(""))
            for form in forms
            if "reason" in columns
        ] or [pd.DataFrame(form[columns]) for form in forms]
        pd.testing.assert_frame_equal(plain[0], plain[1], check_exact=True, check_dtype=False)
        # A sheet keeps 15 digits.
        pd.testing.assert_frame_equal(plain[0], plain[2], rtol=1e-14, check_dtype=False)
        assert (forms[0].geometry.to_wkb() == forms[1].geometry.to_wkb()).all()
        assert forms[1].crs.to_epsg() == 4547


def test_one_run_may_be_written_in_several_forms(ready, tmp_path):
    answer = check(ready, tmp_path / "o.gpkg", "--out", tmp_path / "o.xlsx")
    assert answer.json["out"] == [str(tmp_path / "o.gpkg"), str(tmp_path / "o.xlsx")]
    sheet = pd.read_excel(tmp_path / "o.xlsx", sheet_name="run")
    table = pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="run")
    assert sheet["id"].tolist() == table["id"].tolist() == [answer.json["run"]["id"]]


def test_tables_without_rows_exist_with_their_columns(desk, tmp_path):
    desk.layer("ZONE", [box(90, 90, 99, 99)])
    desk.check({"A": SQUARE}, {})
    for out in ("o.gpkg", "o.xlsx", "folder"):
        pack, parcels = desk.folder / "test.toml", desk.folder / "parcels.gpkg"
        assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", tmp_path / out).code == 0
    assert list(pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="findings").columns)[: len(FINDINGS)] == FINDINGS
    assert list(gpd.read_parquet(tmp_path / "folder" / "findings.parquet").columns)[: len(FINDINGS)] == FINDINGS
    assert list(pd.read_excel(tmp_path / "o.xlsx", sheet_name="findings").columns)[: len(FINDINGS)] == FINDINGS
    assert (tmp_path / "folder" / "composition.parquet").is_file()


def test_an_existing_target_is_refused_and_untouched_unless_overwritten(ready, tmp_path):
    out = tmp_path / "o.gpkg"
    out.write_bytes(b"mine")
    answer = check(ready, out)
    assert (answer.code, answer.codes) == (3, ["out.exists"]) and out.read_bytes() == b"mine"
    assert check(ready, out, "--overwrite").code == 0
    assert len(pyogrio.read_dataframe(out, layer="findings")) == 3


def test_a_leftover_of_a_killed_run_is_removed_by_the_next(ready, tmp_path):
    (tmp_path / "o.gpkg.part").mkdir()
    (tmp_path / "o.gpkg.part" / "o.gpkg").write_bytes(b"half")
    assert check(ready, tmp_path / "o.gpkg").code == 0
    assert not (tmp_path / "o.gpkg.part").exists()


def test_attributes_of_the_piece_are_json_and_a_formula_stays_text(desk, tmp_path):
    desk.layer("ZONE", [SQUARE], {"名称": ["=1+1"]})
    found = desk.check({"=A1": SQUARE}, {})
    assert '"名称": "=1+1"' in found.table("overlaps").iloc[0].attributes
    out = tmp_path / "o.xlsx"
    desk.run("check", desk.library, desk.folder / "parcels.gpkg", "--pack", desk.folder / "test.toml", "--out", out)
    import openpyxl

    cell = openpyxl.load_workbook(out)["parcels"]["A2"]
    assert (cell.value, cell.data_type) == ("=A1", "s")


def test_the_run_tells_what_it_rests_on(ready, tmp_path):
    run = check(ready, tmp_path / "o.gpkg").json["run"]
    assert {"onemap", "geos", "proj", "gdal", "numpy"} <= set(run["software"])
    assert [(layer["code"], layer["label"], len(layer["hash"])) for layer in run["layers"]] == [("ZONE", "v1", 64)]
    assert len(run["packs"][0]["hash"]) == 64 and run["parameters"]["parcels"] == "parcels.gpkg"
    kept = pyogrio.read_dataframe(tmp_path / "o.gpkg", layer="run")
    assert kept["id"].tolist() == [run["id"]] and "recorded" in run


def test_titles_and_words_follow_the_language(ready, tmp_path):
    desk, pack, parcels = ready
    for language, title in (("zh", "题"), ("en", "title")):
        out = tmp_path / f"{language}.gpkg"
        assert desk.run("check", desk.library, parcels, "--pack", pack, "--out", out, lang=language).code == 0
        rows = pyogrio.read_dataframe(out, layer="findings")
        assert set(rows.title) == {title} and set(rows.basis) == {"法 第一条"}
