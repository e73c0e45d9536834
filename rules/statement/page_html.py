"""HTML by construction: whatever is not made here is text, and markup in it is shown as it was written."""

import re
from collections.abc import Iterable, Sequence
from html import escape

_EMPTY = {"meta", "input", "br", "hr", "link", "img"}
_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)), "�")
_UNBROKEN = re.compile(r"[^\s<>&;\u2e80-\uffef]{19,}")  # a word that no column is wide enough for
_PART = re.compile(r".{1,12}")


class Html(str):
    """A piece of finished HTML or SVG; any other text is escaped where it is put in."""

    __slots__ = ()


def text(value: object) -> Html:
    """Any value as HTML text; line breaks stay."""
    return Html(escape(str(value).translate(_ILLEGAL), quote=False))


def joined(parts: Iterable[object]) -> Html:
    """Pieces one after the other: finished ones as they are, others as text; None is left out."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts if part is not None))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element. Attributes: `_` in a name stands for `-`, a last `_` is dropped; None and False are left out."""
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value).translate(_ILLEGAL), quote=True)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{said}>") if name in _EMPTY else Html(f"<{name}{said}>{joined(children)}</{name}>")


def breakable(value: object) -> object:
    """A text whose very long words may be broken, so that a table keeps to its page; finished HTML as it is."""
    if isinstance(value, Html) or value is None:
        return value
    return Html(_UNBROKEN.sub(lambda word: "<wbr>".join(_PART.findall(word.group())), text(value)))


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Html], *, kinds: Sequence[str] = (), note: str | None = None
) -> Html:
    """A table whose heads are repeated on every printed page; kinds: `n` for a column of numbers, by column."""
    cells = [tag("th", head, scope="col", class_=kind_of(kinds, column)) for column, head in enumerate(heads)]
    title = tag("caption", caption, tag("span", note, class_="unit") if note else None)
    return tag(
        "div",
        tag("table", title, tag("thead", tag("tr", *cells)), tag("tbody", *rows)),
        class_="table",
        tabindex="0",
        role="region",
        aria_label=caption,
    )


def row(values: Iterable[object], *, kinds: Sequence[str] = (), **attributes: object) -> Html:
    """One row of a table."""
    cells = [tag("td", breakable(value), class_=kind_of(kinds, column)) for column, value in enumerate(values)]
    return tag("tr", *cells, **attributes)


def kind_of(kinds: Sequence[str], column: int) -> str | None:
    """The class of a column's cells, or None."""
    return kinds[column] or None if column < len(kinds) else None
