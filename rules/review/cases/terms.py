"""Terms of a case's review from its packs: number of days, meaning of silence, who may sign."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.review.cases.case import Terms

_LONG_HOLIDAY = 15  # days: more than any row of free days, with the weekends beside it


def terms_of(packs: Sequence[Pack]) -> Terms:
    """The terms of several packs; a later pack overrides earlier ones, as a city's ordinance the common pack."""
    entries = {key: value for pack in packs for key, value in pack.review.items()}
    days_of = {code: days for pack in packs for code, days in pack.review.get("days_of", {}).items()}
    return Terms(**{**entries, "days_of": days_of})


def deadline(calendar: WorkCalendar, terms: Terms, department: str, day: date) -> date:
    """The last day of a department whose clock starts on a day, by the terms of its round.

    Raises OneMapError calendar.missing.
    """
    return calendar.after(day, terms.days_for(department))


def due_after_stop(calendar: WorkCalendar, due: date, stopped_on: date, clock: date) -> date:
    """The last day of a department whose clock was stopped: the days of the stop are added.

    Raises OneMapError calendar.missing.
    """
    return calendar.after(due, calendar.between(stopped_on, clock))


def claimable_day(claim: Any, first: date, start: date, days: int) -> date | None:
    """The last day that an event tells, if some calendar could have given it, else None.

    It is not before `first`, and not later than twice the days and a long holiday after `start`.
    """
    try:
        day = date.fromisoformat(claim)
    except (TypeError, ValueError):
        return None
    most = start + timedelta(2 * days + _LONG_HOLIDAY if days else 0)
    return day if first <= day <= most else None
