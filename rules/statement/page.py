"""A document of a case as one HTML file: no network, an inline map, printable; with a reply form for a department."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from onemap.layers.library.library import Library
from onemap.layers.messages import RESOURCES
from onemap.rules.maps.map_sheet import MapSource, draw_map
from onemap.rules.review.case_file import Case
from onemap.rules.statement.document_words import words
from onemap.rules.statement.map_figures import page_of
from onemap.rules.statement.page_html import Html, joined, tag
from onemap.rules.statement.page_map import page_map
from onemap.rules.statement.page_sections import Chapters
from onemap.rules.statement.printed_content import printed
from onemap.rules.statement.review_pack import reply_section, takes_reply

_PARTS = RESOURCES / "pages"


def statement_page(
    library: Library, case: Case, content: dict[str, Any], language: str, told: Callable[[], None] = lambda: None
) -> str:
    """The document as HTML. content: from `statement_content`; of one department it is its review pack.

    told: called before each layer of a map that is drawn, and each of its classes; it may raise Cancelled.
    Everything of it is in the file; a policy in it forbids whatever else a browser might fetch or run.
    Raises OneMapError run.unknown, run.incomplete.
    """
    overrides = {(item.parcel, item.rule): item.verdict for item in case.current.overrides}
    source = MapSource(library, case.current.run, language, overrides)
    department = content["document"]["department"]
    shown = printed(content)
    chapters = Chapters(shown, language)
    rules = {row["rule"] for row in content["controls"]} if department else None
    scripts = [_part("map.js")]
    reply: Html | None = None
    if department and takes_reply(case, department):
        reply = reply_section(library, case, department, shown, language)
        scripts.append(_part("reply.js"))
    figures = [_figure(source, figure, content["project"]["name"], language, told) for figure in content["figures"]]
    said = words(language)
    body = tag(
        "body",
        _head(shown, language),
        tag(
            "main",
            tag("div", page_map(source, rules, told), class_="map", id="map-box"),
            tag(
                "article",
                reply,
                *chapters.chapters(),
                tag("section", tag("h2", said["annex_figures"]), *figures, id="annex_figures", class_="figures"),
                *chapters.annexes(),
            ),
        ),
        *(tag("script", Html(script)) for script in scripts),
    )
    style = _part("page.css")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {' '.join(map(_digest, scripts))};"
        " base-uri 'none'; form-action 'none'"
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", shown["document"]["title"]),
        tag("style", Html(style)),
    )
    return "<!DOCTYPE html>\n" + tag("html", head, body, lang="zh-CN" if language == "zh" else "en") + "\n"


def _part(name: str) -> str:
    """A file of resources/pages; its bytes are what the policy's digest is of."""
    return (_PARTS / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _digest(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def _head(shown: dict[str, Any], language: str) -> Html:
    said, document = words(language), shown["document"]
    facts = [
        *([tag("strong", document["mark"], class_="mark")] if document["mark"] else []),
        *([f"{said['number']} {document['number']}"] if document["number"] else []),
        *([document["unit"]] if document["unit"] else []),
        f"{said['record_case']} {shown['case']['id']}",
        f"{said['record_round']} {shown['case']['round']}",
        shown["case"]["state_title"],
        shown["sentences"]["date"],
    ]
    return tag("header", tag("h1", document["title"]), tag("p", *(tag("span", fact) for fact in facts), class_="facts"))


def _figure(source: MapSource, figure: dict[str, Any], project: str, language: str, told: Callable[[], None]) -> Html:
    """One printed map under its number."""
    drawn = draw_map(source, page_of(figure), project=project, prefix=f"f{figure['number']}", told=told)
    caption = words(language)["figure"].format(number=figure["number"])
    return tag("figure", Html(drawn.svg), tag("figcaption", joined([caption, " ", drawn.title])))
