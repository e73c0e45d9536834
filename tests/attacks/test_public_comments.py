"""The role that writes public comments can do nothing else by plain SQL; the log's chain, limits and erasure hold."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library
from onemap.rules.review.cases.event import words_hash
from onemap.rules.review.public_comments import WrittenComment, open_notices, write_comment
from onemap.tests.attacks.server_accounts import Bureau, log_row, write_rows
from onemap.tests.library_accounts import make_accounts
from onemap.tests.rules.command import command, done
from onemap.tests.rules.verbs.web.web_client import WebServer

pytestmark = pytest.mark.slow
PUBLIC = "u_public"
WORDS = json.dumps({"name": "张三", "place": "城北", "salt": "x"})
BODY = {"text": "好", "consent": False, "person": words_hash(WORDS)}


@pytest.fixture(scope="module")
def bureau(made_bureau: Bureau, postgis: Any, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """The case of the bureau, shown to the public."""
    one = made_bureau.copied(tmp_path_factory.mktemp("notice") / "town", postgis)
    make_accounts(one.url, {PUBLIC: ["public"]})
    one.review("u_lead", "notice", "--days", "10").done()
    return one


@pytest.fixture
def own(bureau: Bureau, postgis: Any, tmp_path: Path) -> Bureau:
    """The same for one test, which writes into it."""
    return bureau.copied(tmp_path / "own", postgis)


def comment(bureau: Bureau, body: Any = None, words: str = WORDS, **columns: Any) -> list[tuple[str, dict[str, Any]]]:
    """A comment as a program of the account's own might write it."""
    place = {"case_id": bureau.case, "notice": 1, "number": 0}
    text = body if isinstance(body, str) else json.dumps({**BODY, **(body or {})})
    row = {**place, "at": "", "day": "", "body": text, "before": "", "hash": "", **columns}
    return [("onemap_comments", row), ("onemap_comment_persons", {**place, "words": words})]


def comments(bureau: Bureau) -> list[dict[str, Any]]:
    return list(done("review", "comments", bureau.place("u_lead"), bureau.case).json["comments"])


def test_a_comment_has_the_server_s_moment_and_stands_behind_the_one_before(own: Bureau):
    bureau = own
    bureau.attempt(PUBLIC, comment(bureau, number=77, at="1999", day="1999-01-01", before="x", hash="y"), stays=True)
    with open_library(bureau.place(PUBLIC)) as library:
        assert [one.case_id for one in open_notices(library)] == [bureau.case]
        write_comment(library, bureau.case, 1, WrittenComment("<script>alert(1)</script>", "李四", "城南", True))
    first, second = comments(bureau)
    assert (first["comment"], second["comment"], first["name"], second["text"]) == (
        *(1, 2, "张三"),
        "<script>alert(1)</script>",
    )
    assert not first["at"].startswith("1999") and first["at"] < second["at"]
    for account in ("u_land", "u_water"):  # others than the lead read the text, and not who wrote it
        seen = done("review", "comments", bureau.place(account), bureau.case).json["comments"]
        assert [(one["text"], one["name"], one["place"]) for one in seen] == [
            ("好", None, None),
            ("<script>alert(1)</script>", None, None),
        ]
    assert done("verify", bureau.url).json["ok"]


FORGED = {
    "another notice": {"columns": {"notice": 2}},
    "another case": {"columns": {"case_id": "20260101-00000000"}},
    "no JSON": {"body": "{"},
    "another's words": {"words": json.dumps({"name": "王五", "place": "", "salt": ""})},
    "no hash": {"body": {"person": "x"}},
}


@pytest.mark.parametrize("what", FORGED)
def test_a_comment_that_is_none_is_refused(bureau: Bureau, what: str):
    given: dict[str, Any] = FORGED[what]
    rows = comment(bureau, given.get("body"), given.get("words", WORDS), **given.get("columns", {}))
    with pytest.raises(psycopg.Error):
        bureau.attempt(PUBLIC, rows)


def test_a_body_that_is_no_comment_s_says_nothing_and_is_named(own: Bureau):
    bodies: tuple[dict[str, Any], ...] = (
        {"text": " "},
        {"text": "x" * 2001},
        {"text": "\x1b[2J"},
        {"more": 1},
        {"consent": "yes"},
        {"text": ["好"]},
    )
    for body in bodies:
        own.attempt(PUBLIC, comment(own, body), stays=True)
    junk = "[" * 3000
    own.attempt(PUBLIC, comment(own, {"person": words_hash(junk)}, junk), stays=True)
    shown = [(one["text"], one["consent"], one["name"]) for one in comments(own)]
    assert shown == [*[("", False, "张三")] * len(bodies), ("好", False, None)]
    problems = command("verify", own.url).json["problems"]
    assert [(one["code"], one["layer"], one["feature"]) for one in problems] == [
        ("verify.row_void", "onemap_comments", f"{own.case}/1/{number}") for number in range(1, len(bodies) + 1)
    ]
    assert own.review("u_lead", "close", "--reason", "r").code == 0


STATEMENTS = (
    *(
        f"SELECT * FROM {table}"
        for table in ("onemap_events", "onemap_audit", "onemap_comments", "onemap_comment_persons", "onemap_runs")
    ),
    "SELECT * FROM onemap_cases",
    "UPDATE onemap_comments SET body = ''",
    "DELETE FROM onemap_comments",
    "DELETE FROM onemap_comment_persons",
    "INSERT INTO onemap_notices VALUES ('x', 1, '2099-01-01', '{}')",
    "INSERT INTO onemap_audit (at, who, action, subject, detail, content_hash) VALUES ('', '', 'x', '', '{}', '')",
    "SELECT onemap_erase_person('x', 1, 1)",
    "SELECT onemap_take_turn()",
    "CREATE TABLE town.mine (x int)",
    "SET ROLE onemap_town_lead",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_role_of_the_public_may_do_nothing_else(bureau: Bureau, statement: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.run(PUBLIC, statement)


def test_it_reads_open_notices_and_the_name_of_the_library(bureau: Bureau):
    assert bureau.rows("SELECT number FROM onemap_notices", PUBLIC) == [(1,)]
    keys = {key for (key,) in bureau.rows("SELECT key FROM onemap_library", PUBLIC)}
    assert keys <= {"id", "name", "srs_id", "format", "rehearsal"}
    assert command("review", "list", bureau.place(PUBLIC)).code == 3


@pytest.mark.parametrize("account", ["u_land", "u_lead", "u_eyes"])
def test_nobody_else_writes_comments(bureau: Bureau, account: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.attempt(account, comment(bureau))


def test_a_flood_stands_in_no_officer_s_way_and_ends_at_its_bound(own: Bureau):
    with open_library(own.place(PUBLIC)) as library:
        for number in range(30):
            write_comment(library, own.case, 1, WrittenComment(f"{number}", "x", "y"))
        with pytest.raises(OneMapError, match="notice.full"):
            write_comment(library, own.case, 1, WrittenComment("31", "x", "y"))
    assert len(comments(own)) == 30


def test_a_comment_that_is_not_ended_holds_up_no_officer_and_not_the_end_of_the_notice(own: Bureau):
    with own.connect(PUBLIC) as open_one:
        write_rows(open_one, comment(own)[:1])
        assert own.review("u_land", "opine", "land", "--conclusion", "agree", "--text", "x").code == 0
        assert own.review("u_lead", "close", "--reason", "r").code == 0
        open_one.rollback()


def test_the_site_of_the_public_writes_under_that_account(own: Bureau):
    server = WebServer(own.place(PUBLIC), "en", "--public")
    try:
        at = f"/notices/{own.case}/1"
        assert at in server.get("/").body.decode() and server.get(f"{at}/map-1.svg").status == 200
        fields = {"text": "太吵", "name": "王五", "place": "城东"}
        assert server.form(f"{at}/comments", fields).status == 303
        assert server.get("/health").json == {"ok": True} and server.get("/sign-in").status == 404
    finally:
        server.end()
    assert [(one["text"], one["name"]) for one in comments(own)] == [("太吵", "王五")]
    assert command("web", own.place("u_lead"), "--public", "--port", "0").codes == ["notice.account"]
    elsewhere = "postgresql://u_public@db.example.org/city?schema=town"
    assert command("web", elsewhere, "--public", "--port", "0").codes == ["web.tls"]


def test_a_last_day_that_is_not_the_notice_s_is_named(own: Bureau):
    with own.connect("onemap") as connection:
        connection.execute("ALTER TABLE onemap_notices DISABLE TRIGGER USER")
        connection.execute("UPDATE onemap_notices SET until = '2999-01-01'")
    assert "verify.record_changed" in command("verify", own.url).codes


def test_the_page_of_a_notice_without_effect_takes_no_number_from_the_next(own: Bureau):
    assert own.review("u_lead", "close", "--reason", "r").code == 0
    page = "{}"
    facts = {"notice": 2, "days": 5, "kind": "before", "withheld": [], "page": words_hash(page)}
    row = {"case_id": own.case, "number": 2, "until": "2999-01-01", "content": page}
    event = own.event("lead", "notice", round=9, **facts)
    own.attempt("u_lead", [*event, ("onemap_notices", row), log_row("review.notice", own.case)], stays=True)
    opened = own.review("u_lead", "notice", "--days", "5")
    assert [(one["notice"], one["open"]) for one in opened.json["notices"]] == [(1, False), (3, True)]
    own.attempt(PUBLIC, [(table, {**values, "notice": 3}) for table, values in comment(own)], stays=True)
    assert own.review("u_lead", "respond", "1", "--text", "已采纳").code == 0
    assert own.review("u_lead", "close", "--reason", "r").code == 0
    assert set(command("verify", own.url).codes) == {"verify.event_unlawful"}


UNTRUE: dict[str, dict[str, Any]] = {
    "respond": {"comment": 7, "hash": "ab" * 32, "text": "已采纳"},
    "erase": {"comment": 7},
    "close": {"count": 7, "head": "ab" * 32},
}


@pytest.mark.parametrize("action", UNTRUE)
def test_the_lead_tells_of_no_comment_that_is_none_and_leaves_none_out(own: Bureau, action: str):
    """Else the notice could never be closed, and no step of the case followed; or the public's words were gone."""
    untold = ({"count": 0, "head": ""}, {"count": 1, "head": "ab" * 32}) if action == "close" else ()
    own.attempt(PUBLIC, comment(own), stays=True)
    for facts in (UNTRUE[action], *untold):
        with pytest.raises(psycopg.errors.UniqueViolation):
            own.attempt("u_lead", own.event("lead", action, notice=1, reason="r", **facts), stays=True)
    assert own.review("u_lead", "respond", "1", "--text", "已采纳").code == 0
    assert own.review("u_lead", "erase", "1", "--reason", "r").code == 0
    assert own.review("u_lead", "close", "--reason", "r").code == 0
    assert done("verify", own.url).json["ok"]


def test_the_end_takes_the_head_into_the_case_and_an_erased_name_leaves_the_chain_whole(own: Bureau):
    bureau = own
    for _ in range(3):
        bureau.attempt(PUBLIC, comment(bureau), stays=True)
    before = comments(bureau)
    assert bureau.review("u_land", "close", "--reason", "r").codes == ["review.lead_only"]
    assert bureau.review("u_lead", "close").codes == ["review.reason"]
    assert bureau.review("u_lead", "respond", "1", "--text", "已采纳").code == 0
    closed = bureau.review("u_lead", "close", "--reason", "提前结束")
    assert closed.json["notices"][0]["comments"] == len(before)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.attempt(PUBLIC, comment(bureau))
    assert bureau.rows("SELECT number FROM onemap_notices", PUBLIC) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        bureau.run("u_lead", "DELETE FROM onemap_comment_persons")
    bureau.run("u_lead", f"SELECT onemap_erase_person('{bureau.case}', 1, 1)")
    assert comments(bureau)[0]["name"] == "张三"  # which no event of the case asked for
    assert bureau.review("u_lead", "erase", "1", "--reason", "本人要求").code == 0
    first, *others = comments(bureau)
    assert first["erased"] and first["name"] is None and first["text"] == "好" and all(one["name"] for one in others)
    assert done("verify", bureau.url).json["ok"]
    moved = bureau.folder / "moved.gpkg"
    done("copy", bureau.url, moved)
    assert done("verify", moved).json["ok"]
    with bureau.connect("onemap") as connection:
        connection.execute("ALTER TABLE onemap_comments DISABLE TRIGGER USER")
        connection.execute("DELETE FROM onemap_comments WHERE number = 2")
        connection.execute("DELETE FROM onemap_comment_persons WHERE number = 3")
    found = command("verify", bureau.url)
    assert found.code == 5 and {"verify.record_gone", "verify.record_changed"} <= set(found.codes)
