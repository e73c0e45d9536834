"""Working days of the Chinese calendar: a package's years, and a bureau's own file for the years it lacks.

A library city.gpkg looks for city.calendar.toml beside it, a library on a server has what `onemap keep` put there, and
the years of a file that ONEMAP_CALENDAR names go before those of both:

    [2027]
    holidays = ["2027-01-01", "2027-02-05/2027-02-11"]   # days or spans that are free
    workdays = ["2027-01-31"]                            # Saturdays and Sundays that are worked
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, ProblemPlace

_DAY = timedelta(days=1)
_SATURDAY = 5
_KEYS = ("holidays", "workdays")


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked. own: the years that a bureau describes itself, each with its days unlike the usual week.

    Every method raises OneMapError calendar.missing for an unknown year.
    """

    own: Mapping[int, Mapping[date, bool]] = field(default_factory=dict)

    def is_worked(self, day: date) -> bool:
        """Whether people work on a day. Raises OneMapError calendar.missing."""
        if day.year in self.own:
            return self.own[day.year].get(day, not is_weekend(day))
        try:
            return _is_workday(day)
        except NotImplementedError:
            raise OneMapError("calendar.missing", field="--on", year=day.year) from None

    def free_spans(self, year: int) -> list[tuple[date, date]]:
        """Return the first and last day of each span of free days that includes a day from Monday to Friday.

        Raises OneMapError calendar.missing.
        """
        free = [day for day in _days_of(year) if not self.is_worked(day)]
        return [span for span in spans_of(free) if not all(map(is_weekend, days_between(*span)))]

    def worked_weekends(self, year: int) -> list[date]:
        """Return the Saturdays and Sundays of a year that are worked. Raises OneMapError calendar.missing."""
        return [day for day in _days_of(year) if is_weekend(day) and self.is_worked(day)]

    def after(self, day: date, days: int) -> date:
        """Return the working day that is `days` working days after a day, not counting that day."""
        while days > 0:
            day += _DAY
            days -= self.is_worked(day)
        return day

    def between(self, first: date, last: date) -> int:
        """Return how many working days come after `first`, up to and with `last`; negative if `last` is earlier."""
        if last < first:
            return -self.between(last, first)
        return sum(self.is_worked(day) for day in days_between(first + _DAY, last))


def is_weekend(day: date) -> bool:
    """Whether a day is a Saturday or a Sunday, worked or not."""
    return day.weekday() >= _SATURDAY


def spans_of(days: Iterable[date]) -> list[tuple[date, date]]:
    """Return the first and last day of each run of consecutive days, in order."""
    spans: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if spans and day - spans[-1][1] == _DAY:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans


def _days_of(year: int) -> Iterator[date]:
    return days_between(date(year, 1, 1), date(year, 12, 31))


def days_between(first: date, last: date) -> Iterator[date]:
    """Return the days from the first to the last, both included."""
    return (first + _DAY * number for number in range((last - first).days + 1))


@lru_cache(maxsize=4096)
def _is_workday(day: date) -> bool:
    """Whether the package says that a day is a working day. Raises NotImplementedError."""
    import chinese_calendar  # only deadlines ask for it

    return bool(chinese_calendar.is_workday(day))


@lru_cache(maxsize=4)
def checked_calendar(text: str, file: str) -> WorkCalendar:
    """Return the calendar that a text describes.

    Raises OneMapError calendar.syntax, calendar.value, calendar.both for a day that is free and worked.
    """
    content = toml_or_refusal(text, "calendar.syntax", file)
    own: dict[int, dict[date, bool]] = {}
    for key, year in content.items():
        if not key.isdecimal() or not isinstance(year, dict) or not set(year) <= set(_KEYS):
            raise OneMapError("calendar.value", file=file, field=key, value=key)
        days = own.setdefault(int(key), {})
        for name in _KEYS:
            for day in _days(file, key, name, year.get(name, [])):
                if days.setdefault(day, name == "workdays") != (name == "workdays"):
                    raise OneMapError("calendar.both", file=file, field=f"{key}.{name}", value=day.isoformat())
    return WorkCalendar(own)


def _days(file: str, year: str, name: str, spans: Any) -> Iterator[date]:
    """Yield the days of a list of days and spans, all in the year under which they stand."""
    place = ProblemPlace(file=file, field=f"{year}.{name}")
    if not isinstance(spans, list):
        raise OneMapError("calendar.value", **place, value=spans)
    for span in spans:
        first, _, last = str(span).partition("/")
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise OneMapError("calendar.value", **place, value=span) from None
        if str(start.year) != year or str(end.year) != year or end < start:
            raise OneMapError("calendar.value", **place, value=span)
        yield from days_between(start, end)
