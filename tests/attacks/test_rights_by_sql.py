"""What accounts can do on a server with programs of their own: each attack differs from a lawful step in one thing."""

import json

import psycopg
import pytest
import shapely

from onemap.layers.library.library import open_library, sha256
from onemap.layers.library.rows_as_logged import check_table
from onemap.layers.stores.logged_rows import plain_tables
from onemap.layers.stores.sql_text import Sql
from onemap.rules.answers.compare import decisions
from onemap.rules.review.cases.event import COLUMNS as COLUMNS_OF_EVENTS
from onemap.tests.attacks.server_accounts import ACCOUNTS, DEPARTMENTS, Bureau, log_row, text_hash, write_rows
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import opinion

pytestmark = pytest.mark.slow
REFUSED = psycopg.errors.InsufficientPrivilege
HUGE = 2**63 - 1
SECRET, RETURNED = "what land has not signed", "what reform got back"


@pytest.fixture(scope="module")
def bureau(made_bureau, postgis, tmp_path_factory) -> Bureau:
    """Land has written a draft; reform's was given back; water's is the machine's."""
    made = made_bureau.copied(tmp_path_factory.mktemp("bureau"), postgis)
    words = ("--conclusion", "disagree", "--basis", "law", "--text")
    assert made.review("u_land", "opine", "land", *words, SECRET).code == 0
    assert made.review("u_reform", "opine", "reform", *words, RETURNED).code == 0
    assert made.review("u_lead", "return", "reform", "--reason", "again").code == 0
    return made


def lawful(bureau):
    """The lawful writes of each kind of account."""
    words = {"conclusion": "agree", "text": "ours", "basis": "", "answers": []}
    judgement = {"parcel": "DK1", "rule": "river", "verdict": "notice", "reason": "r"}
    return {
        "opine": ("u_water", bureau.event("water", "opine", words)),
        "override": ("u_water", bureau.event("water", "override", **judgement)),
        "extend": ("u_lead", bureau.event("lead", "extend", days=3, reason="r")),
        "check": ("u_water", bureau.check_run("u_water")),
        "decide": ("u_water", decision(bureau, "u_water")),
    }


def decision(bureau, account, **values):
    """A decision on a spot, with its row of the log."""
    run = bureau.rows("SELECT id FROM onemap_runs LIMIT 1")[0][0]
    row = {"number": 1, "pair": "A×B", "run": run, "spot": "S1", "type": "03", "decision": "keep-a", "reason": "r"}
    rest = {"who": account, "at": "", "geom": shapely.to_wkb(shapely.box(0, 0, 1, 1))}
    return [("onemap_decisions", {**row, **rest, **values}), log_row("decide", "S1")]


def test_what_is_lawful_is_written(bureau):
    for account, rows in lawful(bureau).values():
        bureau.attempt(account, rows)


@pytest.mark.parametrize("account", sorted(ACCOUNTS.keys() - {"u_keeper", "u_water", "u_water_2"}))
def test_no_account_writes_in_anothers_chain(bureau, account):
    with pytest.raises(psycopg.Error) as refused:
        bureau.attempt(account, bureau.event("water", "override", parcel="DK1", rule="river", verdict="clear"))
    assert refused.value.sqlstate in ("42501", "42P01")  # a stranger does not even see the tables


@pytest.mark.parametrize("chain", ["lead", "upgrade", "x", ""])
def test_no_department_writes_for_the_lead_or_in_a_chain_that_is_none(bureau, chain):
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.event(chain, "withdraw", reason="r"))


def test_no_blocks_for_a_run_that_somebody_else_recorded(bureau):
    run = bureau.rows(f"SELECT run FROM onemap_events WHERE case_id = '{bureau.case}' AND action = 'open'")[0][0]
    block = {"run": run, "name": "parcels", "first": 9999, "count": 1, "content": b"x"}
    mine = bureau.check_run("u_water")
    for rows in ([("onemap_run_blocks", block)], [("onemap_run_blocks", block), *mine]):
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", rows)
    for part in (mine[2:], [mine[0], mine[2]], mine[:1]):  # no log and no blocks of a run that is not written
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", part)


def test_no_blocks_for_a_run_that_somebody_else_records_meanwhile(made_bureau, postgis, tmp_path):
    """In a snapshot of before, and in a transaction that waits, the other's run is not there yet."""
    bureau = made_bureau.copied(tmp_path, postgis)
    theirs = bureau.check_run("u_land")
    with bureau.connect("u_water") as old, bureau.connect("u_water") as early:
        old.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        old.execute("SELECT FROM onemap_runs")
        write_rows(early, [("onemap_run_blocks", {**theirs[0][1], "first": 1})])
        bureau.attempt("u_land", theirs, stays=True)
        write_rows(old, [("onemap_run_blocks", {**theirs[0][1], "first": 2})])
        for connection in (old, early):
            with pytest.raises(REFUSED):
                connection.commit()
    assert bureau.rows(f"SELECT first FROM onemap_run_blocks WHERE run = '{theirs[1][1]['id']}'") == [(0,)]


def test_a_row_of_the_log_that_names_anothers_run_takes_nothing_from_it(made_bureau, postgis, tmp_path):
    """A run is whole or not by its own rows; else whoever may record a run would freeze any case."""
    bureau = made_bureau.copied(tmp_path, postgis)
    run = bureau.rows(f"SELECT run FROM onemap_events WHERE case_id = '{bureau.case}' AND action = 'open'")[0][0]
    (decided, _), mine = decision(bureau, "u_water"), bureau.check_run("u_water")
    bureau.attempt("u_water", [decided, *mine, log_row("decide", run)], stays=True)
    assert bureau.rows(f"SELECT who FROM onemap_audit WHERE subject = '{run}' ORDER BY number DESC")[0] == ("u_water",)
    assert "damaged" not in bureau.show_case("u_lead")
    assert command("runs", bureau.place("u_lead"), run).code == 0
    assert bureau.review("u_lead", "extend", "water", "--days", "1", "--reason", "r").code == 0


def test_what_is_written_beside_the_log_is_named_and_holds_nobody_up(made_bureau, postgis, tmp_path):
    bureau = made_bureau.copied(tmp_path, postgis)
    block, run, entry = bureau.check_run("u_water")
    silent = (
        entry[0],
        {**entry[1], "detail": json.dumps({"rows": {"onemap_runs": {}}})},
    )  # of the block it says nothing
    bureau.attempt("u_water", [block, run, silent], stays=True)
    bureau.attempt("u_water", decision(bureau, "u_water")[:1], stays=True)
    with open_library(bureau.place("u_lead")) as library:
        check_table(library, plain_tables(decisions.TABLES)["onemap_decisions"], Sql("action = 'decide'"))
    assert done("history", bureau.place("u_lead")).json["rows"]
    named = {(problem["code"], problem["layer"]) for problem in command("verify", bureau.url).json["problems"]}
    assert named == {("verify.record_unlogged", name) for name in ("onemap_run_blocks", "onemap_decisions")}
    assert command("decide", bureau.place("u_lead"), "S1", "discuss", "--reason", "r").codes == ["decide.unknown"]
    assert bureau.review("u_lead", "extend", "water", "--days", "1", "--reason", "r").code == 0


NO_MOMENTS = ("9999-12-31T00:00:00Z", "soon", "", "yesterday", "-infinity", "2026-02-30T00:00:00Z", "2026-01-01")


@pytest.mark.parametrize(
    "forged",
    [
        {"who": "u_lead"},
        {"record": "x"},
        {"record": "{}"},
        {"of": {"who": "u_lead"}},
        {"of": {"kind": "compare"}},  # logged as a check
        {"of": {"started": "x"}},
        *({"id": id_, "of": {"id": id_}} for id_ in ("", "x y", "../x", "x\n", "x" * 65)),
        *({"started": at, "of": {"started": at}} for at in NO_MOMENTS),
    ],
    ids=str,
)
def test_a_run_is_the_accounts_own(bureau, forged):
    values = {name: value for name, value in forged.items() if name != "of"}
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", own_run(bureau, forged.get("of", {}), **values))


def own_run(bureau, otherwise, **values):
    """A run of water's, with its block and its row of the log. otherwise: what its record says instead."""
    rows = bureau.check_run("u_water")
    record = json.loads(rows[1][1]["record"]) | otherwise
    rows[1][1].update({"record": json.dumps(record), **values})
    rows[0][1]["run"] = rows[2][1]["subject"] = rows[1][1]["id"]
    return rows


@pytest.mark.parametrize(("ahead", "is_taken"), [("00:50:00", True), ("01:10:00", False)])
def test_a_clock_may_be_an_hour_ahead_in_any_zone(bureau, ahead, is_taken):
    """As text the first of the three is the greatest, and the last the least, at any time of a day."""
    for zone in ("+14:00", "+00:00", "-12:00"):
        sign = "-" if zone[0] == "+" else "+"  # as POSIX has it
        moment = f"now() + interval '{ahead}') AT TIME ZONE 'X{sign}{zone[1:]}'"
        ((text,),) = bureau.rows(f"SELECT to_char(({moment}, 'YYYY-MM-DD\"T\"HH24:MI:SS.US')")
        rows = own_run(bureau, {"started": text + zone}, started=text + zone)
        if is_taken:
            bureau.attempt("u_water", rows)
        else:
            with pytest.raises(REFUSED):
                bureau.attempt("u_water", rows)


@pytest.mark.parametrize("kind", ["copy", "keep", "new", "add", "run.remove"])
def test_no_run_is_of_a_kind_that_says_more_to_who_reads_the_log(bureau, kind):
    rows = own_run(bureau, {"kind": kind})
    rows[2][1]["action"] = kind
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", rows)


DETAILS = ('["a"]', "5", "null", '"a"', "{", f'{{"x": {"[" * 3000}{"]" * 3000}}}', '{"x": 1e5000}', '{"x": [-1e5000]}')


@pytest.mark.parametrize("detail", DETAILS, ids=lambda text: text[:20])
def test_nobody_logs_what_no_reader_of_the_log_can_read(bureau, detail):
    rows = bureau.check_run("u_water")
    rows[2][1]["detail"] = detail
    with pytest.raises(REFUSED, match="onemap_audit: "):
        bureau.attempt("u_water", rows)


UNREADABLE = (
    {},  # its blocks are none
    {"parameters": []},
    {"parameters": {"as_of": "soon"}},
    {"parameters": {"known_at": [1]}},
    {"parameters": {"parcels": {"x": [1]}}},
    {"packs": {}},
    {"packs": [1]},
    {"packs": [{}]},
    {"kind": "x"},
    {"kind": ["check"]},
    {"kind": "compare", "matrix": 1},
    {"at": "1e999"},  # as a number, which JSON cannot say
)


def test_a_run_that_cannot_be_read_is_named_and_passed_over(made_bureau, postgis, tmp_path):
    """One junk run would else end the list of runs, every comparison and every decision, for everybody."""
    bureau = made_bureau.copied(tmp_path, postgis)
    before = [run["id"] for run in done("runs", bureau.place("u_land")).json["runs"]]
    names = []
    for number, facts in enumerate(UNREADABLE):
        rows = bureau.check_run("u_water")
        names.append(f"{rows[1][1]['id'][:-2]}{number:02}")
        record = json.dumps({**json.loads(rows[1][1]["record"]), "id": names[-1], **facts}).replace('"1e999"', "1e999")
        rows[0][1].update(run=names[-1])
        rows[1][1].update(id=names[-1], record=record)
        kind = facts.get("kind", "check")
        logged = [log_row(kind, names[-1])] if kind in ("check", "compare") else []  # the log knows no other kind
        bureau.attempt("u_water", [*rows[:2], *logged], stays=True)
    answer = done("runs", bureau.place("u_land")).json
    assert [run["id"] for run in answer["runs"]] == before
    assert {problem["code"] for problem in answer["problems"]} == {"run.damaged"}
    messages = " ".join(problem["message"] for problem in answer["problems"])
    assert len(answer["problems"]) == len(names) and all(name in messages for name in names)
    for name in names:
        assert set(command("runs", bureau.place("u_land"), name).codes) <= {"run.damaged", "run.incomplete"}
    found = command("decide", bureau.place("u_land"), "S1", "discuss", "--reason", "r")
    assert found.codes == ["decide.unknown"]
    assert done("review", "list", bureau.place("u_lead")).json["problems"] == []
    assert set(command("verify", bureau.url).codes) == {"verify.record_unlogged"}


def test_nobody_puts_another_text_under_the_hash_of_a_pack(bureau):
    rows = bureau.check_run("u_water")
    for hash_ in (text_hash("the pack that counts"), "x"):
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", [("onemap_pack_texts", {"hash": hash_, "content": "mine"}), *rows])
    bureau.attempt("u_water", [("onemap_pack_texts", {"hash": text_hash("mine"), "content": "mine"}), *rows])


def test_a_decision_is_the_accounts_own_of_now_whatever_is_sent(made_bureau, postgis, tmp_path):
    bureau = made_bureau.copied(tmp_path, postgis)
    for forged in ({"number": HUGE}, {"who": "u_lead"}, {"at": "1999-01-01T00:00:00Z"}, {"at": "x"}, {"run": "x"}):
        bureau.attempt("u_water", decision(bureau, "u_water", **forged), stays=True)
    rows = bureau.rows("SELECT number, who, left(at, 2) FROM onemap_decisions ORDER BY number")
    assert rows == [(number, "u_water", "20") for number in range(1, 6)]
    (problem,) = command("verify", bureau.url).json["problems"]  # that of a run that is none, which holds for no spot
    assert (problem["code"], problem["layer"], problem["feature"]) == ("verify.row_void", "onemap_decisions", "5")
    with open_library(bureau.place("u_land")) as library:
        assert [one.number for one in decisions.decisions_of(library, "A×B")] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("action", "subject"),
    [
        ("add", "FARM__2"),
        ("new", "town"),
        ("keep", "catalogue"),
        ("decide", "S1"),
        ("check", "RUN"),
        ("remedy", "RUN"),
        ("review.issue", "CASE"),
        ("review.sign", "CASE land"),
        ("review.recheck", "x"),
        ("note", "CASE"),
    ],
)
def test_nobody_logs_what_is_not_done(bureau, action, subject):
    run = bureau.rows(f"SELECT run FROM onemap_events WHERE case_id = '{bureau.case}' AND action = 'open'")[0][0]
    subject = subject.replace("CASE", bureau.case).replace("RUN", run)
    for account in ("u_water", "u_lead"):
        with pytest.raises(REFUSED):
            bureau.attempt(account, [log_row(action, subject)])


LIES = (
    {"onemap_events CASE/land/1": "0"},
    {"onemap_events": {"CASE/land/1": "0"}},
    {"onemap_events": {"CASE/land": "0"}},
    {"onemap_events": 0},
    [{"onemap_events": {"CASE/land/1": "0"}}],
    {"onemap_events": {"CASE/lead/1": None}},
    {"onemap_unheard": {"x": "0"}},
    {"onemap_audit": {"1": "0"}},
    {"pg_proc": {"onemap_chain": "0"}},
)


def test_hashes_that_an_account_logs_for_rows_of_others_are_not_taken(made_bureau, postgis, tmp_path):
    bureau = made_bureau.copied(tmp_path, postgis)
    claim = {"table": "FARM__1", "first": 1, "count": 0, "hash": "x", "raster": False}
    for rows in LIES:
        detail = json.dumps({"rows": rows, "features": claim}).replace("CASE", bureau.case)
        event = bureau.event("lead", "extend", days=1, reason="r")
        bureau.attempt("u_lead", [*event, log_row("review.extend", bureau.case, detail=detail)], stays=True)
        ((found,),) = bureau.rows("SELECT detail FROM onemap_audit ORDER BY number DESC LIMIT 1")
        last = f"{bureau.case}/lead/{bureau.rows('SELECT max(number) FROM onemap_events')[0][0]}"
        named = isinstance(rows, dict) and "onemap_events" in rows
        assert {name: list(one) for name, one in json.loads(found)["rows"].items()} == (
            {"onemap_events": [last]} if named else {}
        )
    assert done("verify", bureau.url).json["ok"]


@pytest.mark.parametrize("subject", ["CASE", "CASE water", "x"])
def test_no_department_logs_a_step_and_nobody_one_of_another_case(bureau, subject):
    mine = log_row("review.override", subject.replace("CASE", bureau.case), detail="{} ")
    judgement = bureau.event("water", "override", parcel="DK1", rule="river", verdict="notice", reason="r")
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", [*judgement, mine])
    extension = bureau.event("lead", "extend", days=3, reason="r")
    with pytest.raises(REFUSED):
        bureau.attempt("u_lead", [*extension, log_row("review.extend", "x", detail="{} ")])


@pytest.mark.parametrize("text", ["同意", "𠀀 and 😀", 'a "b" \\ /\n\r\t', "\x7f\x80\u2028\ufeff", "a" * 5000 + "é"])
def test_the_server_hashes_events_and_rows_as_the_program_does(made_bureau, postgis, tmp_path, text):
    bureau = made_bureau.copied(tmp_path, postgis)
    words = {"conclusion": "agree", "text": text, "basis": "", "answers": []}
    bureau.attempt("u_water", bureau.event("water", "opine", words, note=text), stays=True)
    bureau.attempt("u_water", decision(bureau, "u_water", reason=text, spot=f"{text[:9]}/"), stays=True)
    shown = bureau.show_case()
    assert (opinion(shown, "water")["text"], opinion(shown, "water")["drafted_by"]) == (text, "u_water")
    assert done("verify", bureau.url).json["ok"]


def test_a_remedy_and_a_comparison_that_cannot_be_read_end_nothing_for_others(made_bureau, postgis, tmp_path):
    bureau = made_bureau.copied(tmp_path, postgis)
    for number, kind in enumerate(("remedy", "compare"), start=1):
        rows = bureau.check_run("u_water")
        id_ = rows[1][1]["id"][:-1] + str(number)
        moment = bureau.rows("SELECT onemap_moment()")[0][0]
        record = {**json.loads(rows[1][1]["record"]), "id": id_, "kind": kind, "started": moment}
        rows[0][1].update(run=id_, name="spots" if kind == "compare" else "cuts")
        rows[1][1].update(id=id_, record=json.dumps(record), started=moment)
        rows = [*rows[:2], log_row(kind, id_)]
        if kind == "remedy":
            rows += bureau.event("water", "remedy", column_run=id_)
        bureau.attempt("u_water", rows, stays=True)
    shown = done("review", "show", bureau.place("u_lead"), bureau.case).json
    assert [remedy["run"] for remedy in shown["remedies"] if "damaged" in remedy] == ["20260101T000000-0badf001"]
    assert done("review", "list", bureau.place("u_lead")).json["cases"]
    found = command("decide", bureau.place("u_land"), "S1", "discuss", "--reason", "r")
    assert found.codes == ["run.damaged", "decide.unknown"]


@pytest.mark.parametrize("account", ["u_lead", "u_keeper"])
def test_the_log_bears_the_account_whatever_name_is_sent(bureau, account):
    with bureau.connect(account) as connection:
        row = {"who": "u_water", "at": "1999-01-01T00:00:00Z", "action": "review.recheck", "subject": bureau.case}
        connection.execute(
            "INSERT INTO onemap_audit (number, at, who, action, subject, detail, content_hash, previous_hash, hash)"
            " VALUES (99, %(at)s, %(who)s, %(action)s, %(subject)s, '{}', 'made up', 'made up', 'made up')",
            row,
        )
    number, at, who = bureau.rows("SELECT number, at, who FROM onemap_audit ORDER BY number DESC LIMIT 1")[0]
    assert (number == 99, at[:2], who) == (False, "20", account)


def test_no_department_attaches_files_and_nobody_writes_without_bound(bureau):
    row = {"case_id": bureau.case, "hash": "x", "content": b"x"}
    with pytest.raises(REFUSED):
        bureau.attempt("u_land", [("onemap_case_files", row)])
    with pytest.raises(psycopg.errors.CheckViolation):
        bureau.attempt("u_land", bureau.event("land", "opine", {"text": "x" * 1_000_001}))
    with bureau.connect("u_land") as connection, pytest.raises(psycopg.errors.ProgramLimitExceeded):
        write_rows(connection, bureau.event("land", "opine", {"text": "x" * 400_000}) * 30)


def test_no_account_changes_deletes_or_locks_a_row(bureau):
    tables = [row[0] for row in bureau.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'town'")]
    assert {"onemap_events", "onemap_audit", "turns_of_writers", "FARM__1"} <= set(tables)
    for account in ACCOUNTS.keys() - {"u_keeper"}:
        with bureau.connect(account) as connection:
            for table in tables:
                column = bureau_column(bureau, table)
                tried = [f'UPDATE town."{table}" SET "{column}" = "{column}"', f'DELETE FROM town."{table}"']
                tried += [f'TRUNCATE town."{table}"', f'LOCK TABLE town."{table}" IN EXCLUSIVE MODE']
                tried += [f'DROP TABLE town."{table}"', f'ALTER TABLE town."{table}" DISABLE ROW LEVEL SECURITY']
                tried += [f'ALTER TABLE town."{table}" DISABLE TRIGGER ALL']
                tried += [f'SELECT FROM town."{table}" FOR {how}' for how in ("UPDATE", "KEY SHARE")]
                for statement in tried:
                    with pytest.raises(REFUSED):
                        connection.execute(statement)
                    connection.rollback()


COLUMNS: dict[str, str] = {}


def bureau_column(bureau, table):
    """A column of a table."""
    if not COLUMNS:
        sql = (
            "SELECT table_name, min(column_name) FROM information_schema.columns WHERE table_schema = 'town' GROUP BY 1"
        )
        COLUMNS.update(bureau.rows(sql))
    return COLUMNS[table]


def test_an_outsider_cannot_hold_up_writers(bureau):
    with bureau.connect("u_land") as writer:
        writer.execute("SELECT onemap_take_turn()")
        shown = "SELECT DISTINCT locktype FROM pg_locks WHERE pid <> pg_backend_pid()"
        assert "advisory" not in {row[0] for row in bureau.rows(shown, "u_stranger")}  # whose key all could take
        writer.rollback()
    for account in ("u_stranger", "u_eyes"):
        for call in ("town.onemap_take_turn()", "town.onemap_take_turn('FARM')"):
            with pytest.raises(REFUSED):
                bureau.run(account, f"SELECT {call}")
        with pytest.raises(REFUSED):
            bureau.run(account, "SELECT FROM town.turns_of_writers")
    with pytest.raises(REFUSED):
        bureau.run("u_land", "SELECT onemap_take_turn('FARM')")  # a turn at a layer is the keeper's


def test_one_writer_waits_for_another(bureau):
    with bureau.connect("u_land") as first, bureau.connect("u_water") as second:
        first.execute("SELECT onemap_take_turn()")
        second.execute("SET LOCAL lock_timeout = 100")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            second.execute("SELECT onemap_take_turn()")


def readable(bureau, account):
    """All that an account can read of the library, as one text."""
    tables = [row[0] for row in bureau.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'town'")]
    tables += [row[0] for row in bureau.rows("SELECT viewname FROM pg_views WHERE schemaname = 'town'")]
    public = ", ".join(name for name in COLUMNS_OF_EVENTS if name != "words")
    found = []
    with bureau.connect(account) as connection:
        connection.autocommit = True
        for table in tables:
            try:
                what = f"(SELECT {public} FROM town.onemap_events)" if table == "onemap_events" else f'town."{table}"'
                found += connection.execute(f"SELECT row_to_json(one)::text FROM {what} AS one").fetchall()
            except REFUSED:
                continue
    return "\n".join(row[0] for row in found)


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_what_is_not_signed_is_hidden_from_other_departments(bureau, department):
    seen = readable(bureau, f"u_{department}")
    for owner, text in {"land": SECRET, "reform": RETURNED}.items():
        words = sha256("\n".join(("disagree", text, "law")))
        assert (text in seen) == (owner == department)
        if owner != department:
            assert words not in seen
            bodies = f"SELECT body FROM onemap_events WHERE chain = '{owner}'"
            assert "disagree" not in str(bureau.rows(bodies, f"u_{department}"))
    one = opinion(bureau.show_case(f"u_{department}"), "water")
    assert one["drafted_by"] == "onemap" and one["text"]  # what the machine says is no secret: it follows from findings


def test_the_auditor_and_strangers_read_no_draft(bureau):
    assert SECRET not in readable(bureau, "u_eyes")
    assert readable(bureau, "u_stranger") == ""


def test_lists_and_checks_still_work_for_all(bureau):
    for account in ("u_lead", "u_water"):
        place = bureau.place(account)
        assert done("review", "list", place).json["cases"][0]["case"] == bureau.case
        assert len(done("review", "show", place, bureau.case).json["opinions"]) == 10
    assert done("verify", bureau.url).json == {"ok": True, "problems": []}


def test_a_department_overrides_only_what_is_its_own(bureau):
    options = ("--verdict", "notice", "--reason", "r")
    assert bureau.review("u_water", "override", "DK1", "farm", *options).codes == ["review.foreign"]
    assert bureau.review("u_lead", "override", "DK1", "farm", *options).codes == ["review.foreign"]
    answer = bureau.review("u_water", "override", "DK1", "farm", *options, "--department", "land")
    assert answer.codes == ["review.not_yours"]
    assert bureau.review("u_water", "extend", "water", "--days", 5, "--reason", "r").codes == ["review.lead_only"]


def test_in_a_file_a_department_that_is_named_overrides_only_what_is_its_own(bureau, tmp_path):
    file = tmp_path / "town.gpkg"
    done("copy", bureau.url, file)
    options = ("DK1", "farm", "--verdict", "notice", "--reason", "r")
    assert command("review", "override", file, bureau.case, *options, "--department", "water").codes == [
        "review.foreign"
    ]
    after = done("review", "override", file, bureau.case, *options, "--department", "land").json
    assert after["overrides"][0]["rule"] == "farm"


def test_whoever_judges_otherwise_does_not_sign_alone_and_a_signed_word_is_everybodys(made_bureau, postgis, tmp_path):
    bureau = made_bureau.copied(tmp_path, postgis)
    assert bureau.review("u_water", "override", "DK1", "river", "--verdict", "clear", "--reason", "r").code == 0
    assert bureau.review("u_water", "sign", "water").codes == ["review.self_sign"]
    assert bureau.review("u_water", "override", "DK1", "river", "--verdict", "notice", "--reason", "r").code == 0
    seen = {name: done("review", "show", bureau.place(name), bureau.case).json for name in ("u_water", "u_land")}
    assert opinion(seen["u_water"], "water")["conclusion"] == "agree"  # the draft followed twice
    assert opinion(seen["u_land"], "water")["conclusion"] == "agree"  # which follows from what all may see
    assert bureau.review("u_water_2", "sign", "water").code == 0
    assert opinion(done("review", "show", bureau.place("u_land"), bureau.case).json, "water")["state"] == "signed"
    assert bureau.review("u_lead", "return", "water", "--reason", "again").code == 0
    assert bureau.review("u_water", "opine", "water", "--conclusion", "agree", "--text", "new words").code == 0
    now = opinion(done("review", "show", bureau.place("u_land"), bureau.case).json, "water")
    assert (now["state"], now["text"] == "new words") == ("drafted", False)
    words = {"conclusion": "agree", "text": "too late", "basis": "", "answers": []}
    assert bureau.review("u_lead", "withdraw").code == 0
    before = bureau.show_case()
    bureau.attempt("u_water", bureau.event("water", "opine", words), stays=True)  # which has no effect
    assert bureau.show_case() == before
    assert command("verify", bureau.url).codes == ["verify.event_unlawful"]
