"""Who may do what in a library on a server, tried by plain SQL as each account."""

import psycopg
import pytest

OPINION = (
    "INSERT INTO onemap_opinions (case_id, round, department, number, state, conclusion, text, basis, routed, why,"
    " drafted_by, drafted_on, signed_by, at) VALUES ('c', 1, '{department}', {number}, '{state}', 'agree', '{text}',"
    " '', 1, 'findings', '{by}', '2026-01-05', {signed}, '')"
)
LOGGED = (
    "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash) VALUES ('', 'x', 'y', 'z', '{}', '')"
)
COMMON = ("onemap_cases", "onemap_rounds", "onemap_runs", "onemap_run_blocks", "onemap_versions", "onemap_case_entries")


def opinion(department, number, state, text, by="Wang", signed="NULL"):
    return OPINION.format(department=department, number=number, state=state, text=text, by=by, signed=signed)


@pytest.fixture
def bureau(server_shelf, squares):
    """A library with a layer, a case, and accounts: two departments, the lead, the auditor, a stranger."""
    assert server_shelf.add(squares).code == 0
    for name, roles in {
        "wang": ["land"],
        "li": ["water"],
        "zhao": ["lead", "planning"],
        "qian": ["auditor"],
        "nobody_here": [],
    }.items():
        server_shelf.account(name, *roles)
    server_shelf.rows(
        "INSERT INTO onemap_cases (id, project, data, options, terms, state, round, revision, opened_by, opened_on, at)"
        " VALUES ('c', 'p', '{}', '{}', '{}', 'circulating', 1, 1, 'Zhao', '2026-01-05', '')"
    )
    for department in ("land", "water"):
        server_shelf.rows(opinion(department, 1, "drafted", "by rule", by="onemap"))
    server_shelf.rows(opinion("land", 2, "drafted", "a private draft"))
    return server_shelf


def refused(bureau, account, sql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.rows(sql, account)
    return True


def test_a_department_sees_its_own_drafts_and_others_only_once_they_are_signed(bureau):
    texts = "SELECT text FROM onemap_opinions WHERE department = 'land' ORDER BY number"
    assert bureau.rows(texts, "wang") == [("by rule",), ("a private draft",)]
    assert bureau.rows(texts, "li") == [("by rule",)]
    assert bureau.rows(texts, "zhao") == [("by rule",), ("a private draft",)]
    bureau.rows(opinion("land", 3, "signed", "the word of land", signed="'Chen'"), "wang")
    assert bureau.rows(texts, "li") == [("by rule",), ("the word of land",)]


def test_a_department_writes_and_signs_for_itself_only(bureau):
    bureau.rows(opinion("water", 2, "drafted", "ours", by="Li"), "li")
    bureau.rows(opinion("water", 3, "signed", "ours", by="Li", signed="'Sun'"), "li")
    assert refused(bureau, "li", opinion("land", 4, "signed", "theirs", signed="'Li'"))
    assert refused(bureau, "li", opinion("water", 4, "deemed", "ours"))
    assert refused(bureau, "zhao", opinion("land", 4, "signed", "theirs", signed="'Zhao'"))
    bureau.rows(opinion("land", 4, "deemed", "the lead notes it"), "zhao")


def test_nobody_writes_into_a_case_that_does_not_circulate_or_into_an_older_round(bureau):
    bureau.rows("UPDATE onemap_cases SET round = 2")
    assert refused(bureau, "wang", opinion("land", 3, "signed", "late", signed="'Wang'"))
    bureau.rows("UPDATE onemap_cases SET round = 1, state = 'issued'")
    assert refused(bureau, "wang", opinion("land", 3, "drafted", "late"))


def test_no_account_changes_or_deletes_an_opinion_or_a_row_of_the_log(bureau):
    for account in ("wang", "li", "zhao", "qian", "nobody_here"):
        for table in ("onemap_opinions", "onemap_audit", "onemap_versions", "onemap_case_entries", '"T__1"'):
            assert refused(bureau, account, f"DELETE FROM city.{table}")
            assert refused(bureau, account, f"TRUNCATE city.{table}")
            assert refused(bureau, account, f"DROP TABLE city.{table}")
        assert refused(bureau, account, "UPDATE city.onemap_opinions SET text = 'other'")
        assert refused(bureau, account, "UPDATE city.onemap_audit SET who = 'other'")
        assert refused(bureau, account, "ALTER TABLE city.onemap_opinions DISABLE ROW LEVEL SECURITY")
        assert refused(bureau, account, "ALTER TABLE city.onemap_audit DISABLE TRIGGER ALL")
    assert refused(bureau, "onemap", "UPDATE city.onemap_audit SET who = 'other'")  # even a slip of the owner's hand
    assert refused(bureau, "onemap", "DELETE FROM onemap_audit")


def test_only_the_lead_opens_and_closes_a_case(bureau):
    state = "UPDATE onemap_cases SET state = 'consolidated'"
    assert refused(bureau, "wang", state)
    bureau.rows("UPDATE onemap_cases SET revision = revision + 1", "wang")
    bureau.rows(state, "zhao")
    assert bureau.rows("SELECT state, revision FROM onemap_cases", "li") == [("consolidated", 2)]
    new = "INSERT INTO onemap_rounds VALUES ('c', 2, 'r', '', 'x', '', NULL, NULL)"
    assert refused(bureau, "wang", new)
    bureau.rows(new, "zhao")


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
            assert refused(bureau, "qian", f'SELECT * FROM "{table}"')
    assert refused(bureau, "qian", LOGGED.format("{}"))
    assert bureau.run("verify", bureau.url_as("qian")).json == {
        "ok": True,
        "problems": [],
        "unchecked": ["versions"],
    }


def test_a_department_writes_into_the_log_and_reads_only_its_head(bureau):
    bureau.rows(LOGGED.format("{}"), "wang")
    assert refused(bureau, "wang", "SELECT * FROM onemap_audit")
    assert bureau.rows("SELECT number FROM onemap_chain_head()", "wang") == [(4,)]
    assert bureau.rows("SELECT who FROM onemap_audit WHERE number = 4", "qian") == [("x (wang)",)]


def test_a_row_of_the_log_is_the_servers_word_whatever_a_client_says(bureau):
    forged = (
        "INSERT INTO onemap_audit VALUES (99, '1999-01-01T00:00:00Z', 'Zhao', 'note', 'c', '{}', 'made up', 'made up',"
        " 'made up')"
    )
    bureau.rows(forged, "wang")
    number, at, who = bureau.rows("SELECT number, at, who FROM onemap_audit ORDER BY number DESC LIMIT 1")[0]
    assert (number, at[:2], who) == (4, "20", "Zhao (wang)")
    assert bureau.run("verify", bureau.url_as("qian")).json["ok"]  # the case itself was never logged


def test_a_stranger_is_told_whom_to_ask(bureau):
    answer = bureau.run("layers", bureau.url_as("nobody_here"))
    assert answer.codes == ["library.no_right"]
    assert "GRANT" in answer.json["problems"][0]["mend"]


def test_a_department_checks_but_does_not_add(bureau, squares, tmp_path):
    assert bureau.add(squares, account="wang", label="2").codes == ["library.owner_adds"]
    assert bureau.rows("SELECT count(*) FROM onemap_versions") == [(1,)]
    answer = bureau.run("check", bureau.url_as("wang"), squares, "--id", "BSM")
    assert (answer.code, answer.json["run"]["recorded"]) == (0, True)
    assert bureau.rows("SELECT count(*) FROM onemap_runs", "li") == [(1,)]


def test_only_the_owner_copies_a_library_whole(bureau, tmp_path):
    assert bureau.run("copy", bureau.url_as("zhao"), tmp_path / "part.gpkg").codes == ["copy.owner"]
    assert not (tmp_path / "part.gpkg").exists()


def test_what_a_function_of_the_owner_does_cannot_be_bent_by_a_search_path(bureau):
    functions = bureau.rows(
        "SELECT proname, prosecdef, array_to_string(proconfig, ',') FROM pg_proc"
        " WHERE pronamespace = 'city'::regnamespace"
    )
    for name, _, settings in functions:
        assert settings.startswith("search_path=pg_catalog"), name
    assert {name for name, is_definer, _ in functions if is_definer} == {"onemap_chain", "onemap_chain_head"}
