"""Conditions: CQL2 with three-valued logic, compared with SQLite, which has the same logic."""

import sqlite3

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onemap.rules.judge.kinds.conditions import ConditionError, condition_text, evaluate, fields_of, parse_condition
from onemap.rules.judge.kinds.constant_conditions import constant_clause

ROWS = pd.DataFrame(
    {
        "地类": ["0101", "0701", None, "01%", "a'b", ""],
        "N": [1, 2.5, None, -3, 0, 1000000],
        "B": ["x", None, "y", "x", "z", None],
    },
    dtype=object,
)

CONDITIONS = [
    "地类 = '0101'",
    "地类 <> '0101'",
    "地类 LIKE '01%'",
    "地类 LIKE '0_01'",
    "地类 NOT LIKE '01%'",
    "地类 IN ('0101', '0701')",
    "地类 NOT IN ('0101', '0701')",
    "地类 = 'a''b'",
    "N > 1",
    "N >= 1 AND N < 3",
    "NOT (N > 1)",
    "N BETWEEN -3 AND 1",
    "N IS NULL",
    "N IS NOT NULL OR B = 'y'",
    "B = 'x' AND 地类 IS NULL",
    "B = 'x' OR 地类 IS NULL",
    "NOT (B = 'x' AND N > 0)",
    "地类 < '07'",
]


@pytest.mark.parametrize("text", CONDITIONS)
def test_every_row_is_judged_as_sql_judges_it(text):
    database = sqlite3.connect(":memory:")
    database.execute("PRAGMA case_sensitive_like = ON")
    database.execute('CREATE TABLE t ("地类" TEXT, "N" REAL, "B" TEXT)')
    database.executemany("INSERT INTO t VALUES (?,?,?)", ROWS.values.tolist())
    expected = [row[0] for row in database.execute(f"SELECT {text} FROM t")]
    truth = evaluate(text, ROWS)
    found = [None if unknown else int(true) for true, unknown in zip(truth.true, truth.unknown, strict=True)]
    assert found == expected


_ATOMS = st.sampled_from(["N > 0", "B = 'x'", "地类 IS NULL", "地类 LIKE '0%'", "N IN (1, 2.5)"])
_TREES = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("NOT ({})".format, inner),
        st.builds("({}) AND ({})".format, inner, inner),
        st.builds("({}) OR ({})".format, inner, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(_TREES)
def test_any_combination_is_judged_as_sql_judges_it(text):
    test_every_row_is_judged_as_sql_judges_it(text)


def test_fields_are_found_ignoring_case_and_a_field_that_is_not_there_is_an_error():
    assert evaluate("n > 0", ROWS).true.tolist() == [True, True, False, False, False, True]
    with pytest.raises(KeyError):
        evaluate("Q > 0", ROWS)


def test_the_fields_of_a_condition_are_named_once_each():
    assert fields_of("A = 1 AND (B LIKE 'x%' OR NOT A IS NULL)") == ("A", "B")


@pytest.mark.parametrize(
    "text", ["A <", "A ==3", "A + 1 = 2", "1 = 1", "UPPER(A) = 'X'", "S_INTERSECTS(geom, POINT(1 1))", "A", "'x'", ""]
)
def test_what_is_no_condition_of_ours_is_refused(text):
    with pytest.raises(ConditionError):
        parse_condition(text)


def test_a_number_and_the_text_of_a_number_are_compared_as_numbers():
    columns = pd.DataFrame({"T": ["１１０", "\xa035", "x", None, "inf"]}, dtype=object)  # as `add` reads them
    truth = evaluate("T >= 110", columns)
    assert truth.true.tolist() == [True, False, False, False, False]
    assert truth.unknown.tolist() == [False, False, True, True, True]  # what cannot be compared is unknown, not false


def test_a_day_is_that_of_the_clock_by_which_a_moment_is_written():
    # Half past midnight in Beijing is 16:30 of the day before in UTC; 23:30 in New York is the next day there.
    texts = ["2026-01-01T00:30:00+08:00", "2025-12-31T23:30:00-05:00", "2026-01-01T00:00:00Z", "2026-01-01"]
    assert _truths("K >= DATE('2026-01-01')", texts) == [True, False, True, True]
    assert _truths("K < DATE('2026-01-01')", texts) == [False, True, False, False]
    assert _truths("K >= TIMESTAMP('2026-01-01T00:00:00Z')", texts) == [False, True, True, True]
    assert _truths("K >= DATE('2026-01-01')", ["2026-01-01T00:30:00+99:00"]) == [None]


BEYOND_FLOATS = [130102000000000001, 130102000000000002, None]
NEIGHBOURS = [
    ("K = '130102000000000001'", [True, False, None]),
    ("K <> '130102000000000001'", [False, True, None]),
    ("K > '130102000000000001'", [False, True, None]),
    ("K IN ('130102000000000002', '5')", [False, True, None]),
    ("K > 5", [True, True, None]),
]


@pytest.mark.parametrize(("text", "expected"), NEIGHBOURS)
def test_whole_numbers_too_long_for_a_float_are_told_from_their_neighbours(text, expected):
    assert _truths(text, BEYOND_FLOATS) == expected


def test_a_long_number_without_quotes_is_refused_since_the_parser_rounds_it():
    with pytest.raises(ConditionError, match="'130102000000000001'"):
        parse_condition("K <> 130102000000000001 AND T = '130102000000000002'")
    parse_condition(
        "K = 9007199254740992 AND T <> '130102000000000002' AND \"F130102000000000001\" > 0.12345678901234567"
    )


MOMENTS = ["2020-01-01", "2020-01-01T12:00:00.000", None, "20200102", "2020/1/3", "2020-01-01T20:00:00+08:00", "soon"]
INSTANTS = [
    ("K = TIMESTAMP('2020-01-01T00:00:00Z')", [1, 0, None, 0, 0, 0, None]),
    ("K = TIMESTAMP('2020-01-01T12:00:00Z')", [0, 1, None, 0, 0, 1, None]),
    ("K > DATE('2020-01-01')", [0, 1, None, 1, 1, 1, None]),
    ("K <= DATE('2020-01-02')", [1, 1, None, 1, 0, 1, None]),
    ("K BETWEEN DATE('2020-01-02') AND DATE('2020-01-03')", [0, 0, None, 1, 1, 0, None]),
    ("NOT K IN (DATE('2020-01-01'), DATE('2020-01-02'))", [0, 1, None, 0, 1, 1, None]),
]


@pytest.mark.parametrize(("text", "expected"), INSTANTS)
def test_days_and_moments_are_compared_as_time_however_they_are_written(text, expected):
    third = expected[MOMENTS.index("2020/1/3")]
    found = _truths(text, [*MOMENTS, "2020.1.3", "2020年1月3日", "2020-1/3 00:00"])
    assert found == [None if one is None else bool(one) for one in (*expected, third, third, third)]


def test_a_whole_number_held_as_a_float_is_like_its_digits():
    assert _truths("K LIKE '101'", [101.0, 1010, None]) == [True, False, None]


@pytest.mark.parametrize(
    "text",
    ["A LIKE 5", "A LIKE B", "A LIKE NULL", "A = POINT(0 0)", "A = INTERVAL('P1D', 'P2D')", "A = DATE('2020-02-30')"],
)
def test_what_no_row_could_be_compared_with_is_refused_in_both_languages(text):
    with pytest.raises(ConditionError) as refused:
        parse_condition(text)
    assert refused.value.reason["zh"] != refused.value.reason["en"]


def _truths(text, values):
    truth = evaluate(text, pd.DataFrame({"K": values}, dtype=object))
    return [None if unknown else bool(true) for true, unknown in zip(truth.true, truth.unknown, strict=True)]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("N BETWEEN 9 AND 1", False),
        ("N BETWEEN 1 AND 9", None),
        ("T = 'x' AND N >= 5 AND N < 5", False),
        ("N > 4 AND N < 5", None),
        ("T = 'x' AND T = 'y'", False),
        ("T IN ('x', 'y') AND T <> 'x' AND NOT T = 'y'", False),
        ("T > 'x' AND T < 'x1'", None),
        ("T <> 'x' OR T <> 'y'", True),
        ("T <> 'x' AND T <> 'y'", None),
        ("T LIKE 'x%' AND (N = 1 OR T = NULL)", False),
        ("T LIKE 'x%' AND T LIKE 'y%'", None),
        ("T LIKE 'x%' AND T <> 'a' AND N > 5 AND N < 4", False),
        ("T IS NULL AND T = 'x'", False),
        ("T IS NULL OR T <> 'x'", None),
        ("D BETWEEN DATE('2026-12-31') AND DATE('2026-01-01')", False),
        ("D >= DATE('2026-12-31') AND D < TIMESTAMP('2027-01-01T00:00:00Z')", None),
        ("D >= DATE('2026-01-01') AND D < TIMESTAMP('2026-01-01T00:00:00Z')", None),
        # As text '100' comes before '30', as a number behind it; a column of numbers takes '01' for 1.
        ("N > '100' AND N < '30'", None),
        ("T = '01' AND T = '1'", None),
        ("T = N", None),
    ],
)
def test_a_condition_that_no_value_or_every_value_meets_is_found(condition, holds):
    clause = constant_clause(condition)
    assert (None if clause is None else clause.holds) == holds


def test_days_by_a_value_s_own_clock_and_moments_may_hold_together_in_another_zone():
    values = ["2026-01-01T03:00:00+08:00", "2026-01-01T03:00:00Z", "2025-12-31T23:00:00Z"]
    text = "K >= DATE('2026-01-01') AND K < TIMESTAMP('2026-01-01T00:00:00Z')"
    assert _truths(text, values) == [True, False, False]


@pytest.mark.parametrize(
    "text", ["N = 1234567.5", "NOT (T = 'it''s' OR D > DATE('2026-01-01'))", "T NOT IN ('x') AND (N < -3 OR T IS NULL)"]
)
def test_a_condition_that_is_written_from_its_tree_is_the_same(text):
    tree = parse_condition(text)
    assert parse_condition(condition_text(tree)) == tree
