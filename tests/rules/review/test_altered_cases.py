"""A row that somebody has edited is found, with its writer, and made whole by no lawful step: each is refused."""

import contextlib
import sqlite3

import pytest

from onemap.tests.rules.command import command, done

DAY = "2026-03-04"
# Steps that are lawful in a case that is out, but for the edit.
STEPS = {
    "opine": ("reform", "--conclusion", "agree", "--text", "同意"),
    "sign": ("water",),
    "return": ("land", "--reason", "再核"),
    "override": ("DK1", "river", "--verdict", "notice", "--reason", "已批"),
    "remedy": (),
    "extend": ("water", "--days", "3", "--reason", "补件"),
    "consolidate": (),
    "withdraw": ("--reason", "撤回"),
}
COPIED = "INSERT INTO {0} SELECT {1} FROM {0} LIMIT 1"
# By the table: what somebody does to it, and which row verify and the steps then name.
EDITS = {
    "a case's words": ("onemap_cases", "UPDATE onemap_cases SET project = 'another'"),
    "a case's data that is none": ("onemap_cases", "UPDATE onemap_cases SET data = '{[ no JSON'"),
    "a case's state": ("onemap_cases", "UPDATE onemap_cases SET state = 'consolidated', conclusion = 'agree'"),
    "a case": ("onemap_cases", "DELETE FROM onemap_cases"),
    "a round": ("onemap_rounds", "UPDATE onemap_rounds SET rules = '{}'"),
    "an opinion": ("onemap_opinions", "UPDATE onemap_opinions SET text = 'x' WHERE department = 'water'"),
    "an opinion's last state": (
        "onemap_opinions",
        "DELETE FROM onemap_opinions WHERE department='land' AND number = 3",
    ),
    "an opinion that nobody gave": (
        "onemap_opinions",
        "INSERT INTO onemap_opinions SELECT case_id, round, department, 9, 'signed', 'agree', '', NULL, '', 1, why,"
        " drafted_by, drafted_on, 'head', drafted_on, due, NULL, NULL, at FROM onemap_opinions"
        " WHERE department = 'water' AND number = 1",
    ),
    "an item": ("onemap_case_items", "DELETE FROM onemap_case_items"),
    "an answer": ("onemap_case_answers", "UPDATE onemap_case_answers SET answer = '限制类'"),
    "an override": ("onemap_overrides", "UPDATE onemap_overrides SET verdict = 'clear'"),
    "the last entry": (
        "onemap_case_entries",
        "DELETE FROM onemap_case_entries WHERE number = (SELECT max(number) FROM onemap_case_entries)",
    ),
    "an entry's day": ("onemap_case_entries", "UPDATE onemap_case_entries SET day = '2026-03-01' WHERE number = 2"),
    "a remedy": ("onemap_case_remedies", "UPDATE onemap_case_remedies SET run = 'another'"),
    "a document": ("onemap_documents", "INSERT INTO onemap_documents SELECT 2026, 7, id, '7' FROM onemap_cases"),
}


def edit(town, sql):
    with contextlib.closing(sqlite3.connect(town.library)) as library, library:
        assert library.execute(sql).rowcount > 0


def rows_named(town):
    """What verify names: table and row."""
    return {(problem["layer"], problem["feature"]) for problem in command("verify", town.library).json["problems"]}


@pytest.fixture
def case(town, walk):
    """A case that is out, with a row in every table but that of documents; the last state of land's is its third."""
    case = walk("circulating")
    town.done("opine", case, "reform", "--conclusion", "agree", "--text", "行", "--answer", "industry=鼓励类", on=DAY)
    town.done("override", case, "DK1", "farm", "--verdict", "notice", "--reason", "已批", on=DAY)
    town.done("remedy", case, on=DAY)
    town.done("opine", case, "land", "--conclusion", "conditional", "--text", "避让", "--basis", "法", on=DAY)
    assert rows_named(town) == set()
    return case


@pytest.mark.slow
@pytest.mark.parametrize("what", EDITS)
def test_each_step_after_an_edit_is_refused_and_the_edit_stays_named(town, case, what):
    table, sql = EDITS[what]
    edit(town, sql)
    before = rows_named(town)
    assert {layer for layer, _ in before} == {table}
    for verb, arguments in STEPS.items():
        if what == "a case's state" and verb == "remedy":
            continue  # refused before, for the state that somebody has put there
        answer = town.step(verb, case, *arguments, on=DAY)
        assert (answer.code, set(answer.codes)) == (3, {"library.altered"}), verb
        assert {(problem["layer"], problem["feature"]) for problem in answer.json["problems"]} <= before
    revised = town.step("revise", case, town.folder / "parcels.gpkg", on=DAY)
    assert set(revised.codes) == {"library.altered"}
    assert rows_named(town) == before


def test_what_is_no_case_any_more_is_shown_as_altered(town, case):
    edit(town, EDITS["a case's data that is none"][1])
    for verb, arguments in (("show", (case,)), ("list", ())):
        assert command("review", verb, town.library, *arguments).codes == ["library.altered"]


def test_a_draft_is_not_sent_out_and_a_joined_case_not_issued(town, walk):
    for state, verb in (("draft", "circulate"), ("consolidated", "issue")):
        case = walk(state)
        edit(town, f"UPDATE onemap_cases SET terms = replace(terms, '城预审', '省预审') WHERE id = '{case}'")
        assert town.step(verb, case, on="2026-03-05").codes == ["library.altered"]
    assert {layer for layer, _ in rows_named(town)} == {"onemap_cases"}


def test_an_edited_case_does_not_hold_up_the_others(town, walk):
    first, second = walk("circulating"), walk("circulating")
    edit(town, f"UPDATE onemap_opinions SET text = 'x' WHERE case_id = '{first}'")
    town.sign_all(second, on=DAY)
    assert town.step("sign", first, "land", on=DAY).codes[0] == "library.altered"


def test_a_number_that_another_document_has_in_the_log_is_not_given_again(town, walk):
    walk("issued")
    other = walk("consolidated")
    edit(town, "DELETE FROM onemap_documents")
    assert "library.altered" in town.step("issue", other, on="2026-03-05").codes
    assert ("onemap_documents", "2026/1") in rows_named(town)


def test_what_an_issue_puts_into_the_layers_of_approvals_is_what_was_decided(town, walk):
    first, second = walk("issued"), walk("consolidated")
    edit(town, f"UPDATE onemap_cases SET document = '假' WHERE id = '{first}'")
    assert town.step("issue", second, on="2026-03-05").codes == ["library.altered"]
    assert rows_named(town) == {("onemap_cases", first)}


def test_a_damaged_log_entry_of_the_case_is_named(town, case):
    edit(
        town,
        "UPDATE onemap_audit SET detail = replace(detail, 'circulating', 'consolidated') WHERE action = 'review.opine'",
    )
    answer = town.step("sign", case, "water", on=DAY)
    assert answer.codes == ["library.altered"]
    assert answer.json["problems"][0]["layer"] == "onemap_audit"


def test_versions_services_and_problems_are_not_made_whole_by_the_next_one(town):
    assert done("service", town.library, "农田", *SERVICE).code == 0
    edits = {
        "UPDATE onemap_versions SET count = 9 WHERE code = 'FARM'": "onemap_versions",
        "DELETE FROM onemap_versions WHERE code = 'FARM'": "onemap_versions",
        "UPDATE onemap_catalogue SET department = 'water' WHERE code = 'FARM'": "onemap_catalogue",
        "UPDATE gpkg_contents SET min_x = 0 WHERE table_name = 'FARM'": "gpkg_contents",
    }
    source = town.folder / "FARM.gpkg"
    whole = town.library.read_bytes()
    for sql, table in edits.items():
        town.library.write_bytes(whole)
        edit(town, sql)
        before = rows_named(town)
        answer = command("add", town.library, source, "--as", "FARM", "--covers", "district", "--label", "again")
        assert set(answer.codes) == {"library.altered"}, sql
        assert {problem["layer"] for problem in answer.json["problems"]} == {table}
        assert rows_named(town) == before
    town.library.write_bytes(whole)
    edit(town, "UPDATE onemap_services SET url = 'https://example.org/wfs'")
    for options in ((*SERVICE, "--overwrite"), ("--remove",)):
        assert command("service", town.library, "农田", *options).codes == ["library.altered"]


SERVICE = ("--type", "wfs", "--url", "https://gis.example.gov.cn/wfs", "--layer", "ns:farm", "--department", "land")


# ---- What `verify` finds: the row, and who had written it when ----


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
