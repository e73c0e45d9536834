"""Two people on one case: nobody's work is overwritten unseen; a killed step is done completely or not at all."""

import json
import signal
import subprocess
import sys

import pytest

from onemap.tests.conftest import ROOT
from onemap.tests.rules.command import done
from onemap.tests.rules.review.conftest import opinion

CORE = [sys.executable, "-I", "-X", "utf8", str(ROOT / "__main__.py")]
WORDS = ("--conclusion", "agree", "--text", "同意")


def test_a_step_on_another_state_than_was_seen_is_a_conflict_that_shows_both(town, walk):
    case = walk("circulating")
    seen = town.show(case, "2026-03-02")["revision"]
    town.done("opine", case, "land", *WORDS, on="2026-03-03", by="Wang")
    answer = town.step("sign", case, "land", "--expect", seen, on="2026-03-03", by="Li")
    assert (answer.code, answer.codes) == (3, ["review.conflict"])
    message = answer.json["problems"][0]["message"]
    assert f"revision {seen}: drafted" in message
    assert f"revision {seen + 1}: drafted, agree, by Wang" in message
    assert opinion(town.show(case, "2026-03-03"), "land")["state"] == "drafted"


def test_departments_do_not_get_in_each_other_s_way(town, walk):
    case = walk("circulating")
    seen = town.show(case, "2026-03-02")["revision"]
    town.done("opine", case, "water", *WORDS, "--expect", seen, on="2026-03-03")
    town.done("opine", case, "land", *WORDS, "--expect", seen, on="2026-03-03")
    assert town.step("consolidate", case, "--expect", seen, on="2026-03-03").codes == ["review.conflict"]


def test_a_step_of_the_whole_case_concerns_every_department(town, walk):
    case = walk("circulating")
    seen = town.show(case, "2026-03-02")["revision"]
    town.done("revise", case, town.parcels("next"), on="2026-03-03")
    assert town.step("sign", case, "land", "--expect", seen, on="2026-03-03").codes == ["review.conflict"]


def test_a_revision_that_never_was_is_refused(town, walk):
    assert town.step("sign", walk("circulating"), "land", "--expect", 99, on="2026-03-03").codes == ["review.expect"]


def start_review(*arguments: object, **more) -> subprocess.Popen:
    command = [*CORE, "review", *map(str, arguments), "--json", "--on", "2026-03-03"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


@pytest.mark.slow
def test_of_several_who_sign_at_once_exactly_one_does(town, walk):
    case = walk("circulating")
    racers = [start_review("sign", town.library, case, "land", "--by", f"head {n}") for n in range(4)]
    codes = [racer.wait(60) for racer in racers]
    for racer in racers:
        racer.communicate()
    assert sorted(codes) == [0, 3, 3, 3]
    rows = done("history", town.library, case).json["rows"]
    assert sum(row["action"] == "review.sign" for row in rows) == 1


@pytest.mark.slow
def test_all_departments_that_speak_at_once_are_heard(town, walk):
    case = walk("circulating")
    departments = ("reform", "planning", "land", "water")
    racers = [start_review("opine", town.library, case, name, *WORDS, "--by", name) for name in departments]
    assert [racer.wait(60) for racer in racers] == [0] * len(racers)
    for racer in racers:
        racer.communicate()
    after = town.show(case, "2026-03-03")
    assert [opinion(after, name)["drafted_by"] for name in departments] == list(departments)
    assert done("verify", town.library).json["ok"]


KILLED = """
import os, signal
import onemap.rules.review.{module} as writing
real = writing.append_event
def write_and_die(*arguments):
    if {is_written}:
        real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
writing.append_event = write_and_die
from onemap.rules.verbs.commands.command_line import main
main({arguments!r})
"""


def killed_at_its_event(module, is_written, *arguments):
    """A command that is killed before or after its event is written; it must have died so."""
    script = KILLED.format(module=module, is_written=is_written, arguments=[str(one) for one in arguments])
    killed = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.slow
def test_a_step_killed_in_its_middle_never_was(town, walk, is_written):
    case = walk("draft")
    before = town.show(case, "2026-03-03")
    step = ("review", "circulate", town.library, case, "--on", "2026-03-03", "--by", "lead")
    killed_at_its_event("case_step", is_written, *step)
    assert town.show(case, "2026-03-03") == before
    assert town.done("circulate", case, on="2026-03-03")["state"] == "circulating"
    assert done("verify", town.library).json["ok"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_case_whose_opening_is_killed_leaves_neither_case_nor_run(town):
    before = done("history", town.library).json
    options = ["--project", "p", "--pack", town.pack(), "--on", "2026-03-03", "--by", "lead"]
    killed_at_its_event("opening", True, "review", "open", town.library, town.parcels(), *options)
    assert done("review", "list", town.library).json["cases"] == []
    assert done("history", town.library).json == before
    assert done("verify", town.library).json["ok"]


def ask_session(session: subprocess.Popen, number: int, method: str, **params: object) -> dict:
    """One request to a session of serve."""
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    session.stdin.write(json.dumps(request).encode() + b"\n")
    session.stdin.flush()
    while (answer := json.loads(session.stdout.readline())).get("id") != number:
        pass
    return answer


@pytest.mark.slow
def test_a_session_that_was_shown_an_opinion_learns_that_somebody_changed_it_since(town, walk):
    case = walk("circulating")
    place = {"library": str(town.library), "case": case}
    words = {"conclusion": "agree", "text": "同意", "on": "2026-03-03"}
    with subprocess.Popen([*CORE, "serve", "--lang", "en"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        ask_session(session, 1, "review.show", **place)
        town.done("opine", case, "water", *WORDS, on="2026-03-03", by="Zhou")
        town.done("opine", case, "land", *WORDS, on="2026-03-03", by="Wang")
        late = ask_session(session, 2, "review.opine", **place, department="land", by="Li", **words)
        free = ask_session(session, 3, "review.opine", **place, department="reform", by="Li", **words)
        again = ask_session(session, 4, "review.opine", **place, department="land", by="Li", **words)
        session.stdin.close()
    assert late["error"]["data"]["problems"][0]["code"] == "review.conflict"
    assert "Wang" in late["error"]["message"]
    assert "result" in free
    assert again["result"]["instead_of"] == {"by": "Wang", "conclusion": "agree"}


@pytest.mark.slow
def test_who_says_what_was_seen_is_taken_by_that_word_whatever_the_session_was_shown(town, walk):
    """Several people may share a session, of whom each says by --expect what was on the own page."""
    case = walk("circulating")
    place = {"library": str(town.library), "case": case}
    words = {"department": "land", "conclusion": "agree", "text": "同意", "on": "2026-03-03", "by": "Li"}
    with subprocess.Popen([*CORE, "serve", "--lang", "en"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as session:
        old = ask_session(session, 1, "review.show", **place)["result"]["revision"]
        shown = town.done("opine", case, "land", *WORDS, on="2026-03-03", by="Wang")["revision"]
        fresh = ask_session(session, 2, "review.opine", **place, **words, expect=shown)  # seen in another session
        stale = ask_session(session, 3, "review.opine", **place, **words, expect=old)  # this session has seen more
        session.stdin.close()
    assert fresh["result"]["instead_of"]["by"] == "Wang"
    assert stale["error"]["data"]["problems"][0]["code"] == "review.conflict"


def test_whose_draft_gave_way_is_told(town, walk):
    case = walk("circulating")
    assert town.done("opine", case, "land", *WORDS, on="2026-03-03", by="Wang")["instead_of"] is None
    after = town.done("opine", case, "land", *WORDS, on="2026-03-03", by="Li")
    assert after["instead_of"] == {"by": "Wang", "conclusion": "agree"}
