"""What an account may do on a server by a program of its own: each attack differs from a lawful step in one thing."""

import json

import psycopg
import pytest
import shapely

from onemap.layers.library.library import sha256
from onemap.tests.attacks.server_accounts import ACCOUNTS, DEPARTMENTS, Bureau, log_row, make_bureau, text_hash
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import opinion

pytestmark = pytest.mark.slow
REFUSED = psycopg.errors.InsufficientPrivilege
HUGE = 2**63 - 1
DEEP = '{"state": "circulating", "x": ' + "[" * 5000 + "]" * 5000 + "}"
JUNK = {
    "no JSON": "x",
    "a list": "[]",
    "no state": "{}",
    "a state that is none": '{"state": "x"}',
    "deep": DEEP,
    "a number of 5,000 digits": '{"state": "circulating", "x": ' + "9" * 5000 + "}",
    "an infinite number": '{"state": "circulating", "x": 1e999}',
    "half a pair": '{"state": "circulating", "x": "\\ud800"}',
    "a conclusion that is none": '{"state": "circulating", "opinion": "drafted", "conclusion": "x"}',
    "a state of an opinion that is none": '{"state": "circulating", "opinion": "x"}',
    "a megabyte": json.dumps({"state": "circulating", "x": "x" * 1_000_001}),
}
TERMS = {"days_of": "[]", "days_of,land": '"soon"', "area_share": '"all"', "days": "[5]", "unheard": "1"}
SECRET, RETURNED = "what land has not signed", "what reform got back"


@pytest.fixture(scope="module")
def bureau(postgis, tmp_path_factory) -> Bureau:
    """Land has written a draft; reform's was given back; water's is the machine's."""
    made = make_bureau(tmp_path_factory.mktemp("bureau"), postgis)
    words = ("--conclusion", "disagree", "--basis", "law", "--text")
    assert made.review("u_land", "opine", "land", *words, SECRET).code == 0
    assert made.review("u_reform", "opine", "reform", *words, RETURNED).code == 0
    assert made.review("u_lead", "return", "reform", "--reason", "again").code == 0
    return made


def lawful(bureau):
    """What each sort of account may write."""
    return {
        "opine": ("u_water", bureau.step("u_water", "opine", "water", bureau.opinion("u_water", "water"))),
        "sign": ("u_land_2", bureau.step("u_land_2", "sign", "land", signed_opinion(bureau))),
        "override": ("u_water", bureau.step("u_water", "override", None, bureau.override("u_water", "river"))),
        "answer": ("u_reform", bureau.step("u_reform", "opine", "reform", answered_opinion(bureau))),
        "check": ("u_water", bureau.check_run("u_water")),
        "decide": ("u_water", decision(bureau, "u_water")),
    }


def answered_opinion(bureau, **values):
    """Reform's opinion, with an answer."""
    return [*bureau.opinion("u_reform", "reform"), *bureau.answer("u_reform", **values)]


def signed_opinion(bureau, account="u_land_2", department="land", /, **values):
    """Land's draft, signed."""
    before = bureau.last("onemap_opinions", f"case_id = '{bureau.case}' AND department = '{department}'")
    today = bureau.rows("SELECT onemap_today()")[0][0]
    same = {name: before[name] for name in ("text", "text_en", "drafted_by", "drafted_on")}
    mine = {**same, "state": "signed", "signed_by": account, "signed_on": today, **values}
    return bureau.opinion(account, department, **mine)


def decision(bureau, account, **values):
    """A decision on a spot, with its row of the log."""
    run = bureau.rows("SELECT id FROM onemap_runs LIMIT 1")[0][0]
    row = {"number": 1, "pair": "A×B", "run": run, "spot": "S1", "type": "03", "decision": "keep-a", "reason": "r"}
    moment = {"at": bureau.rows("SELECT onemap_moment()")[0][0]}
    ground = {"geom": shapely.to_wkb(shapely.box(0, 0, 1, 1))}
    return [("onemap_decisions", {**row, "who": account, **moment, **ground, **values}), log_row("decide", "S1")]


def test_what_is_lawful_is_written(bureau):
    for name, (account, rows) in lawful(bureau).items():
        if name != "decide":  # its moment must lie within its own transaction
            bureau.attempt(account, rows)


@pytest.mark.parametrize(
    "forged",
    [
        {"number": HUGE},
        {"number": 99},
        {"round": 2},
        {"state": "deemed"},
        {"state": "void"},
        {"state": "x"},
        {"state": "signed"},
        {"state": "signed", "signed_by": "u_water", "signed_on": "2026-01-01"},
        {"conclusion": "x"},
        {"text": "\x01"},
        {"text": "x" * 300_000},
        {"basis": "\x1b[2J"},
        {"due": "9999-12-31"},
        {"due": "soon"},
        {"due": None},
        {"stopped_on": "2026-01-01"},
        {"drafted_by": "u_water_2"},
        {"drafted_by": "onemap"},
        {"drafted_on": "2026-01-01"},
        {"drafted_on": "9999-12-31"},
        {"signed_by": "u_water"},
        {"signed_on": "2026-01-01"},
        {"unanswered": "later"},
        {"routed": 7},
        {"routed": 0},
        {"why": "x"},
        {"department": "land"},
        {"department": "x"},
        {"case_id": "x"},
    ],
    ids=lambda forged: ",".join(f"{name}={str(value)[:12]!r}" for name, value in forged.items()),
)
def test_a_draft_is_the_accounts_own_of_today_and_the_next(bureau, forged):
    rows = bureau.opinion("u_water", "water", **forged)
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.step("u_water", "opine", "water", rows))


@pytest.mark.parametrize(
    ("account", "forged"),
    [
        ("u_land", {}),  # who wrote it does not sign it
        ("u_land", {"signed_by": "u_land_2"}),
        ("u_land_2", {"signed_by": "Chief"}),
        ("u_land_2", {"signed_on": "2026-01-01"}),
        ("u_land_2", {"signed_on": "2099-01-01"}),
        ("u_land_2", {"text": "other words"}),
        ("u_land_2", {"conclusion": "agree"}),
        ("u_land_2", {"drafted_by": "onemap"}),
        ("u_land_2", {"due": "2099-01-01"}),
        ("u_land_2", {"unanswered": "nothing is open"}),
        ("u_lead", {"signed_by": "u_lead"}),
        ("u_water", {"signed_by": "u_water"}),
    ],
)
def test_a_signature_is_another_persons_under_what_stands_there(bureau, account, forged):
    rows = signed_opinion(bureau, **{"signed_by": account, **forged})
    with pytest.raises(REFUSED):
        bureau.attempt(account, bureau.step(account, "sign", "land", rows))


def test_items_without_an_answer_are_signed_with_a_reason_and_nobody_issues_alone(postgis, tmp_path):
    bureau = make_bureau(tmp_path, postgis)
    for reason in (None, " "):
        rows = signed_opinion(bureau, "u_reform", "reform", unanswered=reason)
        with pytest.raises(REFUSED):
            bureau.attempt("u_reform", bureau.step("u_reform", "sign", "reform", rows))
    rows = signed_opinion(bureau, "u_reform", "reform", unanswered="later")
    bureau.attempt("u_reform", bureau.step("u_reform", "sign", "reform", rows))
    assert bureau.review("u_reform", "sign", "reform", "--unanswered", "later").code == 0
    for department in ("land", "water"):
        assert bureau.review(f"u_{department}", "sign", department).code == 0
    words = ("--reason", "r", "--conclusion", "conditional")
    assert bureau.review("u_lead", "consolidate", *words).code == 0
    assert bureau.review("u_lead", "issue").codes == ["review.self_issue"]
    with pytest.raises(REFUSED, match="issued alone"):
        bureau.run("u_lead", "UPDATE onemap_cases SET issued_by = 'u_lead', issued_on = onemap_today()")


def test_a_step_is_written_whole(bureau):
    draft = bureau.opinion("u_water", "water")
    step = bureau.step("u_water", "opine", "water", draft)
    others = log_row("review.recheck", bureau.case)
    for part in (
        draft,
        step[:2],
        step[1:2],
        step[1:],
        [*draft, step[2]],
        [*draft, others],
        [*step[:2], others],
        step[2:],
    ):
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", part)


@pytest.mark.parametrize("action", ["circulate", "revise", "consolidate", "issue", "withdraw", "extend", "open", "x"])
@pytest.mark.parametrize("department", [None, "water", "land"])
def test_no_department_enters_a_step_of_the_leads(bureau, action, department):
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.step("u_water", action, department))


@pytest.mark.parametrize(
    ("action", "department", "forged"),
    [
        ("opine", None, {}),
        ("opine", "land", {}),
        ("sign", "land", {}),
        ("override", "land", {}),
        ("opine", "water", {"number": HUGE}),
        ("opine", "water", {"number": 1}),
        ("opine", "water", {"number": 99}),
        ("opine", "water", {"round": HUGE}),
        ("opine", "water", {"who": "u_lead"}),
        ("opine", "water", {"who": "Zhao"}),
        ("opine", "water", {"day": "2099-01-01"}),
        ("opine", "water", {"day": "2026-01-01"}),
        ("opine", "water", {"day": "9999-12-31"}),
        ("opine", "water", {"day": "x"}),
        ("opine", "water", {"entered_on": "2026-01-01"}),
        ("opine", "water", {"entered_on": "2099-01-01"}),
        ("opine", "water", {"case_id": "x"}),
        *(("opine", "water", {"detail": junk}) for junk in JUNK.values()),
    ],
)
def test_an_entry_is_the_accounts_own_and_can_be_read(bureau, action, department, forged):
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.step("u_water", action, department, **forged))


@pytest.mark.parametrize("account", sorted(ACCOUNTS.keys() - {"u_keeper", "u_water", "u_water_2"}))
def test_a_department_judges_by_its_own_rules_only(bureau, account):
    with pytest.raises(psycopg.Error) as refused:
        bureau.attempt(account, bureau.step(account, "override", None, bureau.override(account, "river")))
    assert refused.value.sqlstate in ("42501", "42P01")  # a stranger does not even see the tables


@pytest.mark.parametrize(
    "forged",
    [
        {"rule": "unheard"},
        {"number": HUGE},
        {"number": 2},
        {"round": 2},
        {"who": "u_lead"},
        {"day": "2099-01-01"},
        {"verdict": "x"},
        {"before": "x"},
        {"reason": " "},
        {"reason": "\x01"},
        {"parcel": "x" * 1000},
    ],
    ids=str,
)
def test_a_judgement_is_the_accounts_own_and_can_be_read(bureau, forged):
    rows = bureau.override("u_water", "river", **forged)
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.step("u_water", "override", None, rows))


@pytest.mark.parametrize(
    "forged",
    [
        {"department": "land"},
        {"item": "unheard"},
        {"number": HUGE},
        {"number": 2},
        {"round": 2},
        {"who": "u_lead"},
        {"day": "2099-01-01"},
        {"answer": " "},
        {"answer": "x" * 5000},
    ],
    ids=str,
)
def test_an_answer_is_the_departments_own(bureau, forged):
    rows = answered_opinion(bureau, **forged)
    with pytest.raises(REFUSED):
        bureau.attempt("u_reform", bureau.step("u_reform", "opine", "reform", rows))


def test_no_blocks_for_a_run_that_somebody_else_recorded(bureau):
    run = bureau.rows(f"SELECT run FROM onemap_rounds WHERE case_id = '{bureau.case}'")[0][0]
    block = {"run": run, "name": "parcels", "first": 9999, "count": 1, "content": b"x"}
    mine = bureau.check_run("u_water")
    for rows in ([("onemap_run_blocks", block)], [("onemap_run_blocks", block), *mine]):
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", rows)
    assert mine[1][0] == "onemap_runs"
    for part in (mine[:1], mine[1:2], mine[:2], mine[2:], [mine[0], mine[2]]):  # a run is whole, and in the log
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", part)


@pytest.mark.parametrize(
    "forged",
    [
        {"who": "u_lead"},
        {"id": "x y"},
        {"started": "9999-12-31T00:00:00Z"},
        {"started": "soon"},
        {"record": "x"},
        {"record": "{}"},
        {"record": "RECORD", "of": {"who": "u_lead"}},
        {"record": "RECORD", "of": {"kind": "compare"}},  # logged as a check
        {"record": "RECORD", "of": {"parameters": []}},
        {"record": "RECORD", "of": {"parameters": {"as_of": "soon"}}},
        {"record": "RECORD", "of": {"packs": {}}},
        {"record": "RECORD", "of": {"packs": [1]}},
        {"record": "RECORD", "of": {"started": "x"}},
    ],
    ids=str,
)
def test_a_run_is_the_accounts_own_and_can_be_read(bureau, forged):
    rows = bureau.check_run("u_water")
    record = json.loads(rows[1][1]["record"]) | forged.get("of", {})
    values = {name: value for name, value in forged.items() if name != "of"}
    values |= {"record": json.dumps(record)} if values.get("record") == "RECORD" else {}
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", bureau.check_run("u_water", **values))


def test_nobody_puts_another_text_under_the_hash_of_a_pack(bureau):
    rows = bureau.check_run("u_water")
    for hash_ in (text_hash("the pack that counts"), "x"):
        with pytest.raises(REFUSED):
            bureau.attempt("u_water", [("onemap_pack_texts", {"hash": hash_, "content": "mine"}), *rows])
    bureau.attempt("u_water", [("onemap_pack_texts", {"hash": text_hash("mine"), "content": "mine"}), *rows])


@pytest.mark.parametrize(
    "forged",
    [{"number": HUGE}, {"number": 2}, {"who": "u_lead"}, {"at": "1999-01-01T00:00:00Z"}, {"at": "x"}, {"run": "x"}],
    ids=str,
)
def test_a_decision_is_the_accounts_own_of_now(bureau, forged):
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", decision(bureau, "u_water", **forged))


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
    run = bureau.rows(f"SELECT run FROM onemap_rounds WHERE case_id = '{bureau.case}'")[0][0]
    subject = subject.replace("CASE", bureau.case).replace("RUN", run)
    for account in ("u_water", "u_lead"):
        with pytest.raises(REFUSED):
            bureau.attempt(account, [log_row(action, subject)])


@pytest.mark.parametrize(
    "rows",
    [
        {"onemap_opinions CASE/1/land/1": "0"},
        {"onemap_opinions": {"CASE/1/land/1": "0"}},
        {"onemap_opinions": {"CASE/1/water": "0"}},
        {"onemap_opinions": 0},
        [{"onemap_opinions": {"CASE/1/land/1": "0"}}],
        {"onemap_cases": {"CASE": None}},
        {"onemap_unheard": {"x": "0"}},
        {"onemap_audit": {"1": "0"}},
        {"pg_proc": {"onemap_chain": "0"}},
    ],
    ids=str,
)
def test_nobody_logs_hashes_for_rows_of_others(bureau, rows):
    detail = json.dumps({"rows": rows}).replace("CASE", bureau.case)
    step = bureau.step("u_water", "opine", "water", bureau.opinion("u_water", "water"))
    with pytest.raises(REFUSED):
        bureau.attempt("u_water", [*step[:2], log_row("review.opine", f"{bureau.case} water", detail=detail)])


@pytest.mark.parametrize("lie", ["a wrong hash", "a row less", "a table less", "no rows"])
def test_a_step_whose_log_does_not_tell_of_all_its_rows_is_refused(bureau, lie):
    step = bureau.step("u_water", "opine", "water", bureau.opinion("u_water", "water"))
    number, entry = step[0][1]["number"], step[1][1]["number"]
    opinion, entered = {f"{bureau.case}/1/water/{number}": "0" * 64}, {f"{bureau.case}/{entry}": "0" * 64}
    rows = {
        "a wrong hash": {"onemap_opinions": opinion, "onemap_case_entries": entered},
        "a row less": {"onemap_opinions": {}, "onemap_case_entries": entered},
        "a table less": {"onemap_case_entries": entered},
        "no rows": {},
    }[lie]
    row = log_row("review.opine", f"{bureau.case} water", detail=json.dumps({"rows": rows}))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not what the log says of it"):
        bureau.attempt("u_water", [*step[:2], row])


@pytest.mark.parametrize(
    "text", ["同意", "𠀀 and 😀", 'a "b" \\ /\n\r\t', "\x7f\x80\u2028\ufeff", "", "a" * 5000 + "é"]
)
def test_the_server_hashes_what_is_written_as_the_program_does(bureau, text):
    bureau.attempt("u_water", bureau.step("u_water", "opine", "water", bureau.opinion("u_water", "water", text=text)))


@pytest.mark.parametrize("which", ["onemap_runs", "onemap_run_blocks"])
def test_a_run_whose_log_does_not_tell_of_all_its_rows_is_refused(bureau, which):
    rows = bureau.check_run("u_water")
    rows[2][1]["detail"] = json.dumps({"rows": {which: {}}})
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not what the log says of it"):
        bureau.attempt("u_water", rows)


def test_a_remedy_and_a_comparison_that_cannot_be_read_end_nothing_for_others(postgis, tmp_path):
    bureau = make_bureau(tmp_path, postgis)
    today = bureau.rows("SELECT onemap_today()")[0][0]
    for number, kind in enumerate(("remedy", "compare"), start=1):
        rows = bureau.check_run("u_water")
        id_ = rows[1][1]["id"][:-1] + str(number)
        moment = bureau.rows("SELECT onemap_moment()")[0][0]
        record = {**json.loads(rows[1][1]["record"]), "id": id_, "kind": kind, "started": moment}
        rows[0][1].update(run=id_, name="spots" if kind == "compare" else "cuts")
        rows[1][1].update(id=id_, record=json.dumps(record), started=moment)
        kept = {"case_id": bureau.case, "round": 1, "number": 1, "run": id_, "who": "u_water", "day": today}
        rows = [*rows[:2], log_row(kind, id_)]
        if kind == "remedy":
            rows += bureau.step("u_water", "remedy", None, [("onemap_case_remedies", kept)])
        bureau.attempt("u_water", rows, stays=True)
    shown = done("review", "show", bureau.place("u_lead"), bureau.case).json
    assert [remedy["run"] for remedy in shown["remedies"] if "damaged" in remedy] == ["20260101T000000-0badf001"]
    assert done("review", "list", bureau.place("u_lead")).json["cases"]
    found = command("decide", bureau.place("u_land"), "S1", "discuss", "--reason", "r")
    assert found.codes == ["decide.unknown"]


def test_the_log_bears_the_account_whatever_name_is_sent(bureau):
    with bureau.connect("u_water") as connection:
        row = {"who": "u_lead", "at": "1999-01-01T00:00:00Z", "action": "review.recheck", "subject": bureau.case}
        connection.execute(
            "INSERT INTO onemap_audit (number, at, who, action, subject, detail, content_hash, previous_hash, hash)"
            " VALUES (99, %(at)s, %(who)s, %(action)s, %(subject)s, '{}', 'made up', 'made up', 'made up')",
            row,
        )
    number, at, who = bureau.rows("SELECT number, at, who FROM onemap_audit ORDER BY number DESC LIMIT 1")[0]
    assert (number == 99, at[:2], who) == (False, "20", "u_water")


def test_no_department_touches_what_is_the_leads(bureau):
    case = {"id": "20260101-0badf00d", "project": "p", "data": "{}", "options": "{}", "terms": "{}", "state": "draft"}
    tables = {
        "onemap_cases": {**case, "round": 1, "opened_by": "u_land", "opened_on": "2026-01-01", "at": ""},
        "onemap_documents": {"year": 2026, "sequence": HUGE, "case_id": bureau.case, "number": "1"},
        "onemap_case_files": {"case_id": bureau.case, "position": 9, "name": "x", "hash": "x", "content": b"x"},
        "onemap_case_items": {
            "case_id": bureau.case,
            "round": 1,
            "position": 9,
            "item": "x",
            "department": "land",
            "title": "junk",
        },
    }
    for table, values in tables.items():
        for account in ("u_land", "u_lead"):  # nor the lead, but as its steps do
            with pytest.raises(REFUSED):
                bureau.attempt(account, bureau.step(account, "withdraw", None, [(table, values)]))


@pytest.mark.parametrize(
    "change",
    [
        "state = 'issued'",
        "state = 'x'",
        "state = 'consolidated', decided_by = 'Mayor'",
        "state = 'consolidated', decided_by = 'u_lead', decided_on = '2026-01-01'",
        "round = 2",
        f"round = {HUGE}",
        "project = 'other'",
        "opened_by = 'other'",
        "terms = 'junk'",
        "terms = '{}'",
        *(f"terms = jsonb_set(terms::jsonb, '{{{path}}}', '{to}')::text" for path, to in TERMS.items()),
        "options = '[]'",
        "conclusion = 'x'",
        "document = 'x'",
    ],
)
def test_the_lead_changes_a_case_as_its_steps_do(bureau, change):
    logged = log_row("review.recheck", bureau.case)[1]
    with pytest.raises(REFUSED):
        bureau.run(
            "u_lead",
            f"UPDATE onemap_cases SET {change}",
            "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash)"
            f" VALUES ('', '', '{logged['action']}', '{logged['subject']}', '{{}}', '')",
        )


def test_the_lead_speaks_for_no_other_department(bureau):
    for forged in ({"text": "other"}, {"conclusion": "agree"}, {"due": "2026-01-01"}, {"state": "deemed"}):
        kept = {name: bureau.last("onemap_opinions", "department = 'land'")[name] for name in ("text", "drafted_by")}
        rows = bureau.opinion("u_lead", "land", **{**kept, **forged})
        with pytest.raises(REFUSED):
            bureau.attempt("u_lead", bureau.step("u_lead", "extend", "land", rows))


def test_no_account_changes_deletes_or_locks_a_row(bureau):
    tables = [row[0] for row in bureau.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'town'")]
    assert {"onemap_cases", "onemap_opinions", "onemap_audit", "turns_of_writers", "FARM__1"} <= set(tables)
    may = {("u_lead", "onemap_cases"), ("u_lead", "onemap_rounds")}  # which the lead's steps change
    for account in ACCOUNTS.keys() - {"u_keeper"}:
        with bureau.connect(account) as connection:
            for table in tables:
                column = bureau_column(bureau, table)
                tried = [f'UPDATE town."{table}" SET "{column}" = "{column}"', f'DELETE FROM town."{table}"']
                tried += [f'TRUNCATE town."{table}"', f'LOCK TABLE town."{table}" IN EXCLUSIVE MODE']
                if (account, table) not in may:
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
    found = []
    with bureau.connect(account) as connection:
        connection.autocommit = True
        for table in tables:
            try:
                found += connection.execute(f'SELECT row_to_json(one)::text FROM town."{table}" AS one').fetchall()
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
            entries = f"SELECT detail FROM onemap_case_entries WHERE department = '{owner}'"
            assert "disagree" not in str(bureau.rows(entries, f"u_{department}"))
    assert "by rule" not in seen  # what the machine says is no secret: it follows from findings
    machine = bureau.rows("SELECT count(*) FROM onemap_opinions WHERE drafted_by = 'onemap'", f"u_{department}")
    assert machine[0][0] >= 10


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


def test_whoever_judges_otherwise_does_not_sign_alone_and_a_signed_word_is_everybodys(postgis, tmp_path):
    bureau = make_bureau(tmp_path, postgis)
    assert bureau.review("u_water", "override", "DK1", "river", "--verdict", "clear", "--reason", "r").code == 0
    assert bureau.review("u_water", "sign", "water").codes == ["review.self_sign"]
    assert bureau.review("u_water", "override", "DK1", "river", "--verdict", "notice", "--reason", "r").code == 0
    seen = {name: done("review", "show", bureau.place(name), bureau.case).json for name in ("u_water", "u_land")}
    assert opinion(seen["u_water"], "water")["conclusion"] == "agree"  # the draft followed twice
    assert opinion(seen["u_land"], "water")["conclusion"] == "conditional"
    assert bureau.review("u_water_2", "sign", "water").code == 0
    assert opinion(done("review", "show", bureau.place("u_land"), bureau.case).json, "water")["state"] == "signed"
    assert bureau.review("u_lead", "return", "water", "--reason", "again").code == 0
    assert bureau.review("u_water", "opine", "water", "--conclusion", "agree", "--text", "new words").code == 0
    now = opinion(done("review", "show", bureau.place("u_land"), bureau.case).json, "water")
    assert (now["state"], now["text"] == "new words") == ("returned", False)
    draft = bureau.step("u_water", "opine", "water", bureau.opinion("u_water", "water"))
    bureau.attempt("u_water", draft)
    assert bureau.review("u_lead", "withdraw").code == 0
    draft[1][1].update(number=draft[1][1]["number"] + 1, detail='{"state": "withdrawn"}')
    with pytest.raises(REFUSED):  # nobody writes into a case that has ended
        bureau.attempt("u_water", draft)
    assert done("verify", bureau.url).json["ok"]
