"""The content of a document, block by block; it is decided before a printer sets it.

Texts are plain; each printer escapes them in its own way. Empty texts and columns are left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Protocol

from onemap.layers.messages import phrase
from onemap.layers.visible_text import visible_text

NOT_KNOWN = "–"
LEFT, CENTER, RIGHT = "left", "center", "right"
LEAD, NOTE, WARNING = "lead", "note", "warning"  # looks of paragraphs
BESIDE, BELOW, IN_LINE = "beside", "below", "line"  # forms of facts: two in a row, one in a row, all in one line
TITLE, CHAPTER = 0, 1  # levels of sections
_EMPTY = ((NOT_KNOWN,), ("",))
_LESS = re.compile(r"([<>]) (?=[\d−])")
_LONG = re.compile(r"[A-Za-z0-9_./:\\-]{22,}")  # what is longer breaks where its cell ends
_WORDS = re.compile(r"[^\s\u2e80-\uffff]+")
_EM, _BOLD_EM = 0.6, 0.68  # how wide a letter is at most on average, in the widest of the fonts that may stand in
_MM_A_POINT, _CELL_MM = 0.3528, 4.0  # room beside a cell's text
_TABLE_PT = 8.0


@dataclass(frozen=True)
class Heading:
    """A heading within a section."""

    kind: ClassVar[str] = "heading"
    heading: str
    level: int = 2


@dataclass(frozen=True)
class Paragraphs:
    """Lines of text with one look: LEAD, NOTE, WARNING (a box that must not be missed), or a document's own.

    instead_of: the name of the table that they replace.
    """

    kind: ClassVar[str] = "paragraphs"
    lines: tuple[str, ...]
    look: str = ""
    instead_of: str = ""


@dataclass(frozen=True)
class Facts:
    """Pairs of a name and its value."""

    kind: ClassVar[str] = "facts"
    pairs: tuple[tuple[str, str], ...]
    form: str = BESIDE


@dataclass(frozen=True)
class Column:
    """A column of a table: its head, its width in mm or as a share, and the alignment of its texts.

    look: in a browser; is_optional: left out of a table if no row fills it; is_page: its cells are names of sections,
    which printers with numbered pages replace by the section's first page, and others by nothing.
    """

    head: str
    mm: float
    align: str = LEFT
    name: str = ""
    look: str = ""
    is_optional: bool = True
    is_page: bool = False


@dataclass(frozen=True)
class TableRow:
    """A table's row: the lines of each cell, of which all but the first are grey.

    shows: what the row points at on the page's map; verdict: the verdict that it states; varies: it changes with time.
    """

    cells: tuple[tuple[str, ...], ...]
    shows: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    varies: bool = False


@dataclass(frozen=True)
class Group:
    """Rows of a table under a title of their own."""

    title: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class Table:
    """A table under its caption, or under the heading before it.

    table: its name; unit: of its figures, above it; rounding, total: last rows, empty if there are none; size: of its
    letters on paper, in points; tight: with little room around them; whole: no page ends inside it; splits: a long row
    may continue on the next page; label: its name if it has no caption. Only in a browser: pairs: it has names and
    values; finds: the column that points at the map; points_at: what its rows show there.
    """

    kind: ClassVar[str] = "table"
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    table: str = ""
    caption: str | None = None
    number: str = ""
    unit: str | None = None
    rounding: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    size: float = _TABLE_PT
    tight: bool = False
    whole: bool = False
    splits: bool = False
    label: str = ""
    pairs: bool = False
    finds: str = ""
    points_at: str = ""


class Drawing(Protocol):
    """A chart that is drawn when it is printed."""

    def picture(self) -> str:
        """The chart as SVG text."""


@dataclass(frozen=True)
class Figure:
    """A map or a chart, and below it its number and title if it has them."""

    drawing: str | Drawing
    title: str = ""
    number: str = ""

    @property
    def svg(self) -> str:
        """The figure as SVG text."""
        return self.drawing if isinstance(self.drawing, str) else self.drawing.picture()


@dataclass(frozen=True)
class Figures:
    """Maps or charts, one below the other."""

    kind: ClassVar[str] = "figures"
    figures: tuple[Figure, ...]


Block = Any  # one of the above, or what a document has for itself alone


@dataclass(frozen=True)
class Section:
    """A part of a document under a title.

    name: by which pages and links refer to it; mark: the text above or before the title; level: TITLE or CHAPTER;
    follows: it continues the page of the section before; without it a section begins a page.
    """

    title: str
    blocks: tuple[Block, ...]
    name: str = ""
    mark: str = ""
    level: int = TITLE
    follows: bool = False


@dataclass(frozen=True)
class RedHead:
    """The head of a bureau's paper: its name in red, and a number. is_letter: the line is below the name."""

    mark: str
    number: str = ""
    is_letter: bool = False


@dataclass(frozen=True)
class Document:
    """A whole document of sections. foot: the text below every page; look, width_mm: of its text.

    origin: what made it, as PROV-JSON, which its file contains besides the pages; head: the bureau's, for Word.
    """

    language: str
    foot: str
    sections: tuple[Section, ...]
    look: str = "pages"
    width_mm: float = 170.0
    moment: int = 0
    origin: str = ""
    head: RedHead | None = None


def columns(words: str, language: str, widths: Mapping[str, float], numbers: Iterable[str] = ()) -> tuple[Column, ...]:
    """The columns of a table of figures. widths: shares, by name; numbers: the columns aligned right.

    words: the group of messages with their heads, such as figures. The first column is never left out.
    """
    figures = set(numbers)
    return tuple(
        Column(phrase(f"{words}.{name}", language), mm, RIGHT if name in figures else LEFT, name, is_optional=at > 0)
        for at, (name, mm) in enumerate(widths.items())
    )


def rows_of(cells: Iterable[Iterable[str | Sequence[str]]]) -> tuple[TableRow, ...]:
    """Rows of cells, each a text or its lines; empty lines are left out."""
    return tuple(
        TableRow(tuple((cell,) if isinstance(cell, str) else (cell[0], *filter(None, cell[1:])) for cell in row))
        for row in cells
    )


def table_under(
    heading: str,
    columns: Sequence[Column],
    cells: Sequence[Sequence[str | Sequence[str]]],
    language: str,
    note: str | None = None,
    most: int | None = None,
    **more: Any,
) -> tuple[Block, ...]:
    """A heading, a table if there are rows, and a note below it; the note counts rows beyond `most`.

    more: further fields of the table.
    """
    left = len(cells) - most if most is not None else 0
    notes = [note or "", phrase("figures.more_rows", language, count=left) if left > 0 else ""]
    blocks: list[Block] = [Heading(heading)] if heading else []
    if cells:
        blocks.append(Table(tuple(columns), rows_of(cells[:most]), label=heading, **more))
    text = " ".join(filter(None, notes))
    return (*blocks, Paragraphs((text,), NOTE)) if text else tuple(blocks)


def titled_table(
    words: str,
    name: str,
    widths: Mapping[str, float],
    cells: Sequence[Sequence[str | Sequence[str]]],
    language: str,
    *,
    numbers: Iterable[str] = (),
    heading: str | None = None,
    **more: Any,
) -> tuple[Block, ...]:
    """A table under its heading, with words from the messages.

    heading: replaces the one of its name; more: further arguments of `table_under` and fields of the table.
    """
    head = phrase(f"{words}.{name}", language) if heading is None else heading
    return table_under(head, columns(words, language, widths, numbers), cells, language, **more)


def section_of(
    title: str,
    facts: Iterable[Sequence[str]],
    *blocks: Block,
    lead: str = "",
    drawing: str | Drawing | None = None,
    name: str = "",
    follows: bool = False,
) -> Section:
    """A usual section: a leading sentence, facts (pairs of texts), a map or a chart, then blocks."""
    pairs = tuple((name, text) for name, text in facts)
    above: list[Block] = [Paragraphs((lead,), LEAD)] if lead else []
    above += [Facts(pairs)] if pairs else []
    above += [Figures((Figure(drawing),))] if drawing else []
    return Section(title, (*above, *blocks), name, level=CHAPTER if follows else TITLE, follows=follows)


def with_texts(node: Any, change: Callable[[str], str]) -> Any:
    """A block, a section or a document with every text in it changed, except drawings."""
    if isinstance(node, str):
        return change(node)
    if isinstance(node, (list, tuple)):
        return tuple(with_texts(item, change) for item in node)
    if isinstance(node, dict):
        return {name: with_texts(value, change) for name, value in node.items()}
    if not is_dataclass(node) or isinstance(node, type):
        return node
    field_values = [(item.name, getattr(node, item.name)) for item in fields(node) if item.name != "drawing"]
    return replace(node, **{name: with_texts(value, change) for name, value in field_values})


def printable(document: Document) -> Document:
    """The document for printing: without empty columns, words not broken, "< 0.1" kept together."""
    texts: Document = with_texts(document, lambda text: visible_text(_LESS.sub("\\1\u00a0", text)))
    sections = tuple(
        replace(section, blocks=tuple(_fit_columns(block, document.width_mm) for block in section.blocks))
        for section in texts.sections
    )
    return replace(texts, sections=sections)


def without_empty_columns(table: Table, *, is_for_widest: bool = False) -> Table:
    """A table without its optional columns that are empty in every row; the others share their width.

    is_for_widest: the widest column gets all of it.
    """
    places = [
        place
        for place, column in enumerate(table.columns)
        if not (column.is_optional and table.rows and _is_empty(table, place))
    ]
    if len(places) in (0, len(table.columns)):
        return table
    widths = {place: table.columns[place].mm for place in places}
    whole, room = sum(column.mm for column in table.columns), sum(widths.values())
    if is_for_widest:
        widths[max(places, key=widths.__getitem__)] += whole - room
        room = whole
    return replace(
        table,
        columns=tuple(replace(table.columns[place], mm=mm * whole / room) for place, mm in widths.items()),
        rows=tuple(replace(row, cells=tuple(row.cells[place] for place in places)) for row in table.rows),
        rounding=tuple(table.rounding[place] for place in places) if table.rounding else (),
        total=tuple(table.total[place] for place in places) if table.total else (),
    )


def _is_empty(table: Table, place: int) -> bool:
    """Whether no row says anything in a column."""
    return all(row.cells[place] in _EMPTY for row in table.rows) and table.total[place : place + 1] in ((), *_EMPTY)


def _fit_columns(block: Block, width_mm: float) -> Block:
    """A table with column widths in mm, none narrower than its longest word, as far as there is room."""
    if not isinstance(block, Table):
        return block
    table = without_empty_columns(block)
    unit = width_mm / sum(column.mm for column in table.columns)
    widths = [column.mm * unit for column in table.columns]
    least = []
    for at, column in enumerate(table.columns):
        texts = [line for row in table.rows for line in row.cells[at]] if not column.is_page else []
        words = [_word_mm(text, _EM, table.size) for text in texts]
        least.append(max(_word_mm(column.head, _BOLD_EM, table.size), *words, 0.0) + _CELL_MM)
    lacks = [max(need - width, 0.0) for need, width in zip(least, widths, strict=True)]
    spare = [max(width - need, 0.0) for need, width in zip(least, widths, strict=True)]
    if any(lacks) and sum(spare) > sum(lacks):
        part = sum(lacks) / sum(spare)
        widths = [width + more - part * over for width, more, over in zip(widths, lacks, spare, strict=True)]
    fitted = [replace(column, mm=width) for column, width in zip(table.columns, widths, strict=True)]
    return replace(table, columns=tuple(fitted))


def _word_mm(text: str, em: float, size_pt: float) -> float:
    """The greatest possible width of a text's longest word; Chinese text and very long words break anywhere."""
    longest = max((len(word) for word in _WORDS.findall(text) if not _LONG.search(word)), default=1)
    return longest * em * size_pt * _MM_A_POINT
