"""Bodies beside the ten departments: which are asked on paper in a round, until when, and what each has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.own_files import calendar_of
from onemap.layers.records import Record, fields_of
from onemap.rules.judge.packs.body import Body
from onemap.rules.judge.runs.run_store import stored_rows, stored_rules
from onemap.rules.review.attachments import Attachment, put_files
from onemap.rules.review.case_step import StepContent, step
from onemap.rules.review.cases.case import Case, Round
from onemap.rules.review.cases.hand import Hand
from onemap.rules.review.opinions import Words


@dataclass(frozen=True)
class BodyAnswer:
    """A body's answer on paper. papers: name and SHA-256 of each file that came; by, on: who entered it, and when."""

    conclusion: str
    text: str
    basis: str
    papers: tuple[Mapping[str, str], ...]
    by: str
    on: date


@dataclass(frozen=True)
class AskedBody:
    """A body that a round's findings require to be asked.

    rules: those whose findings require it; asked_on, due: None before the case is sent out.
    """

    body: Body
    rules: tuple[str, ...]
    asked_on: date | None = None
    due: date | None = None
    answer: BodyAnswer | None = None


def asked_bodies(library: Library, case: Case, one: Round) -> tuple[AskedBody, ...]:
    """The bodies that rules with a finding in a round want consulted, in the order of the rules.

    Raises OneMapError calendar.missing.
    """
    rules = [rule for rule in stored_rules(library, one.run) if rule.bodies]
    if not rules:
        return ()
    rule_ids = {row.values["rule"] for row in stored_rows(library, one.run, "findings") if row.values["counted"]}
    bodies: dict[str, Body] = {}
    asking: dict[str, list[str]] = {}
    for rule in rules:
        for body in rule.bodies if rule.id in rule_ids else ():
            bodies.setdefault(body.name, body)
            asking.setdefault(body.name, []).append(rule.id)
    answers, asked_on = _answers(case, one.number), one.circulated_on
    return tuple(
        AskedBody(
            body,
            tuple(asking[name]),
            asked_on,
            _last_day(library, case, one, body.lead),
            answers.get(name),
        )
        for name, body in bodies.items()
    )


def _last_day(library: Library, case: Case, one: Round, lead: str) -> date | None:
    """The last day of a body: that of the department that writes to it, computed if the department itself is not asked.

    Raises OneMapError calendar.missing.
    """
    due, sending_actions = one.opinion(lead).due, ("circulate", "revise")
    if due or one.circulated_on is None:
        return due
    days = [
        entry.entered_on or entry.on
        for entry in case.entries
        if entry.round == one.number and entry.action in sending_actions
    ]
    return calendar_of(library).after([one.circulated_on, *days][-1], case.terms.days_for(lead))


def _answers(case: Case, round_: int) -> dict[str, BodyAnswer]:
    """The last answer of each body in a round, by the body's name."""
    return {
        entry.detail["body"]: BodyAnswer(
            **{name: entry.detail[name] for name in ("conclusion", "text", "basis")},
            papers=tuple(entry.detail["papers"]),
            by=entry.who,
            on=entry.on,
        )
        for entry in case.entries
        if entry.action == "answer" and entry.round == round_
    }


def enter_answer(
    library: Library, case: Case, name: str, words: Words, papers: Sequence[Attachment], hand: Hand
) -> None:
    """Enter a body's answer on paper, with its files; earlier answers stay readable in the history.

    Raises OneMapError review.department for a body that is not asked in this round, review.answer_of_body for answers
    to a checklist, which a body does not have, and review.… as every step.
    """
    bodies_by_name = {one.body.name: one.body for one in asked_bodies(library, case, case.current)}
    if name not in bodies_by_name:
        possible_names = [*(opinion.department for opinion in case.opinions), *bodies_by_name]
        raise OneMapError("review.department", field="DEPARTMENT", value=name, known=possible_names)
    if words.answers:
        raise OneMapError("review.answer_of_body", field="--answer", body=dict(bodies_by_name[name].title))
    answer_words = {"conclusion": words.conclusion, "text": words.text, "basis": words.basis}
    files = [{"name": paper.name, "hash": sha256(paper.content)} for paper in papers]
    facts = {"body": name, **answer_words, "papers": files}
    with step(library, case.id, "answer", hand, lambda *_: StepContent(facts), bodies_by_name[name].lead) as case_step:
        put_files(case_step.connection, case.id, papers)


def body_records(library: Library, case: Case, one: Round, language: str) -> list[Record]:
    """The bodies of a round as `review show` gives them."""
    return [
        {
            "body": asked_body.body.name,
            "title": asked_body.body.title.get(language) or asked_body.body.name,
            "lead": asked_body.body.lead,
            "rules": list(asked_body.rules),
            **fields_of(asked_body, "asked_on", "due"),
            "overdue": asked_body.answer is None and asked_body.due is not None and asked_body.due < case.on,
            "answer": fields_of(asked_body.answer, "conclusion", "text", "basis", "papers", "on")
            if asked_body.answer
            else None,
            "by": asked_body.answer.by if asked_body.answer else None,
        }
        for asked_body in asked_bodies(library, case, one)
    ]
