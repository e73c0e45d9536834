"""A document as PDF, set by typst from resources/templates/statement.typ."""

import json
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from onemap.layers.messages import RESOURCES
from onemap.layers.progress import SILENT, Progress
from onemap.rules.maps.fonts import FontChoice, chosen_fonts
from onemap.rules.maps.typst_pages import set_pages
from onemap.rules.statement.document_words import words
from onemap.rules.statement.outline import annexes_of, fill_outline, places
from onemap.rules.statement.printed_content import printed_texts

TEMPLATE = "statement.typ"


def pdf_document(
    content: dict[str, Any],
    maps: Sequence[str],
    templates: Path | None = None,
    fonts: FontChoice | None = None,
    progress: Progress = SILENT,
) -> bytes:
    """The PDF of a content. maps: the SVG text of its figures, in their order.

    templates: a bureau's folder, whose statement.typ replaces ours; fonts: None chooses from those installed.
    Raises OneMapError statement.font, statement.template, statement.template_large.
    """
    fonts = fonts or chosen_fonts()
    own = templates / TEMPLATE if templates is not None else None
    is_own = own is not None and own.is_file()
    template = own if own is not None and is_own else RESOURCES / "templates" / TEMPLATE
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / TEMPLATE).write_bytes(template.read_bytes())
        texts, where = printed_texts(content), places("pdf", content["document"]["kind"])
        texts["attached"] = annexes_of(texts, where)
        for name, value in (
            ("outline", fill_outline(texts, where)),
            ("content", texts),
            ("words", words(content["language"])),
            ("fonts", fonts.record()),
        ):
            (place / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        for number, svg in enumerate(maps, start=1):
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        (result,) = set_pages(place / TEMPLATE, template.name, progress, is_own, timestamp=_moment(content))
    return result


def _moment(content: dict[str, Any]) -> int:
    """The document's day as seconds, so that the same content gives the same file."""
    return (date.fromisoformat(content["document"]["date"]) - date(1970, 1, 1)).days * 86_400
