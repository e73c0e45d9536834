"""Unlawful events that accounts write with programs of their own have no effect, and block nobody."""

import contextlib
import json
import random
import time
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from onemap.layers.library.library import open_library
from onemap.rules.review.cases import case_so_far, replay
from onemap.rules.review.cases.case import CASE_STATES, CONCLUSIONS
from onemap.rules.review.cases.event import CHAINS, ordered_events
from onemap.rules.review.cases.event_store import read_events
from onemap.rules.review.cases.library_evidence import LibraryEvidence
from onemap.rules.review.cases.replay import Replay
from onemap.tests.attacks.server_accounts import Bureau, log_row, text_hash, write_rows
from onemap.tests.rules.command import command, done
from onemap.tests.rules.review.conftest import opinion

pytestmark = pytest.mark.slow
# Who writes, and into which chains: the auditor and the owner into any.
WRITERS = {
    "u_lead": ("lead", "lead", "planning"),
    "u_land": ("land",),
    "u_water": ("water",),
    "u_eyes": CHAINS,
    "u_keeper": CHAINS,
}
EACH = 100  # events of each writer for each seed
WORDS = {"conclusion": "agree", "text": "同意", "basis": "", "answers": []}


@pytest.fixture
def bureau(made_bureau, postgis, tmp_path) -> Bureau:
    """Land must refuse (prohibited), water may consult; silence is consent."""
    return made_bureau.copied(tmp_path, postgis)


def codes_of_verify(bureau):
    return set(command("verify", bureau.url).codes)


FORGED = {
    "the last day of the departments in 2020": ("u_lead", "lead", "circulate", {"due": {"land": "2020-01-01"}}),
    "an end that nobody has signed": ("u_lead", "lead", "consolidate", {"conclusion": "agree", "deemed": ["land"]}),
    "a number out of turn": (
        "u_lead",
        "lead",
        "issue",
        {"sign": "国函", "column_year": date.today().year, "column_sequence": 99999},
    ),
    "a number in brackets": (
        "u_lead",
        "lead",
        "issue",
        {"sign": "国函〔2026〕99999号 (forged) ", "column_year": date.today().year, "column_sequence": 1},
    ),
    "another's finding judged otherwise": (
        "u_water",
        "water",
        "override",
        {"parcel": "DK1", "rule": "farm", "verdict": "clear", "reason": "r"},
    ),
    "a parcel that is not in the case": (
        "u_land",
        "land",
        "override",
        {"parcel": "DK9", "rule": "farm", "verdict": "clear", "reason": "r"},
    ),
    "a finding judged by the lead": (
        "u_lead",
        "lead",
        "override",
        {"parcel": "DK1", "rule": "farm", "verdict": "clear", "reason": "r"},
    ),
    "a signature for another": ("u_lead", "lead", "sign", {"department": "land", **WORDS}),
    "a signature under words that nobody wrote": ("u_land", "land", "sign", {**WORDS, "clock": [None, None]}),
    "a round on no run": ("u_lead", "lead", "revise", {"packs": []}),
    "a remedy that is none": ("u_water", "water", "remedy", {"column_run": "none"}),
    "a year of time": ("u_lead", "lead", "extend", {"days": 10**9, "reason": "r"}),
    "fewer days": ("u_lead", "lead", "extend", {"days": -5, "reason": "r"}),
    "yesterday": ("u_land", "land", "return", {"on": (date.today() - timedelta(1)).isoformat(), "reason": "r"}),
    "tomorrow": ("u_land", "land", "return", {"on": (date.today() + timedelta(1)).isoformat(), "reason": "r"}),
    "an earlier round": ("u_land", "land", "return", {"round": 0}),
    "an action that is none": ("u_land", "land", "x", {}),
    "a case anew": ("u_lead", "lead", "open", {"rehearsal": True, "project": "p", "files": [], "packs": []}),
    "control characters": ("u_land", "land", "return", {"reason": "\x1b[2J"}),
    "a draft without words": ("u_land", "land", "opine", {}),
    "a reply before the case went out": (
        "u_land",
        "land",
        "opine",
        {"words": WORDS, "written_on": "1999-01-01", "written_by": "王"},
    ),
    "a notice of no page": (
        *("u_lead", "lead", "notice"),
        {"notice": 1, "days": 5, "kind": "before", "withheld": [], "page": "x"},
    ),
    "a notice for ever": (
        *("u_lead", "lead", "notice"),
        {"notice": 1, "days": 10**9, "kind": "before", "withheld": [], "page": "0" * 64},
    ),
    "the end of a notice that nobody opened": ("u_lead", "lead", "close", {"notice": 1, "count": 0, "head": ""}),
    "a department that opens a notice": (
        *("u_land", "land", "notice"),
        {"notice": 1, "days": 5, "kind": "before", "withheld": [], "page": "0" * 64},
    ),
    "a list for a text": ("u_land", "land", "return", {"reason": ["r"]}),
}


@pytest.mark.parametrize("what", FORGED)
def test_a_forged_event_has_no_effect_is_named_and_holds_nobody_up(bureau, what):
    account, chain, action, facts = FORGED[what]
    before = bureau.show_case()
    bureau.attempt(account, bureau.event(chain, action, **facts), stays=True)
    assert bureau.show_case() == before
    assert codes_of_verify(bureau) == {"verify.event_unlawful"}
    rows = done("history", bureau.url, bureau.case).json["rows"]
    assert [row["action"] for row in rows if row["unlawful"]] == [f"review.{action}"]
    assert bureau.review("u_land", "sign", "land").code == 0
    assert bureau.review("u_lead", "extend", "water", "--days", "2", "--reason", "r").code == 0


def test_a_step_is_not_refused_for_an_earlier_event_that_said_the_same_in_vain(bureau):
    assert bureau.review("u_land", "return", "land", "--reason", "r").code == 0
    ((body,),) = bureau.rows("SELECT body FROM onemap_events WHERE action = 'return'")
    ((table, row),) = bureau.event("land", "return")
    bureau.attempt("u_land", [(table, {**row, "body": body})], stays=True)  # it is returned already
    assert bureau.review("u_land", "opine", "land", "--conclusion", "agree", "--text", "同意").code == 0
    answer = bureau.review("u_land", "return", "land", "--reason", "r").done()
    assert opinion(answer.json, "land")["state"] == "returned"


JUNK = "20260101T000000-0badf00d"


def record_junk(bureau):
    """A run of the lead's whose blocks are none."""
    bureau.attempt("u_lead", bureau.check_run("u_lead"), stays=True)


@pytest.mark.parametrize("lift", ["revise", "withdraw"])
@pytest.mark.parametrize("run", [JUNK, "none"])
def test_a_round_on_a_run_that_cannot_be_read_is_named_for_everybody_and_lifted(bureau, run, lift):
    record_junk(bureau)
    assert bureau.review("u_land", "sign", "land").code == 0
    bureau.attempt("u_lead", bureau.event("lead", "revise", packs=[], column_run=run), stays=True)
    for account in ("u_keeper", "u_lead", "u_land", "u_water"):
        shown = bureau.show_case(account)
        assert (shown["state"], shown["round"], shown["run"]) == ("circulating", 2, run)
        assert run in shown["damaged"]
        listed = done("review", "list", bureau.place(account)).json
        assert [one["case"] for one in listed["cases"]] == [bureau.case]
        assert len(listed["problems"]) == 1
    assert bureau.review("u_water", "sign", "water").codes == ["review.run_unreadable"]
    assert bureau.review("u_lead", "consolidate").codes == ["review.run_unreadable"]
    bureau.attempt("u_lead", bureau.event("lead", "consolidate", round=2, conclusion="agree"), stays=True)
    bureau.attempt("u_lead", bureau.event("lead", "circulate", round=1), stays=True)
    assert codes_of_verify(bureau) == {"verify.event_unjudged", "verify.event_unlawful"}
    if lift == "revise":
        pack = ("--pack", bureau.folder / "town.toml")
        after = bureau.review("u_lead", "revise", bureau.folder / "parcels.gpkg", *pack, "--reason", "r").json
        assert (after["round"], "damaged" in after) == (3, False)
        assert bureau.review("u_land", "sign", "land").code == 0
    else:
        assert bureau.review("u_lead", "withdraw", "--reason", "r").json["state"] == "withdrawn"
    assert codes_of_verify(bureau) == {"verify.event_unjudged", "verify.event_unlawful"}


def test_a_case_that_is_opened_on_a_junk_run_ends_no_list(bureau):
    record_junk(bureau)
    bureau.attempt("u_lead", opening(bureau, "junk", column_run=JUNK), stays=True)
    listed = done("review", "list", bureau.place("u_land")).json
    assert [(one["case"], one.get("unreadable", False)) for one in listed["cases"]] == [
        (bureau.case, False),
        ("junk", True),
    ]
    published = done("review", "publish", bureau.place("u_keeper"), "--by", "u_keeper").json
    assert [problem["code"] for problem in published["problems"]] == ["run.incomplete"]
    found = command("recheck", bureau.place("u_lead"), "--open").json["cases"]
    assert [[problem["code"] for problem in one["problems"]] for one in found] == [[], ["run.incomplete"]]
    assert bureau.review("u_land", "sign", "land").code == 0


def test_nobody_makes_consent_of_drafts_without_words(bureau):
    """Whoever reads a draft's words knows whether its department is silent; what a step claims counts for nobody."""
    for account, chain in (("u_lead", "planning"), ("u_land", "land")):
        bureau.attempt(account, bureau.event(chain, "opine"), stays=True)
    for name in ("reform", "water"):
        assert bureau.review(f"u_{name}", "sign", name, "--unanswered", "r").code == 0
    ending = bureau.event("lead", "consolidate", conclusion="agree", reason="r", deemed=["planning", "land"])
    bureau.attempt("u_lead", ending, stays=True)
    for account in ("u_keeper", "u_lead", "u_water", "u_land"):
        shown = bureau.show_case(account)
        assert shown["state"] == "circulating"
        assert {opinion(shown, name)["state"] for name in ("planning", "land")} == {"drafted"}
    assert codes_of_verify(bureau) == {"verify.event_unlawful"}


def test_a_signature_that_is_not_under_the_draft_has_effect_for_nobody(bureau):
    """Others could not read the draft: who signs shows it, and its hash stands in the event before."""
    refusal = {**WORDS, "conclusion": "disagree", "text": "不同意", "basis": "法"}
    drafted = bureau.event("land", "opine", refusal)
    bureau.attempt("u_land", drafted, stays=True)
    due = opinion(bureau.show_case(), "land")["due"]
    shown: dict[str, Any] = {"draft": drafted[0][1]["words"], "clock": [due, None], "unanswered": "r"}
    unread = ({"draft": None}, {"draft": json.dumps({**WORDS, "salt": "x"})}, {"answers": None}, {"clock": "x"})
    for forged in ({**WORDS}, *({**refusal, **one} for one in unread)):
        bureau.attempt("u_land_2", bureau.event("land", "sign", **{**shown, **forged}), stays=True)
    everybody = ("u_keeper", "u_lead", "u_land", "u_water")
    assert {opinion(bureau.show_case(one), "land")["state"] for one in everybody} == {"drafted"}
    untrue = ({"answers": [["x", "y", "u_reform", "2026-01-01"]]}, {"clock": [due, due]}, {"clock": [None, None]})
    for forged in untrue:  # by whoever knows better
        bureau.attempt(
            "u_land_2", bureau.event("land", "sign", **{**shown, **refusal, "answers": [], **forged}), stays=True
        )
    assert {opinion(bureau.show_case(one), "land")["state"] for one in everybody[:3]} == {"drafted"}
    assert codes_of_verify(bureau) == {"verify.event_unlawful"}
    assert bureau.review("u_land_2", "sign", "land").code == 0
    shown = {account: opinion(bureau.show_case(account), "land") for account in ("u_keeper", "u_lead", "u_water")}
    assert {(one["state"], one["conclusion"], one["text"]) for one in shown.values()} == {
        ("signed", "disagree", "不同意")
    }
    with open_library(bureau.place("u_water")) as library:  # in a file the same draft may have been signed by a name
        events = [replace(one, account=int(one.action != "sign")) for one in read_events(library, bureau.case)]
        assert Replay.of(events, library.id, LibraryEvidence(library)).current_case.opinion("land").text == "不同意"


# What no step writes into an event that names a run as it should.
STRANGE = (
    {"packs": [1]},
    {"packs": "x"},
    {"packs": [{"id": ["x"], "name": None}]},
    {"packs": [{"id": "town", "name": ["x"]}]},
    {"packs": [{"id": "town", "name": "\x1b[2J"}]},
    {"only": [1, {"a": 2}]},
    {"files": [{"name": "\x1b[2J", "hash": "x"}]},
    {"files": [{"name": ["x"], "hash": "x"}]},
    {"project": "\u202ex"},
    {"project": " "},
    {"drafts": [[1]]},
)


UNSAYABLE = ("", " ", "a b", "a/b", "a\nb", "a\u202eb")  # as the id of a case


def test_what_no_step_says_opens_no_case_and_ends_no_list(bureau):
    run, body = bureau.rows("SELECT run, body FROM onemap_events WHERE action = 'open'")[0]
    lawful = {name: value for name, value in json.loads(body).items() if name not in ("edition", "round", "on")}
    before = bureau.show_case()
    for number, strange in enumerate(STRANGE):
        ((table, row),) = bureau.event("lead", "open", column_run=run, **{**lawful, **strange})
        bureau.attempt("u_lead", [(table, {**row, "case_id": f"c{number}"})], stays=True)
        if "packs" in strange:
            bureau.attempt("u_lead", bureau.event("lead", "revise", column_run=run, **strange), stays=True)
    for name in UNSAYABLE:
        bureau.attempt("u_lead", opening(bureau, name), stays=True)
    assert bureau.show_case() == before
    assert [one["case"] for one in done("review", "list", bureau.place("u_land")).json["cases"]] == [bureau.case]
    assert done("review", "publish", bureau.place("u_keeper"), "--by", "u_keeper").code == 0
    problems = command("verify", bureau.url).json["problems"]
    assert {problem["code"] for problem in problems} == {"verify.event_unlawful"}
    assert len(problems) == len(UNSAYABLE) + len(STRANGE) + sum("packs" in strange for strange in STRANGE)


def opening(bureau, case: str, **facts: Any):
    """The event that opened the bureau's case once more, for another one, with other facts."""
    run, body = bureau.rows("SELECT run, body FROM onemap_events WHERE action = 'open'")[0]
    same = {name: value for name, value in json.loads(body).items() if name not in ("edition", "round", "on")}
    return bureau.event("lead", "open", **{"column_case_id": case, "column_run": run, **same, **facts})


def test_a_file_of_which_a_case_tells_and_that_nobody_attached_is_named(bureau):
    bureau.attempt("u_lead", opening(bureau, "c1", files=[{"name": "批复.pdf", "hash": "0" * 64}]), stays=True)
    (problem,) = command("verify", bureau.url).json["problems"]
    assert (problem["code"], problem["feature"]) == ("verify.record_gone", f"c1/{'0' * 64}")


def test_no_case_is_a_rehearsal_in_a_library_that_is_none(bureau):
    """Else no list of cases could be published, and no step of any other would say why."""
    before = bureau.show_case()
    bureau.attempt("u_lead", opening(bureau, "tried", rehearsal=True), stays=True)
    for account in ("u_keeper", "u_lead", "u_land"):
        assert command("review", "show", bureau.place(account), "tried").codes == ["review.case"]
        assert [one["case"] for one in done("review", "list", bureau.place(account)).json["cases"]] == [bureau.case]
    assert done("review", "publish", bureau.place("u_keeper"), "--by", "u_keeper").code == 0
    assert bureau.show_case() == before
    (problem,) = command("verify", bureau.url).json["problems"]
    assert (problem["code"], problem["feature"]) == ("verify.event_unlawful", "tried/lead/1")
    bureau.attempt("u_lead", opening(bureau, "tried", rehearsal=False), stays=True)  # what follows may be lawful
    assert bureau.show_case() == before
    assert done("review", "show", bureau.place("u_land"), "tried").json["state"] == "draft"


CLAIMED = "同意建设。"


@pytest.mark.parametrize("department", ["planning", "land"])
def test_a_text_that_the_lead_passes_off_as_the_machines_is_his(bureau, department):
    """Whoever signs it must be another: else one person alone would have written and signed."""
    bureau.attempt("u_lead", opening(bureau, "passed", drafts=[text_hash(CLAIMED)]), stays=True)
    passed = replace(bureau, case="passed")
    assert passed.review("u_lead", "circulate").code == 0
    words = opinion(passed.show_case(), department)
    content = {"conclusion": words["conclusion"], "basis": words["basis"], "text": CLAIMED, "unanswered": "r"}
    signer = "u_lead" if department == "planning" else "u_land"
    passed.attempt(signer, passed.event(department, "sign", **content), stays=True)
    shown = {account: opinion(passed.show_case(account), department) for account in ("u_keeper", "u_lead", "u_water")}
    if department == "planning":
        assert {one["state"] for one in shown.values()} == {"drafted"}
        assert codes_of_verify(passed) == {"verify.event_unlawful"}
    else:
        assert {(one["state"], one["drafted_by"], one["signed_by"]) for one in shown.values()} == {
            ("signed", "u_lead", "u_land")
        }
        assert codes_of_verify(passed) == set()


def test_a_draft_that_an_earlier_edition_has_worded_stays_the_machines(bureau, monkeypatch):
    """This program cannot word it so; the words were computed when the case was opened."""
    bureau.attempt("u_lead", opening(bureau, "earlier", drafts=[text_hash(CLAIMED)]), stays=True)
    earlier = replace(bureau, case="earlier")
    assert earlier.review("u_lead", "circulate").code == 0
    words = opinion(earlier.show_case(), "planning")
    content = {"conclusion": words["conclusion"], "basis": words["basis"], "text": CLAIMED, "unanswered": "r"}
    earlier.attempt("u_lead", earlier.event("planning", "sign", **content), stays=True)
    assert opinion(earlier.show_case(), "planning")["state"] == "drafted"
    for module in (case_so_far, replay):
        monkeypatch.setattr(module, "EDITION", 2)
    words = opinion(earlier.show_case("u_water"), "planning")
    assert (words["state"], words["text"], words["drafted_by"]) == ("signed", CLAIMED, "onemap")


def test_a_number_that_json_cannot_say_and_deep_lists_end_no_page(bureau):
    assert bureau.review("u_land", "remedy").code == 0
    (run,) = bureau.rows("SELECT run FROM onemap_events WHERE action = 'remedy'")[0]
    ((table, row),) = bureau.event("land", "remedy", column_run=run)
    bureau.attempt("u_land", [(table, {**row, "body": row["body"][:-1] + ', "x": 1e999}'})], stays=True)
    deep: list[Any] = []
    for _ in range(700):
        deep = [deep]
    bureau.attempt("u_land", bureau.event("land", "remedy", column_run=run, x=deep, y="\x1b[2J"), stays=True)
    assert len(bureau.show_case("u_water")["remedies"]) == 2  # the second says no more than its run
    rows = done("history", bureau.url, bureau.case).json["rows"]
    assert [bool(one["unlawful"]) for one in rows if one["action"] == "review.remedy"] == [False, True, False]
    assert not {"x", "y"} & set(rows[-1]["detail"])


@pytest.mark.parametrize("sign", [["国函"], {"国函": 1}, "\x1b[2J", None])
def test_a_number_bears_a_sign_that_is_text(bureau, sign):
    for name in ("land", "water", "reform"):
        assert bureau.review(f"u_{name}", "sign", name, "--unanswered", "r").code == 0
    assert bureau.review("u_keeper", "consolidate").code == 0
    number = {"column_year": date.today().year, "column_sequence": 1}
    bureau.attempt("u_lead", bureau.event("lead", "issue", sign=sign, **number), stays=True)
    assert bureau.show_case()["state"] == "consolidated"
    assert bureau.review("u_lead", "issue").json["state"] == "issued"
    for account, chain, action in (("u_keeper", "upgrade", "carry"), ("u_lead", "lead", "issue")):
        bureau.attempt(account, bureau.event(chain, action, column_year=date.today().year), stays=True)
    assert bureau.show_case()["state"] == "issued"


LIES = ({"land": [5, "dead"]}, {"lead": [1, "dead"]}, 5)


def test_the_log_says_of_events_what_they_are(bureau):
    """Else a row of it would accuse a department, or end every later step of the case."""
    event = bureau.event("lead", "extend", department="water", days=2, reason="r")
    for lie in LIES:
        with pytest.raises(psycopg.Error):
            entry = log_row("review.extend", bureau.case, detail=json.dumps({"heads": lie}))
            bureau.attempt("u_lead", [*event, entry], stays=True)
    assert codes_of_verify(bureau) == set()
    assert bureau.review("u_lead", "extend", "water", "--days", "1", "--reason", "r").code == 0


def test_whatever_is_sent_the_server_says_who_when_and_after_what(bureau):
    forged = {"column_who": "u_lead", "column_at": "1999", "column_day": "1999-01-01", "column_seen": '{"lead": 99}'}
    more = {"column_number": 77, "column_before": "x", "column_hash": "x", "column_account": 0}
    bureau.attempt("u_water", bureau.event("water", "opine", WORDS, **forged, **more), stays=True)
    row = bureau.rows("SELECT number, who, account, day, seen, before FROM onemap_events WHERE chain = 'water'")
    today = bureau.rows("SELECT onemap_today()")[0][0]
    assert row[0][:4] == (1, "u_water", 1, today)
    assert (json.loads(row[0][4]), row[0][5]) == ({"lead": 2}, "")
    assert opinion(bureau.show_case(), "water")["drafted_by"] == "u_water"
    assert codes_of_verify(bureau) == set()


def test_nobody_writes_from_an_old_snapshot(bureau):
    with bureau.connect("u_lead") as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            write_rows(connection, bureau.event("lead", "withdraw", reason="r"))


def test_an_open_transaction_of_one_department_holds_up_no_other(bureau):
    with bureau.connect("u_water") as slow:
        write_rows(slow, bureau.event("water", "opine", WORDS))
        assert bureau.review("u_land", "sign", "land").code == 0
        assert bureau.review("u_lead", "extend", "water", "--days", "2", "--reason", "r").code == 0
        mine = bureau.review("u_water_2", "opine", "water", "--conclusion", "agree", "--text", "行")
        assert (mine.code, mine.codes) == (3, ["library.busy_with"])
        assert "u_water" in mine.json["problems"][0]["message"]


def test_what_was_kept_open_enters_no_past(bureau):
    """Reform and water sign; land's withdrawal of its word is written early and committed late."""
    assert bureau.review("u_land", "sign", "land").code == 0
    assert bureau.review("u_water", "sign", "water").code == 0
    with bureau.connect("u_land") as late:
        write_rows(late, bureau.event("land", "return", reason="r"))
        time.sleep(0.05)
        assert bureau.review("u_reform", "sign", "reform", "--unanswered", "r").code == 0
        bureau.review("u_lead", "consolidate", "--conclusion", "disagree", "--reason", "r").done()
    assert opinion(bureau.show_case(), "land")["state"] == "signed"
    assert bureau.show_case()["state"] == "consolidated"
    assert codes_of_verify(bureau) == {"verify.event_unlawful"}
    assert bureau.review("u_keeper", "issue").json["state"] == "issued"


def random_value(chance: random.Random):
    return chance.choice(
        [None, 0, -1, 3, 10**30, 1.5, "", "r", "land", "DK1", "farm", "clear", "2026-01-01", [], {}, ["x"], {"x": 1}]
    )


def random_event(chance: random.Random, bureau, chain, run, today):
    """Something between lawful and junk. run: of the case; today: of the server."""
    actions = (
        "opine",
        "sign",
        "return",
        "override",
        "remedy",
        "extend",
        "circulate",
        "consolidate",
        "issue",
        "withdraw",
    )
    action = chance.choice((*actions, "revise", "answer", "open", "carry", "x"))
    words = {**WORDS, "conclusion": chance.choice((*CONCLUSIONS, "open", "x"))}
    rule = chance.choice(("farm", "river", "x"))
    facts = {
        "reason": chance.choice(("r", "", None)),
        "days": chance.choice((1, 5, 0, -1)),
        "due": {},
        "packs": chance.choice(([], [{"id": "town", "name": None}], [1], "x")),
        "parcel": "DK1",
        "rule": rule,
        "verdict": chance.choice(("clear", "notice", "prohibited")),
        "sign": chance.choice(("", "国函", ["国函"])),
        "department": chance.choice(("land", "water", "reform", None)),
        "body": "heritage",
        "papers": [],
        "clock": [None, None],
        "deemed": chance.choice(([], ["land", "planning"])),
        "unanswered": chance.choice((None, "r")),
        "files": [],
        "on": today,
    }
    if action == "sign":
        facts |= words
    if chance.random() < 0.3:
        facts[chance.choice(list(facts))] = random_value(chance)
    if chance.random() < 0.1:
        facts[chance.choice(("round", "on", "edition"))] = random_value(chance)
    if action == "issue":
        facts |= {"column_year": date.today().year, "column_sequence": chance.randint(1, 4)}
    if action in ("open", "revise", "remedy"):
        facts["column_run"] = chance.choice((None, run, run, run, JUNK, "none"))
    has_words = action == "opine" and chance.random() < 0.9
    return bureau.event(chain, action, words if has_words else None, **facts)


@pytest.mark.parametrize("seed", range(5))
def test_five_hundred_random_events_of_each_writer_turn_freeze_and_hide_nothing(bureau, seed):
    """A hundred of each for each seed, on a case of its own: an issued one would hear no more."""
    chance = random.Random(seed)
    writers = [account for account in WRITERS for _ in range(EACH)]
    chance.shuffle(writers)
    record_junk(bureau)
    (run,) = bureau.rows("SELECT run FROM onemap_events WHERE action = 'open'")[0]
    (today,) = bureau.rows("SELECT onemap_today()")[0]
    written = dict.fromkeys(WRITERS, 0)
    with contextlib.ExitStack() as stack:
        connections = {account: stack.enter_context(bureau.connect(account)) for account in WRITERS}
        for account in writers:
            event = random_event(chance, bureau, chance.choice(WRITERS[account]), run, today)
            try:
                write_rows(connections[account], event)
                connections[account].commit()
                written[account] += 1
            except psycopg.Error:  # refused by the database itself
                connections[account].rollback()
    assert written.pop("u_eyes") == 0
    assert min(written.values()) > EACH // 2
    with open_library(bureau.url) as library:
        events = read_events(library, bureau.case)
        evidence = LibraryEvidence(library)
        replay = Replay.of(events, library.id, evidence)
        unlawful = {event for event, _ in replay.unlawful}
        again = Replay(library.id, evidence)
        for event in ordered_events(events):
            if event in unlawful:
                continue
            if again.case is not None and again.case.damage is not None:  # some cannot be judged
                again.take(event)
            else:
                again.judge(event)  # every event that has an effect would be allowed as a step
    assert again.unlawful == []
    assert again.current_case == replay.current_case
    assert replay.current_case.state in CASE_STATES
    for account in ("u_lead", "u_land", "u_keeper"):
        shown = bureau.show_case(account)
        assert shown["state"] == replay.current_case.state
        assert bureau.case in [one["case"] for one in done("review", "list", bureau.place(account)).json["cases"]]
    for one in replay.current_case.opinions:
        assert one.state != "signed" or one.signed_by != one.drafted_by
        assert one.state != "deemed"  # nobody's last day is over
    problems = command("verify", bureau.url).json["problems"]
    named = {problem["feature"] for problem in problems}
    assert {problem["code"] for problem in problems} <= {"verify.event_unlawful", "verify.event_unjudged"}
    unreadable = {event for event, _ in replay.unreadable}
    assert named == {f"{event.case_id}/{event.chain}/{event.number}" for event in (unlawful | unreadable)}
    damage = replay.current_case.damage
    may_be_over = damage is not None and not {"issued", "withdrawn"}.isdisjoint(damage.states)
    if replay.current_case.state not in ("issued", "withdrawn") and not may_be_over:
        assert bureau.review("u_lead", "withdraw", "--reason", "r").code == 0
