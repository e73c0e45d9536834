"""Make a document as PDF with typst, from resources/templates/statement.typ."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.progress import SILENT, Progress
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.display.documents.typst_printer import part_of, set_by_typst
from onemap.rules.display.maps.fonts import FontChoice, chosen_fonts
from onemap.rules.review.statement.document_words import words
from onemap.rules.review.statement.outline import places, printed_outline

TEMPLATE = "statement.typ"


def pdf_document(
    content: dict[str, Any],
    maps: Sequence[str],
    templates: Path | None = None,
    fonts: FontChoice | None = None,
    progress: Progress = SILENT,
    origin: str = "",
) -> bytes:
    """Make the PDF of a content. maps: the SVG texts of its figures in order.

    templates: a bureau's folder, whose statement.typ replaces ours; fonts: None to choose from those installed;
    origin: how it was made, as PROV-JSON, attached to the file.
    Raises OneMapError statement.font, statement.template, statement.template_large.
    """
    fonts = fonts or chosen_fonts()
    own = templates / TEMPLATE if templates is not None else None
    is_own = own is not None and own.is_file()
    template = own if own is not None and is_own else RESOURCES / "templates" / TEMPLATE
    texts, chapters = printed_outline(content, places("pdf", content["document"]["kind"]))
    outline = [{**chapter, "parts": [part_of(block, []) for block in chapter["parts"]]} for chapter in chapters]
    files = {"outline": outline, "content": texts, "words": words(content["language"]), "fonts": fonts.record()}
    return set_by_typst(template, files, maps, progress, _moment(content), is_own, origin)


def _moment(content: dict[str, Any]) -> int:
    """The document's day in seconds, by which the same content gives the same file."""
    return (date.fromisoformat(content["document"]["date"]) - date(1970, 1, 1)).days * 86_400
