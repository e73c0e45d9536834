"""The state machine of the review as two tables: which actions each state of a case and of an opinion allows."""

from typing import Any

from onemap.layers.errors import OneMapError
from onemap.rules.review.cases.case import CASE_STATES, OPINION_STATES, CaseState, OpinionState


def _refusal(code: str) -> str:
    """A table cell that refuses an action. code: of the refusal."""
    return code


_NOT_OUT = _refusal("review.not_circulated")
_IS_OUT = _refusal("review.circulated")
_NOT_JOINED = _refusal("review.not_consolidated")
_JOINED = _refusal("review.consolidated")
_ISSUED = _refusal("review.issued")
_GONE = _refusal("review.withdrawn")
_SIGNED = _refusal("review.signed")
_RETURNED = _refusal("review.returned")
_VOID = _refusal("review.void")
_DEEMED = _refusal("review.deemed")

OPINION_ACTIONS = ("opine", "sign", "return", "extend")

# Rows are states in the order of CASE_STATES; a cell is the state that follows, or the code of the refusal.
# A case that is out may be sent out again only when it was revised and nobody has answered since: see `deciding`.
CASE_TABLE: dict[str, tuple[str, str, str, str, str]] = {
    "circulate": (CaseState.CIRCULATING, _IS_OUT, _JOINED, _ISSUED, _GONE),
    "opine": (CaseState.DRAFT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "sign": (_NOT_OUT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "return": (_NOT_OUT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "override": (CaseState.DRAFT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "answer": (_NOT_OUT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "extend": (_NOT_OUT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "revise": (CaseState.DRAFT, CaseState.CIRCULATING, CaseState.CIRCULATING, _ISSUED, _GONE),
    "recheck": (CaseState.DRAFT, CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.ISSUED, _GONE),
    "remedy": (CaseState.DRAFT, CaseState.CIRCULATING, _JOINED, _ISSUED, _GONE),
    "consolidate": (_NOT_OUT, CaseState.CONSOLIDATED, _JOINED, _ISSUED, _GONE),
    "issue": (_NOT_JOINED, _NOT_JOINED, CaseState.ISSUED, _ISSUED, _GONE),
    "withdraw": (CaseState.WITHDRAWN, CaseState.WITHDRAWN, CaseState.WITHDRAWN, _ISSUED, _GONE),
    # A public notice changes no state. Names can be erased for as long as there is a case.
    "notice": (_NOT_OUT, CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.ISSUED, _GONE),
    "close": (_NOT_OUT, CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.ISSUED, _GONE),
    "respond": (_NOT_OUT, CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.ISSUED, _GONE),
    "erase": (_NOT_OUT, CaseState.CIRCULATING, CaseState.CONSOLIDATED, CaseState.ISSUED, CaseState.WITHDRAWN),
}
# Columns in the order of OPINION_STATES: drafted, signed, returned, void, deemed.
OPINION_TABLE: dict[str, tuple[str, str, str, str, str]] = {
    "opine": (OpinionState.DRAFTED, _SIGNED, OpinionState.DRAFTED, _VOID, _DEEMED),
    "sign": (OpinionState.SIGNED, _SIGNED, _RETURNED, _VOID, _DEEMED),
    "return": (OpinionState.RETURNED, OpinionState.RETURNED, _RETURNED, _VOID, _DEEMED),
    "extend": (OpinionState.DRAFTED, _SIGNED, OpinionState.RETURNED, _VOID, OpinionState.DRAFTED),
}


def case_state_after(state: str, action: str, case_id: str = "") -> str:
    """The state of a case after an action. Raises OneMapError review.… where the action is not allowed in it."""
    return _answer(CASE_TABLE[action][CASE_STATES.index(state)], case=case_id, field="CASE")


def opinion_state_after(state: str, action: str, **facts: Any) -> str:
    """The state of an opinion after an action. Raises OneMapError review.… where it is not allowed in it."""
    return _answer(OPINION_TABLE[action][OPINION_STATES.index(state)], **facts)


def _answer(cell: str, **facts: Any) -> str:
    if cell.startswith("review."):
        raise OneMapError(cell, **facts)
    return cell
