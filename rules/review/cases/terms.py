"""Terms of a case's review from its packs: number of days, meaning of silence, who may sign."""

from collections.abc import Sequence
from datetime import date

from onemap.layers.catalogue.working_days import WorkCalendar
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.review.cases.case import Terms


def terms_of(packs: Sequence[Pack]) -> Terms:
    """The terms of several packs: what a later one says holds, as a city's ordinance stands after the common pack."""
    entries = {key: value for pack in packs for key, value in pack.review.items()}
    days_of = {code: days for pack in packs for code, days in pack.review.get("days_of", {}).items()}
    return Terms(**{**entries, "days_of": days_of})


def deadline(calendar: WorkCalendar, terms: Terms, department: str, day: date) -> date:
    """The last day of a department whose clock starts on a day, by the terms of its round.

    Raises OneMapError calendar.missing.
    """
    return calendar.after(day, terms.days_for(department))
