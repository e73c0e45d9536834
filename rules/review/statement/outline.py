"""The outline of the documents, resources/templates/outline.toml: read as declared, and filled in with a content."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from onemap.layers.messages import phrase
from onemap.layers.shipped_files import shipped_table
from onemap.rules.display.documents.blocks import (
    Block,
    Column,
    Figure,
    Figures,
    Group,
    Heading,
    Paragraphs,
    Table,
    TableRow,
    without_empty_columns,
)
from onemap.rules.display.letterhead.row_state import RowState
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.printed_content import NOT_MEASURED, printed_texts

Node = dict[str, Any]
_OUTLINE = "templates/outline.toml"
WIDTH_MM = 156.0  # of the text on paper
_PLACES = {"paper", "screen", "word", "pdf", "report", "statement", "opinion", "reply", "page", "pack"}
# What comes out is text, not markup: each printer escapes it in its own way.
_TEXTS = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
_PLACE = re.compile(
    r"^(\d+\. |[一二三四五六七八九]、|(Annex t|T)able [\d{}a-z]+-\d+\. |附?表[\d{}a-z]+-\d+　)"
)  # in a heading, in a caption
_TABLE_NUMBER = re.compile(
    r"^((?:Annex t|T)able |附?表)([\d{}a-z]+)-\d+"
)  # in a caption: what stands before it, its chapter
_PARTS_ONLY = {"opinion", "pack"}  # have so few of the chapters that their numbers would not follow each other


def places(printer: str, kind: str, department: str | None = None) -> tuple[str, ...]:
    """The names by which the outline refers to a document.

    printer: word, pdf or screen; kind: one of content.DOCUMENTS; department: None for all, which matters on screen
    only.
    """
    if printer == "screen":
        return ("screen", "pack" if department else "page")
    return (printer, kind) if kind == "reply" else ("paper", printer, kind)


def chapters(where: Collection[str], language: str) -> list[Node]:
    """The chapters of a document with their parts; heads, captions and fixed words are in the language.

    where: from `places`. Texts have fields, as in a Word template.
    """
    fixed = words(language)
    if _PARTS_ONLY & set(where):
        fixed = {name: _PLACE.sub("", text) for name, text in fixed.items()}
    all_chapters = []
    for chapter in _nodes_at(shipped_table(_OUTLINE)["chapter"], where, ("paper", "screen")):
        parts = [_part(part, where, language, fixed) for part in _nodes_at(chapter["parts"], where)]
        name = chapter.get("heading")
        if "annex" in chapter:
            all_chapters.append({**_annex(chapter, language), "parts": parts})
        else:
            all_chapters.append(
                {"annex": "", **chapter, "name": name, "heading": fixed[name] if name else "", "parts": parts}
            )
    return all_chapters


def _annex(chapter: Node, language: str) -> Node:
    """An annex under its first name; it is printed if it is asked for and its own condition holds."""
    annexes = chapter["annex"] if isinstance(chapter["annex"], list) else [chapter["annex"]]
    condition = f"({' or '.join(f'{annex!r} in document.annexes' for annex in annexes)})"
    first = annexes[0]
    return {
        **chapter,
        "annex": first,
        "name": f"annex_{first}",
        "heading": phrase(f"annex.{first}", language),
        "if": f"{condition} and ({chapter['if']})" if "if" in chapter else condition,
    }


def _nodes_at(nodes: list[Node], where: Collection[str], default: Collection[str] = ()) -> Iterator[Node]:
    """The nodes that belong to a document, each as it applies there."""
    for node in nodes:
        allowed = node.get("in", default)
        if not allowed or set(allowed) & set(where):
            yield _node_at(node, where)


def _node_at(node: Node, where: Collection[str]) -> Node:
    own = {name: value for place in where for name, value in node.get(place, {}).items()}
    return {**{name: value for name, value in node.items() if name not in _PLACES}, **own}


def _part(part: Node, where: Collection[str], language: str, fixed: Mapping[str, str]) -> Node:
    if "table" in part:
        return {**part, **_table(part["table"], where, language, fixed)}
    if "form" in part:
        form = _node_at(shipped_table(_OUTLINE)["forms"][part["form"]], where)
        return {**part, **form, "lines": [{"text": "", **line, "name": fixed[line["name"]]} for line in form["lines"]]}
    if "heading" in part:
        return {**part, "heading": fixed[part["heading"]]}
    return {"look": "", **part}


def _table(name: str, where: Collection[str], language: str, fixed: Mapping[str, str]) -> Node:
    tables = shipped_table(_OUTLINE)["tables"]
    declaration = {**tables.get(tables[name].get("like"), {}), **tables[name]}
    table: Node = {
        "rounding": {},
        "total": {},
        "mm": {},
        "size": 9,
        "points_at": "",
        "finds": "",
        "pairs": False,
        **_node_at(declaration, where),
    }
    columns = [column for key in table["columns"] for column in _columns(key, table, language)]
    rest = (WIDTH_MM - sum(column["mm"] for column in columns)) / max(sum(not column["mm"] for column in columns), 1)
    last = {name: [column[name] for column in columns] for name in ("rounding", "total")}
    return {
        **table,
        "size": _of_language(table["size"], language),
        "columns": [{**column, "mm": column["mm"] or rest} for column in columns],
        **{name: [fixed[name], *texts[1:]] if any(texts) else [] for name, texts in last.items()},
        "rounding_of": table["rounding"].get("of"),
        **{key: fixed[table[key]] if table.get(key) else None for key in ("caption", "unit", "none")},
    }


def _columns(key: str, table: Node, language: str) -> Iterator[Node]:
    """A column of the outline, or the several columns that it stands for."""
    fixed, declaration = words(language), shipped_table(_OUTLINE)["columns"][key]
    texts = declaration.get("text", f"{{{{ row.{key} }}}}")
    mm = table["mm"].get(key, declaration.get("mm", 0))
    for each in declaration.get("each", [""]):
        yield {
            "look": "",
            "align": "left",
            **declaration,
            "name": key,
            "head": fixed[declaration.get("head", f"column_{key}").replace("{}", each)],
            "texts": [text.replace("{}", each) for text in ([texts] if isinstance(texts, str) else texts)],
            **{name: table[name].get(key, "").replace("{}", each) for name in ("rounding", "total")},
            "mm": _of_language(mm, language),
        }


def _of_language(measure: Any, language: str) -> float:
    """A measure of the outline in a language; it may have two values, for Chinese and for English."""
    return float(measure[language == "en"] if isinstance(measure, list) else measure)


def table_names() -> list[str]:
    """The names of all tables."""
    return [*shipped_table(_OUTLINE)["tables"]]


def table_numbers(chapters: Iterable[Node]) -> dict[str, str]:
    """The number of every table, by its name; empty for one that is not printed. chapters: filled in."""
    parts = [part for chapter in chapters for part in chapter["parts"]]
    numbers = {part.table: part.number for part in parts if isinstance(part, Table) and part.number}
    return dict.fromkeys(table_names(), "") | numbers


def _annexes_of(content: Mapping[str, Any], where: Collection[str]) -> list[Node]:
    """The annexes of a document, numbered from 1, as its text and their first lines name them (GB/T 9704, 7.3.4).

    name: of content.ANNEXES; number; title; mark: printed above the title; line: of the list below the text, without a
    number if there is only one annex.
    content: as `printed_texts` gives it; where: from `places`.
    """
    language = content["language"]
    fixed, filling = words(language), _OutlineFilling({**content, "attached": []}, where)
    annex_chapters = [chapter for chapter in filling.declared if chapter["annex"]]
    several = len(annex_chapters) > 1
    return [
        {
            "name": chapter["annex"],
            "number": number,
            "title": chapter["heading"],
            "mark": fixed["annex_many" if several else "annex_one"].format(number=number),
            "line": fixed["attached_many"].format(number=number, title=chapter["heading"])
            if several
            else chapter["heading"],
        }
        for number, chapter in enumerate(annex_chapters, start=1)
    ]


def optional_heads(where: Collection[str], language: str) -> frozenset[str]:
    """The heads of the columns that are left out of a table if no row has a value in them."""
    parts = [part for chapter in chapters(where, language) for part in chapter["parts"] if "columns" in part]
    return frozenset(column["head"] for part in parts for column in part["columns"] if _is_optional(column))


@dataclass(frozen=True)
class Form:
    """A form: names, each with its value or `mm` of empty space for handwriting; mm: width of the names."""

    kind: ClassVar[str] = "form"
    form: str
    lines: tuple[Node, ...]
    mm: float
    size: float


@dataclass(frozen=True)
class Own:
    """A part that each printer lays out itself: the space for a seal. notes, lines: the text that must stay with it."""

    kind: ClassVar[str] = "own"
    own: str
    notes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def printed_outline(
    content: dict[str, Any], where: Collection[str], maps: Sequence[str] = ()
) -> tuple[dict[str, Any], list[Node]]:
    """The texts of a content, as by `printed_texts`, with its `attached` annexes; and its chapters.

    The parts of a chapter are its printed blocks; a chapter that is not printed is left out.
    where: from `places`; maps: the SVG texts of its figures in order, or none if only the text is needed.
    """
    texts = printed_texts(content)
    texts["attached"] = _annexes_of(texts, where)
    return texts, _OutlineFilling(texts, where, maps).chapters()


@lru_cache(maxsize=1024)
def _template(text: str) -> jinja2.Template:
    return _TEXTS.from_string(text)


@lru_cache(maxsize=256)
def _expression(text: str) -> Callable[..., Any]:
    return _TEXTS.compile_expression(text, undefined_to_none=False)


class _OutlineFilling:
    def __init__(self, content: Mapping[str, Any], where: Collection[str], maps: Sequence[str] = ()) -> None:
        self.language: str = content["language"]
        self.where, self.maps = where, maps
        self.on_screen = "screen" in where
        self.content = {**content, "words": words(self.language)}
        self.declared = [chapter for chapter in chapters(where, self.language) if self._holds(chapter)]

    def chapters(self) -> list[Node]:
        filled_chapters = []
        annexes = {annex["name"]: annex for annex in self.content["attached"]}
        for chapter in self.declared:
            rows = self._value(chapter["of"]) if "of" in chapter else [None]
            label = chapter["heading"] if self.on_screen else ""
            parts = [block for row in rows for block in self._blocks(chapter["parts"], row, label)]
            annex = annexes.get(chapter["annex"])
            if annex:
                chapter = {**chapter, "mark": annex["mark"]}
            filled_chapters.append({**chapter, "parts": _number_tables(parts, annex["number"] if annex else None)})
        return filled_chapters

    def _blocks(self, parts: list[Node], row: Any, label: str) -> Iterator[Block]:
        """The blocks of a chapter.

        row: the row for which the chapter is repeated; label: of its tables without a caption.
        """
        for part in parts:
            if not self._holds(part, row=row):
                continue
            if "table" in part:
                table = self._table(part, label)
                empty = not (table.rows or table.groups)
                if empty and set(part.get("skip_empty", ())) & set(self.where):
                    continue
                none = part["none"] if empty else ""
                yield Paragraphs((none,), instead_of=table.table) if none else table
            elif "form" in part:
                entries = tuple({**line, "text": self._text(line["text"], row=row)} for line in part["lines"])
                yield Form(part["form"], entries, part["mm"], part["size"])
            elif "heading" in part:
                yield Heading(part["heading"])
            else:
                lines = self._value(part["lines"], row=row) if "lines" in part else []
                lines = lines or ([self._text(part["text"], row=row)] if "text" in part else [])
                notes = self._value(part["notes"], row=row) if "notes" in part else ()
                if part.get("own") == "figures":
                    maps_and_figures = zip(self.maps, self.content["figures"], strict=bool(self.maps))
                    yield Figures(
                        tuple(Figure(svg, figure["title"], figure["number"]) for svg, figure in maps_and_figures)
                    )
                elif part.get("own"):
                    yield Own(part["own"], tuple(notes), tuple(lines))
                else:
                    yield Paragraphs(tuple(lines), part["look"])

    def _table(self, part: Node, label: str) -> Table:
        lacks = bool(part["rounding_of"]) and bool(self._value(part["rounding_of"]))
        is_grouped = "groups" in part
        groups = [
            Group(self._text(part["group"], group=group), self._rows(part, {"group": group}))
            for group in (self._value(part["groups"]) if is_grouped else ())
        ]
        table = Table(
            tuple(_column(column) for column in part["columns"]),
            () if is_grouped else self._rows(part, {}),
            rounding=tuple(self._text(text) for text in part["rounding"]) if lacks and not is_grouped else (),
            total=() if is_grouped else tuple(self._text(text) for text in part["total"]),
            groups=tuple(groups),
            label=label,
            **{name: part[name] for name in _OF_TABLE if name in part},
        )
        return table if is_grouped else without_empty_columns(table, is_for_widest=True)

    def _rows(self, part: Node, scope: Node) -> tuple[TableRow, ...]:
        return tuple(
            TableRow(
                tuple(self._cell(column, row=row, loop={"index": number}, **scope) for column in part["columns"]),
                **(_of_screen(row, part["points_at"]) if self.on_screen else {}),
            )
            for number, row in enumerate(self._value(part["rows"], **scope), start=1)
        )

    def _cell(self, column: Node, **scope: Any) -> tuple[str, ...]:
        """The lines of a cell: an empty first line is printed as a dash on paper; an empty second line is left out."""
        first, *more = (self._text(text, **scope) for text in column["texts"])
        if not first and not self.on_screen and not column.get("blank"):
            first = NOT_MEASURED
        return (first, *filter(None, more))

    def _text(self, text: str, **scope: Any) -> str:
        return _template(text).render({**self.content, **scope}).strip()

    def _value(self, expression: str, **scope: Any) -> Any:
        return _expression(expression)(**self.content, **scope)

    def _holds(self, node: Node, **scope: Any) -> bool:
        return "if" not in node or bool(self._value(node["if"], **scope))


_OF_TABLE = ("table", "caption", "unit", "size", "tight", "whole", "splits", "pairs", "finds", "points_at")


def _column(declaration: Node) -> Column:
    optional = _is_optional(declaration)
    head, mm, align, name, look = (declaration[name] for name in ("head", "mm", "align", "name", "look"))
    return Column(head, mm, align, name, look, is_optional=optional)


def _of_screen(row: Node, points_at: str) -> Node:
    """The part of a row for browsers only: the rule, parcel or finding that it shows on the map, and its look."""
    names = {"rule": ("rule",), "parcel": ("parcel",), "finding": ("rule", "parcel")}.get(points_at, ())
    if points_at == "finding" and row["state"] not in (RowState.CONFLICT, RowState.UNKNOWN):
        names = ()
    shows = {f"data-{name}": row[name] for name in names if name in row}
    return {"shows": shows, "verdict": row.get("verdict") or "", "varies": "varies" in row}


def _number_tables(parts: list[Block], annex: Any) -> list[Block]:
    """Number the tables of a chapter from 1 without gaps. annex: its number, None for other chapters."""
    numbered_parts, last = [], 0
    for part in parts:
        match = _TABLE_NUMBER.match(getattr(part, "caption", None) or "")
        if match:
            last += 1
            number = f"{match[2] if annex is None else annex}-{last}"
            part = replace(part, number=number, caption=part.caption.replace(match[0], f"{match[1]}{number}", 1))
        numbered_parts.append(part)
    return numbered_parts


def _is_optional(column: Node) -> bool:
    return bool(column.get("dash") or column.get("optional"))
