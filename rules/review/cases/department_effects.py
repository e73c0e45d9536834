"""The effects of a department's events on a case: one function per action; each raises if the action is not allowed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import sha256
from onemap.layers.person_names import same_person
from onemap.rules.contract.verdict import VERDICTS
from onemap.rules.review.cases.case import (
    CONCLUSIONS,
    MACHINE,
    Conclusion,
    KeptRemedy,
    Opinion,
    OpinionState,
    Override,
    copy_with,
)
from onemap.rules.review.cases.case_conditions import check_reply_day, check_unspoken, may_sign
from onemap.rules.review.cases.case_so_far import CaseSoFar
from onemap.rules.review.cases.event import Event, readable_json, words_hash
from onemap.rules.review.cases.event_facts import (
    MOST_NAME,
    MOST_REASON,
    MOST_TEXT,
    Facts,
    person_text,
    plain_values,
    reason_text,
)
from onemap.rules.review.cases.routing import Draft


def opine(so_far: CaseSoFar, event: Event, facts: Facts, on: date, department: str | None) -> dict[str, Any]:
    """Record a department's draft, with its words if the reader may see them, and stop or restart its clock."""
    before = so_far.current_case.opinion(str(department))
    state = so_far.opinion_state(before, "opine", on)
    if event.words is None and so_far.evidence.reads_words(before.department):
        raise OneMapError("review.event_words", department=so_far.name(department))
    detail = _reply_detail(so_far, facts, on)
    author = event.who if event.account else detail.get("written_by", event.who)
    former = so_far.authors[before.department]
    if not (former == MACHINE or same_person(former, author)):
        detail["instead_of"] = former
    so_far.authors[before.department] = author
    so_far.machine_worded.discard(before.department)
    so_far.draft_events[before.department] = event
    if event.words is None:  # another department's, which tells its words when it signs
        content: dict[str, Any] = {}
        answers: Sequence[Sequence[str]] = ()
    else:
        if facts["words"] != words_hash(event.words):
            raise OneMapError("review.event_words", department=so_far.name(department))
        words = readable_json(event.words)
        content = person_words(so_far, event, words)
        clock = so_far.clock(before, content["conclusion"], on, so_far.clock_day(event, on), words.get("clock"))
        content |= {"text_en": None, "drafted_by": author, "drafted_on": on, **clock}
        answers = words.get("answers", ())
    take_answers(so_far, before.department, answers, event.who, on)
    after = so_far.put(before, state=state, signed_by=None, signed_on=None, unanswered=None, **content)
    return {**detail, **so_far.opinion_detail(after)}


def _reply_detail(so_far: CaseSoFar, facts: Facts, on: date) -> dict[str, str]:
    """The author and day of a reply that came as a file. Raises OneMapError reply.day."""
    if "written_on" not in facts:
        return {}
    day = date.fromisoformat(facts["written_on"])
    check_reply_day(so_far.current_case.current.circulated_on, day, on)
    return {"written_by": person_text(facts["written_by"], MOST_REASON), "written_on": day.isoformat()}


def person_words(so_far: CaseSoFar, event: Event, words: Facts) -> dict[str, Any]:
    """Check and return a person's conclusion, text and basis. Raises OneMapError review.basis."""
    if words["conclusion"] not in CONCLUSIONS:
        raise OneMapError("review.event_unreadable")
    basis = person_text(words["basis"], MOST_TEXT)
    if words["conclusion"] == Conclusion.DISAGREE and not basis:
        raise OneMapError("review.basis", department=so_far.name(event.chain), field="--basis")
    return {"conclusion": words["conclusion"], "text": person_text(words["text"], MOST_TEXT), "basis": basis}


def take_answers(so_far: CaseSoFar, department: str, answers: Sequence[Sequence[str]], who: str, on: date) -> None:
    """Record a department's answers to its checklist items. Raises OneMapError review.answer."""
    if answers in ([], ()):
        return
    current = so_far.current_case.current
    own_items = [item.item for item in current.items if item.department == department]
    for item, _ in answers:
        if item not in own_items:
            unknown = {"department": so_far.name(department), "item": item, "known": own_items}
            raise OneMapError("review.answer", field="--answer", **unknown)
    own_answers = {item: person_text(answer, MOST_REASON) for item, answer in answers}
    items = tuple(
        copy_with(item, answer=own_answers[item.item], answered_by=who, answered_on=on)
        if item.department == department and item.item in own_answers
        else item
        for item in current.items
    )
    so_far.set_round(items=items)


def sign(so_far: CaseSoFar, event: Event, facts: Facts, on: date, department: str | None) -> dict[str, Any]:
    """Sign a department's draft; the signer must not be its author."""
    before = so_far.current_case.opinion(str(department))
    state = so_far.opinion_state(before, "sign", on)
    words = {name: facts[name] for name in ("conclusion", "text", "basis")}
    if so_far.is_hidden(before.department) or (event.account and before.department in so_far.draft_events):
        before = _shown_draft(so_far, facts, before)
    terms, department_text = so_far.current_case.terms, so_far.name(department)
    may_sign(terms, before, so_far.authors[before.department], event.who, department_text)
    claims = so_far.draft_texts.get(sha256(words["text"])) if words["text"] != before.text else None
    if before.department in so_far.machine_worded and claims is not None:
        before = copy_with(before, text=words["text"], text_en=None)
        if claims != MACHINE:  # this edition does not word it so: it is the draft of whoever claims it
            before = copy_with(before, drafted_by=claims)
            so_far.authors[before.department] = claims
            may_sign(terms, before, claims, event.who, department_text)
    if words != {name: getattr(before, name) for name in words}:
        raise OneMapError("review.event_words", department=so_far.name(department))
    so_far.draft_events.pop(before.department, None)
    left = so_far.current_case.current.open_items(before.department)
    unanswered = facts.get("unanswered") if left else None
    if left and not person_text(unanswered or "", MOST_REASON):
        names = [one.item for one in left]
        open_ones = {"department": so_far.name(department), "count": len(left), "items": names}
        raise OneMapError("review.unanswered", field="--unanswered", **open_ones)
    after = so_far.put(before, state=state, signed_by=event.who, signed_on=on, unanswered=unanswered)
    detail = {"reason": reason_text(facts), **so_far.opinion_detail(after)}
    if left:
        detail |= {"unanswered": unanswered, "unanswered_items": [one.item for one in left]}
    return detail


def _shown_draft(so_far: CaseSoFar, facts: Facts, before: Opinion) -> Opinion:
    """A person's draft as its signature shows it, compared with the draft itself if the reader could see that before.

    Raises OneMapError review.event_words.
    """
    department, draft = before.department, facts["draft"]
    content = person_words(so_far, so_far.draft_events[department], readable_json(draft))
    due, stopped_on = (date.fromisoformat(day) if day else None for day in facts["clock"])
    is_shown = words_hash(draft) == so_far.draft_events[department].facts()["words"]
    if so_far.is_hidden(department):
        content |= {"text_en": None, "drafted_by": so_far.authors[department]}
        before = copy_with(before, **content, due=due, claimed_due=due, stopped_on=stopped_on)
        for item, answer, who, day in facts["answers"]:
            by = person_text(who, MOST_NAME)
            take_answers(so_far, department, [(item, answer)], by, date.fromisoformat(day))
    else:  # until when its clock runs another calendar may say otherwise
        is_shown &= (due is None, stopped_on) == (before.due is None, before.stopped_on)
        is_shown &= sorted(map(tuple, facts["answers"])) == sorted(so_far.current_case.current.answers(department))
    if not is_shown:
        raise OneMapError("review.event_words", department=so_far.name(department))
    return before


def give_back(so_far: CaseSoFar, event: Event, facts: Facts, on: date, department: str | None) -> dict[str, Any]:
    """Return a draft or a signed opinion to be written again; its deadline keeps running."""
    before = so_far.current_case.opinion(str(department))
    state = so_far.opinion_state(before, "return", on)
    clock = so_far.clock(before, "", on, so_far.clock_day(event, on), facts.get("clock"))
    unsigned = {"state": state, "signed_by": None, "signed_on": None, "unanswered": None}
    after = so_far.put(before, **unsigned, **clock)
    return {"reason": reason_text(facts), **so_far.opinion_detail(after)}


def override(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Override a finding of a rule of the person's own department; the drafts follow the new verdict."""
    current = so_far.current_case.current
    of_run = so_far.evidence.facts_of(current.run)
    parcel, rule, verdict = (facts[name] for name in ("parcel", "rule", "verdict"))
    finding_facts = {"parcel": parcel, "rule": rule, "verdict": verdict}
    reason = reason_text(facts, is_needed=True)
    is_whole = "before" not in facts  # of a program that took all findings of a rule for one
    before = of_run.verdicts.get((parcel, rule))
    if not is_whole and facts["before"] != before:
        before = facts["before"] if facts["before"] in of_run.verdicts_of(parcel, rule) else None
    if before is None:
        raise OneMapError("review.finding", **finding_facts, feature=parcel, field="RULE")
    if verdict not in VERDICTS:
        raise OneMapError("review.event_unreadable")
    departments = of_run.of_packs.departments_of_rules[rule]
    if event.chain != departments[0]:
        foreign = {"department": so_far.name(departments[0]), "yours": [so_far.name(event.chain)]}
        raise OneMapError("review.foreign", rule=rule, field="RULE", **foreign)
    if current.verdict_of(parcel, rule, before) == verdict:
        raise OneMapError("review.same_verdict", **finding_facts, field="--verdict")
    for department in departments:
        opinion = current.opinion(department)
        check_unspoken(opinion, so_far.state_on(opinion, on), so_far.name(department))
    new_override = Override(parcel, rule, before, verdict, reason or "", event.who, on, is_whole)
    overrides = (*current.overrides, new_override)
    so_far.set_round(overrides=overrides)
    so_far.note_drafts(event, facts)
    sides = zip(of_run.drafts(current.overrides), of_run.drafts(overrides), strict=True)
    for old, new in sides:
        follows = new.department == event.chain or new.department in facts.get("follow", departments)
        if new.department in departments and follows:
            follow_judgement(so_far, event, old, new, on)
    return {**finding_facts, "reason": reason, "before": before}


def follow_judgement(so_far: CaseSoFar, event: Event, old: Draft, new: Draft, on: date) -> None:
    """Adapt a draft to a new judgement if nobody has changed it since the earlier judgements.

    Under an account the draft then belongs to the account, which therefore cannot sign it alone; else to the machine.
    """
    opinion = so_far.current_case.opinion(new.department)
    names = ("conclusion", "text", "text_en", "basis")
    by_machine = so_far.authors[new.department] == MACHINE
    is_as_drafted = by_machine or all(getattr(opinion, name) == getattr(old, name) for name in names)
    if opinion.state == OpinionState.DRAFTED and is_as_drafted and not so_far.is_hidden(new.department):
        so_far.machine_worded.add(new.department)
        so_far.draft_events.pop(new.department, None)
        content = {name: getattr(new, name) for name in names}
        if event.account:
            content |= {"drafted_by": event.who}
            content |= so_far.clock(opinion, new.conclusion, on, so_far.clock_day(event, on))
            so_far.authors[new.department] = event.who
        so_far.put(opinion, **content, drafted_on=on)


def remedy(so_far: CaseSoFar, event: Event, facts: Facts, on: date, _: str | None) -> dict[str, Any]:
    """Record a remedy of the round's parcels."""
    remedies = so_far.current_case.current.remedies
    so_far.evidence.check_remedy(str(event.run))
    new_remedy = KeptRemedy(1 + len(remedies), str(event.run), event.who, on)
    so_far.set_round(remedies=(*remedies, new_remedy))
    content = {name: value for name, value in facts.items() if name not in ("edition", "round", "on", "state")}
    return {"run": event.run, **plain_values(content)}
