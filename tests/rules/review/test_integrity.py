"""A case that somebody changed behind the tool's back is found, with the row, and with who had written it when."""

import sqlite3

import pytest

from onemap.tests.rules.command import command, done


def change_rows(town, sql, *values):
    with sqlite3.connect(town.library) as library:
        assert library.execute(sql, values).rowcount > 0
    library.close()


def test_a_walked_case_is_whole(town, walk):
    case = town.open("--attach", town.folder / "town.toml")
    town.done("withdraw", case, on="2026-03-02")
    walk("issued")
    assert done("verify", town.library).json["problems"] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sql", "code", "table"),
    [
        ("UPDATE onemap_opinions SET text = 'x' WHERE state = 'signed'", "verify.record_changed", "onemap_opinions"),
        ("UPDATE onemap_opinions SET conclusion = 'agree' WHERE department = 'land'", "verify.record_changed", None),
        ("DELETE FROM onemap_opinions WHERE state = 'signed'", "verify.record_gone", "onemap_opinions"),
        ("UPDATE onemap_cases SET conclusion = 'agree'", "verify.record_changed", "onemap_cases"),
        ("UPDATE onemap_rounds SET run = 'x'", "verify.record_changed", "onemap_rounds"),
        ("UPDATE onemap_case_entries SET who = 'nobody'", "verify.record_changed", "onemap_case_entries"),
        ("UPDATE onemap_case_items SET title = '{}'", "verify.record_changed", "onemap_case_items"),
        ("UPDATE onemap_documents SET number = '1'", "verify.record_changed", "onemap_documents"),
        (
            "INSERT INTO onemap_overrides VALUES ('c', 1, 'DK1', 'farm', 1, 'prohibited', 'clear', 'x', 'me', 'd')",
            "verify.record_unlogged",
            "onemap_overrides",
        ),
    ],
)
def test_a_changed_row_is_found_with_its_place_and_its_writer(town, walk, sql, code, table):
    walk("issued")
    change_rows(town, sql)
    answer = command("verify", town.library)
    assert answer.code == 5
    first = answer.json["problems"][0]
    assert first["code"] == code
    assert table in (None, first["layer"])
    assert first["feature"]
    if code == "verify.record_changed" and table == "onemap_opinions":
        assert "head wrote at 20" in first["message"]


def test_a_changed_file_of_a_case_is_found(town):
    town.open("--attach", town.folder / "town.toml")
    change_rows(town, "UPDATE onemap_case_files SET content = x'00'")
    assert command("verify", town.library).codes == ["verify.record_changed"]
