"""Rows and tables of an answer: as plain text in both languages, and as JSON with typed amounts."""

import json

import pytest

from onemap.rules.display.rows.answer_rows import (
    Amount,
    AnswerRow,
    AnswerTable,
    AnswerView,
    Column,
    amount_text,
    assumed_rows,
    view_json,
    view_text,
)

TREE = AnswerRow(
    "Zones",
    line=["Zones"],
    rows=[
        AnswerRow(
            "R2",
            [Amount(82_140.4, "m2")],
            "f1",
            {"table": "l_zone", "fid": 1},
            is_open=False,
            line=["R2", Amount(82_140.4, "m2"), "inside"],
            rows=[AnswerRow("Whole length", [Amount(3.25, "m")])],
        ),
        AnswerRow("Rules", ["1"], line=(), rows=[AnswerRow("Law", sign="prohibited", line=["Rule: Law"])]),
        AnswerRow("", line=["and 3 more"]),
        AnswerRow("Not a line", rows=[AnswerRow("Nor this", line=["never"])]),
    ],
)
TABLE = AnswerTable(
    [Column("class"), Column("length", "km"), Column("area", "ha"), Column("share"), Column("no.", is_number=True)],
    [
        AnswerRow("田", ["", Amount(12.34564, "ha"), Amount(0.25, "share"), "7"]),
        AnswerRow("forest", ["", Amount(0.000001, "ha"), Amount(0.0001, "share"), "12"]),
    ],
)


@pytest.mark.parametrize(
    ("language", "between", "heads"),
    [
        ("en", ", ", "  class   area ha  share   no."),
        ("zh", "、", "  class   area（公顷）  share   no."),
    ],
)
def test_a_terminal_has_lines_below_lines_and_columns_below_heads(language, between, heads):
    lines = view_text(AnswerView([TREE, TABLE], ["Before:"], ["After."]), language).splitlines()
    assert lines[:5] == [
        "Before:",
        "Zones",
        between.join(["  R2", "82,140 m²", "inside"]),
        "  Rule: Law",
        "  and 3 more",
    ]
    assert lines[5] == heads
    assert [line.split() for line in lines[6:8]] == [
        ["田", "12.3456", "25.0%", "7"],
        ["forest", "<0.0001", "<", "0.1%", "12"],
    ]
    assert lines[8:] == ["After."]
    assert len(lines[7].split("<0.0001")[0]) + len("<0.0001") == lines[7].index("< 0.1%") - 2, "amounts end together"


def test_json_has_every_named_row_with_typed_amounts_and_tables_by_their_columns():
    parts = json.loads(json.dumps(view_json(AnswerView([TREE, TABLE, AnswerRow("", line=["only said"])]))))
    assert len(parts) == 2
    feature, rules, last = parts[0]["rows"]
    assert feature["values"] == [{"value": 82_140.4, "measure": "m2"}]
    assert feature["about"] == {"table": "l_zone", "fid": 1}
    assert (feature["is_open"], feature["hint"], feature["rows"][0]["name"]) == (False, "f1", "Whole length")
    assert rules["rows"][0]["sign"] == "prohibited"
    assert last["rows"][0]["name"] == "Nor this"
    assert [column["unit"] for column in parts[1]["columns"]] == ["", "km", "ha", "", ""]
    assert parts[1]["rows"][1]["values"][1] == {"value": 0.000001, "measure": "ha"}


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Amount(9.96, "m2"), "10.0 m²"),
        (Amount(0.01, "m2"), "<\u00a00.1 m²"),
        (Amount(1234.56, "m"), "1,234.6 m"),
        (Amount(1.2346, "km"), "1.235 km"),
        (Amount(2.5, "ha"), "2.5000 ha"),
        (Amount(1234, "count"), "1,234"),
    ],
)
def test_an_amount_is_written_with_its_unit(amount, text):
    assert amount_text(amount, "en") == text


@pytest.mark.parametrize(("language", "titles"), [("en", "Land use patches, OWN"), ("zh", "地类图斑、OWN")])
def test_layers_of_assumed_coverage_are_named_by_their_titles(language: str, titles: str):
    layers = [{"code": code, "coverage": "extent"} for code in ("OWN", "DLTB", "DLTB")]
    (row,) = assumed_rows([*layers, {"code": "YJJBNTTB", "coverage": "file"}], language)
    assert str(row.name).endswith(titles)
