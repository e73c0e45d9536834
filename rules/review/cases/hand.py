"""The person who takes a step, and the day: typed for a file; on a server the account and the server's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, system_user
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.person_names import same_person
from onemap.rules.review.cases.case import MACHINE

_MOST_NAME = 200


@dataclass(frozen=True)
class Hand:
    """The person who takes a step, the day (None: today), and the revision of the case that the person last saw.

    expect: the revision that the caller states; seen: if none is stated, the one last shown in this session, which is
    checked only in a step for a department.
    """

    by: str
    on: date | None = None
    expect: int | None = None
    seen: int | None = None


def hand_of(library: Library, values: Mapping[str, Any]) -> Hand:
    """The acting person, from a verb's values, checked before any work is done. Raises OneMapError as `check_hand`.

    Without a name it is the account on a server, and the system's user in a file. Also raises review.account.
    """
    by = values.get("by")
    flaw = _name_flaw(library.account or "")
    if library.account is not None and flaw is not None:
        raise OneMapError("review.account", account=library.account, why=_why(flaw))  # which no other --by mends
    person = library.account or system_user()
    hand = Hand(checked_name(person if by is None else by), values.get("on"), values.get("expect"))
    check_hand(library, hand)
    return hand


def check_hand(library: Library, hand: Hand) -> None:
    """Refuse another person's name on a server, and a day that the step may not have.

    Raises OneMapError review.by, review.date.
    """
    if library.account is not None and hand.by != library.account:
        raise OneMapError("review.by", field="--by", by=hand.by, why=_why("account", account=library.account))
    check_day(library, hand.on)
    if hand.on is None or library.account is None or library.is_rehearsal:
        return
    if hand.on < library.today():
        raise _wrong_day(hand.on, "server")


def check_day(library: Library, on: date | None) -> None:
    """Refuse a day in the future, except in a rehearsal's library. Raises OneMapError review.date."""
    if on is not None and not library.is_rehearsal and on > library.today():
        raise _wrong_day(on, "future", today=library.today().isoformat())


def step_day(library: Library, hand: Hand, last_day: date | None = None) -> date:
    """The day of a step: the given one, otherwise today; never before the case's last step.

    last_day: of the case, None for a new one. Raises OneMapError as `check_hand`.
    """
    check_hand(library, hand)
    on = hand.on or library.today()
    if last_day is not None and on < last_day:
        raise _wrong_day(on, "before" if hand.on is not None else "behind", last=last_day.isoformat())
    return on


def refuse_day(on: date, clock: date | None = None, *, is_account: bool = False, last: date | None = None) -> None:
    """Refuse an event's day in the future, before the case's last day, or, under an account, other than the server's.

    clock: the day on which the event was written; last: the day of the last event. Raises OneMapError review.date.
    """
    if clock is not None and on > clock:
        raise _wrong_day(on, "future", today=clock.isoformat())
    if clock is not None and is_account and on < clock:
        raise _wrong_day(on, "server")
    if last is not None and on < last:
        raise _wrong_day(on, "before", last=last.isoformat())


def acting_person(library: Library, stated_name: str | None) -> str:
    """The person who takes a step outside a case: the stated name; on a server only the account.

    Raises OneMapError decide.by, and as `checked_name`.
    """
    who = library.person() if stated_name is None else checked_name(stated_name)
    if library.account not in (None, who):
        raise OneMapError("decide.by", field="--by", by=who, account=library.account)
    return who


@lru_cache(maxsize=1024)  # a case has few people, and many steps
def checked_name(by: str) -> str:
    """Check and return a person's name, which cannot be the machine's. Raises OneMapError review.by."""
    name = by.strip()
    flaw = _name_flaw(name)
    if flaw is not None:
        raise OneMapError("review.by", field="--by", by=by[:60], why=_why(flaw))
    return name


def _name_flaw(name: str) -> str | None:
    """What keeps a name from being a person's: it is the machine's, or it lacks signs, all of which can be printed."""
    if same_person(name, MACHINE):
        return "machine"
    is_printed = len(name) <= _MOST_NAME and name.isprintable() and not same_person(name, "")
    return None if is_printed else "name"


def _wrong_day(on: date, why: str, **facts: str) -> OneMapError:
    return OneMapError("review.date", field="--on", on=on.isoformat(), why=_why(why, **facts))


def _why(key: str, **facts: str) -> dict[str, str]:
    return {language: phrase(f"review_hand.{key}", language, **facts) for language in LANGUAGES}
