"""A bureau's own template for Word: it is checked and filled in, and our blocks are inserted where it names them."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import nodes
from markupsafe import Markup

from onemap.layers.errors import DefectError, OneMapError, Problem
from onemap.layers.files.word_parts import check_parts
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.display.maps.map_pictures import Picture
from onemap.rules.review.statement.content import DOCUMENTS
from onemap.rules.review.statement.outline import (
    Node,
    chapters,
    optional_heads,
    places,
    table_names,
    table_numbers,
)
from onemap.rules.review.statement.printed_content import NOT_MEASURED
from onemap.rules.review.statement.template_environment import TemplateEnvironment, check_tags, line_of, refusal
from onemap.rules.review.statement.word_paper import PaperPrinter, lend_styles, map_width_mm

LETTERHEAD, IMPRINT = "letterhead", "imprint"
_MOST_BYTES = 200_000_000  # of a template, unpacked
_TAG = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
_STEERING = re.compile(r"\{%\s*(?:tr|tc|p|r)\s")
_FIELD_STEERING = re.compile(r"\{\{\s*(?:tr|tc|p|r)\s")
_BLOCK = re.compile(r"\bblocks\.(\w+)")
_MENTION, _CONDITION = re.compile(r"\bblocks\b"), re.compile(r"\{%[-+]?(?:p|tr|tc|r)?\s+(?:el)?if\b")
_PLACED_BLOCK = re.compile(r"\s*\{\{p\s+blocks\.\w+\s*\}\}\s*")
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_PARAGRAPH, _TABLE, _ROW, _CELL = "p", "tbl", "tr", "tc"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_EXTENT = ("area_text", "hectares_text", "mu_text", "distance_text", "extent_text")
_NO_ANNEX = {"number": 0, "mark": "", "title": ""}  # so that a template may name one that a document has not
_ANY: Any = object()  # what may have any field: the result of a filter, a picture


class OwnTemplate:
    """A bureau's template of one document: it is checked when made, and filled in later.

    where: from `places`; texts, chapters: from `printed_outline`.
    Raises OneMapError statement.template….
    """

    def __init__(self, path: Path, texts: dict[str, Any], where: tuple[str, ...], chapters: Sequence[Node]) -> None:
        self._path, self._where, self._texts, self._chapters = path, where, texts, chapters
        texts["table_number"] = table_numbers(chapters)
        texts["annex"] = dict.fromkeys(ANNEXES, _NO_ANNEX) | {annex["name"]: annex for annex in texts["attached"]}
        block_names = [name for kind in DOCUMENTS for name in block_names_of(kind)]
        texts["blocks"] = dict.fromkeys([*block_names, *(f"table_{name}" for name in table_names())], "")
        self._block_names = set(_BLOCK.findall(_checked_source(path, texts)))
        self._template = DocxTemplate(str(path))

    def document(self, pictures: Sequence[Picture]) -> Doc:
        """Fill in the template. pictures: of the document's figures, in order."""
        texts, template = self._texts, self._template
        images = [
            InlineImage(template, io.BytesIO(picture.png), width=Mm(map_width_mm(picture, is_first=number == 0)))
            for number, picture in enumerate(pictures)
        ]
        printer = PaperPrinter(template.get_docx(), texts, pictures)
        texts["blocks"] |= {name: self._take_out(printer, adds) for name, adds in self._block_adders(printer).items()}
        try:
            template.render(_with_pictures(texts, images), TemplateEnvironment(), autoescape=True)
        except Exception as error:  # what stands where no paragraph is, such as in the properties of the file
            raise refusal(error, self._path.name, "", Problem("statement.in_file")) from error
        document: Doc = template.docx
        _leave_out_empty_columns(document.element.body, optional_heads(self._where, texts["language"]))
        return document

    def _block_adders(self, printer: PaperPrinter) -> dict[str, list[Callable[[], None]]]:
        """The functions that write the blocks named in the template: letterhead, chapters, single tables, imprint."""
        lend_styles(printer.document)
        adders: dict[str, list[Callable[[], None]]] = {LETTERHEAD: [printer.add_letterhead]}
        for chapter in self._chapters:
            name = _name_of(chapter, self._texts["document"]["kind"])
            adders.setdefault(name, []).append(partial(printer.add_chapter, chapter))
            for block in chapter["parts"]:
                table = getattr(block, "table", "") or getattr(block, "instead_of", "")
                adders.setdefault(f"table_{table}", []).append(partial(printer.add, block))
        adders[IMPRINT] = [printer.add_imprint]
        return {name: adds for name, adds in adders.items() if name in self._block_names}

    def _take_out(self, printer: PaperPrinter, adds: Sequence[Callable[[], None]]) -> Markup:
        """Append blocks to the document, remove them again, and return their XML."""
        body = printer.document.element.body
        before = set(body)
        for add in adds:
            add()
        new_elements = [element for element in body if element not in before]
        for element in new_elements:
            body.remove(element)
        return Markup("".join(map(self._template.xml_to_string, new_elements)))  # ours; texts are escaped  # nosec B704


def block_names_of(kind: str) -> list[str]:
    """The names of the blocks of a document, in their order. kind: one of content.DOCUMENTS."""
    document_chapters = chapters(places("word", kind), "zh")
    return [LETTERHEAD, *dict.fromkeys(_name_of(chapter, kind) for chapter in document_chapters), IMPRINT]


def _name_of(chapter: Node, kind: str) -> str:
    """The name of a chapter in templates; a chapter without a heading is named after the document."""
    return chapter["annex"] or (chapter["name"] or kind).removeprefix("chapter_")


def _leave_out_empty_columns(body: Any, heads: Collection[str]) -> None:
    """Remove columns with these heads from each table that has no value in them; the widest column gets their room."""
    for table in body.iter(_WORD + _TABLE):
        rows = [list(row.iterchildren(_WORD + _CELL)) for row in table.iterchildren(_WORD + _ROW)]
        grid = list(table.iter(_WORD + "gridCol"))
        if len(rows) < 2 or any(len(cells) != len(grid) for cells in rows):
            continue  # cells that are joined
        columns = list(zip(*rows, strict=True))
        empty = [
            place
            for place, (head, *cells) in enumerate(columns)
            if _cell_text(head) in heads and all(_cell_text(cell) in ("", NOT_MEASURED) for cell in cells)
        ]
        places = [place for place in range(len(columns)) if place not in empty]
        if not empty or not places:
            continue
        widths = [int(column.get(_WORD + "w")) for column in grid]
        widest = max(places, key=widths.__getitem__)
        whole = str(widths[widest] + sum(widths[place] for place in empty))
        for measure in (grid[widest], *(cell.find(f"{_WORD}tcPr/{_WORD}tcW") for cell in columns[widest])):
            if measure is not None:
                measure.set(_WORD + "w", whole)
        for place in empty:
            for element in (grid[place], *columns[place]):
                element.getparent().remove(element)


def _cell_text(cell: Any) -> str:
    return "".join(text.text or "" for text in cell.iter(_WORD + "t")).strip()


def _with_pictures(context: Mapping[str, Any], pictures: Sequence[Any]) -> dict[str, Any]:
    """The context with each figure's map as `image`."""
    figures = [{**figure, "image": picture} for figure, picture in zip(context["figures"], pictures, strict=True)]
    return {**context, "figures": figures}


def _checked_source(path: Path, context: Mapping[str, Any]) -> str:
    """The tags of a template; refused for a field that no document has, or a tag that fails or is forbidden.

    context: the printed content. Raises OneMapError statement.template_syntax, statement.template_forbidden,
    statement.template_large, and statement.template_field with every problem: template, field, place.
    """
    places, lines = [], []
    for place, text in _texts(path):
        places.append(place)
        lines.append(text)
    environment, source = TemplateEnvironment(), "\n".join(lines)

    def at(number: int) -> Problem:
        return places[min(max(number, 1), len(places)) - 1]

    try:
        tree = environment.parse(source)
        check_tags(tree)
        problems = [
            Problem("statement.template_field", {"file": path.name, "field": name, "place": at(number)})
            for number, name in sorted(_unknown_fields(tree, _template_fields(context)))
        ]
        if not problems:
            # Once in vain, paragraph by paragraph: in the file itself nobody would know where it failed.
            environment.from_string(source).render(_with_pictures(context, [""] * len(context["figures"])))
    except Exception as error:  # noqa: BLE001 - whatever a template brings about is the template's
        number = line_of(error)
        raise refusal(error, path.name, lines[min(max(number, 1), len(lines)) - 1], at(number)) from None
    if problems:
        raise OneMapError.of(problems)
    return source


def _texts(path: Path) -> Iterator[tuple[Problem, str]]:
    """Place and text, in one line, of every paragraph that has a tag: body, tables, headers and footers."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise OneMapError("statement.template", file=path.name, reason=f"> {_MOST_BYTES} bytes")
            check_parts(archive, path.name)
        document = Document(str(path))
    except OneMapError:
        raise
    except Exception as error:  # a damaged file fails in the zip, in the XML, or in what python-docx expects
        raise OneMapError("statement.template", file=path.name, reason=str(error)[:200]) from error
    yield Problem("statement.in_paragraph", {"paragraph": 1}), ""
    for place, paragraph in _paragraphs(document):
        text = "".join(node.text or "" for node in paragraph.iter(_WORD + "t"))
        tags = [tag.translate(_QUOTES).replace("\n", " ") for tag in _TAG.findall(text)]
        if tags or "{{" in text or "{%" in text:
            _check_blocks(path.name, place, text, tags)
            paragraph_text = " ".join(tags) if tags else text
            yield place, _FIELD_STEERING.sub("{{ ", _STEERING.sub("{% ", paragraph_text))


def _check_blocks(file: str, place: Problem, text: str, tags: Sequence[str]) -> None:
    """Refuse a block of ours that does not stand alone in a paragraph of the body, which the block replaces.

    A condition may ask whether a block exists. Raises OneMapError statement.template_block.
    """
    is_alone = place.code == "statement.in_paragraph" and _PLACED_BLOCK.fullmatch(text)
    for tag in tags:
        is_known = bool(_BLOCK.search(tag)) and (is_alone or _CONDITION.match(tag))
        if _MENTION.search(tag) and not is_known:
            raise OneMapError("statement.template_block", file=file, field=tag[:80], place=place)


def _paragraphs(document: Doc) -> Iterator[tuple[Problem, Any]]:
    """Place and element of every paragraph: body, tables, headers and footers."""
    yield from _paragraphs_of(document.element.body)
    for section in document.sections:
        parts = (section.header, section.even_page_header, section.first_page_header)
        for part in (*parts, section.footer, section.even_page_footer, section.first_page_footer):
            for _, paragraph in _paragraphs_of(part._element):
                yield Problem("statement.in_margin", {}), paragraph


def _paragraphs_of(body: Any) -> Iterator[tuple[Problem, Any]]:
    paragraph = table = 0
    for element in body.iterchildren():
        if element.tag == _WORD + _PARAGRAPH:
            paragraph += 1
            yield Problem("statement.in_paragraph", {"paragraph": paragraph}), element
        elif element.tag == _WORD + _TABLE:
            table += 1
            for number, row in enumerate(element.iterchildren(_WORD + _ROW), start=1):
                for column, cell in enumerate(row.iterchildren(_WORD + _CELL), start=1):
                    place = Problem("statement.in_table", {"table": table, "row": number, "column": column})
                    for inner in cell.iter(_WORD + _PARAGRAPH):
                        yield place, inner


def _unknown_fields(tree: nodes.Template, context: Mapping[str, Any]) -> set[tuple[int, str]]:
    """Line and dotted name of every field that the context does not have."""
    lines_and_names: set[tuple[int, str]] = set()
    _walk(tree, {**context, "loop": _ANY, "range": _ANY}, lines_and_names)
    return lines_and_names


def _walk(node: nodes.Node, scope: Mapping[str, Any], lines_and_names: set[tuple[int, str]]) -> None:
    if isinstance(node, nodes.For):
        _walk(node.iter, scope, lines_and_names)
        items = _field_value(node.iter, scope)[0] if _is_field(node.iter) else _ANY
        item = items[0] if isinstance(items, list) and items else _ANY
        names = [node.target.name] if isinstance(node.target, nodes.Name) else []
        inner = {
            **scope,
            **{name.name: _ANY for name in node.target.find_all(nodes.Name)},
            **dict.fromkeys(names, item),
        }
        for child in node.body:
            _walk(child, inner, lines_and_names)
        for child in node.else_:
            _walk(child, scope, lines_and_names)
        return
    if _is_field(node):
        missing = _field_value(node, scope)[1]
        if missing:
            lines_and_names.add((node.lineno, missing))
        return
    for child in node.iter_child_nodes():
        _walk(child, scope, lines_and_names)


def _is_field(node: nodes.Node) -> bool:
    """Whether a node is a name, or a chain of fields that begins with one."""
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        node = node.node
    return isinstance(node, nodes.Name) and node.ctx == "load"


def _field_value(node: nodes.Node, scope: Mapping[str, Any]) -> tuple[Any, str | None]:
    """The value of a field, _ANY if only running the template would tell; and the dotted name up to what is missing."""
    value: Any = scope
    chain = _chain(node)
    for depth, key in enumerate(chain, start=1):
        if value is _ANY or not isinstance(key, str):
            return _ANY, None
        if not isinstance(value, Mapping) or key not in value:
            return _ANY, ".".join(map(str, chain[:depth]))
        value = value[key]
    return value, None


def _chain(node: nodes.Node) -> list[Any]:
    parts: list[Any] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        if isinstance(node, nodes.Getattr):
            parts.append(node.attr)
        else:
            parts.append(node.arg.value if isinstance(node.arg, nodes.Const) else 0)
        node = node.node
    if not isinstance(node, nodes.Name):
        raise DefectError("a field of a template that no name begins")
    return [node.name, *reversed(parts)]


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    text = (RESOURCES / "schemas" / "statement.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _template_fields(context: Mapping[str, Any]) -> dict[str, Any]:
    """An example of the context in which every list has one item, so that fields can be looked up by name.

    context: the printed content; it supplies what the schema lacks, its sentences. Figures have an image.
    """
    fields: dict[str, Any] = _example(_schema())
    fields["figures"][0]["image"] = ""
    return {**context, **fields}


def _example(node: Mapping[str, Any]) -> Any:
    if "$ref" in node:
        return _example(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    parts = [_example(part) for key in ("allOf", "anyOf") for part in node.get(key, ()) if part != {"type": "null"}]
    merged_values = {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}
    if "properties" in node:
        merged_values |= {name: _example(part) for name, part in node["properties"].items()}
        return merged_values | {name: "" for name in _EXTENT if "length_m" in merged_values}
    if "items" in node:
        return [_example(node["items"])]
    return merged_values or ""
