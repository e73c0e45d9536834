"""What the owner of a server's tables changes, or somebody grants, is named, and no step makes it whole."""

import psycopg
import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.tests.attacks.server_accounts import Bureau, make_bureau
from onemap.tests.rules.command import command

pytestmark = pytest.mark.slow


@pytest.fixture
def bureau(postgis, tmp_path) -> Bureau:
    return make_bureau(tmp_path, postgis)


def as_owner(bureau: Bureau, *statements: str) -> None:
    with bureau.connect("onemap") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0  # type: ignore[call-overload]


def named_features(bureau: Bureau) -> set[tuple[str | None, str | None]]:
    answer = command("verify", bureau.place("u_keeper"))
    return {(problem["layer"], problem["feature"]) for problem in answer.json["problems"]}


EDITS = {
    "onemap_cases": "UPDATE onemap_cases SET project = 'another'",
    "onemap_rounds": "UPDATE onemap_rounds SET rules = '{}'",
    "onemap_case_items": "DELETE FROM onemap_case_items",
    "onemap_case_entries": "DELETE FROM onemap_case_entries WHERE number = 2",
    "onemap_opinions": "UPDATE onemap_opinions SET text = 'x' WHERE department = 'water'",
}


@pytest.mark.parametrize("table", EDITS)
def test_steps_after_an_edit_are_refused_for_lead_and_department(bureau, table):
    as_owner(bureau, EDITS[table])
    before = named_features(bureau)
    assert {layer for layer, _ in before} == {table}
    words = ("--conclusion", "agree", "--text", "行")
    for answer in (
        bureau.review("u_water", "opine", "water", *words),
        bureau.review("u_lead", "withdraw", "--reason", "撤回"),
    ):
        assert set(answer.codes) == {"library.altered"}
    assert named_features(bureau) == before


def test_another_departments_draft_is_no_matter_of_a_department(bureau):
    as_owner(bureau, "UPDATE onemap_opinions SET text = 'x' WHERE department = 'land' AND number = 2")
    assert bureau.review("u_water", "opine", "water", "--conclusion", "agree", "--text", "行").code == 0
    assert {layer for layer, _ in named_features(bureau)} == {"onemap_opinions"}


def test_the_log_of_a_case_says_nothing_of_anothers_draft(bureau):
    assert bureau.review("u_land", "opine", "land", "--conclusion", "agree", "--text", "行").code == 0
    asked = f"SELECT name, hash FROM onemap_case_log('{bureau.case}') WHERE of_table = 'onemap_opinions'"
    of_land = f"{bureau.case}/1/land/3"
    assert dict(bureau.rows(asked, "u_water"))[of_land] is None
    assert len(dict(bureau.rows(asked, "u_land"))[of_land]) == 64
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.rows(asked, "u_eyes")


def test_a_member_who_keeps_his_turn_is_named_to_those_who_wait(bureau):
    with bureau.connect("u_water") as slow:
        slow.execute("SELECT onemap_take_turn()")
        with open_library(bureau.place("u_lead"), wait_s=0.3) as library:
            for _ in range(2):  # the connection is as good as before
                with pytest.raises(OneMapError) as refused, library.writing():
                    raise AssertionError("two writers at once")
                (problem,) = refused.value.problems
                assert (problem.code, problem.facts["accounts"]) == ("library.busy_with", ["u_water"])
            slow.rollback()
            with library.writing():
                pass


def test_a_session_of_ours_that_sleeps_in_a_transaction_gives_its_turn_back(bureau):
    with open_library(bureau.place("u_lead")) as library:
        assert library.connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("30min",)
        assert library.connection.execute("SHOW lock_timeout").fetchone() == ("30s",)


CHANGES = {
    'ALTER POLICY "{policy}" ON onemap_opinions USING (true)': ("onemap_opinions/{policy}", "pg_policies"),
    'DROP POLICY "{other}" ON onemap_opinions': ("onemap_opinions/{other}", "pg_policies"),
    "CREATE POLICY more ON onemap_cases FOR SELECT USING (true)": ("onemap_cases/more", "pg_policies"),
    "ALTER TABLE onemap_opinions DISABLE ROW LEVEL SECURITY": ("onemap_opinions", "pg_class"),
    "GRANT SELECT ON onemap_opinions TO u_stranger": ("onemap_opinions/u_stranger", "pg_acl"),
    "GRANT UPDATE ON onemap_cases TO onemap_town_water": ("onemap_cases/onemap_town_water", "pg_acl"),
    "GRANT UPDATE (text) ON onemap_opinions TO PUBLIC": ("onemap_opinions/public", "pg_acl"),
    "REVOKE SELECT ON onemap_cases FROM onemap_town_water": ("onemap_cases/onemap_town_water", "pg_acl"),
    "GRANT CREATE ON SCHEMA town TO u_stranger": ("schema/u_stranger", "pg_acl"),
    "GRANT EXECUTE ON FUNCTION onemap_chain_head() TO u_stranger": ("onemap_chain_head()/u_stranger", "pg_acl"),
    "ALTER FUNCTION onemap_chain() SECURITY INVOKER": ("onemap_chain/", "pg_proc"),
    "ALTER FUNCTION onemap_take_turn() RESET search_path": ("onemap_take_turn/", "pg_proc"),
    "ALTER TABLE onemap_audit DISABLE TRIGGER onemap_chain": ("onemap_audit/onemap_chain", "pg_trigger"),
    "CREATE RULE quiet AS ON INSERT TO onemap_overrides DO INSTEAD NOTHING": ("onemap_overrides/quiet", "pg_rules"),
    "ALTER TABLE onemap_cases ALTER COLUMN state SET DEFAULT 'issued'": ("onemap_cases", "pg_class"),
    "ALTER TABLE onemap_audit DROP CONSTRAINT onemap_audit_previous_hash_key": (
        "onemap_audit/onemap_audit_previous_hash_key",
        "pg_constraint",
    ),
}


def test_each_change_of_policies_grants_triggers_and_functions_is_named(bureau):
    policy = "SELECT policyname FROM pg_policies WHERE schemaname = 'town' AND tablename = 'onemap_opinions'"
    (name,), (other,) = bureau.rows(f"{policy} AND cmd = 'SELECT' ORDER BY 1")
    assert named_features(bureau) == set()
    for change, place in CHANGES.items():
        as_owner(bureau, change.format(policy=name, other=other))
        expected = tuple(part.format(policy=name, other=other) for part in place)
        assert expected in named_features(bureau), change
