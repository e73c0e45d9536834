"""A document for Word, from a template that a bureau edits there: checked, filled in as text, maps as pictures."""

import io
import json
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import nodes

from onemap.layers.errors import DefectError, OneMapError, Problem
from onemap.layers.files.word_parts import check_parts
from onemap.layers.messages import RESOURCES
from onemap.layers.progress import SILENT, Progress
from onemap.layers.text_table import text_width
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.display.maps.map_pictures import map_pictures
from onemap.rules.review.statement.outline import annexes_of, optional_heads, places, table_numbers
from onemap.rules.review.statement.printed_content import NOT_MEASURED, printed_texts
from onemap.rules.review.statement.template_environment import TemplateEnvironment, check_tags, line_of, refusal

_MAP_MM = 142  # with its caption it fills a page
_FIRST_MAP_MM = 168  # how high the first map may be, below the title of its annex
_MAP_PX = 1240  # 200 dots per inch
_MOST_BYTES = 200_000_000  # of a template, unpacked
# How wide a cell may be, of a Chinese letter 2, of a Latin one 1: whose row stays on one page, and whose may not fit.
_HALF_A_PAGE, _A_PAGE = 800, 2000
_PICTURES = 0.4  # of the work, when the maps are pictures
_TAG = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
_STEERING = re.compile(r"\{%\s*(?:tr|tc|p|r)\s")
_FIELD_STEERING = re.compile(r"\{\{\s*(?:tr|tc|p|r)\s")
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_PARAGRAPH, _TABLE, _ROW, _CELL = "p", "tbl", "tr", "tc"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_EXTENT = ("area_text", "hectares_text", "mu_text", "distance_text", "extent_text")
_NO_ANNEX = {"number": 0, "mark": "", "title": ""}  # so that a template may name one that a document has not
_ANY: Any = object()  # what may have any field: the result of a filter, a picture


def docx_document(
    content: dict[str, Any], maps: Sequence[str], templates: Path | None = None, progress: Progress = SILENT
) -> bytes:
    """The .docx of a content. maps: the SVG text of its figures, in their order; templates: a bureau's own folder.

    Raises OneMapError statement.templates_folder, statement.template….
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage

    from onemap.rules.display.documents.word_printer import describe_pictures

    path = _template_path(content["document"]["kind"], content["language"], templates)
    context = printed_texts(content)
    where = places("word", content["document"]["kind"])
    context["attached"] = annexes_of(context, where)
    context["table_number"] = table_numbers(context, where)
    context["annex"] = dict.fromkeys(ANNEXES, _NO_ANNEX) | {annex["name"]: annex for annex in context["attached"]}
    _check_template(path, context)
    template = DocxTemplate(str(path))
    drawn = map_pictures(maps, _MAP_PX, progress.part(0.0, _PICTURES))
    progress.at(_PICTURES)
    pictures = [
        InlineImage(template, io.BytesIO(picture.png), width=Mm(_width_mm(picture.png, is_first=number == 0)))
        for number, picture in enumerate(drawn)
    ]
    try:
        template.render(_with_pictures(context, pictures), TemplateEnvironment(), autoescape=True)
    except Exception as error:  # what stands where no paragraph is, such as in the properties of the file
        raise refusal(error, path.name, "", Problem("statement.in_file")) from error
    _leave_out_empty_columns(template.docx.element.body, optional_heads(where, content["language"]))
    _hold_rows(template.docx.element.body)
    describe_pictures(template.docx, drawn)
    written = io.BytesIO()
    template.save(written)
    return written.getvalue()


def _width_mm(png: bytes, *, is_first: bool) -> float:
    """How wide a map's picture stands in the document."""
    from docx.image.image import Image

    picture = Image.from_blob(png)
    most = _FIRST_MAP_MM * picture.px_width / picture.px_height if is_first else _MAP_MM
    return float(min(most, _MAP_MM))


def _leave_out_empty_columns(body: Any, heads: Collection[str]) -> None:
    """Take the columns under some heads out of each table in which no row fills them; the widest one has their room."""
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
        kept = [place for place in range(len(columns)) if place not in empty]
        if not empty or not kept:
            continue
        widths = [int(column.get(_WORD + "w")) for column in grid]
        widest = max(kept, key=widths.__getitem__)
        whole = str(widths[widest] + sum(widths[place] for place in empty))
        for measure in (grid[widest], *(cell.find(f"{_WORD}tcPr/{_WORD}tcW") for cell in columns[widest])):
            if measure is not None:
                measure.set(_WORD + "w", whole)
        for place in empty:
            for element in (grid[place], *columns[place]):
                element.getparent().remove(element)


def _cell_text(cell: Any) -> str:
    return "".join(text.text or "" for text in cell.iter(_WORD + "t")).strip()


def _hold_rows(body: Any) -> None:
    """Let no row go on on the next page, but those whose text is longer than half a page.

    A table with a row of more than a page does not repeat its head: LibreOffice leaves out what follows such a row.
    """
    for row in body.iter(_WORD + _ROW):
        widest = max((sum(text_width(text.text or "") for text in cell.iter(_WORD + "t")) for cell in row), default=0)
        if widest > _A_PAGE:
            for head in list(row.getparent().iter(_WORD + "tblHeader")):
                head.getparent().remove(head)
        if widest > _HALF_A_PAGE:
            continue
        properties = row.get_or_add_trPr()
        if properties.find(_WORD + "cantSplit") is None:
            properties.insert(0, properties.makeelement(_WORD + "cantSplit", {}))


def _with_pictures(context: Mapping[str, Any], pictures: Sequence[Any]) -> dict[str, Any]:
    """The context with each figure's map as `image`."""
    figures = [{**figure, "image": picture} for figure, picture in zip(context["figures"], pictures, strict=True)]
    return {**context, "figures": figures}


def _template_path(kind: str, language: str, templates: Path | None) -> Path:
    """The template of a kind of document: a bureau's KIND.LANGUAGE.docx or KIND.docx, else ours.

    Raises OneMapError statement.templates_folder.
    """
    if templates is None:
        return RESOURCES / "templates" / f"{kind}.{language}.docx"
    if not templates.is_dir():
        raise OneMapError("statement.templates_folder", file=str(templates), field="--templates")
    own = (templates / f"{kind}.{language}.docx", templates / f"{kind}.docx")
    return next((path for path in own if path.is_file()), RESOURCES / "templates" / own[0].name)


def _check_template(path: Path, context: Mapping[str, Any]) -> None:
    """Refuse a template with a field that no document has, or a tag that cannot be read, may not stand, or fails.

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
        found = [
            Problem("statement.template_field", {"file": path.name, "field": name, "place": at(number)})
            for number, name in sorted(_unknown_fields(tree, _template_fields(context)))
        ]
        if not found:
            # Once in vain, paragraph by paragraph: in the file itself nobody would know where it failed.
            environment.from_string(source).render(_with_pictures(context, [""] * len(context["figures"])))
    except Exception as error:  # noqa: BLE001 - whatever a template brings about is the template's
        number = line_of(error)
        raise refusal(error, path.name, lines[min(max(number, 1), len(lines)) - 1], at(number)) from None
    if found:
        raise OneMapError.of(found)


def _texts(path: Path) -> Iterator[tuple[Problem, str]]:
    """Place and text, in one line, of every paragraph that has a tag: body, tables, heads and feet of pages."""
    from docx import Document

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(member.file_size for member in packed.infolist()) > _MOST_BYTES:
                raise OneMapError("statement.template", file=path.name, reason=f"> {_MOST_BYTES} bytes")
            check_parts(packed, path.name)
        document = Document(str(path))
    except OneMapError:
        raise
    except Exception as error:  # a damaged file fails in the zip, in the XML, or in what python-docx expects
        raise OneMapError("statement.template", file=path.name, reason=str(error)[:200]) from error
    yield Problem("statement.in_paragraph", {"paragraph": 1}), ""
    yield from _texts_of(document.element.body)
    for section in document.sections:
        parts = (section.header, section.even_page_header, section.first_page_header)
        for part in (*parts, section.footer, section.even_page_footer, section.first_page_footer):
            for _, text in _texts_of(part._element):
                yield Problem("statement.in_margin", {}), text


def _texts_of(body: Any) -> Iterator[tuple[Problem, str]]:
    paragraph = table = 0
    for element in body.iterchildren():
        if element.tag == _WORD + _PARAGRAPH:
            paragraph += 1
            yield from _line(Problem("statement.in_paragraph", {"paragraph": paragraph}), element)
        elif element.tag == _WORD + _TABLE:
            table += 1
            for number, row in enumerate(element.iterchildren(_WORD + _ROW), start=1):
                for column, cell in enumerate(row.iterchildren(_WORD + _CELL), start=1):
                    place = Problem("statement.in_table", {"table": table, "row": number, "column": column})
                    for inner in cell.iter(_WORD + _PARAGRAPH):
                        yield from _line(place, inner)


def _line(place: Problem, paragraph: Any) -> Iterator[tuple[Problem, str]]:
    """The tags of a paragraph; what Word made of quotation marks in them is undone."""
    text = "".join(node.text or "" for node in paragraph.iter(_WORD + "t"))
    tags = [tag.translate(_QUOTES).replace("\n", " ") for tag in _TAG.findall(text)]
    if tags or "{{" in text or "{%" in text:
        joined = " ".join(tags) if tags else text
        yield place, _FIELD_STEERING.sub("{{ ", _STEERING.sub("{% ", joined))


def _unknown_fields(tree: nodes.Template, context: Mapping[str, Any]) -> set[tuple[int, str]]:
    """Line and dotted name of every field that the context has not."""
    found: set[tuple[int, str]] = set()
    _walk(tree, {**context, "loop": _ANY, "range": _ANY}, found)
    return found


def _walk(node: nodes.Node, scope: Mapping[str, Any], found: set[tuple[int, str]]) -> None:
    if isinstance(node, nodes.For):
        _walk(node.iter, scope, found)
        items = _value(node.iter, scope)
        item = items[0] if isinstance(items, list) and items else _ANY
        names = [node.target.name] if isinstance(node.target, nodes.Name) else []
        inner = {
            **scope,
            **{name.name: _ANY for name in node.target.find_all(nodes.Name)},
            **dict.fromkeys(names, item),
        }
        for child in node.body:
            _walk(child, inner, found)
        for child in node.else_:
            _walk(child, scope, found)
        return
    if isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Name)) and _is_field(node):
        missing = _missing(node, scope)
        if missing:
            found.add((node.lineno, missing))
        return
    for child in node.iter_child_nodes():
        _walk(child, scope, found)


def _is_field(node: nodes.Node) -> bool:
    """A name, or a chain of fields that begins with one."""
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        node = node.node
    return isinstance(node, nodes.Name) and node.ctx == "load"


def _missing(node: nodes.Node, scope: Mapping[str, Any]) -> str | None:
    """The dotted name up to the first field that is not there; None if all are."""
    chain = _chain(node)
    value: Any = scope
    for depth, key in enumerate(chain, start=1):
        if value is _ANY or not isinstance(value, Mapping) or not isinstance(key, str):
            return (
                None if value is _ANY or depth == 1 or not isinstance(key, str) else ".".join(map(str, chain[:depth]))
            )
        if key not in value:
            return ".".join(map(str, chain[:depth]))
        value = value[key]
    return None


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


def _value(node: nodes.Node, scope: Mapping[str, Any]) -> Any:
    """The value of a field, or _ANY where only running the template would tell."""
    if not isinstance(node, (nodes.Getattr, nodes.Getitem, nodes.Name)) or not _is_field(node):
        return _ANY
    value: Any = scope
    for key in _chain(node):
        if not isinstance(value, Mapping) or key not in value:
            return _ANY
        value = value[key]
    return value


@lru_cache(maxsize=1)
def _schema() -> dict[str, Any]:
    text = (RESOURCES / "schemas" / "statement.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _template_fields(context: Mapping[str, Any]) -> dict[str, Any]:
    """An example of the context in which every list has one item, so that fields can be looked up by name.

    context: the printed content; what the schema has not, its sentences, is taken from it. Figures have an image.
    """
    fields: dict[str, Any] = _example(_schema())
    fields["figures"][0]["image"] = ""
    return {**context, **fields}


def _example(node: Mapping[str, Any]) -> Any:
    if "$ref" in node:
        return _example(_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    parts = [_example(part) for key in ("allOf", "anyOf") for part in node.get(key, ()) if part != {"type": "null"}]
    joined = {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}
    if "properties" in node:
        joined |= {name: _example(part) for name, part in node["properties"].items()}
        return joined | {name: "" for name in _EXTENT if "length_m" in joined}
    if "items" in node:
        return [_example(node["items"])]
    return joined or ""
