"""A row that somebody has edited is found with its writer, and no lawful step hides it: each is refused."""

import contextlib
import sqlite3
from dataclasses import replace

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.event import COLUMNS, event_hash
from onemap.rules.review.cases.event_store import read_events
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import LAWFUL_STEPS, alter

DAY = "2026-03-04"
STEPS = {**LAWFUL_STEPS, "withdraw": ("--reason", "撤回")}


def set_column(name, value):
    """An edit that sets one column of land's last event, and leaves the hash as it was."""
    return lambda event: replace(event, **{name: value(getattr(event, name))})


def hash_again(edit):
    """The same edit by somebody who can compute the hashes of events."""

    def whole(event):
        edited = edit(event)
        return replace(edited, hash=event_hash(edited))

    return whole


# What somebody does to the last event of the land department.
EDITS = {
    "what it says": set_column("body", lambda body: body.replace('"round"', '"round" ')),
    "a body that is none": set_column("body", lambda _: "{[ no JSON"),
    "the words": set_column("words", lambda words: words.replace("避让", "同意")),
    "who": set_column("who", lambda _: "Zhang"),
    "the day": set_column("day", lambda _: "2026-03-01"),
    "the moment": set_column("at", lambda _: "2026-03-01T00:00:00.000000Z"),
    "what it saw": set_column("seen", lambda _: "{}"),
    "the action": set_column("action", lambda _: "sign"),
    "an account": set_column("account", lambda _: 1),
    "a run": set_column("run", lambda _: "another"),
    "who, hashed": hash_again(set_column("who", lambda _: "Zhang")),
    "the body, hashed": hash_again(set_column("body", lambda body: body.replace('"round"', '"round" '))),
    "the action, hashed": hash_again(set_column("action", lambda _: "return")),
    "gone": lambda _: None,
}


def last_event(town, case, chain="land"):
    with open_library(str(town.library)) as library:
        return [event for event in read_events(library, case) if event.chain == chain][-1]


def change_event(town, event, edit):
    """Replace an event by its changed form."""
    edited = edit(event)
    with contextlib.closing(sqlite3.connect(town.library)) as library, library:
        assert library.execute(
            "DELETE FROM onemap_events WHERE case_id=? AND chain=? AND number=?", event.place
        ).rowcount
        if edited is not None:
            marks = ",".join("?" * len(COLUMNS))
            library.execute(f"INSERT INTO onemap_events ({','.join(COLUMNS)}) VALUES ({marks})", edited.values)


def rows_named(town):
    """The tables and rows that verify names."""
    return {(problem["layer"], problem["feature"]) for problem in command("verify", town.library).json["problems"]}


@pytest.fixture
def case(town, walk):
    """A circulated case with every kind of event; land's last one is a draft."""
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
    event = last_event(town, case)
    change_event(town, event, EDITS[what])
    before = rows_named(town)
    assert ("onemap_events", f"{case}/land/{event.number}") in before
    for verb, arguments in STEPS.items():
        answer = town.step(verb, case, *arguments, on=DAY)
        assert (answer.code, set(answer.codes)) == (3, {"library.altered"}), verb
    revised = town.step("revise", case, town.folder / "parcels.gpkg", on=DAY)
    assert set(revised.codes) == {"library.altered"}
    assert rows_named(town) == before


def test_an_event_that_nobody_logged_is_named_and_no_step_goes_on(town, case):
    event = last_event(town, case)
    more = replace(event, number=event.number + 1, before=event.hash, action="withdraw")
    forged = replace(more, hash=event_hash(more))
    with contextlib.closing(sqlite3.connect(town.library)) as library, library:
        marks = ",".join("?" * len(COLUMNS))
        library.execute(f"INSERT INTO onemap_events ({','.join(COLUMNS)}) VALUES ({marks})", forged.values)
    answer = command("verify", town.library)
    assert answer.code == 5
    assert set(answer.codes) == {"verify.record_unlogged", "verify.event_unlawful"}
    assert town.show(case, DAY)["state"] == "circulating"
    assert town.step("sign", case, "water", on=DAY).codes == ["library.altered"]
    rows = done("history", town.library, case).json["rows"]
    assert [row["action"] for row in rows if row["unlawful"]] == ["review.withdraw"]


def test_an_altered_case_is_shown_as_such_and_the_list_goes_on(town, case, walk):
    other = walk("draft")
    change_event(town, last_event(town, case), EDITS["what it says"])
    assert set(command("review", "show", town.library, case).codes) == {"library.altered"}
    answer = command("review", "list", town.library)
    assert (answer.code, [one["case"] for one in answer.json["cases"]]) == (0, [other])
    assert {problem["code"] for problem in answer.json["problems"]} == {"library.altered"}


def test_an_edited_case_does_not_hold_up_the_others(town, walk):
    first, second = walk("circulating"), walk("circulating")
    change_event(town, last_event(town, first, "lead"), EDITS["who"])
    town.sign_all(second, on=DAY)
    assert town.step("sign", first, "land", on=DAY).codes[0] == "library.altered"


def test_what_an_issue_puts_into_the_layers_of_approvals_is_what_was_decided(town, walk):
    first, second = walk("issued"), walk("consolidated")
    event = last_event(town, first, "lead")
    change_event(town, event, hash_again(set_column("body", lambda body: body.replace("城预审", "省预审"))))
    assert set(town.step("issue", second, on="2026-03-05").codes) == {"library.altered"}
    assert ("onemap_events", f"{first}/lead/{event.number}") in rows_named(town)


def test_a_number_that_another_document_has_is_not_given_again(town, walk):
    walk("issued")
    second = walk("issued")
    assert town.show(second, "2026-03-06")["document"].endswith("〔2026〕2号")
    with contextlib.closing(sqlite3.connect(town.library)) as library, pytest.raises(sqlite3.IntegrityError):
        library.execute("UPDATE onemap_events SET sequence = 1 WHERE sequence = 2")


def test_a_rehearsal_stays_one(town, walk):
    case = walk("circulating")
    alter(town, "DELETE FROM onemap_library WHERE key = 'rehearsal'")
    assert command("review", "show", town.library, case).codes == ["review.rehearsal_lost"]
    assert town.step("sign", case, "water", on=DAY).codes == ["review.rehearsal_lost"]
    assert ("onemap_library", "rehearsal") in rows_named(town)
    assert "verify.event_unlawful" not in command("verify", town.library).codes  # it was opened as what it is


def test_what_is_no_rehearsal_becomes_none(real_town):
    case = real_town.open(on=None)
    alter(real_town, "INSERT INTO onemap_library VALUES ('rehearsal', 'yes')")
    assert command("review", "show", real_town.library, case).codes == ["review.rehearsal_lost"]
    assert ("onemap_library", "rehearsal") in rows_named(real_town)
    assert "verify.event_unlawful" not in command("verify", real_town.library).codes


def test_a_damaged_log_entry_of_the_case_is_named(town, case):
    alter(
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
        alter(town, sql)
        before = rows_named(town)
        answer = command("add", town.library, source, "--as", "FARM", "--covers", "district", "--label", "again")
        assert set(answer.codes) == {"library.altered"}, sql
        assert {problem["layer"] for problem in answer.json["problems"]} == {table}
        assert rows_named(town) == before
    town.library.write_bytes(whole)
    alter(town, "UPDATE onemap_services SET url = 'https://example.org/wfs'")
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


def test_a_changed_event_is_found_with_its_place_and_its_writer(town, walk):
    case = walk("issued")
    change_event(town, last_event(town, case), EDITS["the day"])
    answer = command("verify", town.library)
    assert answer.code == 5
    first = answer.json["problems"][0]
    assert (first["code"], first["layer"]) == ("verify.record_changed", "onemap_events")
    assert "head wrote at 20" in first["message"]


def test_a_changed_file_of_a_case_is_found(town):
    town.open("--attach", town.folder / "town.toml")
    change_rows(town, "UPDATE onemap_case_files SET content = x'00'")
    assert command("verify", town.library).codes == ["verify.record_changed"]
