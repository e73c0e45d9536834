"""A calendar for the demo and for tests: in years whose holidays nobody has announced yet every weekday is worked.

Called as: python working_weeks.py FILE.calendar.toml

Run with the core's Python, which has the package that knows the holidays of the years before. Cases whose day is today
would else be refused from December on, until a release of that package has the next year.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import chinese_calendar

_YEARS = 3  # from this one on: a case begins in one and ends in the next


def write_working_weeks(file: Path) -> Path:
    """Write the years that the package does not know; returns the file."""
    years = range(date.today().year, date.today().year + _YEARS)
    file.write_text("".join(f"[{year}]\n" for year in years if not _is_known(year)), encoding="utf-8")
    return file


def _is_known(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 12, 31))
    except NotImplementedError:
        return False
    return True


if __name__ == "__main__":
    write_working_weeks(Path(sys.argv[1]))
