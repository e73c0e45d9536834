"""One step of a case: who, on which day, on what state it was based; written whole or not at all, and logged."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, log, now
from onemap.layers.stores.logged_rows import note
from onemap.layers.stores.store import StoreConnection
from onemap.rules.review.case import Case, Opinion, Override
from onemap.rules.review.case_file import case_on_its_day, stored_case
from onemap.rules.review.code_names import Named, case_state_name, department_name, department_names, opinion_name
from onemap.rules.review.hand import Hand, check_hand, late_day, step_day
from onemap.rules.review.review_tables import check_case, row_hashes
from onemap.rules.review.state_machine import case_state_after

_MOST_REASON = 2000
# What the lead department does; it also returns any opinion, gives more time, and enters what bodies answer on paper.
_LEADS = ("circulate", "revise", "consolidate", "issue", "withdraw", "return", "extend", "answer")
_UNSIGNED = ("drafted", "returned")
_WORDS = ("conclusion", "words", "reply")  # of a step's facts, what an opinion says or could be guessed from


@dataclass(frozen=True)
class Place:
    """Where an entry belongs: its case, the revision that it makes, the round, and the department, if it is one's."""

    case_id: str
    revision: int
    round: int
    department: str | None = None


@dataclass(frozen=True)
class Stamp:
    """Who did it, on which day, and on which day it was entered if that is a later one."""

    by: str
    on: date
    entered_on: date | None = None


@dataclass
class Step:
    """A step under way inside its transaction. stored: the case as its rows say; case: as it stands on the day.

    state: the case's state after it; entered_on: the day on which it is entered, if that is a later one; round: the
    round to which its entry belongs.
    """

    connection: StoreConnection
    stored: Case
    case: Case
    state: str
    by: str
    on: date
    entered_on: date | None
    round: int

    @property
    def clock_day(self) -> date:
        """The day from which its clocks run: a step that is entered late takes no day from anybody."""
        return self.entered_on or self.on

    def put(self, opinion: Opinion) -> None:
        """Write the next state of an opinion, below those that it had."""
        put_opinion(self.connection, self.case.id, replace(opinion, number=opinion.number + 1))

    def set(self, **values: Any) -> None:
        """Change columns of the case."""
        names = ", ".join(f"{name} = ?" for name in values)
        self.connection.execute(f"UPDATE onemap_cases SET {names} WHERE id = ?", (*values.values(), self.case.id))  # noqa: S608 - names of our own  # nosec B608


def plain_text(value: str | None, field: str, most: int = _MOST_REASON) -> str:
    """What a person wrote, without blanks around it; None is no text.

    Raises OneMapError review.text for what is too long, holds control characters, or is no Unicode.
    """
    text = (value or "").strip()
    if len(text) > most or any(ord(sign) < 32 and sign not in "\n\r\t" for sign in text) or not is_unicode(text):
        raise OneMapError("review.text", field=field, most=most)
    return text


def is_unicode(text: str) -> bool:
    """Whether a text can be stored: an argument's stray bytes, and half of a pair from a file, cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextlib.contextmanager
def step(
    library: Library,
    case_id: str,
    action: str,
    hand: Hand,
    detail: dict[str, Any],
    department: str | None = None,
    *,
    is_allowed: bool = False,
) -> Iterator[Step]:
    """One step of a case in one transaction: checked against its state, its last day and what others did meanwhile.

    detail: the step's own facts, which the caller may fill until the end; is_allowed: the caller has judged the state
    itself.

    Raises OneMapError review.case, review.by, review.date, review.conflict, review.expect, library.altered, and the
    state machine's refusals.
    """
    check_hand(library, hand)
    seen = whole_case(library, case_id, hand.on)
    if department is not None:
        seen.opinion(department)
    may_act(library, action, department)
    if hand.expect is not None and hand.expect > seen.revision:
        raise OneMapError("review.expect", case=case_id, field="--expect", seen=hand.expect, revision=seen.revision)
    with library.writing() as connection:
        before = check_case(library, case_id)
        stored = stored_case(library, case_id, hand.on)
        _no_conflict(library, connection, stored, hand.expect or seen.revision, department)
        if hand.seen is not None and department is not None:
            _no_conflict(library, connection, stored, hand.seen, department, is_own=True)
        on = step_day(library, hand, stored.last_day)
        late = late_day(library, on)
        state = stored.state if is_allowed else case_state_after(stored.state, action, case=case_id, field="CASE")
        taken = Step(connection, stored, case_on_its_day(library, stored), state, hand.by, on, late, stored.round)
        yield taken
        if state != stored.state:
            connection.execute("UPDATE onemap_cases SET state = ? WHERE id = ?", (state, case_id))
        place = Place(case_id, stored.revision + 1, taken.round, department)
        enter(connection, place, action, Stamp(hand.by, on, late), {"state": state, **detail}, before)


def whole_case(library: Library, case_id: str, on: date | None = None) -> Case:
    """The case as its rows say, if they are what its steps have written: junk in them could not be read as one.

    Raises OneMapError review.case, library.altered.
    """
    with library.reading():
        if library.has_table("onemap_cases") and case_id.isprintable():
            check_case(library, case_id)
        return stored_case(library, case_id, on)


def may_act(library: Library, action: str, department: str | None) -> None:
    """Refuse a step of the lead department to others, and one for a department to those who do not speak for it.

    Raises OneMapError review.lead_only, review.not_yours.
    """
    roles = library.roles
    if roles.is_lead and action in _LEADS:
        return
    if action in _LEADS and (department is None or action == "extend"):
        raise OneMapError("review.lead_only", field="--by", action=f"review {action}")
    if department is not None and department not in roles.departments:
        facts = {
            "department": department_name(library, department),
            "yours": department_names(library, roles.departments),
        }
        raise OneMapError("review.not_yours", field="DEPARTMENT", **facts)


def _no_conflict(
    library: Library,
    connection: StoreConnection,
    case: Case,
    seen: int,
    department: str | None,
    is_own: bool = False,
) -> None:
    """Refuse a step that was thought of on another state of what it changes. case: as this step finds it.

    is_own: only what was done to the department's own opinion counts.
    """
    for entry in reversed(case.entries):
        if entry.number <= seen:
            return
        if entry.department == department or (not is_own and None in (entry.department, department)):
            before = _state_at(connection, case, seen, department)
            raise OneMapError(
                "review.conflict",
                case=case.id,
                subject=department_name(library, department) if department else case.project,
                field="--expect",
                seen=seen,
                before=before,
                revision=case.entries[-1].number,
                after=_state_at(connection, case, entry.number, department),
                who=entry.who,
                when=entry.on.isoformat(),
                action=f"review {entry.action}",
            )


def _state_at(connection: StoreConnection, case: Case, revision: int, department: str | None) -> Named:
    """State and conclusion as the last step until a revision left them."""
    for entry in reversed(case.entries[:revision]):
        if department is None:
            return case_state_name(entry.detail["state"])
        if entry.department == department and "opinion" in entry.detail:
            number = entry.detail["opinion_number"]
            conclusion = conclusion_of(connection, case.id, entry.round, department, number)
            return opinion_name(entry.detail["opinion"], conclusion)
    return opinion_name("drafted", None)


def conclusion_of(connection: StoreConnection, case_id: str, round_: int, department: str, number: int) -> str | None:
    """What one state of an opinion concludes; None for whoever may not see it."""
    sql = "SELECT conclusion FROM onemap_opinions WHERE case_id = ? AND round = ? AND department = ? AND number = ?"
    row = connection.execute(sql, (case_id, round_, department, number)).fetchone()
    return row[0] if row else None


def enter(
    connection: StoreConnection,
    place: Place,
    action: str,
    stamp: Stamp,
    detail: Mapping[str, Any],
    before: Mapping[str, Mapping[str, str]],
) -> None:
    """One entry in the case and one row in the library's log, inside the open transaction.

    Other departments read the entry, not the log: of an opinion that is not signed it keeps its words to itself.

    before: the hashes of the case's rows before the step; the log keeps those of the rows that are new or changed.
    """
    is_draft = detail.get("opinion") in _UNSIGNED
    common = {name: value for name, value in detail.items() if not (is_draft and name in _WORDS)}
    text = json.dumps(common, ensure_ascii=False)
    entered_on = stamp.entered_on.isoformat() if stamp.entered_on else None
    connection.execute(
        "INSERT INTO onemap_case_entries (case_id, number, round, department, action, who, day, entered_on, at, detail)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            *(place.case_id, place.revision, place.round, place.department, action),
            *(stamp.by, stamp.on.isoformat(), entered_on, now(), text),
        ),
    )
    subject = f"{place.case_id} {place.department}" if place.department else place.case_id
    for table, rows in row_hashes(connection, place.case_id).items():
        for name, hash_ in rows.items():
            if before.get(table, {}).get(name) != hash_:
                note(connection, table, name, hash_)
    logged = {"on": stamp.on.isoformat(), "round": place.round, "revision": place.revision, **detail}
    logged |= {"entered_on": entered_on} if entered_on else {}
    log(connection, stamp.by, f"review.{action}", subject, logged)


def put_opinion(connection: StoreConnection, case_id: str, opinion: Opinion) -> None:
    """One state of an opinion as a row, which nobody changes afterwards."""
    days = (opinion.signed_on, opinion.due, opinion.stopped_on)
    signed_on, due, stopped_on = (day.isoformat() if day else None for day in days)
    connection.execute(
        "INSERT INTO onemap_opinions (case_id, round, department, number, state, conclusion, text, text_en, basis,"
        " routed, why, drafted_by, drafted_on, signed_by, signed_on, due, stopped_on, unanswered, at)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            case_id,
            opinion.round,
            opinion.department,
            opinion.number,
            opinion.state,
            opinion.conclusion,
            opinion.text,
            opinion.text_en,
            opinion.basis,
            int(opinion.routed),
            opinion.why,
            opinion.drafted_by,
            opinion.drafted_on.isoformat(),
            opinion.signed_by,
            signed_on,
            due,
            stopped_on,
            opinion.unanswered,
            now(),
        ),
    )


def put_override(connection: StoreConnection, case: Case, override: Override) -> None:
    """One override as a row below those before."""
    number = 1 + len(case.current.overrides)
    connection.execute(
        "INSERT INTO onemap_overrides (case_id, round, parcel, rule, number, before, verdict, reason, who, day)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            case.id,
            case.round,
            override.parcel,
            override.rule,
            number,
            override.before,
            override.verdict,
            override.reason,
            override.by,
            override.on.isoformat(),
        ),
    )
