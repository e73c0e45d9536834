"""Documents of a case as files: content, maps and template put together, written beside and then named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onemap.layers.beside import check_place, written_beside
from onemap.layers.errors import OneMapError
from onemap.layers.library import Library
from onemap.layers.messages import phrase
from onemap.rules.review.case_file import Case
from onemap.rules.statement.content import document_kind, statement_content
from onemap.rules.statement.figures import page_of
from onemap.rules.statement.fonts import FontChoice, chosen_fonts
from onemap.rules.statement.map_drawing import FONTS, MapSource, draw_map

SUFFIXES = (".docx", ".pdf", ".html", ".json")
_READ, _DRAWN = 0.05, 0.7  # of the work, when it is known what to say, and the maps are drawn
Report = Callable[[float, str], None]


def export_case(
    library: Library,
    case: Case,
    target: str,
    department: str | None,
    language: str,
    document: str | None = None,
    templates: str | None = None,
    overwrite: bool = False,
    report: Report = lambda fraction, step: None,
) -> dict[str, Any]:
    """Write a document of a case; its suffix says the format. Gives what was written, for the verb's answer.

    document: one of content.DOCUMENTS, None for what fits the case; templates: a bureau's folder of templates.
    Raises OneMapError out.…, statement.…, review.department, run.incomplete.
    """
    place = Path(target)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field="TARGET", known=list(SUFFIXES))
    check_place(place, overwrite, "TARGET", (str(library.path),))
    report(0.0, phrase("progress.contents", language))
    content = statement_content(library, case, language, department, document)
    body = _body(library, case, content, suffix, Path(templates) if templates else None, report)
    with written_beside(place, overwrite, "TARGET") as beside:
        beside.write_bytes(body)
    return {
        "out": str(target),
        "document": document_kind(case, department, document),
        "figures": len(content["figures"]),
    }


def _body(
    library: Library, case: Case, content: dict[str, Any], suffix: str, templates: Path | None, report: Report
) -> bytes:
    if suffix == ".json":
        return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
    if suffix == ".html":
        from onemap.rules.statement.page import statement_page

        return statement_page(library, case, content, content["language"]).encode()
    if suffix == ".pdf":
        from onemap.rules.statement.pdf_documents import pdf_document

        fonts = chosen_fonts()
        return pdf_document(content, drawn_maps(library, case, content, fonts, report), templates, fonts)
    from onemap.rules.statement.docx_documents import docx_document

    return docx_document(content, drawn_maps(library, case, content, chosen_fonts(), report), templates)


def drawn_maps(library: Library, case: Case, content: dict[str, Any], fonts: FontChoice, report: Report) -> list[str]:
    """The content's figures as SVG texts, in their order."""
    overrides = {(item.parcel, item.rule): item.verdict for item in case.current.overrides}
    language, figures = content["language"], content["figures"]
    source = MapSource(library, case.current.run, language, overrides)
    drawn = []
    for done, figure in enumerate(figures):
        step = phrase("progress.maps", language, number=done + 1, count=len(figures))
        report(_READ + (_DRAWN - _READ) * done / len(figures), step)
        title, families = content["project"]["name"], f"{fonts.families['heading']}, {FONTS}"
        prefix = f"map{figure['number']}-"
        drawn.append(draw_map(source, page_of(figure), project=title, fonts=families, prefix=prefix).svg)
    report(_DRAWN, phrase("progress.pages", language))
    return drawn
