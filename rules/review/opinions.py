"""The departments' steps on their opinions: write, sign, return, extend the time, override a finding."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library, sha256
from onemap.layers.person_names import same_person
from onemap.rules.judge.findings.citations import plain_basis
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.review.case_step import StepContent, may_act, plain_text, step
from onemap.rules.review.cases.case import Case, Override
from onemap.rules.review.cases.case_conditions import check_step
from onemap.rules.review.cases.case_so_far import clock_days
from onemap.rules.review.cases.code_names import department_name, department_names
from onemap.rules.review.cases.event_facts import MOST_TEXT
from onemap.rules.review.cases.event_store import replay_case
from onemap.rules.review.cases.hand import Hand, check_day
from onemap.rules.review.cases.round_facts import facts_of_stored_run


@dataclass(frozen=True)
class Words:
    """A person's words for a department. answers: pairs of checklist item and answer."""

    conclusion: str
    text: str
    basis: str = ""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Letter:
    """A reply that came as a file: its author and day, its hash, and a check of it against the case as it stands."""

    by: str
    on: date
    hash: str
    check: Callable[[Case], None]


def checked_words(conclusion: str | None, text: str | None, basis: str | None, answers: Sequence[str]) -> Words:
    """Check and return the words in a verb's values. Raises OneMapError review.words_missing, review.text.

    Also raises review.answer_twice.
    """
    texts_by_option = {"--conclusion": conclusion, "--text": text}
    missing = [
        Problem("review.words_missing", {"field": name})
        for name, one in texts_by_option.items()
        if not (one or "").strip()
    ]
    if missing:
        raise OneMapError.of(missing)
    pairs = [answer.partition("=")[::2] for answer in answers]
    opinion_text, law = plain_text(text, "--text", MOST_TEXT), plain_text(basis, "--basis", MOST_TEXT)
    return Words(str(conclusion), opinion_text, plain_basis(law), checked_answers(pairs, "--answer"))


def checked_answers(pairs: Iterable[tuple[str, str]], field: str) -> tuple[tuple[str, str], ...]:
    """Check and return answers by checklist item. Raises OneMapError review.text, review.answer_twice."""
    answer_by_item: dict[str, str] = {}
    for name, answer in pairs:
        item = name.strip()
        if item in answer_by_item:  # nobody could tell which was meant
            raise OneMapError("review.answer_twice", field=field, item=item)
        answer_by_item[item] = plain_text(answer, field)
    return tuple(answer_by_item.items())


def opine(
    library: Library, case_id: str, department: str, words: Words, hand: Hand, letter: Letter | None = None
) -> dict[str, str] | None:
    """Write a department's draft; the earlier draft stays readable. letter: the file by which the draft came, if any.

    Returns the author and conclusion of the draft that it replaced, None if there was none by another person.
    Raises OneMapError review.…, and as the letter's check.
    """
    content = {"conclusion": words.conclusion, "text": words.text, "basis": words.basis}

    def say(case: Case, _: date) -> StepContent:
        if letter is None:
            _check_answers(library, case, department, words)
            return StepContent(words={**content, "answers": words.answers})
        check_day(library, letter.on)
        check_step(case, "opine")  # a case that has ended needs no new pack, which the letter's check would ask for
        letter.check(case)
        letter_facts = {"written_by": letter.by, "written_on": letter.on.isoformat()}
        return StepContent(letter_facts, {**content, "answers": words.answers, "reply": letter.hash})

    with step(library, case_id, "opine", hand, say, department) as taken_step:
        before = taken_step.before.opinion(department)
    # A name in a file proves nothing where accounts do: it is the draft of whoever took it in.
    author = letter.by if letter and library.account is None else hand.by
    gave_way = not (before.by_machine or same_person(before.drafted_by, author))
    return {"by": before.drafted_by, "conclusion": before.conclusion} if gave_way else None


def _check_answers(library: Library, case: Case, department: str, words: Words) -> None:
    """Refuse empty answers, and answers to other departments' items. Raises OneMapError review.answer."""
    own_items = [one.item for one in case.current.items if one.department == department]
    facts = {"department": department_name(library, department), "known": own_items, "field": "--answer"}
    wrong = [item for item, answer in words.answers if item not in own_items or not answer]
    if wrong:
        raise OneMapError.of(Problem("review.answer", {**facts, "item": item}) for item in wrong)


def sign(
    library: Library, case_id: str, department: str, hand: Hand, reason: str | None, unanswered: str | None = None
) -> None:
    """Sign a department's draft as it is worded; its author may not sign unless the pack allows it.

    unanswered: why items of the department's checklist remain unanswered. Raises OneMapError review.….
    """

    def say(case: Case, _: date) -> StepContent:
        opinion = case.opinion(department)
        words = {"conclusion": opinion.conclusion, "text": opinion.text, "basis": opinion.basis}
        draft = replay_case(library, case_id).draft_events.get(department)
        draft_words = (
            {"draft": draft.words} if draft else {}
        )  # so that others can hold what was signed against its hash
        facts = {
            "reason": reason,
            **words,
            "answers": case.current.answers(department),
            "unanswered": unanswered,
            "clock": clock_days(opinion),
            **draft_words,
        }
        return StepContent(facts)

    with step(library, case_id, "sign", hand, say, department):
        pass


def return_opinion(library: Library, case_id: str, department: str, hand: Hand, reason: str | None) -> None:
    """Return an opinion to be written again; its clock keeps running. Raises OneMapError review.…."""
    with step(library, case_id, "return", hand, lambda *_: StepContent({"reason": reason}), department):
        pass


def extend(library: Library, case_id: str, department: str | None, days: int, hand: Hand, reason: str) -> None:
    """Give one department, or all whose clock runs, more working days; never fewer. Raises OneMapError review.…."""
    facts = {"reason": plain_text(reason, "--reason"), "days": days}
    with step(library, case_id, "extend", hand, lambda *_: StepContent(facts), department):
        pass


@dataclass(frozen=True)
class Judgement:
    """A person's judgement of a finding.

    department: that the person acts for, None for the rule's if it is one of the person's own.
    before: the machine's verdict of the finding, None for the gravest of the rule that still holds.
    """

    parcel: str
    rule: str
    verdict: str
    reason: str
    department: str | None = None
    before: str | None = None


def override(library: Library, case_id: str, judgement: Judgement, hand: Hand) -> None:
    """Override a finding: both verdicts are kept, and the department's draft follows if nobody has changed it.

    Raises OneMapError review.finding, review.foreign, review.same_verdict, review.spoken, review.deemed, review.reason.
    """
    facts = {"parcel": judgement.parcel, "rule": judgement.rule, "verdict": judgement.verdict}
    reason = plain_text(judgement.reason, "--reason")

    def say(case: Case, on: date) -> StepContent:
        of_run = facts_of_stored_run(library, case.current.run)
        of_rule = (judgement.parcel, judgement.rule)
        before = of_run.finding_to_judge(*of_rule, case.current.overrides, judgement.before)
        if before is None:
            raise OneMapError("review.finding", **facts, feature=judgement.parcel, field="RULE")
        packs = of_run.of_packs
        rule = packs.rules[judgement.rule]
        check_own_rule(library, rule, judgement.department)
        own = [code for code in packs.departments_of_rules[rule.id] if code in library.roles.departments]
        new_override = Override(judgement.parcel, judgement.rule, before, judgement.verdict, reason, hand.by, on, False)
        texts = [
            sha256(one.text) for one in of_run.drafts((*case.current.overrides, new_override)) if one.department in own
        ]
        content = {**facts, "before": before, "reason": reason, "follow": own, "drafts": texts}
        return StepContent(content, chain=rule.department)

    with step(library, case_id, "override", hand, say):
        pass


def check_own_rule(library: Library, rule: Rule, department: str | None) -> None:
    """Refuse to override findings of another department's rule. Raises OneMapError review.not_yours, review.foreign."""
    if department is not None:
        may_act(library, "override", department)
    own = library.roles.departments if department is None else (department,)
    if rule.department not in own:
        facts = {"department": department_name(library, rule.department), "yours": department_names(library, own)}
        raise OneMapError("review.foreign", rule=rule.id, field="RULE", **facts)
