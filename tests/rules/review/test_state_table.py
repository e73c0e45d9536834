"""State × action: every cell is allowed or refused, and cases on the command line follow the table."""

from itertools import product

import pytest

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import LANGUAGES, wording
from onemap.rules.review.cases.case import CASE_STATES, OPINION_STATES
from onemap.rules.review.cases.state_machine import (
    CASE_TABLE,
    OPINION_ACTIONS,
    OPINION_TABLE,
    case_state_after,
    opinion_state_after,
)

# Written down by hand from the contract, apart from the tables: what a case may be asked to do in each state.
ALLOWED = {
    "draft": {"circulate", "opine", "override", "revise", "recheck", "remedy", "withdraw"},
    "circulating": {
        *("opine", "answer", "sign", "return", "override", "extend", "revise", "recheck", "remedy", "consolidate"),
        *("withdraw", "notice", "respond", "close", "erase"),
    },
    "consolidated": {"revise", "recheck", "issue", "withdraw", "notice", "respond", "close", "erase"},
    "issued": {"recheck", "notice", "respond", "close", "erase"},
    "withdrawn": {"erase"},
}
NOTICES = {"notice", "respond", "close", "erase"}  # how they follow each other: test_notices.py


def test_the_tables_have_a_cell_for_each_state_and_action():
    assert set(OPINION_TABLE) == set(OPINION_ACTIONS)
    assert all(len(row) == len(CASE_STATES) for row in CASE_TABLE.values())
    assert all(len(row) == len(OPINION_STATES) for row in OPINION_TABLE.values())


@pytest.mark.parametrize(("state", "action"), list(product(CASE_STATES, CASE_TABLE)))
def test_a_case_does_what_its_state_allows_and_refuses_the_rest(state, action):
    if action in ALLOWED[state]:
        assert case_state_after(state, action) in CASE_STATES
    else:
        with pytest.raises(OneMapError, match="review"):
            case_state_after(state, action)


@pytest.mark.parametrize(("state", "action"), list(product(OPINION_STATES, OPINION_ACTIONS)))
def test_an_opinion_does_what_its_state_allows_and_refuses_the_rest(state, action):
    allowed = {
        "drafted": {"opine": "drafted", "sign": "signed", "return": "returned", "extend": "drafted"},
        "signed": {"return": "returned"},
        "returned": {"opine": "drafted", "extend": "returned"},
        "deemed": {"extend": "drafted"},
        "void": {},
    }[state]
    if action in allowed:
        assert opinion_state_after(state, action) == allowed[action]
    else:
        with pytest.raises(OneMapError, match="review"):
            opinion_state_after(state, action)


def arguments(action, town):
    """The arguments of an action besides library and case."""
    return {
        "opine": ("land", "--conclusion", "agree", "--text", "同意"),
        "sign": ("land",),
        "return": ("land",),
        "override": ("DK1", "farm", "--verdict", "notice", "--reason", "已批"),
        "extend": ("--days", "2", "--reason", "复核"),
        "revise": (town.parcels("other"),),
        "notice": ("--days", "5"),
        "respond": ("1", "--text", "x"),
        "close": ("--reason", "x"),
        "erase": ("1", "--reason", "x"),
    }.get(action, ())


@pytest.mark.slow
@pytest.mark.parametrize("state", CASE_STATES)
def test_a_case_on_the_command_line_obeys_the_table(town, walk, state):
    case = walk(state)
    # `opine` enters what a body answered, which test_bodies.py holds to its states.
    refused = [action for action in CASE_TABLE if action not in {*ALLOWED[state], "answer"}]
    before = town.show(case, "2026-03-05")
    for action in refused:
        answer = town.step(action, case, *arguments(action, town), on="2026-03-05")
        assert (answer.code, len(answer.json["problems"])) == (3, 1), action
        problem = answer.json["problems"][0]
        assert problem["code"].startswith("review."), action
        assert problem["message"], problem["mend"]
    assert town.show(case, "2026-03-05") == before
    for action in sorted(
        ALLOWED[state]
        - {"answer", "revise", "withdraw", "issue", "circulate", "consolidate", "sign", "return", *NOTICES}
    ):
        town.done(action, case, *arguments(action, town), on="2026-03-05")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_refusal_of_the_tables_has_its_sentence_and_its_mend(language):
    cells = {cell for table in (CASE_TABLE, OPINION_TABLE) for row in table.values() for cell in row if "." in cell}
    assert all(all(wording(Problem(cell, {}), language)) for cell in cells)
    assert not any(wording(Problem(cell, {}), language)[0] == cell for cell in cells)
