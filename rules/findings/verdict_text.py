"""Counts by verdict and the heads of columns, in plain text."""

from collections.abc import Mapping, Sequence

from onemap.layers.messages import phrase
from onemap.layers.text_table import table_lines


def verdict_lines(verdicts: Mapping[str, int], language: str) -> list[str]:
    """A line for each verdict: its sign, its name, and of how many parcels it is."""
    rows = [
        [f"{phrase(f'sign.{name}', language)} {phrase(f'verdict.{name}', language)}", f"{count:,}"]
        for name, count in verdicts.items()
    ]
    return table_lines(rows, {1})


def column_heads(names: Sequence[str], language: str) -> list[str]:
    """The titles of the columns of a table."""
    return [phrase(f"text_column.{name}", language) for name in names]
