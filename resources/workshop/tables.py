"""The findings of a check as tables in the terminal, where Chinese characters take two columns."""

from __future__ import annotations

import sqlite3
import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

VERDICTS = ["prohibited", "restricted", "unknown", "consult", "notice", "clear"]
WIDEST = 46

BY_RULE = """
    SELECT title, department, verdict, count(DISTINCT parcel), sum(area_ellipsoidal_m2)
    FROM findings WHERE counted GROUP BY rule, verdict
"""


def show(answer: dict, findings: Path) -> None:
    """Print the verdicts of the parcels, then the findings by rule, the most severe first."""
    verdicts, parcels = answer["verdicts"], answer["parcels"]
    rows = [(verdict, f"{verdicts[verdict]:,}", f"{_share(verdicts[verdict], parcels)}") for verdict in VERDICTS]
    _print(("verdict", "parcels", "share"), [*rows, ("all", f"{parcels:,}", "")])
    connection = sqlite3.connect(f"{findings.as_uri()}?mode=ro", uri=True)
    try:
        rule_rows = connection.execute(BY_RULE).fetchall()
    finally:
        connection.close()
    rule_rows.sort(key=lambda row: (VERDICTS.index(row[2]), -(row[4] or 0.0)))
    rows = [(*names, f"{n:,}", "–" if area is None else f"{area:,.0f}") for *names, n, area in rule_rows]
    _print(("finding", "department", "verdict", "parcels", "area m²"), rows)


def _share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    percent = 100 * part / whole
    return "< 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"


def _print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    cells = [line for row in (head, *rows) for line in _lines_of(row)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(head))]
    # Numbers stand right: they are the columns whose head follows "verdict", or its like.
    right = [column > head.index("verdict") for column in range(len(head))]
    lines = ["  ".join(_pad(cell, width, to) for cell, width, to in zip(row, widths, right)).rstrip() for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    print("\n".join(["", *lines, ""]))


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _lines_of(row: Sequence[str]) -> list[list[str]]:
    """A row as lines of the terminal; a long title continues on the next lines."""
    first, *others = map(str, row)
    title, *more = textwrap.wrap(first, WIDEST) or [""]
    return [[title, *others], *([f"  {part}", *[""] * len(others)] for part in more)]


def _pad(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space
