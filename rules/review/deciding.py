"""What the lead department does with a case: send it out, consolidate the opinions, issue, withdraw."""

from dataclasses import replace
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import profile_of
from onemap.layers.messages import LANGUAGES, phrase
from onemap.rules.review.approvals import APPROVALS, APPROVING, OPINIONS, PROJECTS, write_library
from onemap.rules.review.case import Case
from onemap.rules.review.case_file import stored_case
from onemap.rules.review.case_step import Step, step
from onemap.rules.review.code_names import department_names
from onemap.rules.review.hand import Hand, step_day
from onemap.rules.review.opinions import reason_given
from onemap.rules.review.review_tables import check_cases
from onemap.rules.review.routing import overall
from onemap.rules.review.staleness import input_title
from onemap.rules.review.terms import deadline
from onemap.rules.review.working_days import calendar_of
from onemap.rules.runs.run_store import run_record


def circulate(library: Library, case_id: str, hand: Hand, reason: str | None) -> None:
    """Send a case to its departments, and start their clocks. Raises OneMapError review.…, calendar.missing."""
    detail: dict[str, Any] = {"reason": reason}
    again = circulates_again(stored_case(library, case_id))
    with step(library, case_id, "circulate", hand, detail, is_allowed=again) as taken:
        taken.state = "circulating"
        calendar, due_days = calendar_of(library), {}
        for opinion in taken.stored.opinions:
            if opinion.routed:
                due = deadline(calendar, taken.stored.terms, opinion.department, taken.clock_day)
                # A demand for more material that was written before the case went out stands still from the start.
                stops = opinion.conclusion == "supplement" and not opinion.by_machine
                taken.put(replace(opinion, due=due, stopped_on=taken.clock_day if stops else None))
                due_days[opinion.department] = due.isoformat()
        taken.connection.execute(
            "UPDATE onemap_rounds SET circulated_by = ?, circulated_on = ? WHERE case_id = ? AND number = ?",
            (taken.by, taken.on.isoformat(), case_id, taken.stored.round),
        )
        detail["due"] = due_days


def circulates_again(case: Case) -> bool:
    """Whether a revised case, which is out already, may be sent out once more: nobody has done anything since."""
    return case.state == "circulating" and case.entries[-1].action == "revise"


def consolidate(library: Library, case_id: str, hand: Hand, conclusion: str | None, reason: str | None) -> None:
    """Join the opinions into one conclusion; silence that counts as consent is written down.

    Raises OneMapError review.unsigned, review.stale, review.reason.
    """
    detail: dict[str, Any] = {"reason": reason}
    with step(library, case_id, "consolidate", hand, detail) as taken:
        problems = consolidation_problems(library, taken.case)
        if problems:
            raise OneMapError.of(problems)
        deemed = [opinion for opinion in taken.case.opinions if opinion.state == "deemed"]
        for opinion in deemed:
            stored = taken.stored.opinion(opinion.department)
            if not stored.by_machine:  # what nobody signed is nobody's word
                stored = replace(stored, text="", text_en=None, basis="")
            taken.put(replace(stored, state="deemed", conclusion="agree"))
        proposed = overall(o.conclusion for o in taken.case.opinions if o.state in ("signed", "deemed"))
        taken.set(proposed=proposed)
        detail |= {"proposed": proposed, "deemed": [opinion.department for opinion in deemed]}
        detail |= _decide(taken, proposed, conclusion, reason)


def _decide(taken: Step, proposed: str, conclusion: str | None, reason: str | None) -> dict[str, Any]:
    """Set the overall conclusion; another than the proposed one needs a reason."""
    decided = conclusion or proposed
    why = reason_given(reason) if decided != proposed else reason
    taken.set(conclusion=decided, conclusion_reason=why, decided_by=taken.by, decided_on=taken.on.isoformat())
    return {"conclusion": decided, "reason": why}


def consolidation_problems(library: Library, case: Case) -> list[Problem]:
    """What stands against consolidating."""
    return [*_unsigned_problems(library, case), *stale_problems(library, case)]


def _unsigned_problems(library: Library, case: Case) -> list[Problem]:
    """Departments that are asked and have not signed; and any whose people have written, or are to write anew."""
    waiting = [
        opinion.department
        for opinion in case.opinions
        if (opinion.state == "drafted" and (opinion.routed or not opinion.by_machine)) or opinion.state == "returned"
    ]
    facts = {"case": case.id, "departments": department_names(library, waiting)}
    return [Problem("review.unsigned", facts)] if waiting else []


def stale_problems(library: Library, case: Case) -> list[Problem]:
    """Opinions behind which a layer version or a pack was superseded."""
    stale = [opinion for opinion in case.opinions if opinion.stale]
    if not stale:
        return []
    names, catalogue = sorted({name for opinion in stale for name in opinion.stale_because}), library.catalogue()
    record = run_record(library, case.current.run)
    what = [{one: input_title(name, record, catalogue, one) for one in LANGUAGES} for name in names]
    departments = department_names(library, (opinion.department for opinion in stale))
    return [Problem("review.stale", {"case": case.id, "departments": departments, "what": what})]


def issue_problems(library: Library, case: Case) -> list[Problem]:
    """What stands against issuing: stale opinions, and, where accounts tell people apart, one person who decides alone.

    In a file names are typed, so that another name would prove nothing.
    """
    joined = [entry.who for entry in case.entries if entry.action == "consolidate"]
    if library.account is None or case.terms.self_sign or library.account not in joined[-1:]:
        return stale_problems(library, case)
    return [Problem("review.self_issue", {"case": case.id, "by": library.account}), *stale_problems(library, case)]


def issue(library: Library, case_id: str, hand: Hand, conclusion: str | None, reason: str | None) -> None:
    """Issue the statement under the next number of its year; an approving one enters the library of approvals.

    Raises OneMapError review.stale, review.self_issue, review.reason, library.….
    """
    detail: dict[str, Any] = {"reason": reason}
    with step(library, case_id, "issue", hand, detail) as taken:
        check_cases(library, "onemap_documents")  # the next number follows from them, the layers from the others
        if library.roles.is_owner:
            check_cases(library, "onemap_cases")
        problems = issue_problems(library, taken.case)
        if problems:
            raise OneMapError.of(problems)
        decided = str(taken.stored.conclusion)
        if conclusion and conclusion != decided:
            detail |= _decide(taken, str(taken.stored.proposed), conclusion, reason_given(reason))
            decided = conclusion
        year = taken.on.year
        last = "SELECT max(sequence) FROM onemap_documents WHERE year = ?"
        sequence = (taken.connection.execute(last, (year,)).fetchone()[0] or 0) + 1
        rehearsal = phrase("document.rehearsal", "zh") if library.is_rehearsal else ""
        sign = profile_of(library).lead.code or taken.stored.terms.prefix
        document = f"{rehearsal}{sign}〔{year}〕{sequence}号"
        taken.connection.execute(
            "INSERT INTO onemap_documents (year, sequence, case_id, number) VALUES (?,?,?,?)",
            (year, sequence, case_id, document),
        )
        taken.set(document=document, issued_by=taken.by, issued_on=taken.on.isoformat(), state="issued")
        detail |= {"document": document, "conclusion": decided}
        # On a server only the owner of the tables may make one; `review publish` then brings the layers up to date.
        if library.roles.is_owner:
            codes = (APPROVALS, OPINIONS) if decided in APPROVING else (OPINIONS,)
            labels = {code: write_library(library, taken.connection, code, taken.on, taken.by) for code in codes}
            detail["layers"] = labels


def publish(library: Library, hand: Hand) -> dict[str, str | None]:
    """Bring approvals, earlier opinions and projects up to date: their new versions' labels, None where nothing lacked.

    Raises OneMapError review.owner_only, library.….
    """
    if not library.roles.is_owner:
        raise OneMapError("review.owner_only", file=library.label)
    day = step_day(library, hand)
    with library.writing() as connection:
        check_cases(library, "onemap_cases")
        return {
            code: write_library(library, connection, code, day, hand.by) for code in (APPROVALS, OPINIONS, PROJECTS)
        }


def withdraw(library: Library, case_id: str, hand: Hand, reason: str | None) -> None:
    """End a case without a statement. Raises OneMapError review.…."""
    with step(library, case_id, "withdraw", hand, {"reason": reason}):
        pass
