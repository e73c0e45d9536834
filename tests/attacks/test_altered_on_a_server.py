"""Changes that the owner of a server's tables makes, or rights that somebody grants, are named; no step hides them."""

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library, sha256
from onemap.layers.stores.store import chained_hash
from onemap.tests.attacks.server_accounts import Bureau
from onemap.tests.rules.command import command, done

pytestmark = pytest.mark.slow


@pytest.fixture
def bureau(made_bureau, postgis, tmp_path) -> Bureau:
    return made_bureau.copied(tmp_path, postgis)


def as_owner(bureau: Bureau, *statements: str) -> None:
    with bureau.connect("onemap") as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0  # type: ignore[call-overload]


def named_features(bureau: Bureau) -> set[tuple[str | None, str | None]]:
    answer = command("verify", bureau.place("u_keeper"))
    return {(problem["layer"], problem["feature"]) for problem in answer.json["problems"]}


UNGUARDED = ("ALTER TABLE onemap_events DISABLE TRIGGER USER", "ALTER TABLE onemap_events ENABLE TRIGGER USER")
EDITS = {
    "a body": "UPDATE onemap_events SET body = replace(body, '小学', '工厂') WHERE action = 'open'",
    "who": "UPDATE onemap_events SET who = 'u_keeper' WHERE action = 'circulate'",
    "the day": "UPDATE onemap_events SET day = '2020-01-01' WHERE action = 'circulate'",
    "the last event": "DELETE FROM onemap_events WHERE action = 'circulate'",
    "the first event": "DELETE FROM onemap_events WHERE action = 'open'",
}


def edit(bureau: Bureau, statement: str) -> None:
    """An edit by the owner with triggers switched off and on again."""
    with bureau.connect("onemap") as connection:
        connection.execute(UNGUARDED[0])
        assert connection.execute(statement).rowcount != 0  # type: ignore[call-overload]
        connection.execute(UNGUARDED[1])


@pytest.mark.parametrize("what", EDITS)
def test_steps_after_an_edit_are_refused_for_the_lead_and_the_edit_is_named(bureau, what):
    edit(bureau, EDITS[what])
    before = named_features(bureau)
    assert {layer for layer, _ in before} == {"onemap_events"}
    assert bureau.review("u_lead", "withdraw", "--reason", "撤回").code == 3
    assert named_features(bureau) == before


@pytest.mark.parametrize("what", ["a body", "who", "the day"])
def test_a_department_goes_by_the_chain(bureau, what):
    edit(bureau, EDITS[what])
    words = ("--conclusion", "agree", "--text", "行")
    assert set(bureau.review("u_water", "opine", "water", *words).codes) == {"library.altered"}


def test_another_departments_draft_is_no_matter_of_a_department(bureau):
    assert bureau.review("u_land", "opine", "land", "--conclusion", "agree", "--text", "行").code == 0
    edit(bureau, "UPDATE onemap_events SET words = replace(words, '行', '否') WHERE chain = 'land'")
    assert bureau.review("u_water", "opine", "water", "--conclusion", "agree", "--text", "行").code == 0
    codes = command("verify", bureau.place("u_keeper")).codes
    assert "verify.event_unlawful" in codes  # its words are not those that were hashed


def test_what_departments_wrote_is_taken_up_by_the_next_row_of_the_log(bureau):
    assert bureau.review("u_land", "opine", "land", "--conclusion", "agree", "--text", "行").code == 0
    assert bureau.review("u_lead", "extend", "--days", "3", "--reason", "r").code == 0
    edit(bureau, "DELETE FROM onemap_events WHERE chain = 'land'")
    assert ("onemap_events", f"{bureau.case}/land/1") in named_features(bureau)


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


_FALSE = "CREATE FUNCTION {schema}.{name} RETURNS {answer} LANGUAGE sql AS $f$ SELECT {said} $f$"
_ALWAYS = "CREATE FUNCTION elsewhere.onemap_chain() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NEW; END $f$"
_SILENT = "CREATE FUNCTION elsewhere.silent() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN NULL; END $f$"
CHAIN = "ON onemap_audit FOR EACH ROW"
_OTHER = "onemap_case_files/{other}"
# What is done, and where verify has to find it.
CHANGES = {
    'ALTER POLICY "{policy}" ON onemap_events WITH CHECK (true)': ("onemap_events/{policy}", "policy"),
    'ALTER POLICY "{other}" ON onemap_case_files USING ((true OR true) AND false)': (_OTHER, "policy"),
    "CREATE POLICY more ON onemap_runs FOR SELECT USING (true)": ("onemap_runs/more", "policy"),
    "ALTER TABLE onemap_events DISABLE ROW LEVEL SECURITY": ("onemap_events", "table"),
    "ALTER TABLE onemap_district FORCE ROW LEVEL SECURITY": ("onemap_district", "table"),
    "GRANT SELECT ON onemap_events TO u_stranger": ("onemap_events/u_stranger", "grant"),
    "GRANT UPDATE ON onemap_events TO onemap_town_water": ("onemap_events/onemap_town_water", "grant"),
    "GRANT UPDATE (body) ON onemap_events TO PUBLIC": ("onemap_events/public", "grant"),
    "REVOKE SELECT ON onemap_runs FROM onemap_town_water": ("onemap_runs/onemap_town_water", "grant"),
    "GRANT SELECT ON onemap_runs TO onemap_town_land WITH GRANT OPTION": ("onemap_runs/onemap_town_land", "grant"),
    "GRANT CREATE ON SCHEMA town TO u_stranger": ("schema/u_stranger", "grant"),
    "GRANT EXECUTE ON FUNCTION onemap_chain_head() TO u_stranger": ("onemap_chain_head()/u_stranger", "grant"),
    "ALTER DEFAULT PRIVILEGES FOR ROLE onemap_town_owner GRANT SELECT ON TABLES TO u_stranger": (
        "default/u_stranger",
        "grant",
    ),
    "ALTER FUNCTION onemap_chain() SECURITY INVOKER": ("onemap_chain/", "function"),
    "ALTER FUNCTION onemap_take_turn() RESET search_path": ("onemap_take_turn/", "function"),
    "ALTER FUNCTION onemap_chain_head() SET row_security = off": ("onemap_chain_head/", "function"),
    "ALTER FUNCTION onemap_moment() IMMUTABLE": ("onemap_moment/", "function"),
    "ALTER FUNCTION onemap_closed() OWNER TO onemap_town_water": ("onemap_closed/", "function"),
    # A function that is called rather than the library's, since it fits an argument better.
    _FALSE.format(schema="town", name="onemap_json(said varchar)", answer="text", said="'x'"): (
        "onemap_json/said character varying",
        "function",
    ),
    "CREATE AGGREGATE town.max(text) (sfunc = textcat, stype = text)": ("max/text", "function"),
    "ALTER TABLE onemap_audit DISABLE TRIGGER onemap_closed": ("onemap_audit/onemap_closed", "trigger"),
    f"CREATE OR REPLACE TRIGGER onemap_chain BEFORE INSERT {CHAIN} WHEN (false) EXECUTE FUNCTION onemap_chain()": (
        "onemap_audit/onemap_chain",
        "trigger",
    ),
    "CREATE OR REPLACE TRIGGER onemap_event BEFORE INSERT ON onemap_events FOR EACH ROW"
    " EXECUTE FUNCTION elsewhere.onemap_chain()": ("onemap_events/onemap_event", "trigger"),
    "CREATE RULE quiet AS ON INSERT TO onemap_runs DO INSTEAD NOTHING": ("onemap_runs/quiet", "rule"),
    "ALTER TABLE onemap_run_blocks ALTER COLUMN name SET DEFAULT 'sheet'": ("onemap_run_blocks", "table"),
    "ALTER TABLE onemap_packs ADD COLUMN more text GENERATED ALWAYS AS (id) STORED": ("onemap_packs", "table"),
    'ALTER TABLE onemap_services ALTER COLUMN name TYPE text COLLATE "C.utf8"': ("onemap_services", "table"),
    "ALTER VIEW onemap_opinions OWNER TO onemap_town_land": ("onemap_opinions", "table"),
    "ALTER TABLE onemap_versions SET UNLOGGED": ("onemap_versions", "table"),
    "CREATE TABLE elsewhere.child () INHERITS (town.onemap_row_hashes)": ("onemap_row_hashes", "table"),
    "ALTER VIEW onemap_cases SET (security_invoker = true)": ("onemap_cases", "table"),
    "CREATE OR REPLACE VIEW onemap_event_words AS SELECT case_id, chain, number, words FROM onemap_events": (
        "onemap_event_words",
        "view",
    ),
    "ALTER TABLE onemap_audit DROP CONSTRAINT onemap_audit_previous_hash_key": (
        "onemap_audit/onemap_audit_previous_hash_key",
        "constraint",
    ),
    "ALTER TABLE onemap_events ADD CONSTRAINT late CHECK (case_id <> 'x') NOT VALID": (
        "onemap_events/late",
        "constraint",
    ),
    "CREATE INDEX part ON onemap_events (case_id) WHERE action = 'sign'": ("onemap_events/part", "index"),
    "CREATE INDEX said ON onemap_events (lower(case_id))": ("onemap_events/said", "index"),
    "ALTER TABLE onemap_district DROP CONSTRAINT onemap_district_pkey": (
        "onemap_district/onemap_district_pkey",
        "index",
    ),
    "ALTER SCHEMA town OWNER TO onemap_town_water; GRANT USAGE ON SCHEMA town TO onemap_town_owner": ("town", "schema"),
    "CREATE OPERATOR town.= (leftarg = text, rightarg = text, function = pg_catalog.textne)": (
        "operator/town.=(pg_catalog.text,pg_catalog.text)",
        "object",
    ),
    "CREATE DOMAIN town.jsonb AS text": ("type/town.jsonb", "object"),
    "CREATE TYPE town.pair AS (a text, b text)": ("type/town.pair", "object"),
    'CREATE COLLATION town."C" FROM "C.utf8"': ('collation/town."C"', "object"),
    "CREATE SEQUENCE town.numbers": ("sequence/town.numbers", "object"),
    "CREATE CAST (text AS xid) WITH INOUT": ("cast/text xid", "surrounding"),
    "CREATE EVENT TRIGGER silent ON ddl_command_end EXECUTE FUNCTION elsewhere.silent()": (
        "event trigger/silent",
        "surrounding",
    ),
    _FALSE.format(schema="public", name="onemap_moment(text)", answer="text", said="'1999'"): (
        "function/public.onemap_moment(text)",
        "surrounding",
    ),
    _FALSE.format(schema="public", name="jsonb_path_exists(jsonb, text)", answer="boolean", said="false"): (
        "function/public.jsonb_path_exists(jsonb,text)",
        "surrounding",
    ),
    "CREATE OPERATOR public.<> (leftarg = text, rightarg = text, function = pg_catalog.texteq)": (
        "operator/public.<>(text,text)",
        "surrounding",
    ),
    "ALTER ROLE onemap_town_water BYPASSRLS": ("onemap_town_water", "role"),
    "GRANT onemap_town_owner TO onemap_town_land": ("onemap_town_land", "role"),
}
UNDONE = (  # roles are shared by all libraries of a server
    "REVOKE onemap_town_owner FROM onemap_town_land",
    "ALTER ROLE onemap_town_water NOBYPASSRLS",
)


def test_each_change_of_policies_grants_triggers_and_functions_is_named(bureau):
    policies = "SELECT policyname FROM pg_policies WHERE schemaname = 'town' AND"
    name, other = (
        bureau.rows(f"{policies} tablename = '{table}' AND cmd = '{action}' ORDER BY 1")[0][0]
        for table, action in (("onemap_events", "INSERT"), ("onemap_case_files", "SELECT"))
    )
    as_owner(bureau, "CREATE SCHEMA elsewhere", _ALWAYS, _SILENT)
    before = named_features(bureau)
    assert before == set()
    try:
        for change, place in CHANGES.items():
            as_owner(bureau, change.format(policy=name, other=other))
            now = named_features(bureau)
            expected = tuple(part.format(policy=name, other=other) for part in place)
            assert expected in now - before, (change, now - before)
            before = now
    finally:
        as_owner(bureau, *UNDONE)


def test_a_condition_with_other_parentheses_is_another_condition(bureau):
    """Once only the words were compared, without parentheses and prefixes."""
    conditions = []
    with open_library(bureau.place("u_keeper")) as library:
        for condition in ("(true OR true) AND false", "true OR (true AND false)"):
            as_owner(
                bureau,
                "DROP POLICY IF EXISTS one ON onemap_runs",
                f"CREATE POLICY one ON onemap_runs USING ({condition})",
            )
            parts = {(kind, name): words for kind, name, words in library.connection.structure(None)}
            conditions.append(parts["server_policy", "onemap_runs/one"])
    assert conditions[0] != conditions[1]


def write_log(bureau: Bureau, statement: str, *values: object) -> None:
    """An edit of the log by the owner with its triggers switched off and on again."""
    with bureau.connect("onemap") as connection:
        connection.execute("ALTER TABLE onemap_audit DISABLE TRIGGER USER")
        assert connection.execute(statement, values).rowcount != 0  # type: ignore[call-overload]
        connection.execute("ALTER TABLE onemap_audit ENABLE TRIGGER USER")


def make_log_anew(bureau: Bureau) -> None:
    """Chain the log anew from its second entry on, as somebody who knows the format would."""
    asked = "SELECT number, at, who, action, subject, detail FROM onemap_audit ORDER BY 1"
    before = ""
    for number, at, who, action, subject, detail in bureau.rows(asked):
        chained = chained_hash(before, at, who, action, subject, sha256(detail))
        change = "UPDATE onemap_audit SET content_hash = %s, previous_hash = %s, hash = %s WHERE number = %s"
        write_log(bureau, change, sha256(detail), before, chained, number)
        before = chained


# What the owner may have the last row of the log say.
LIES = (
    "x",
    "[1]",
    "5",
    '{"rows": 5}',
    '{"rows": {"onemap_events": ["x"]}}',
    '{"rows": {"onemap_events": {"x": 1}}}',
    '{"rows": {"no_such_table": {"x": "none"}}}',
    '{"rows": {"FARM__1": {"1": "none"}}}',
    '{"heads": {"lead": "x"}}',
    '{"heads": {"lead": [99, "dead"]}}',
    '{"heads": [1]}',
    '{"x": 1e999}',
    '{"a":' * 900 + "1" + "}" * 900,
)


def test_what_the_owner_has_the_log_say_ends_neither_verify_nor_any_list(bureau):
    (number,) = bureau.rows("SELECT max(number) FROM onemap_audit")[0]
    (text,) = bureau.rows("SELECT detail FROM onemap_audit ORDER BY number DESC LIMIT 1")[0]
    for lie in LIES:
        write_log(bureau, "UPDATE onemap_audit SET detail = %s WHERE number = %s", lie, number)
        make_log_anew(bureau)
        listed = done("review", "list", bureau.place("u_lead")).json["cases"]
        assert [one["case"] for one in listed] == [bureau.case]
        assert number in [row["number"] for row in done("history", bureau.place("u_keeper")).json["rows"]]
        answer = command("verify", bureau.place("u_keeper"))
        assert (answer.code, answer.json["ok"]) in ((0, True), (5, False)), lie
        assert "dead" not in lie or answer.code == 5, lie
        assert bureau.review("u_lead", "extend", "--days", "3", "--reason", "r").code in (0, 3), lie
    write_log(bureau, "UPDATE onemap_audit SET detail = %s WHERE number = %s", text, number)


def test_a_log_that_the_owner_makes_anew_is_named_by_a_head_that_was_kept(bureau, tmp_path):
    done("keep", bureau.place("u_keeper"), "--head", tmp_path / "head.json")
    write_log(bureau, "UPDATE onemap_audit SET who = 'u_water' WHERE action = 'add'")
    make_log_anew(bureau)
    assert command("verify", bureau.place("u_keeper")).json == {"ok": True, "problems": []}
    named = command("verify", bureau.place("u_keeper"), "--head", tmp_path / "head.json")
    assert (named.code, named.codes) == (5, ["verify.head_rewritten"])
