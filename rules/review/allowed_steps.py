"""Which steps of a case are allowed now, and why the others are refused; buttons follow from it."""

from collections.abc import Callable, Mapping

from onemap.layers.catalogue.bureau_profile import Names
from onemap.layers.errors import OneMapError, joined_sentences
from onemap.layers.library.library import Library
from onemap.layers.messages import wording
from onemap.rules.review.case_step import may_act
from onemap.rules.review.cases.case import Case, Opinion
from onemap.rules.review.cases.case_conditions import check_clock, check_step, check_unspoken, may_sign
from onemap.rules.review.cases.code_names import name_with_code
from onemap.rules.review.cases.state_machine import CASE_TABLE, OPINION_ACTIONS, opinion_state_after
from onemap.rules.review.deciding import consolidation_problems, issue_problems

STEPS = tuple(step for step in CASE_TABLE if step not in ("opine", "sign", "return"))  # which an opinion has


def case_steps(library: Library, case: Case, language: str) -> dict[str, str | None]:
    """The steps of the whole case, each with None if it is allowed, or with the sentence of its refusal."""

    def attempt(step: str) -> None:
        may_act(library, step, None)
        check_step(case, step)
        if step in ("respond", "erase"):
            case.notice(None)
        step_problems = consolidation_problems(library, case) if step == "consolidate" else []
        step_problems += issue_problems(library, case) if step == "issue" else []
        if step_problems:
            raise OneMapError.of(step_problems)

    return {step: _refusal(attempt, step, language) for step in STEPS}


def opinion_steps(
    library: Library, case: Case, opinion: Opinion, by: str | None, names: Mapping[str, Names], language: str
) -> dict[str, str | None]:
    """The steps of one department's opinion and rules, each with None or with the sentence of its refusal.

    by: the person who would act, None for anybody; names: of the departments.

    On a server the account acts, whatever the name. Unanswered items refuse nothing here: the signer may give a reason.
    """
    by, department_text = library.account or by, name_with_code(names, opinion.department)

    def attempt(step: str) -> None:
        may_act(library, step, opinion.department)
        check_step(case, step)
        due = opinion.due.isoformat() if opinion.due else None
        facts = {"department": department_text, "signed_by": opinion.signed_by, "due": due, "field": "DEPARTMENT"}
        if step == "override":
            check_unspoken(opinion, opinion.state, department_text)
            return
        opinion_state_after(opinion.state, step, **facts)
        if step == "sign":
            may_sign(case.terms, opinion, opinion.drafted_by, by, department_text)
        if step == "extend":
            check_clock(opinion, department_text)

    return {step: _refusal(attempt, step, language) for step in (*OPINION_ACTIONS, "override")}


def _refusal(attempt: Callable[[str], None], step: str, language: str) -> str | None:
    try:
        attempt(step)
    except OneMapError as error:
        return "\n".join(joined_sentences(*wording(problem, language)) for problem in error.problems)
    return None
