"""The lead department's steps: send a case out, consolidate the opinions, issue, withdraw."""

from collections.abc import Iterable
from datetime import date

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import calendar_of, profile_of
from onemap.layers.messages import LANGUAGES
from onemap.rules.judge.runs.unwritten_sites import APPROVALS, APPROVING, OPINIONS, PROJECTS
from onemap.rules.review.approvals import write_library
from onemap.rules.review.case_step import StepContent, step
from onemap.rules.review.cases.case import Case, OpinionState, Terms
from onemap.rules.review.cases.case_conditions import decides_alone, is_awaited
from onemap.rules.review.cases.case_file import stored_case, stored_cases
from onemap.rules.review.cases.code_names import department_names
from onemap.rules.review.cases.document_numbers import free_number
from onemap.rules.review.cases.event_verification import check_all_logged
from onemap.rules.review.cases.hand import Hand, step_day
from onemap.rules.review.cases.round_facts import facts_of_stored_run
from onemap.rules.review.cases.staleness import input_title


def circulate(library: Library, case_id: str, hand: Hand, reason: str | None) -> None:
    """Send a case to its departments, and start their clocks. Raises OneMapError review.…, calendar.missing."""

    def say(case: Case, on: date) -> StepContent:
        clock = on if library.is_rehearsal else library.today()
        codes = [opinion.department for opinion in case.opinions if opinion.routed]
        return StepContent({"reason": reason, "due": due_days(library, case.terms, codes, clock)})

    with step(library, case_id, "circulate", hand, say):
        pass


def due_days(library: Library, terms: Terms, departments: Iterable[str], day: date) -> dict[str, str]:
    """The last day of some departments whose clocks start on a day. Raises OneMapError calendar.missing."""
    calendar = calendar_of(library)
    return {code: calendar.after(day, terms.days_for(code)).isoformat() for code in departments}


def consolidate(library: Library, case_id: str, hand: Hand, conclusion: str | None, reason: str | None) -> None:
    """Join the opinions into one conclusion, and record silence that counts as consent.

    Raises OneMapError review.unsigned, review.stale, review.reason.
    """

    def say(case: Case, _: date) -> StepContent:
        if case.state == "circulating":  # else its state refuses
            problems = consolidation_problems(library, case)
            if problems:
                raise OneMapError.of(problems)
        deemed = [opinion.department for opinion in case.opinions if opinion.state == OpinionState.DEEMED]
        return StepContent({"conclusion": conclusion, "reason": reason, "deemed": deemed})

    with step(library, case_id, "consolidate", hand, say):
        pass


def consolidation_problems(library: Library, case: Case) -> list[Problem]:
    """The obstacles to consolidating."""
    # Departments that still have to sign: they are asked, have written, or have to write again.
    waiting = [one.department for one in case.opinions if is_awaited(one, one.state, one.drafted_by)]
    facts = {"case": case.id, "departments": department_names(library, waiting)}
    return [*([Problem("review.unsigned", facts)] if waiting else []), *stale_problems(library, case)]


def stale_problems(library: Library, case: Case) -> list[Problem]:
    """A problem if opinions depend on a superseded layer version or pack."""
    stale = [opinion for opinion in case.opinions if opinion.stale]
    if not stale:
        return []
    names, catalogue = sorted({name for opinion in stale for name in opinion.stale_because}), library.catalogue()
    facts = facts_of_stored_run(library, case.current.run)
    what = [
        {one: input_title(name, facts.record, catalogue, one, facts.of_packs.rules) for one in LANGUAGES}
        for name in names
    ]
    departments = department_names(library, (opinion.department for opinion in stale))
    return [Problem("review.stale", {"case": case.id, "departments": departments, "what": what})]


def issue_problems(library: Library, case: Case) -> list[Problem]:
    """The obstacles to issuing: stale opinions, and, where accounts tell people apart, a person who decides alone.

    In a file names are typed, so another name would prove nothing.
    """
    if library.account is None or not decides_alone(case, library.account):
        return stale_problems(library, case)
    return [Problem("review.self_issue", {"case": case.id, "by": library.account}), *stale_problems(library, case)]


def issue(library: Library, case_id: str, hand: Hand, conclusion: str | None, reason: str | None) -> None:
    """Issue the statement under the next number of its year; an approval enters the layer of approvals.

    Raises OneMapError review.stale, review.self_issue, review.reason, library.….
    """

    def say(case: Case, on: date) -> StepContent:
        if case.state == "consolidated":
            check_all_logged(library)  # the number follows from other cases, and so do the layers
            problems = issue_problems(library, case)
            if problems:
                raise OneMapError.of(problems)
        sign = profile_of(library).lead.code or case.terms.prefix
        return StepContent(
            {"conclusion": conclusion, "reason": reason, "sign": sign},
            year=on.year,
            sequence=free_number(library, on.year),
        )

    with step(library, case_id, "issue", hand, say) as taken_step:
        # On a server only the owner of the tables may make one; `review publish` then brings the layers up to date.
        if library.roles.is_owner:
            decided = stored_case(library, case_id).conclusion
            codes, read = (APPROVALS, OPINIONS) if decided in APPROVING else (OPINIONS,), dict[str, Case | None]()
            taken_step.detail["layers"] = {
                code: write_library(library, taken_step.connection, code, taken_step.on, hand.by, read, is_whole=False)
                for code in codes
            }


def publish(library: Library, hand: Hand) -> tuple[dict[str, str | None], list[Problem]]:
    """Bring approvals, earlier opinions and projects up to date; return the new labels, None if nothing changed.

    Rows of cases whose runs cannot be read stay as written; the second value says why. Raises OneMapError
    review.owner_only, library.….
    """
    if not library.roles.is_owner:
        raise OneMapError("review.owner_only", file=library.label)
    day = step_day(library, hand)
    with library.writing() as connection:
        check_all_logged(library)
        read = dict[str, Case | None]()
        unreadable = [case.damage.problem for case in stored_cases(library, read=read) if case.damage]
        codes = (APPROVALS, OPINIONS, PROJECTS)
        return {
            code: write_library(library, connection, code, day, hand.by, read, is_whole=True) for code in codes
        }, unreadable


def withdraw(library: Library, case_id: str, hand: Hand, reason: str | None) -> None:
    """End a case without a statement. Raises OneMapError review.…."""
    with step(library, case_id, "withdraw", hand, lambda *_: StepContent({"reason": reason})):
        pass
