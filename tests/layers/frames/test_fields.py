"""Fields under the schema's names: which are matched, which are asked for, which are kept."""

import pandas as pd
import pytest
import shapely

KDFIELDS = {"BH": ["A1"], "MC": ["东河"]}


@pytest.fixture
def river(shelf, layer_file, box):
    """Add one river's management ground (HLGLFW: key BH, name MC) with columns of the test's choice."""

    def add(columns, **options):
        path = layer_file("a.geojson", [box(0, 0)], columns)
        return shelf.add(path, code="HLGLFW", define=None, **options)

    return add


def stored_row(shelf, table="HLGLFW__1"):
    (row,) = shelf.rows(f"SELECT * FROM {table}")
    names = [name for (name,) in shelf.rows(f"SELECT name FROM pragma_table_info('{table}')")]
    return {name: value for name, value in zip(names, row, strict=True) if name not in ("fid", "geom")}


@pytest.mark.parametrize("name", ["BH", "bh", "Bh"])
def test_a_field_is_matched_exactly_then_ignoring_case(shelf, river, name):
    assert river({name: ["A1"]}).code == 0
    assert stored_row(shelf) == {"BH": "A1"}


def test_the_exact_name_comes_before_one_of_other_case_and_keeps_its_name(shelf, river):
    assert river({"bh": ["other"], "BH": ["A1"]}).code == 0
    assert stored_row(shelf) == {"bh_": "other", "BH": "A1"}


def test_an_alias_is_matched_last(shelf, layer_file, box):
    # The identifier of a land parcel (DLTB) is called 标识码 in many deliveries.
    path = layer_file("a.gpkg", [box(0, 0)], {"标识码": ["1"], "地类编码": ["0101"]})
    assert shelf.add(path, code="DLTB", define=None).code == 0
    assert {"BSM": "1", "DLBM": "0101"}.items() <= stored_row(shelf, "DLTB__1").items()


def test_two_candidates_are_refused_and_one_can_be_chosen(shelf, layer_file, box):
    path = layer_file("a.geojson", [box(0, 0)], {"Bh": ["A1"], "bH": ["A2"]})
    answer = shelf.add(path, code="HLGLFW", define=None)
    problem = answer.json["problems"][0]
    assert (answer.code, problem["code"], problem["field"]) == (3, "field.ambiguous", "BH")
    assert "Bh" in problem["message"]
    assert shelf.add(path, code="HLGLFW", define=None, fields="BH=bH").code == 0
    assert stored_row(shelf)["BH"] == "A2"


def test_a_chosen_field_takes_the_name_and_the_old_one_is_kept_beside_it(shelf, river):
    assert river({"BH": ["old"], "NR": ["A1"]}, fields="BH=NR").code == 0
    assert stored_row(shelf) == {"BH_": "old", "BH": "A1"}


def test_one_source_field_may_serve_two(shelf, river):
    assert river({"NR": ["A1"]}, fields="BH=NR,MC=NR").code == 0
    assert stored_row(shelf) == {"BH": "A1", "MC": "A1"}


def test_a_chosen_field_that_is_not_there_is_refused_with_those_that_are(river):
    answer = river(KDFIELDS, fields="BH=NOSUCH")
    assert (answer.code, answer.codes) == (3, ["field.missing"])
    assert "MC" in answer.json["problems"][0]["message"]
    assert answer.json["problems"][0]["mend"] == "Choose one that is there with --fields BH=NAME."


def test_a_missing_key_is_refused(river):
    problem = river({"MC": ["东河"]}).json["problems"][0]
    assert (problem["code"], problem["field"]) == ("field.missing", "BH")


def test_a_field_that_a_rule_looks_at_is_asked_for(shelf, layer_file, box):
    # city-preliminary keeps its distances to roads by class, GLDJ.
    line = shapely.LineString([(500_000, 4_000_000), (500_100, 4_000_000)])
    path = layer_file("a.gpkg", [line], {"GLBH": ["G1"]})
    answer = shelf.add(path, code="GL", define=None)
    assert (answer.code, "GLDJ" in [problem["field"] for problem in answer.json["problems"]]) == (3, True)


def test_other_fields_of_the_schema_are_only_warned_of_and_further_ones_kept(shelf, river):
    answer = river({"BH": ["A1"], "备注": ["临时"]})
    assert [(p["code"], p["field"]) for p in answer.json["problems"]] == [("field.absent", "MC")]
    assert stored_row(shelf) == {"BH": "A1", "备注": "临时"}


def test_codes_that_came_as_numbers_become_text_and_that_is_said(shelf, river):
    answer = river({"BH": [101.0], "MC": ["东河"]})
    assert [(p["code"], p["field"]) for p in answer.json["problems"]] == [("field.type", "BH")]
    assert stored_row(shelf)["BH"] == "101"


def test_names_that_the_table_needs_for_itself_get_an_underscore(shelf, layer_file, box):
    path = layer_file("a.geojson", [box(0, 0)], {"BH": ["A1"], "FID": ["x"], "Geom": ["y"], "OGC_FID": ["z"]})
    assert shelf.add(path, code="HLGLFW", define=None).code == 0
    assert stored_row(shelf) == {"BH": "A1", "FID_": "x", "Geom_": "y", "OGC_FID_": "z"}


def test_a_name_cannot_break_the_sql(shelf, layer_file, box):
    odd = 'a"; DROP TABLE onemap_audit; --'
    path = layer_file("a.geojson", [box(0, 0)], {"BH": ["A1"], odd: ["x"], "名 称（m²）": ["y"], "select": [1]})
    assert shelf.add(path, code="HLGLFW", define=None).code == 0
    assert stored_row(shelf) == {"BH": "A1", odd: "x", "名 称（m²）": "y", "select": 1}
    assert "onemap_audit" in shelf.tables()


def test_dates_nulls_and_booleans_are_kept_as_plain_values(shelf, layer_file, box):
    columns = {
        "BH": ["A1"],
        "D": [pd.Timestamp("2026-11-20")],
        "N": [None],
        "B": [True],
        "F": [0.1],
        "I": [7],
    }
    assert shelf.add(layer_file("a.gpkg", [box(0, 0)], columns), code="HLGLFW", define=None).code == 0
    found = stored_row(shelf)
    assert found["D"].startswith("2026-11-20")
    assert (found["N"], found["B"], found["F"], found["I"]) == (None, 1, 0.1, 7)


@pytest.mark.parametrize("fields", ["BH", "BH=", "=NR", "BH=A,MC"])
def test_a_list_of_fields_is_written_target_equals_source(river, fields):
    assert river(KDFIELDS, fields=fields).code == 2
