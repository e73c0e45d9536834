"""Read the State Council's notice of a year's holidays, as people paste it, into a calendar of working days.

Its sentences have one form: a festival, days or spans that are free (放假, 补休), Saturdays and Sundays that are worked
(上班). The day of the week and the number of free days, which it also states, are checked against the days, so that a
mistyped or truncated year is refused and makes no deadline wrong.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from onemap.layers.catalogue.toml_text import toml_content, toml_value
from onemap.layers.catalogue.working_days import WorkCalendar, days_between, is_weekend, spans_of
from onemap.layers.errors import OneMapError

# By the State Council's rules on holidays (全国年节及纪念日放假办法): the festivals, and from which year on they free
# how many days. Each frees one from Monday to Friday more than weekends are worked, since what falls on one is made up.
FESTIVALS = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
STATUTORY_DAYS = {2025: 13, 2008: 11}
_WEEK = "一二三四五六日"
_YEAR = re.compile(r"(20\d\d)年[^。]{0,12}节假日")
_ITEM = re.compile(rf"(?:\(?\d{{1,2}}[.、)])?((?:{'|'.join(FESTIVALS)})[^:。\d]{{0,12}}):")
_DATE = r"(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})日(?:\((?P<inside>[^()]*)\))?"
_TOKEN = re.compile(rf"{_DATE}|(?P<to>[至到~—–-]+)|(?P<kind>放假|补休|上班|休息)|(?P<count>\d{{1,2}})天")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_FREE = ("放假", "补休")
_AFTER_ALL = re.compile(r"节假日期间|国务院办公厅")  # after the last festival
_REST = re.compile(r"[\d月][^。]{0,8}")  # of a day that could not be read


@dataclass
class HolidayNotice:
    """The days of a notice's year that are free, and the Saturdays and Sundays that are worked."""

    year: int
    free: set[date] = field(default_factory=set)
    worked: set[date] = field(default_factory=set)


def read_notice(text: str) -> HolidayNotice:
    """The days of a notice.

    Raises OneMapError calendar.no_year, calendar.festivals, calendar.day, calendar.weekday, calendar.count,
    calendar.worked, calendar.balance.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    year = _YEAR.search(plain)
    if year is None:
        raise OneMapError("calendar.no_year")
    notice = HolidayNotice(int(year[1]))
    items = list(_ITEM.finditer(plain))
    lacking = [name for name in FESTIVALS if not any(name in item[1] for item in items)]
    if lacking:
        raise OneMapError("calendar.festivals", year=notice.year, names=lacking)
    for item, after in zip(items, [*items[1:], None], strict=True):
        _Item(notice, item[1]).read(plain[item.end() : after.start() if after else len(plain)])
    for day in sorted(notice.worked):
        if not is_weekend(day) or day in notice.free:
            raise OneMapError("calendar.worked", day=day.isoformat())
    free = sum(not is_weekend(day) for day in notice.free)
    days = next((days for year, days in STATUTORY_DAYS.items() if year <= notice.year), 0)
    if free - len(notice.worked) != days:
        raise OneMapError("calendar.balance", year=notice.year, free=free, worked=len(notice.worked), days=days)
    return notice


def calendar_with(notice: HolidayNotice, text: str | None, calendar: WorkCalendar) -> str:
    """Return a bureau's calendar file with the year of a notice added; other years stay, comments do not.

    text: of the file, None without one; calendar: the present one. A day of another year, such as 31 December, is added
    to what is known of that year, because a year in the file stands for the whole year.
    """
    years = {int(key): value for key, value in toml_content(text or "").items()}
    for year in sorted({notice.year, *(day.year for day in notice.free | notice.worked)}):
        free, worked = ({day for day in days if day.year == year} for days in (notice.free, notice.worked))
        if year != notice.year:
            if all(not calendar.is_worked(day) for day in free) and all(map(calendar.is_worked, worked)):
                continue
            free |= {day for span in calendar.free_spans(year) for day in days_between(*span)} - worked
            worked |= {*calendar.worked_weekends(year)} - free
        holidays = [_span_text(*span) for span in spans_of(free)]
        years[year] = {"holidays": holidays, "workdays": [day.isoformat() for day in sorted(worked)]}
    return "\n".join(_year_text(year, years[year]) for year in sorted(years))


def _year_text(year: int, days: Mapping[str, Any]) -> str:
    return "".join([f"[{year}]\n", *(f"{key} = {toml_value(value)}\n" for key, value in days.items())])


class _Item:
    """Reads one festival of a notice from left to right."""

    def __init__(self, notice: HolidayNotice, festival: str) -> None:
        self._notice, self._festival = notice, festival
        self._year, self._month = notice.year, 0
        self._spans: list[tuple[date, date]] = []  # of which it is not said yet what they are
        self._free: list[tuple[date, date]] = []  # that were said to be free last

    def read(self, text: str) -> None:
        """Add the item's days to the notice. Raises OneMapError calendar.day, calendar.weekday, calendar.count."""
        text = _AFTER_ALL.split(text)[0]
        if rest := _REST.search(_TOKEN.sub("", text)):
            raise OneMapError("calendar.day", name=self._festival, value=rest[0])
        is_end = False
        for token in _TOKEN.finditer(text):
            if token["day"]:
                self._add(self._day(token), token[0], is_end=is_end and bool(self._spans))
            elif token["kind"]:
                self._settle(token["kind"])
            elif token["count"]:
                self._check_count(int(token["count"]))
            is_end = bool(token["to"])
        if self._spans:  # it is not said what these days are
            raise OneMapError("calendar.day", name=self._festival, value=self._spans[0][0].isoformat())

    def _day(self, token: re.Match[str]) -> date:
        if token["month"]:  # a day alone is of the month, and of the year, before it
            self._year, self._month = int(token["year"] or self._notice.year), int(token["month"])
        try:
            day = date(self._year, self._month, int(token["day"]))
        except ValueError:
            raise OneMapError("calendar.day", name=self._festival, value=token[0]) from None
        weekday = _WEEKDAY.search(token["inside"] or "")
        if weekday and _WEEK.index(weekday[1].replace("天", "日")) != day.weekday():
            raise OneMapError("calendar.weekday", name=self._festival, value=token[0], day=day.isoformat())
        return day

    def _add(self, day: date, text: str, *, is_end: bool) -> None:
        if not is_end:
            self._spans.append((day, day))
        elif day <= self._spans[-1][0]:
            raise OneMapError("calendar.day", name=self._festival, value=text)
        else:
            self._spans[-1] = (self._spans[-1][0], day)

    def _settle(self, kind: str) -> None:
        days = {day for span in self._spans for day in days_between(*span)}
        if kind in _FREE:
            self._notice.free |= days
            self._free = self._spans
        elif kind == "上班":
            self._notice.worked |= days
        self._spans = []

    def _check_count(self, days: int) -> None:
        count = sum((last - first).days + 1 for first, last in self._free)
        if count != days:
            raise OneMapError("calendar.count", name=self._festival, days=days, count=count)


def _span_text(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first}/{last}"
