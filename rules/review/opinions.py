"""What departments do with their opinions: write, sign, return, take more time, judge a finding otherwise."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.rules.findings.citations import plain_basis
from onemap.rules.packs.pack import joined_rules
from onemap.rules.packs.rule import VERDICTS, Rule
from onemap.rules.review.case import OPEN, Case, Opinion, Override
from onemap.rules.review.case_step import Step, may_act, plain_text, put_override, step
from onemap.rules.review.code_names import department_name, department_names
from onemap.rules.review.hand import Hand, check_day
from onemap.rules.review.routing import Draft, asked_departments, drafts
from onemap.rules.review.state_machine import opinion_state_after
from onemap.rules.review.working_days import WorkCalendar, calendar_of
from onemap.rules.runs.run_store import stored_question, stored_rows

_MOST_TEXT = 20_000


@dataclass(frozen=True)
class Words:
    """What a person says for a department. answers: (checklist item, answer)."""

    conclusion: str
    text: str
    basis: str = ""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Letter:
    """A reply that came as a file: who wrote it when, its hash, and how it is held against the case as it stands."""

    by: str
    on: date
    hash: str
    check: Callable[[Case], None]


def checked_words(conclusion: str | None, text: str | None, basis: str | None, answers: Sequence[str]) -> Words:
    """The words of a verb's values. Raises OneMapError review.words_missing, review.text, review.answer."""
    for name, value in (("--conclusion", conclusion), ("--text", text)):
        if not (value or "").strip():
            raise OneMapError("review.words_missing", field=name)
    pairs = [answer.partition("=") for answer in answers]
    for item, equals, answer in pairs:
        if not (equals and item.strip() and answer.strip()):
            raise OneMapError("review.answer", field="--answer", item=item, department="–", known=["ITEM=ANSWER"])
    given = tuple((item.strip(), plain_text(answer, "--answer")) for item, _, answer in pairs)
    opinion_text, law = plain_text(text, "--text", _MOST_TEXT), plain_text(basis, "--basis", _MOST_TEXT)
    return Words(str(conclusion), opinion_text, plain_basis(law), given)


def words_hash(opinion: Opinion) -> str:
    """The hash of what an opinion says, for the log."""
    return sha256("\n".join((opinion.conclusion, opinion.text, opinion.basis)))


def opine(
    library: Library, case_id: str, department: str, words: Words, hand: Hand, letter: Letter | None = None
) -> dict[str, str] | None:
    """Write a department's draft; the one before stays readable. letter: by which it came from elsewhere.

    Returns whose draft gave way and what it concluded, None where there was none by another person.
    Raises OneMapError review.…, and what the letter's check raises.
    """
    detail: dict[str, Any] = {}
    with step(library, case_id, "opine", hand, detail, department) as taken:
        if letter is not None:
            check_day(library, letter.on)
            letter.check(taken.case)
            detail |= {"reply": letter.hash, "written_by": letter.by, "written_on": letter.on.isoformat()}
        before = taken.stored.opinion(department)
        state = _state_after(library, taken, before, "opine")
        if words.conclusion == "disagree" and not words.basis:
            raise OneMapError("review.basis", department=department_name(library, department), field="--basis")
        due, stopped_on = _clock(taken, before, words.conclusion, calendar_of(library))
        after = replace(
            before,
            state=state,
            conclusion=words.conclusion,
            text=words.text,
            text_en=None,
            basis=words.basis,
            # A name in a file proves nothing where accounts do: it is the draft of whoever took it in.
            drafted_by=letter.by if letter and library.account is None else taken.by,
            drafted_on=taken.on,
            signed_by=None,
            signed_on=None,
            unanswered=None,
            due=due,
            stopped_on=stopped_on,
        )
        taken.put(after)
        _answer(library, taken, department, words.answers)
        if not before.by_machine and before.drafted_by != after.drafted_by:
            detail["instead_of"] = before.drafted_by
        detail |= _opinion_detail(after)
    return {"by": before.drafted_by, "conclusion": before.conclusion} if "instead_of" in detail else None


def _state_after(library: Library, taken: Step, opinion: Opinion, action: str) -> str:
    """The state that follows for an opinion as it stands on the day, so that one that is deemed refuses."""
    standing = taken.case.opinion(opinion.department)
    due = opinion.due.isoformat() if opinion.due else None
    named = department_name(library, opinion.department)
    facts = {"department": named, "signed_by": opinion.signed_by, "due": due, "field": "DEPARTMENT"}
    return opinion_state_after(standing.state, action, **facts)


def _opinion_detail(opinion: Opinion) -> dict[str, Any]:
    """What an entry tells of an opinion: the state that was put below the one it had, its number, and what it says."""
    content = {"conclusion": opinion.conclusion, "words": words_hash(opinion)}
    return {"opinion": opinion.state, "opinion_number": opinion.number + 1, **content}


def _clock(taken: Step, before: Opinion, conclusion: str, calendar: WorkCalendar) -> tuple[date | None, date | None]:
    """The last day, and since when the clock stands still: a demand for more material stops it, another word starts it.

    The days on which it stood are added.
    """
    if before.due is None:
        return None, None
    if conclusion == "supplement":
        return before.due, before.stopped_on or taken.on
    if before.stopped_on is None:
        return before.due, None
    return calendar.after(before.due, calendar.between(before.stopped_on, taken.clock_day)), None


def _answer(library: Library, taken: Step, department: str, answers: Sequence[tuple[str, str]]) -> None:
    """Write a department's answers to its checklist items. Raises OneMapError review.answer."""
    known = [item.item for item in taken.stored.current.items if item.department == department]
    answered = "SELECT count(*) FROM onemap_case_answers WHERE case_id = ? AND round = ? AND department = ?"
    number = taken.connection.execute(answered, (taken.case.id, taken.case.round, department)).fetchone()[0]
    for place, (item, answer) in enumerate(answers, start=1):
        if item not in known:
            facts = {"department": department_name(library, department), "item": item, "known": known}
            raise OneMapError("review.answer", field="--answer", **facts)
        taken.connection.execute(
            "INSERT INTO onemap_case_answers (case_id, round, department, item, number, answer, who, day)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                *(taken.case.id, taken.case.round, department, item, number + place, answer),
                *(taken.by, taken.on.isoformat()),
            ),
        )


def sign(
    library: Library, case_id: str, department: str, hand: Hand, reason: str | None, unanswered: str | None = None
) -> None:
    """Sign a department's draft; not by whoever wrote it, unless the pack allows.

    unanswered: why items of the department's checklist stay without an answer. Raises OneMapError review.….
    """
    detail: dict[str, Any] = {"reason": reason}
    with step(library, case_id, "sign", hand, detail, department) as taken:
        before = taken.stored.opinion(department)
        state = _state_after(library, taken, before, "sign")
        may_sign(library, taken.case, before, taken.by)
        left = taken.stored.current.open_items(department)
        if left and not unanswered:
            facts = {
                "department": department_name(library, department),
                "count": len(left),
                "items": [one.item for one in left],
            }
            raise OneMapError("review.unanswered", field="--unanswered", **facts)
        after = replace(
            before,
            state=state,
            signed_by=taken.by,
            signed_on=taken.on,
            unanswered=unanswered if left else None,
        )
        taken.put(after)
        detail |= _opinion_detail(after)
        if left:
            detail |= {"unanswered": unanswered, "unanswered_items": [one.item for one in left]}


def may_sign(library: Library, case: Case, opinion: Opinion, by: str | None) -> None:
    """Refuse a signature under one's own draft, under one that proposes nothing, and a disagreement without basis.

    by: None where it is not known who will sign. Raises OneMapError review.self_sign, review.open, review.basis.
    """
    if opinion.conclusion == OPEN:
        raise OneMapError("review.open", department=department_name(library, opinion.department), field="DEPARTMENT")
    if by is not None and not case.terms.self_sign and opinion.drafted_by.casefold() == by.casefold():
        named = department_name(library, opinion.department)
        raise OneMapError("review.self_sign", department=named, by=by, field="--by")
    if opinion.conclusion == "disagree" and not opinion.basis:
        raise OneMapError("review.basis", department=department_name(library, opinion.department), field="--basis")


def return_opinion(library: Library, case_id: str, department: str, hand: Hand, reason: str | None) -> None:
    """Give an opinion back to be written anew; its clock runs on. Raises OneMapError review.…."""
    detail: dict[str, Any] = {"reason": reason}
    with step(library, case_id, "return", hand, detail, department) as taken:
        before = taken.stored.opinion(department)
        state = _state_after(library, taken, before, "return")
        due, stopped_on = _clock(taken, before, "", calendar_of(library))
        unsigned = replace(before, signed_by=None, signed_on=None, unanswered=None)
        after = replace(unsigned, state=state, due=due, stopped_on=stopped_on)
        taken.put(after)
        detail |= _opinion_detail(after)


def extend(library: Library, case_id: str, department: str | None, days: int, hand: Hand, reason: str) -> None:
    """Give one department, or all whose clock runs, more working days; never fewer. Raises OneMapError review.…."""
    detail: dict[str, Any] = {"reason": reason_given(reason), "days": days}
    with step(library, case_id, "extend", hand, detail, department) as taken:
        calendar = calendar_of(library)
        chosen = [taken.stored.opinion(department)] if department else _running(taken.case, taken.stored)
        if not chosen:
            raise OneMapError("review.no_clock", case=case_id)
        due_days = {}
        for before in chosen:
            state = _state_after(library, taken, before, "extend")
            named = department_name(library, before.department)
            if before.due is None:
                raise OneMapError("review.not_routed", department=named, field="DEPARTMENT")
            if before.stopped_on is not None:
                raise OneMapError("review.stopped", department=named, field="DEPARTMENT")
            due = calendar.after(before.due, days)
            if taken.case.opinion(before.department).state == "deemed" and due < taken.on:
                facts = {"days": days, "due": due.isoformat(), "on": taken.on.isoformat()}
                raise OneMapError("review.extend_more", field="--days", **facts)
            taken.put(replace(before, state=state, due=due))
            due_days[before.department] = due.isoformat()
        detail["due"] = due_days
        if department:
            detail |= _opinion_detail(taken.stored.opinion(department))


def _running(case: Case, stored: Case) -> list[Opinion]:
    """The opinions whose clock runs, or has run out."""
    return [
        stored.opinion(opinion.department)
        for opinion in case.opinions
        if opinion.state in ("drafted", "returned", "deemed") and opinion.due and opinion.stopped_on is None
    ]


def reason_given(reason: str | None) -> str:
    """A reason that says something. Raises OneMapError review.reason."""
    text = plain_text(reason, "--reason")
    if not text:
        raise OneMapError("review.reason", field="--reason")
    return text


@dataclass(frozen=True)
class Judgement:
    """What a person says of a finding. department: for whom, None for whichever of the person's own the rule is."""

    parcel: str
    rule: str
    verdict: str
    reason: str
    department: str | None = None


def override(library: Library, case_id: str, judgement: Judgement, hand: Hand) -> None:
    """Judge a finding otherwise: both verdicts are kept, and one's own draft follows that nobody has written in yet.

    Raises OneMapError review.finding, review.foreign, review.same_verdict, review.spoken, review.reason.
    """
    facts = {"parcel": judgement.parcel, "rule": judgement.rule, "verdict": judgement.verdict}
    detail: dict[str, Any] = {**facts, "reason": reason_given(judgement.reason)}
    with step(library, case_id, "override", hand, detail) as taken:
        current = taken.stored.current
        findings = [row.values for row in stored_rows(library, current.run, "findings")]
        found = [
            row["verdict"] for row in findings if (row["parcel"], row["rule"]) == (judgement.parcel, judgement.rule)
        ]
        if not found:
            raise OneMapError("review.finding", **facts, feature=judgement.parcel, field="RULE")
        before = min(found, key=VERDICTS.index)
        question = stored_question(library, current.run)
        rules = {rule.id: rule for rule in joined_rules(question.packs)}
        check_own_rule(library, rules[judgement.rule], judgement.department)
        if current.verdict_of(judgement.parcel, judgement.rule, before) == judgement.verdict:
            raise OneMapError("review.same_verdict", **facts, field="--verdict")
        asked = asked_departments(rules[judgement.rule])
        for department in asked:
            if taken.case.opinion(department).state in ("signed", "deemed"):
                raise OneMapError("review.spoken", department=department_name(library, department), field="RULE")
        made = Override(
            judgement.parcel, judgement.rule, before, judgement.verdict, detail["reason"], taken.by, taken.on
        )
        put_override(taken.connection, taken.stored, made)
        sides = [drafts(question, findings, current.items, o) for o in (current.overrides, (*current.overrides, made))]
        for old, new in zip(*sides, strict=True):
            if new.department in asked and new.department in library.roles.departments:
                _follow(library, taken, old, new)
        detail["before"] = before


def check_own_rule(library: Library, rule: Rule, department: str | None) -> None:
    """Refuse to judge by a rule of another department. Raises OneMapError review.not_yours, review.foreign."""
    if department is not None:
        may_act(library, "override", department)
    own = library.roles.departments if department is None else (department,)
    if rule.department not in own:
        facts = {"department": department_name(library, rule.department), "yours": department_names(library, own)}
        raise OneMapError("review.foreign", rule=rule.id, field="RULE", **facts)


def _follow(library: Library, taken: Step, old: Draft, new: Draft) -> None:
    """Have a draft say what follows from a new judgement, if it still says what followed from those before.

    On a server it is the account's draft then, so that whoever judged does not sign alone; in a file the machine's.
    """
    opinion = taken.stored.opinion(new.department)
    names = ("conclusion", "text", "text_en", "basis")
    is_as_drafted = opinion.by_machine or all(getattr(opinion, name) == getattr(old, name) for name in names)
    if opinion.state == "drafted" and is_as_drafted:
        after = replace(opinion, **{name: getattr(new, name) for name in names}, drafted_on=taken.on)
        if library.account is not None:
            due, stopped_on = _clock(taken, opinion, new.conclusion, calendar_of(library))
            after = replace(after, drafted_by=taken.by, due=due, stopped_on=stopped_on)
        taken.put(after)
