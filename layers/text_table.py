"""Plain text for a terminal, on which a Chinese character is two columns wide: tables and wrapped lines."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence

# What a line may be broken after: a space, or a Chinese character that no closing sign follows.
_CHINESE = r"\u2e80-\u9fff\uff00-\uffef“‘"
_PIECES = re.compile(rf"\s+|[{_CHINESE}][，。；：、！？”’）》】]*|[^\s{_CHINESE}]+")


def text_width(text: str) -> int:
    """The number of columns that a text takes."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def padded_text(text: str, width: int, is_right: bool = False) -> str:
    """A text with spaces up to a width in columns, after the text or before it."""
    space = " " * max(width - text_width(text), 0)
    return space + text if is_right else text + space


def shortened_text(text: str, width: int) -> str:
    """A text cut to a number of columns, with a mark that it continues."""
    if text_width(text) <= width:
        return text
    end = len(text)
    while end and text_width(text[:end]) > width - 1:
        end -= 1
    return f"{text[:end]}…" if width > 0 else ""


def table_lines(rows: Sequence[Sequence[str]], right: Collection[int] = (), indent: str = "  ") -> list[str]:
    """A line for each row, its cells in columns; a column without any text is left out.

    rows: all of the same length, the heads among them; right: the columns that are aligned right, as numbers are.
    """
    shown_columns = [number for number in range(len(rows[0]) if rows else 0) if any(row[number] for row in rows)]
    widths = {number: max(text_width(row[number]) for row in rows) for number in shown_columns}
    return [
        indent
        + "  ".join(padded_text(row[number], widths[number], number in right) for number in shown_columns).rstrip()
        for row in rows
    ]


def wrapped_lines(text: str, width: int) -> list[str]:
    """A text in lines of at most this width in columns, broken at spaces and between Chinese characters."""
    lines = [""]
    for piece in _PIECES.findall(" ".join(text.split())):
        if text_width(lines[-1] + piece.rstrip()) > width and lines[-1]:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece.lstrip() if not lines[-1] else piece
    return lines


def markdown_table(header: str, rows: Iterable[Iterable[str]]) -> list[str]:
    """A table of Markdown; header: its first line."""
    cells = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows)
    return [header, "|" + "---|" * (header.count("|") - 1), *(f"| {row} |" for row in cells)]
