"""A public notice of a case: when it is lawful, what it shows, its comments, its end, and erased names."""

import contextlib
import json
import sqlite3
from datetime import date, timedelta
from typing import Any

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases.case_file import stored_case
from onemap.rules.review.cases.event_store import NewEvent, event_of, read_events
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay
from onemap.rules.review.notice_tables import TABLES
from onemap.rules.review.public_comments import WrittenComment, open_notices, write_comment
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import alter

TODAY = date.today()
PAGE = "0" * 64
POSTED = {"notice": 1, "days": 5, "kind": "before", "withheld": [], "page": PAGE}
CLOSED = {"notice": 1, "count": 0, "head": "", "reason": "r"}


@pytest.fixture
def case(real_town) -> str:
    """A case that is out."""
    data = real_town.folder / "facts.toml"
    data.write_text('联系人 = "赵六"\n建设单位 = "城投"\n建设地点 = "城北"\n', encoding="utf-8")
    opened = real_town.open("--data", data, on=None)
    real_town.done("circulate", opened)
    return opened


def comment(town, case: str, text: str = "太吵", name: str = "张三", consent: bool = False) -> None:
    with open_library(str(town.library)) as library:
        write_comment(library, case, 1, WrittenComment(text, name, "城北街1号", consent))


def comments(town, case: str) -> list[dict[str, Any]]:
    return list(done("review", "comments", town.library, case).json["comments"])


def codes_of_verify(town) -> set[str]:
    return set(command("verify", town.library).codes)


def test_a_notice_from_its_page_to_its_annex(real_town, case):
    twice = ("--withhold", "location") * 2
    shown = real_town.done("notice", case, "--days", "10", *twice)
    (notice,) = shown["notices"]
    assert (notice["kind"], notice["until"]) == ("before", (TODAY + timedelta(10)).isoformat())
    assert shown["state"] == "circulating" and shown["steps"]["notice"] and not shown["steps"]["close"]
    with open_library(str(real_town.library)) as library:
        (page,) = open_notices(library)
    text = json.dumps(page.content, ensure_ascii=False)
    assert "城投" in text and not any(hidden in text for hidden in ("赵六", "城北", "clerk", "farm"))
    comment(real_town, case, consent=True)
    comment(real_town, case, "<script>x</script>", "李四")
    real_town.done("respond", case, "1", "--text", "拟改")
    real_town.done("respond", case, "1", "--text", "已采纳")
    revision = real_town.done("close", case, "--reason", "提前")["revision"]
    assert revision == 6  # no comment is a step of the case
    real_town.done("erase", case, "2", "--reason", "本人要求")
    assert [(one["name"], one["reply"], one["erased"]) for one in comments(real_town, case)] == [
        ("张三", "已采纳", False),
        (None, None, True),
    ]
    raw = b"".join(path.read_bytes() for path in real_town.folder.glob("town.gpkg*"))
    assert "张三".encode() in raw and "李四".encode() not in raw
    out = real_town.folder / "statement.json"
    done("review", "export", real_town.library, case, out)
    rows = json.loads(out.read_text(encoding="utf-8"))["comments"]
    assert [(row["who"], row["reply"]) for row in rows] == [("张三　城北街1号", "已采纳"), ("not printed", None)]
    steps = [row["action"] for row in done("history", real_town.library, case).json["rows"]]
    assert steps[-5:] == [f"review.{step}" for step in ("notice", "respond", "respond", "close", "erase")]
    assert codes_of_verify(real_town) == set()


def test_the_page_says_who_was_silent_and_bears_the_bureau_s_name_and_the_statement_s_conclusion(town):
    town.pack(overdue="consent")
    town.library.with_suffix(".profile.toml").write_text('authority = "清源市局"', encoding="utf-8")
    case = town.open()
    town.done("circulate", case, on="2026-03-02", by="lead")
    town.sign_all(case, "reform", "water", on="2026-03-09")
    town.done("consolidate", case, "--conclusion", "conditional", "--reason", "r", on="2026-03-10", by="lead")
    town.done("notice", case, "--days", "5", on="2026-03-10", by="lead")
    with open_library(str(town.library)) as library:
        page = json.loads(library.connection.execute("SELECT content FROM onemap_notices").fetchone()[0])["zh"]
    assert (page["bureau"], page["conclusion"]) == ("清源市局", "有条件符合")
    land = next(row for row in page["opinions"] if row["department"] == "自然资源和规划局（土地）")
    assert (land["conclusion"], land["text"]) == ("逾期视为同意", "逾期未答复，视为同意（答复期限：2026-03-09）。")


def test_what_is_shown_does_not_change_under_the_eyes_of_the_public(real_town, case):
    assert real_town.step("close", case).codes == ["notice.none"]
    assert real_town.step("notice", case, "--days", "367").codes == ["notice.days"]
    assert real_town.step("notice", case, "--days", "9", "--withhold", "locaton").codes == ["usage.choice"]
    real_town.done("notice", case, "--days", "10")
    not_read = real_town.folder / "next.gpkg"  # hours of checking would come before the refusal
    for step, *given in (("notice", "--days", "5"), ("withdraw",), ("revise", not_read)):
        assert real_town.step(step, case, *given).codes == ["notice.open"], step
    assert real_town.step("respond", case, "1", "--text", "x").codes == ["notice.no_comment"]
    assert real_town.step("close", case).codes == ["review.reason"]
    real_town.done("close", case, "--reason", "x")
    assert real_town.step("close", case).codes == ["notice.closed"]
    assert real_town.done("withdraw", case)["state"] == "withdrawn"


FORGED = {
    "a second one": [("notice", POSTED), ("notice", {**POSTED, "notice": 2})],
    "no number": [("notice", {**POSTED, "notice": 0})],
    "a number beyond all": [("notice", {**POSTED, "notice": 10**5})],
    "for ever": [("notice", {**POSTED, "days": 10**9})],
    "after a statement that is not there": [("notice", {**POSTED, "kind": "after"})],
    "no page": [("notice", {**POSTED, "page": "x"})],
    "withheld what is nothing": [("notice", {**POSTED, "withheld": ["everything"]})],
    "an end of nothing": [("close", CLOSED)],
    "an early end without a reason": [("notice", POSTED), ("close", {**CLOSED, "reason": None})],
    "two ends": [("notice", POSTED), ("close", CLOSED), ("close", CLOSED)],
    "an end with a head of nothing": [("notice", POSTED), ("close", {**CLOSED, "head": PAGE})],
    "a withdrawal under it": [("notice", POSTED), ("withdraw", {})],
    "a reply to what is not there": [
        *(("notice", POSTED), ("close", CLOSED)),
        ("respond", {"notice": 1, "comment": 1, "hash": PAGE, "text": "x"}),
    ],
    "an empty reply": [("notice", POSTED), ("respond", {"notice": 1, "comment": 1, "hash": PAGE, "text": " "})],
    "erased without a reason": [("notice", POSTED), ("erase", {"notice": 1, "comment": 1})],
    "erased twice": [("notice", POSTED), *[("erase", {"notice": 1, "comment": 1, "reason": "r"})] * 2],
}


def test_an_unlawful_event_has_no_effect_and_those_before_it_have(real_town, case):
    with open_library(str(real_town.library)) as library:
        before = read_events(library, case)
        for what, actions in FORGED.items():
            events = list(before)
            for action, facts in actions:
                body = {"edition": 1, "round": 1, "on": TODAY.isoformat(), **facts}
                events.append(event_of(library, NewEvent(case, "lead", action, body), "lead", events))
            replay = Replay.of(events, library.id, LibraryEvidence(library))
            assert [event.action for event, _ in replay.unlawful] == [actions[-1][0]], what
            assert replay.current_case.revision == len(before) + len(actions) - 1
            assert len(replay.current_case.notices) == min(1, len(actions) - 1)


def test_a_notice_stands_although_its_run_cannot_be_read(real_town, case):
    real_town.done("notice", case, "--days", "10")
    alter(real_town, "DELETE FROM onemap_run_blocks")
    with open_library(str(real_town.library)) as library:
        read = stored_case(library, case)
        assert read.damage is not None and read.open_notice is not None
        assert [one.case_id for one in open_notices(library)] == [case]
    comment(real_town, case)
    assert real_town.step("withdraw", case).codes == ["notice.open"]
    assert "verify.event_unlawful" not in codes_of_verify(real_town)


ALTERED = {
    "UPDATE onemap_comments SET body = replace(body, '太吵', '很好') WHERE number = 1": "verify.record_changed",
    "DELETE FROM onemap_comments WHERE number = 2": "verify.record_gone",
    "DELETE FROM onemap_comment_persons WHERE number = 1": "verify.record_gone",
    "UPDATE onemap_comment_persons SET words = replace(words, '张三', '王五')": "verify.record_changed",
    "UPDATE onemap_notices SET content = replace(content, '小学', '大学')": "verify.record_changed",
}


def test_what_somebody_alters_is_named(real_town, case):
    real_town.done("notice", case, "--days", "10")
    comment(real_town, case)
    comment(real_town, case)
    real_town.done("close", case, "--reason", "x")
    assert codes_of_verify(real_town) == set()
    whole = real_town.library.read_bytes()
    for statement, code in ALTERED.items():
        alter(real_town, statement)
        assert code in codes_of_verify(real_town), statement
        real_town.library.write_bytes(whole)


def test_a_library_of_before_gets_the_tables_with_its_first_notice(real_town, case):
    for statement in TABLES:
        with contextlib.closing(sqlite3.connect(real_town.library)) as library, library:
            library.execute(f"DROP TABLE {statement.split()[5]}")
    assert real_town.show(case, TODAY.isoformat())["notices"] == []
    real_town.done("notice", case, "--days", "10")
    comment(real_town, case)
    assert codes_of_verify(real_town) == set()
