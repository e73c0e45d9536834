"""A document as a page for a browser, from the templates in resources/pages; inserted values are escaped."""

import re
from dataclasses import replace
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from onemap.layers.messages import phrase
from onemap.layers.shipped_files import RESOURCES
from onemap.layers.visible_text import visible_text
from onemap.rules.display.documents.blocks import RIGHT, Column, Document, Table, printable
from onemap.rules.display.maps.svg_text import picture_label

PARTS = RESOURCES / "pages"
_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127, *range(0xD800, 0xE000)), "�")
_UNBROKEN = re.compile(r"[^\s<>&;\u2e80-\uffef]{19,}")  # a word that no column is wide enough for
_PART = re.compile(r".{1,12}")
_WIDE = 0.17  # of a table's width: a column of sentences, which keeps room for some words on a narrow screen


def page_of(document: Document) -> bytes:
    """One page for a browser that fetches nothing and runs nothing."""
    printable_document = printable(document)
    sections = [
        replace(
            section, blocks=tuple(_with_looks(block) if isinstance(block, Table) else block for block in section.blocks)
        )
        for section in printable_document.sections
    ]
    facts = {"language": printable_document.language, "foot": printable_document.foot, "sections": sections}
    facts["origin"] = json_part(printable_document.origin)
    facts |= {"style": template_part("pages.css"), "rolled": phrase("map.rolled", printable_document.language)}
    return render("pages.html", **facts, has_captions=False, below=0).encode()


def _with_looks(table: Table) -> Table:
    """A table whose columns have a look: figures, or sentences that need some room."""
    whole = sum(column.mm for column in table.columns)

    def look(column: Column) -> str:
        return "n" if column.align == RIGHT else "w" if column.mm >= _WIDE * whole else ""

    columns = [replace(column, look=look(column)) for column in table.columns]
    return replace(table, columns=tuple(columns))


def render(template: str, **values: Any) -> Markup:
    """A template of resources/pages with values inserted; all but Markup is escaped."""
    return Markup(_PAGES.get_template(template).render(**values))  # it has escaped them  # nosec B704


def json_part(text: str) -> Markup:
    """JSON escaped for an element of data, so that it can neither begin nor end an element."""
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # so it is none  # nosec B704


def template_part(name: str) -> Markup:
    """A file of resources/pages that is inserted into a page unchanged."""
    return Markup((PARTS / name).read_text(encoding="utf-8").replace("\r\n", "\n"))  # ours  # nosec B704


def legal_text(value: Any) -> Any:
    """A value without the characters that HTML forbids."""
    return value if isinstance(value, Markup) else visible_text(str(value).translate(_ILLEGAL))


def _breakable(text: str) -> Markup:
    """A text whose very long words may be broken, so that a table keeps to its page."""
    return Markup(_UNBROKEN.sub(lambda word: "<wbr>".join(_PART.findall(word.group())), escape(legal_text(text))))  # nosec B704


_PAGES = ImmutableSandboxedEnvironment(
    loader=jinja2.FileSystemLoader(PARTS),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    finalize=legal_text,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.filters["breakable"] = _breakable
_PAGES.filters["drawing"] = Markup  # a map or a chart, which escapes its texts
_PAGES.filters["label"] = picture_label
