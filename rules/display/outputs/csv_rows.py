"""Rows as CSV, for office programs: in UTF-8, and without formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

_FORMULA_SIGNS = tuple("=+-@\t\r\n＝＋－＠")  # where people write Chinese, the wide ones too


def csv_bytes(heads: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """Rows as CSV in UTF-8 with the mark that office programs need; texts that would begin a formula are quoted."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows(map(_plain_cell, row) for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _plain_cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_SIGNS) else value
