"""Documents of a case as files: content, maps and template put together, written beside and then named."""

import json
from pathlib import Path
from typing import Any

from onemap.layers.beside import check_place, written_beside
from onemap.layers.errors import OneMapError
from onemap.layers.library import Library
from onemap.rules.review.case_file import Case
from onemap.rules.statement.content import document_kind, statement_content
from onemap.rules.statement.figures import page_of
from onemap.rules.statement.fonts import FontChoice, chosen_fonts
from onemap.rules.statement.map_drawing import FONTS, MapSource, draw_map

SUFFIXES = (".docx", ".pdf", ".html", ".json")


def export_case(
    library: Library,
    case: Case,
    target: str,
    department: str | None,
    language: str,
    document: str | None = None,
    templates: str | None = None,
    overwrite: bool = False,
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
    content = statement_content(library, case, language, department, document)
    body = _body(library, case, content, suffix, Path(templates) if templates else None)
    with written_beside(place, overwrite, "TARGET") as beside:
        beside.write_bytes(body)
    return {
        "out": str(target),
        "document": document_kind(case, department, document),
        "figures": len(content["figures"]),
    }


def _body(library: Library, case: Case, content: dict[str, Any], suffix: str, templates: Path | None) -> bytes:
    if suffix == ".json":
        return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
    if suffix == ".html":
        from onemap.rules.statement.page import statement_page

        return statement_page(library, case, content, content["language"]).encode()
    if suffix == ".pdf":
        from onemap.rules.statement.pdf_documents import pdf_document

        fonts = chosen_fonts()
        return pdf_document(content, drawn_maps(library, case, content, fonts), templates, fonts)
    from onemap.rules.statement.docx_documents import docx_document

    return docx_document(content, drawn_maps(library, case, content, chosen_fonts()), templates)


def drawn_maps(library: Library, case: Case, content: dict[str, Any], fonts: FontChoice) -> list[str]:
    """The content's figures as SVG texts, in their order."""
    overrides = {(item.parcel, item.rule): item.verdict for item in case.current.overrides}
    source = MapSource(library, case.current.run, content["language"], overrides)
    return [
        draw_map(
            source,
            page_of(figure),
            project=content["project"]["name"],
            fonts=f"{fonts.families['heading']}, {FONTS}",
            prefix=f"map{figure['number']}-",
        ).svg
        for figure in content["figures"]
    ]
