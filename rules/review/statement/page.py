"""A document of a case as one HTML file: no network, an inline map, printable; with a reply form for a department."""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.documents.html_printer import json_part, render, template_part
from onemap.rules.display.maps.map_sheet import DrawnMap, MapSource, draw_map
from onemap.rules.display.outputs.printed_page import PrintedPage
from onemap.rules.review.cases.case import Case
from onemap.rules.review.statement.content import statement_content
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.map_figures import page_of
from onemap.rules.review.statement.outline import places, printed_outline
from onemap.rules.review.statement.page_map import page_map
from onemap.rules.review.statement.review_pack import reply_section, takes_reply

_PAGE_MAP = 4.0  # how much more work the map that one can pan is than a printed one


def statement_page(
    library: Library, case: Case, content: dict[str, Any], progress: Progress = SILENT, origin: str = ""
) -> str:
    """Make the document as HTML. content: from `statement_content`; for one department it is its review pack.

    origin: how it was made, as PROV-JSON.

    The file contains everything it needs; its policy forbids a browser to fetch or run anything else.
    Raises OneMapError run.unknown, run.incomplete.
    """
    source = MapSource(library, case.current.run, content["language"], case.current.judged_verdicts)
    rules = (
        {rule for row in content["controls"] for rule in row["rules"]} if content["document"]["department"] else None
    )
    figures, project = content["figures"], content["project"]["name"]
    first, *parts = progress.parts([_PAGE_MAP] + [1.0] * len(figures))
    ground = page_map(source, rules, first)
    maps = [_drawn_map(source, figure, project, part) for figure, part in zip(figures, parts, strict=True)]
    titled_figures = [{**figure, "title": one.title} for figure, one in zip(figures, maps, strict=True)]
    page = _page(library, case, {**content, "figures": titled_figures}, ground, [one.svg for one in maps], origin)
    read = PrintedPage(page)
    for name, digest in (("texts", read.text_digest), ("drawn", read.drawn_digest)):
        page = page.replace(f'data-{name}=""', f'data-{name}="{digest}"', 1)
    return page


def texts_digest(
    library: Library, case: Case, language: str, department: str, document: str, annexes: Sequence[str]
) -> str:
    """SHA-256 of the texts that a department's page of the case would print now, as `PrintedPage` reads them.

    language, document, annexes: those with which the page was written. Raises OneMapError statement.department,
    review.department, run.incomplete.
    """
    content = statement_content(library, case, language, department, document, annexes)
    return PrintedPage(_page(library, case, content, Markup(""), ())).text_digest


def _page(
    library: Library, case: Case, content: dict[str, Any], ground: Markup, maps: Sequence[str], origin: str = ""
) -> str:
    """The page with its maps. ground: the map that a reader can pan; maps: of the figures."""
    department, language = content["document"]["department"], content["language"]
    where = places("screen", content["document"]["kind"], department)
    printed_content, chapters = printed_outline(content, where, maps)
    scripts = [template_part("map.js")]
    reply = ""
    if department and takes_reply(case, department):
        reply = reply_section(library, case, department, printed_content, language)
        scripts = [template_part("seal.js"), *scripts, template_part("reply.js")]
    style = render("page.css")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {' '.join(map(_digest, scripts))};"
        " base-uri 'none'; form-action 'none'"
    )
    page = render(
        "page.html",
        **printed_content,
        words=words(language),
        policy=policy,
        style=style,
        scripts=scripts,
        map=ground,
        reply=reply,
        chapters=chapters,
        has_captions=True,
        below=1,
        origin=json_part(origin),
    )
    return str(page)


def _digest(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def _drawn_map(source: MapSource, figure: dict[str, Any], project: str, progress: Progress) -> DrawnMap:
    return draw_map(source, page_of(figure), project=project, prefix=f"f{figure['number']}", progress=progress)
