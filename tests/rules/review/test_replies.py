"""A reply from a department without QGIS counts as its opinion, but only on what it was shown."""

import json

import pytest

from onemap.layers.library.library import open_library
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.review.cases.case_file import read_case
from onemap.rules.review.statement.page import texts_digest
from onemap.rules.review.statement.reply_file import reply_check
from onemap.rules.review.statement.review_pack import shown_digest
from onemap.tests.rules.review.conftest import opinion


def reply_of(town, case, path=None, /, **changes):
    """The land department's reply file for a case; a test may change it."""
    with open_library(str(town.library)) as library:
        now = read_case(library, case)
        content = {
            "onemap_reply": 2,
            "library": library.id,
            "case": case,
            "round": now.round,
            "department": "land",
            "run": now.current.run,
            "shown": shown_digest(library, now, "land"),
            "printed": texts_digest(library, now, "zh", "land", "opinion", ANNEXES),
            "language": "zh",
            "document": "opinion",
            "annexes": list(ANNEXES),
            "conclusion": "conditional",
            "text": "请落实占补平衡。",
            "basis": "土地管理法第三十条",
            "by": "Zhao",
            "on": "2026-03-03",
            "answers": [],
        }
    content |= changes
    content.setdefault("check", reply_check(content))
    path = path or town.folder / "land.reply.json"
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.fixture
def case_and_reply(town, walk):
    """A circulating case, and the reply of the land department to it."""
    case = walk("circulating")
    return case, lambda **changes: reply_of(town, case, **changes)


def test_a_reply_becomes_the_draft_of_whoever_wrote_it(town, case_and_reply):
    case, write = case_and_reply
    after = town.done("opine", case, "land", "--reply", write(), on="2026-03-04", by="clerk")
    land = opinion(after, "land")
    assert [land[key] for key in ("state", "conclusion", "text", "drafted_by", "drafted_on")] == [
        *("drafted", "conditional", "请落实占补平衡。", "Zhao", "2026-03-04")
    ]
    assert after["entries"][-1]["by"] == "clerk"
    assert town.step("sign", case, "land", on="2026-03-04", by="Zhao").codes == ["review.self_sign"]
    assert opinion(town.sign_all(case, "land", on="2026-03-04"), "land")["state"] == "signed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"check": "0" * 64}, "reply.altered"),
        ({"library": "0" * 32}, "reply.library"),
        ({"case": "20260101-00000000"}, "reply.case"),
        ({"round": 2}, "reply.round"),
        ({"department": "water"}, "reply.department"),
        ({"run": "another"}, "reply.stale"),
        ({"shown": "0" * 64}, "reply.stale"),
        ({"printed": "0" * 64}, "reply.page"),
        ({"language": "en"}, "reply.page"),
        ({"document": "reply"}, "reply.page"),
        ({"annexes": ["record"]}, "reply.page"),
        ({"on": "2026-03-01"}, "reply.day"),
        ({"on": "2026-03-05"}, "reply.day"),
        ({"onemap_reply": 1}, "reply.older"),
        ({"by": "onemap"}, "review.by"),
        ({"answers": [["industry", "是"], ["industry", "否"]]}, "review.answer_twice"),
        ({"answers": [["industry", "长" * 2001]]}, "review.text"),
    ],
)
def test_a_reply_to_something_else_is_refused_and_changes_nothing(town, case_and_reply, changes, code):
    case, write = case_and_reply
    before = town.show(case, "2026-03-04")
    answer = town.step("opine", case, "land", "--reply", write(**changes), on="2026-03-04")
    assert (answer.code, answer.codes) == (3, [code])
    assert answer.json["problems"][0]["mend"]
    assert town.show(case, "2026-03-04") == before


def test_an_altered_reply_is_refused_whatever_was_altered(town, case_and_reply):
    case, write = case_and_reply
    path = write()
    path.write_text(path.read_text(encoding="utf-8").replace("conditional", "agree"), encoding="utf-8")
    assert town.step("opine", case, "land", "--reply", path, on="2026-03-04").codes == ["reply.altered"]


@pytest.mark.parametrize(
    ("verb", "options", "refusal"),
    [
        ("revise", (), "reply.round"),
        ("override", ("DK1", "farm", "--verdict", "notice"), "reply.stale"),
        ("extend", ("--days", "3"), None),
        ("return", ("land",), "reply.stale"),
        ("remedy", (), None),
    ],
)
def test_a_reply_is_as_good_as_what_was_shown_still_stands(town, case_and_reply, verb, options, refusal):
    case, write = case_and_reply
    path = write()
    given = (town.parcels("next"),) if verb == "revise" else options
    reason = () if verb == "remedy" else ("--reason", "x")
    town.done(verb, case, *given, *reason, on="2026-03-04")
    answer = town.step("opine", case, "land", "--reply", path, on="2026-03-04")
    assert answer.code == (3 if refusal else 0) and (refusal is None or answer.codes == [refusal])


def test_a_reply_that_comes_after_the_signature_is_late_and_not_altered(town, case_and_reply):
    case, write = case_and_reply
    path = write()
    town.sign_all(case, on="2026-03-03")
    assert town.step("opine", case, "land", "--reply", path, on="2026-03-04").codes == ["review.signed"]
    town.done("consolidate", case, on="2026-03-04")
    assert town.step("opine", case, "land", "--reply", path, on="2026-03-04").codes == ["review.consolidated"]


def test_a_reply_to_a_case_that_was_withdrawn_is_told_so(town, case_and_reply):
    case, write = case_and_reply
    path = write()
    town.done("withdraw", case, "--reason", "x", on="2026-03-03")
    assert town.step("opine", case, "land", "--reply", path, on="2026-03-04").codes == ["review.withdrawn"]


def test_a_changed_name_of_the_department_is_named_as_what_may_have_changed(town, case_and_reply):
    case, write = case_and_reply
    path = write()
    profile = '[departments.land]\nname = { zh = "土地局", en = "Land bureau" }\n'
    town.library.with_suffix(".profile.toml").write_text(profile, encoding="utf-8")
    answer = town.step("opine", case, "land", "--reply", path, on="2026-03-04")
    assert answer.codes == ["reply.page"]
    assert "profile has changed" in answer.json["problems"][0]["message"]


def test_an_item_that_is_answered_twice_is_refused(town, case_and_reply):
    case, _ = case_and_reply
    words = ("--conclusion", "agree", "--text", "同意", "--answer", "industry=是", "--answer", "industry=否")
    answer = town.step("opine", case, "reform", *words, on="2026-03-04")
    assert (answer.code, answer.codes) == (3, ["review.answer_twice"])


def test_a_reply_and_words_exclude_each_other(town, case_and_reply):
    case, write = case_and_reply
    answer = town.step("opine", case, "land", "--reply", write(), "--text", "x", on="2026-03-04")
    assert (answer.code, answer.codes) == (2, ["review.reply_and_words"])


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"onemap_reply": 1}', b"{" * 100_000])
def test_what_is_no_reply_is_refused(town, case_and_reply, content):
    case, _ = case_and_reply
    path = town.folder / "bad.reply.json"
    path.write_bytes(content)
    answer = town.step("opine", case, "land", "--reply", path, on="2026-03-04")
    assert answer.code == 3
    assert answer.codes[0].startswith("reply.")
