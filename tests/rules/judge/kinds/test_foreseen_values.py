"""Conditions on values that they do not name: blanks, and values in no list and no table."""

import pandas as pd
import pytest

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows

BLANKS = ["", " \u3000\t", None]


def says(where, values, layer=None, name="BZ"):
    entry = shipped_catalogue()[layer] if layer else None
    truth = truth_of_rows(where, pd.DataFrame({name: values}, dtype=object), entry)
    return ["unknown" if unknown else bool(true) for true, unknown in zip(truth.true, truth.unknown, strict=True)]


@pytest.mark.parametrize("layer", [None, "DLTB"])
def test_a_text_of_blanks_alone_says_no_more_than_a_null(layer):
    name = "DLBM" if layer else "BZ"
    assert says(f"{name} LIKE '01%'", ["0101", *BLANKS], layer, name) == [True, *["unknown"] * 3]
    assert says(f"{name} NOT IN ('0101')", ["0101", *BLANKS], layer, name) == [False, *["unknown"] * 3]
    assert says(f"{name} IS NULL", ["0101", *BLANKS], layer, name) == [False, True, True, True]


def test_a_condition_that_names_the_blank_text_sees_it():
    assert says("BZ <> ''", ["a", *BLANKS]) == [True, False, "unknown", "unknown"]
    assert says("BZ IN ('a', '')", ["a", *BLANKS]) == [True, True, "unknown", "unknown"]


@pytest.mark.parametrize("pattern", ["%", "_%", "_"])
def test_a_pattern_that_any_text_matches_does_not_name_the_blank_one(pattern):
    assert says(f"BZ LIKE '{pattern}'", ["a", "", " ", None]) == [True, *["unknown"] * 3]
    assert says(f"NOT (BZ LIKE '{pattern}')", ["a", "", " ", None]) == [False, *["unknown"] * 3]


def test_a_field_of_numbers_is_left_as_it_is():
    assert says("BZ > 1", [2, 0.5, None]) == [True, False, "unknown"]
    assert says("BZ > 1", ["2", "", None]) == [True, "unknown", "unknown"]


def test_codes_of_no_table_are_unknown_and_those_of_an_older_one_are_not():
    values = ["0101", "０１０１", "071", "101", "水田", "1001/0101"]
    expected = [True, True, False, "unknown", "unknown", "unknown"]
    assert says("DLBM LIKE '01%'", values, "DLTB", "DLBM") == expected
    assert says("DLBM IN ('101', '0101')", ["101", "102", "1001"], "DLTB", "DLBM") == [True, "unknown", False]


def test_width_and_blanks_hide_no_value_from_a_condition():
    values = ["１００１", " 10 01 ", "\ufeff1001", "１２07", "工业\u200b", "工 业"]
    assert says("BZ LIKE '10%'", values) == [True, True, True, False, False, False]
    assert says("BZ <> '工业'", values) == [True, True, True, True, False, False]
    assert (
        says("BZ = '１００１'", values) == says("BZ IN (' 1001 ')", values) == [True, True, True, False, False, False]
    )
    assert says("BZ LIKE '%区　一期（%'", ["东区　一期（甲）", "东区 一期(甲)", "东区一期"]) == [True, True, False]
    assert says("BZ LIKE '１０％'", values) == [True, True, True, False, False, False]
    assert says("DLBM = '０１０１' OR DLBM = '01 02'", ["0101", "0102", "0103"], "DLTB", "DLBM") == [True, True, False]
    assert says("BHJB = '一 级'", ["一级", "二级"], "YYSSYBHQ", "BHJB") == [True, False]
    assert says("BZ LIKE 'A%'", ["A1", "a1", "Ａ1"]) == [True, False, True]  # case counts
    beside = pd.DataFrame({"BZ": ["1001", "1002", "x"], "MC": ["x", "x", "x"]})
    assert truth_of_rows("BZ IN ('１００１', MC)", beside, None).true.tolist() == [True, False, True]


def test_the_title_of_a_code_is_read_as_the_code_and_a_level_that_no_list_has_is_unknown():
    values = ["二级保护区", "Ⅱ级", "II级", "2", "准保护区", "一级保护区", "特级", "二级水源"]
    outside = "NOT (BHJB LIKE '准%')"
    expected = [True, True, True, True, False, True, "unknown", "unknown"]
    assert says(outside, values, "YYSSYBHQ", "BHJB") == expected
    assert says("BHJB = '二级'", values[:1], "YYSSYBHQ", "BHJB") == [True]
    grades = ["Ⅱ级保护林地", "二级", "III级", "五级"]
    assert says("BHDJ IN ('I', 'Ⅰ', '1')", grades, "LDYZT", "BHDJ") == [False, False, False, "unknown"]
    assert says("BHDJ IN ('II', '2')", grades, "LDYZT", "BHDJ") == [True, True, False, "unknown"]
    assert says("GKLB LIKE '优先保护%'", ["重点管控单元", "其他"], "STHJGKDY", "GKLB") == [False, "unknown"]
    assert says("GNLB LIKE '二%'", ["一类区", "三类区"], "DQHJGNQ", "GNLB") == [False, "unknown"]
