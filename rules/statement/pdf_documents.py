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
from onemap.rules.statement.outline import fill_outline, places
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
        texts = printed_texts(content)
        for name, value in (
            ("outline", fill_outline(texts, places("pdf", content["document"]["kind"]))),
            ("content", texts),
            ("words", words(content["language"])),
            ("fonts", fonts.record()),
        ):
            (place / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        for number, svg in enumerate(maps, start=1):
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        result = set_pages(place / TEMPLATE, template.name, progress, is_own, timestamp=_moment(content))
    assert isinstance(result, bytes), "one document is one file"  # noqa: S101 - for the type checker
    return result


def _moment(content: dict[str, Any]) -> int:
    """The document's day as seconds, so that the same content gives the same file."""
    return (date.fromisoformat(content["document"]["date"]) - date(1970, 1, 1)).days * 86_400


def map_pictures(maps: Sequence[str], width_px: int, progress: Progress = SILENT) -> list[bytes]:
    """SVG maps as PNG, so many pixels wide, for programs that draw no SVG.

    Raises OneMapError statement.template if typst cannot draw one.
    """
    if not maps:
        return []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        lines = ["#set page(width: 156mm, height: auto, margin: 0pt)"]
        for number, svg in enumerate(maps, start=1):
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
            lines.append(f'#page(image("map-{number}.svg", width: 156mm))')
        (place / "maps.typ").write_text("\n".join(lines), encoding="utf-8")
        result = set_pages(place / "maps.typ", "maps", progress, format="png", ppi=width_px / (156 / 25.4))
    return [result] if isinstance(result, bytes) else list(result)
