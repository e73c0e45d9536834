"""Working days of the Chinese calendar: a kept package's years, and a bureau's own file for those it lacks.

A library city.gpkg looks for city.calendar.toml beside it, one on a server has what `onemap keep` put there, and the
years of a file that ONEMAP_CALENDAR names go before those of both:

    [2027]
    holidays = ["2027-01-01", "2027-02-05/2027-02-11"]   # days or spans that are free
    workdays = ["2027-01-31"]                            # Saturdays and Sundays that are worked
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import chinese_calendar

from onemap.layers.catalogue.catalogue import own_file_path
from onemap.layers.catalogue.toml_reason import toml_reason
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.errors import OneMapError, ProblemPlace
from onemap.layers.library.library import Library
from onemap.layers.system_reasons import text_reason

_DAY = timedelta(days=1)
_SATURDAY = 5
_KEYS = ("holidays", "workdays")


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked. own: the years that a bureau describes itself, each with days that differ from the week.

    Every method raises OneMapError calendar.missing for a year of which nothing is known.
    """

    own: Mapping[int, Mapping[date, bool]] = field(default_factory=dict)

    def is_worked(self, day: date) -> bool:
        """Whether people work on a day. Raises OneMapError calendar.missing."""
        if day.year in self.own:
            return self.own[day.year].get(day, day.weekday() < _SATURDAY)
        try:
            return _is_workday(day)
        except NotImplementedError:
            raise OneMapError("calendar.missing", field="--on", year=day.year) from None

    def after(self, day: date, days: int) -> date:
        """The working day that is `days` working days after a day, which itself is not counted."""
        while days > 0:
            day += _DAY
            days -= self.is_worked(day)
        return day

    def between(self, first: date, last: date) -> int:
        """How many working days come after `first`, until and with `last`; negative when `last` is earlier."""
        if last < first:
            return -self.between(last, first)
        span = (first + _DAY * number for number in range(1, (last - first).days + 1))
        return sum(self.is_worked(day) for day in span)


@lru_cache(maxsize=4096)
def _is_workday(day: date) -> bool:
    """Whether a day is a working day, by the package, which searches all its years. Raises NotImplementedError."""
    return bool(chinese_calendar.is_workday(day))


def calendar_of(library: Library) -> WorkCalendar:
    """The calendar of a library: the years of a named file, then those of its bureau's own, then the package's.

    Raises OneMapError calendar.syntax, calendar.value, calendar.file.
    """
    text = library.own_file("calendar")
    file = own_file_path(library.path, "calendar").name if library.path else library.label
    bureau = WorkCalendar() if text is None else checked_calendar(text, file)
    named = os.environ.get("ONEMAP_CALENDAR", "")
    return WorkCalendar({**bureau.own, **_named_calendar(Path(named)).own}) if named else bureau


def _named_calendar(path: Path) -> WorkCalendar:
    try:
        return checked_calendar(path.read_bytes().decode("utf-8-sig"), path.name)
    except OSError:
        raise OneMapError("calendar.file", file=path.name, field="ONEMAP_CALENDAR") from None
    except UnicodeDecodeError as error:
        raise OneMapError("calendar.syntax", file=path.name, reason=text_reason(error)) from None


@lru_cache(maxsize=4)
def checked_calendar(text: str, file: str) -> WorkCalendar:
    """The calendar that a text describes. Raises OneMapError calendar.syntax, calendar.value."""
    try:
        content = toml_content(text)
    except ValueError as error:
        raise OneMapError("calendar.syntax", file=file, reason=toml_reason(error)) from None
    own: dict[int, dict[date, bool]] = {}
    for key, year in content.items():
        if not key.isdecimal() or not isinstance(year, dict) or not set(year) <= set(_KEYS):
            raise OneMapError("calendar.value", file=file, field=key, value=key)
        days = own.setdefault(int(key), {})
        for name in _KEYS:
            for day in _days(file, key, name, year.get(name, [])):
                days[day] = name == "workdays"
    return WorkCalendar(own)


def _days(file: str, year: str, name: str, spans: Any) -> Iterator[date]:
    """The days of a list of days and spans, all of the year under which they stand."""
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
        yield from (start + _DAY * number for number in range((end - start).days + 1))
