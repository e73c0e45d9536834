"""Export documents of a case as files: content, maps and template are joined, written to a new file, then renamed."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.library.library import Library
from onemap.layers.messages import phrase
from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import provenance
from onemap.layers.records import Record
from onemap.rules.display.letterhead.annex_names import ANNEXES
from onemap.rules.display.maps.fonts import FONTS, FontChoice, chosen_fonts
from onemap.rules.display.maps.map_sheet import MapPage, MapSource, draw_map
from onemap.rules.display.maps.sheets_needed import theme_codes
from onemap.rules.judge.runs.run_store import check_record
from onemap.rules.review.cases.case import Case
from onemap.rules.review.cases.case_conditions import check_readable
from onemap.rules.review.statement.content import document_kind, statement_content
from onemap.rules.review.statement.map_figures import drawn_on_paper, page_of

MAP = ".svg"
SUFFIXES = (".docx", ".pdf", ".html", ".json", MAP)
_ON_PAPER = ("parcels", "checklist", "boundary", "record", "earlier", "remedy", "comments", "maps")
_READ, _DRAWN = 0.05, 0.45  # of the work, when it is known what to say, and the maps are drawn
_A_MAP = 20  # as much of the work as so many parcels of a layer


def export_case(
    library: Library,
    case: Case,
    target: str,
    department: str | None,
    language: str,
    document: str | None = None,
    templates: str | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
    annexes: Sequence[str] | None = None,
) -> Record:
    """Write a document of a case in the format of its suffix; return what was written, for the verb's answer.

    document: one of content.DOCUMENTS, None for the one that fits the case; templates: a bureau's folder of templates;
    annexes: those of ANNEXES to print, None for the usual ones.
    Raises OneMapError out.…, statement.…, review.department, run.incomplete.
    """
    place = Path(target)
    suffix = place.suffix.lower()
    if suffix not in SUFFIXES:
        raise OneMapError("statement.suffix", file=place.name, field="TARGET", known=list(SUFFIXES))
    if templates and not Path(templates).is_dir():
        raise OneMapError("statement.templates_folder", file=templates, field="--templates")
    check_place(place, overwrite, "TARGET")
    check_readable(case, "export")
    progress.at(0.0, phrase("progress.contents", language))
    if suffix == MAP:
        body = case_map(library, case, department, language, progress).encode()
        with atomic_output(place, overwrite, "TARGET") as new_file:
            new_file.write_bytes(body)
        return {"out": str(target), "document": "map", "annexes": [], "figures": 1, "fonts": None}
    kind = document_kind(case, department, document)
    printed_annexes = usual_annexes(kind, suffix) if annexes is None else annexes
    content = statement_content(library, case, language, department, document, printed_annexes)
    body = _body(library, case, content, suffix, Path(templates) if templates else None, progress)
    with atomic_output(place, overwrite, "TARGET") as new_file:
        new_file.write_bytes(body)
    return {
        "out": str(target),
        "document": kind,
        "annexes": content["document"]["annexes"],
        "figures": len(content["figures"]),
        "fonts": _font_note(content, suffix, language),
    }


def case_map(library: Library, case: Case, department: str | None, language: str, progress: Progress = SILENT) -> str:
    """One SVG of a case's parcels with their conflicts; for a department only the conflicts of its rules.

    Raises OneMapError run.unknown, run.incomplete.
    """
    overrides = case.current.judged_verdicts
    source = MapSource(library, case.current.run, language, overrides)
    if department is not None:
        own = {finding["rule"] for finding in source.findings if finding["department"] == department}
        source.pieces = [piece for piece in source.pieces if piece.rule in own]
    page = MapPage("conflict", None, (), all_pieces=True)
    return draw_map(source, page, project=case.project, progress=progress).svg


def usual_annexes(kind: str, suffix: str) -> tuple[str, ...]:
    """The annexes that a document gets by default: on paper none for an opinion, and evidence only on request."""
    if suffix not in (".pdf", ".docx"):
        return ANNEXES
    return () if kind in ("opinion", "reply") else _ON_PAPER


def _font_note(content: dict[str, Any], suffix: str, language: str) -> str | None:
    """A remark if the standard's fonts are not installed here, so that a PDF uses others; else None."""
    if suffix != ".pdf":
        return None
    instead = chosen_fonts(bureau_families=content["document"]["fonts"]).instead
    names = phrase("said.comma", language).join(
        f"{standard_family} → {used_family}" for standard_family, used_family in instead.items()
    )
    return phrase("said.fonts_instead", language, names=names) if instead else None


def _body(
    library: Library, case: Case, content: dict[str, Any], suffix: str, templates: Path | None, progress: Progress
) -> bytes:
    if suffix == ".json":
        return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()
    origin = provenance(check_record(library, case.current.run), is_timed=False)
    if suffix == ".html":
        from onemap.rules.review.statement.page import statement_page

        return statement_page(library, case, content, _pages(content, progress, _READ), origin).encode()
    if suffix == ".pdf":
        from onemap.rules.review.statement.pdf_documents import pdf_document

        fonts = chosen_fonts(bureau_families=content["document"]["fonts"])
        maps = drawn_maps(library, case, content, fonts, progress)
        return pdf_document(content, maps, templates, fonts, _pages(content, progress, _DRAWN), origin)
    from onemap.rules.review.statement.docx_documents import docx_document

    maps = drawn_maps(library, case, content, chosen_fonts(), progress)
    return docx_document(content, maps, templates, _pages(content, progress, _DRAWN), origin)


def _pages(content: dict[str, Any], progress: Progress, begin: float) -> Progress:
    """The progress of laying out the pages. begin: the share at which it starts."""
    part = progress.part(begin, 1.0, phrase("progress.pages", content["language"]))
    part.at(0.0)
    return part


def drawn_maps(
    library: Library, case: Case, content: dict[str, Any], fonts: FontChoice, progress: Progress
) -> list[str]:
    """Draw the content's figures; return their SVG texts in order."""
    overrides = case.current.judged_verdicts
    language, figures = content["language"], content["figures"]
    source = MapSource(library, case.current.run, language, overrides)
    svg_texts: list[str] = []
    pages = [page_of(figure) for figure in figures]
    costs = [_cost(page, source) for page in pages]
    for figure, page, part in zip(figures, pages, progress.part(_READ, _DRAWN).parts(costs), strict=True):
        step = phrase("progress.maps", language, number=len(svg_texts) + 1, count=len(figures))
        title, families = content["project"]["name"], f"{fonts.families['heading']}, {FONTS}"
        prefix = f"map{figure['number']}-"
        part.at(0.0, step)
        svg_texts.append(drawn_on_paper(source, page, title, families, prefix, part).svg)
    return svg_texts


def _cost(page: MapPage, source: MapSource) -> int:
    """The approximate cost of drawing a map, from its parcels and the layers around them."""
    layers = [code for code in theme_codes(page.theme) if source.version_of(code)]
    return _A_MAP + (len(layers) + (page.rule is not None)) * (len(page.parcels) or len(source.parcels))
