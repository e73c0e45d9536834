"""Who may do what in a library on a server, tried with plain SQL as each account."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from onemap.layers.library import library
from onemap.tests.rules.small_pack import pack_text

LOGGED = (
    "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash) VALUES ('', 'x', 'y', 'z', '{}', '')"
)
COMMON = ("onemap_cases", "onemap_opinions", "onemap_runs", "onemap_run_blocks", "onemap_versions")


@pytest.fixture
def bureau(server_shelf, squares):
    """A library with a layer, and accounts: two departments, the lead, the auditor, a stranger."""
    assert server_shelf.add(squares).code == 0
    for name, roles in {
        "wang": ["land"],
        "li": ["water"],
        "zhao": ["lead", "planning"],
        "qian": ["auditor"],
        "nobody_here": [],
    }.items():
        server_shelf.account(name, *roles)
    return server_shelf


def is_refused(bureau, account, sql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.rows(sql, account)
    return True


def test_departments_and_lead_read_what_is_common(bureau):
    for account in ("wang", "li", "zhao"):
        for table in (*COMMON, '"T__1"', '"T"'):
            bureau.rows(f"SELECT * FROM {table}", account)


def test_the_auditor_reads_the_log_and_nothing_else(bureau):
    assert len(bureau.rows("SELECT * FROM onemap_audit", "qian")) == 3
    tables = bureau.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'city'::regnamespace AND relkind IN ('r', 'v')"
    )
    open_to_all = {"onemap_audit", "onemap_library"}  # the second says what the library is called
    for (table,) in tables:
        if table not in open_to_all:
            assert is_refused(bureau, "qian", f'SELECT * FROM "{table}"')
    assert is_refused(bureau, "qian", LOGGED.format("{}"))
    assert bureau.run("verify", bureau.url_as("qian")).json == {
        "ok": True,
        "problems": [],
        "unchecked": ["versions", "runs", "cases", "structure"],
    }
    history = bureau.run("history", bureau.url_as("qian"), "--summary").json
    assert ([row["number"] for row in history["rows"]], history["unread"]) == ([1, 2, 3], ["cases"])
    assert "This account reads the log only" in history["summary"]
    assert "unread" not in bureau.run("history", bureau.url).json
    assert bureau.run("history", bureau.url_as("qian"), "T").json["rows"] != []


def test_a_map_server_reads_the_layers_and_nothing_else(bureau, squares):
    bureau.account("map_server", "map")
    bureau.add(squares, label="later", valid_from="2026-11-01").done()
    tables = bureau.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'city'::regnamespace AND relkind IN ('r', 'v')"
    )
    of_layers = {table for (table,) in tables if not table.startswith("onemap_") and table != "turns_of_writers"}
    assert of_layers == {"T", "T__1", "T__2"}
    for (table,) in tables:
        if table in of_layers:
            assert (
                bureau.rows(f'SELECT * FROM "{table}"', "map_server") == bureau.rows(f'SELECT * FROM "{table}"') != []
            )
            assert is_refused(bureau, "map_server", f'DELETE FROM "{table}"')
        else:
            assert is_refused(bureau, "map_server", f'SELECT * FROM "{table}"')
    assert is_refused(bureau, "map_server", LOGGED.format("{}"))
    for verb in ("layers", "verify", "runs"):
        answer = bureau.run(verb, bureau.url_as("map_server"))
        assert (answer.code, answer.codes) == (3, ["library.no_right"])
    assert bureau.run("verify", bureau.url).json["ok"]


def test_an_auditor_who_is_of_a_department_too_verifies_the_log(bureau):
    bureau.account("both", "auditor", "land")
    answer = bureau.run("verify", bureau.url_as("both"), "--summary").json
    assert (answer["ok"], answer["unchecked"]) == (True, ["versions", "runs", "cases", "structure"])
    assert "nothing else of the library was checked" in answer["summary"]
    assert "unread" not in bureau.run("history", bureau.url_as("both")).done().json


def test_a_grant_beside_the_roles_is_no_damage(bureau):
    bureau.account("reader")
    bureau.rows("GRANT USAGE ON SCHEMA city TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA city TO reader")
    for verb in ("layers", "verify"):
        answer = bureau.run(verb, bureau.url_as("reader"))
        assert (answer.code, answer.codes) == (3, ["library.no_right"])
        assert "reader is not a member of any role onemap_city_…" in answer.json["problems"][0]["message"]


def test_a_department_logs_what_it_does_and_reads_only_the_head(bureau, squares):
    assert is_refused(bureau, "wang", LOGGED.format("{}"))
    assert is_refused(bureau, "wang", "SELECT * FROM onemap_audit")
    assert bureau.run("check", bureau.url_as("wang"), squares, "--id", "BSM").code == 0
    assert bureau.rows("SELECT number FROM onemap_chain_head()", "wang") == [(4,)]
    assert bureau.rows("SELECT who, action FROM onemap_audit WHERE number = 4", "qian") == [("wang", "check")]
    assert bureau.rows("SELECT who, record::json ->> 'who' FROM onemap_runs") == [("wang", "wang")]


def test_not_even_a_slip_of_the_owner_s_hand_changes_the_log(bureau):
    assert is_refused(bureau, "onemap", "UPDATE city.onemap_audit SET who = 'other'")
    assert is_refused(bureau, "onemap", "DELETE FROM onemap_audit")


def test_a_stranger_is_told_whom_to_ask(bureau):
    answer = bureau.run("layers", bureau.url_as("nobody_here"))
    assert answer.codes == ["library.no_right"]
    assert "or onemap_SCHEMA_owner" in answer.json["problems"][0]["mend"]


def test_a_department_checks_but_does_not_add(bureau, squares, tmp_path):
    assert bureau.add(squares, account="wang", label="2").codes == ["library.owner_adds"]
    assert bureau.rows("SELECT count(*) FROM onemap_versions") == [(1,)]
    answer = bureau.run("check", bureau.url_as("wang"), squares, "--id", "BSM")
    assert (answer.code, answer.json["run"]["recorded"]) == (0, True)
    assert bureau.rows("SELECT count(*) FROM onemap_runs", "li") == [(1,)]


def test_a_desk_whose_clock_is_eight_hours_ahead_checks_at_the_server_s_moment(bureau, squares, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=8)

    monkeypatch.setattr(library, "datetime", Ahead)
    assert library.now() > f"{datetime.now(UTC) + timedelta(hours=7):%Y-%m-%dT%H:%M}"
    answer = bureau.run("check", bureau.url_as("wang"), squares, "--id", "BSM")
    assert answer.code == 0, answer.json
    ((started,),) = bureau.rows("SELECT started FROM onemap_runs", "wang")
    assert abs(datetime.fromisoformat(started) - datetime.now(UTC)) < timedelta(minutes=10)


def test_only_the_owner_copies_a_library_whole(bureau, tmp_path):
    assert bureau.run("copy", bureau.url_as("zhao"), tmp_path / "part.gpkg").codes == ["copy.owner"]
    assert not (tmp_path / "part.gpkg").exists()


def test_no_function_can_be_bent_by_a_search_path_and_members_alone_may_call_some(bureau):
    functions = (
        "SELECT proname, array_to_string(proconfig, ',') FROM pg_proc WHERE pronamespace = 'city'::regnamespace"
        " AND has_function_privilege('{}', oid, 'EXECUTE') ORDER BY 1"
    )
    for name, settings in bureau.rows(functions.format("onemap")):
        assert settings.startswith("search_path=pg_catalog"), name
    of_readers = ["onemap_chain_head", "onemap_departments", "onemap_moment", "onemap_today"]
    for account, may in {"wang": [*of_readers, "onemap_take_turn"], "qian": of_readers, "nobody_here": []}.items():
        assert [name for name, _ in bureau.rows(functions.format(account))] == sorted(may)


@pytest.mark.slow
def test_the_owner_alone_retires_a_version_and_the_view_forgets_it(bureau, squares):
    wanted = ("T", "v1", "--reason", "wrong file")
    for account in ("wang", "zhao"):
        assert bureau.run("retire", bureau.url_as(account), *wanted).codes == ["library.owner_adds"]
    assert bureau.run("retire", bureau.url, *wanted, "--by", "wang").codes == ["decide.by"]
    count = bureau.rows('SELECT count(*) FROM "T"')
    again = bureau.add(squares)
    assert (again.json["unchanged"], again.json["version"]) == (True, "v1")
    answer = bureau.run("retire", bureau.url, *wanted)
    assert (answer.code, answer.json["retired"]["who"]) == (0, "onemap")
    assert bureau.rows('SELECT count(*) FROM "T"', "wang") == [(0,)]
    assert bureau.run("verify", bureau.url).json["ok"]
    assert bureau.add(squares).json["version"] == "v2"
    assert bureau.rows('SELECT count(*) FROM "T"', "wang") == count
    assert bureau.run("retire", bureau.url, *wanted, "--undo").code == 0
    assert bureau.run("verify", bureau.url).json["ok"]


def test_the_keeper_alone_puts_a_pack_in_force_and_all_may_see_what_was(bureau, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(pack_text({"layer": "T", "department": "land"}, id="own"), encoding="utf-8")
    wanted = (own, "--reason", "ordinance", "--instead", "city-preliminary")
    for account in ("wang", "zhao"):
        assert bureau.run("pack", "enact", bureau.url_as(account), *wanted).codes == ["pack.keeper"]
    assert bureau.run("pack", "enact", bureau.url, *wanted, "--by", "wang").codes == ["decide.by"]
    answer = bureau.run("pack", "enact", bureau.url, *wanted)
    assert (answer.code, answer.json["who"], answer.json["replaced"]) == (0, "onemap", "city-preliminary"), answer.json
    (step,) = bureau.run("pack", "versions", bureau.url_as("wang")).json["versions"]
    assert (step["id"], step["reason"]) == ("own", "ordinance")
    assert bureau.run("verify", bureau.url).json["ok"]
