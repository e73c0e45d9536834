"""A document as PDF, set by typst: the blocks as JSON, a template's look around them."""

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from onemap.layers.progress import SILENT, Progress
from onemap.layers.provenance import MIME_TYPE, PROVENANCE_KEY, STANDARD
from onemap.layers.records import Record
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.display.documents.blocks import Block, Document, Facts, Figures, printable
from onemap.rules.display.maps.fonts import chosen_fonts
from onemap.rules.display.maps.pdf_packing import packed_pdf
from onemap.rules.display.maps.typst_pages import set_pages

TEMPLATES = RESOURCES / "templates"
TEMPLATE, _BLOCKS = TEMPLATES / "pages.typ", TEMPLATES / "blocks.typ"
_ORIGIN = f"{PROVENANCE_KEY}.json"
# Behind all pages: before them it would be the first thing of a page with another look.
_ATTACHED = f'\n#pdf.attach("{_ORIGIN}", relationship: "data", mime-type: "{MIME_TYPE}", description: "{STANDARD}")\n'
_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")


def pdf_of(document: Document, progress: Progress) -> tuple[bytes, int]:
    """The PDF of a document of sections, and its number of pages.

    Raises OneMapError statement.font, statement.template.
    """
    maps: list[str] = []
    texts = printable(document)
    sections = [
        {
            **asdict(replace(section, blocks=())),
            "title_with_name": " · ".join(filter(None, (section.name, section.title))),
            "blocks": [part_of(block, maps) for block in section.blocks],
        }
        for section in texts.sections
    ]
    content = {**asdict(replace(texts, sections=(), origin="")), "sections": sections}
    files = {"document": content, "fonts": chosen_fonts().record()}
    pdf = set_by_typst(TEMPLATE, files, maps, progress, document.moment, origin=document.origin)
    return packed_pdf(pdf), len(_PAGE.findall(pdf))


def part_of(block: Block, maps: list[str]) -> Record:
    """A block in the form that a template reads; the drawings of its figures are appended to the maps."""
    if isinstance(block, Facts):
        return {"facts": block.pairs, "form": block.form}
    if not isinstance(block, Figures):
        return asdict(block)
    figures = []
    for figure in block.figures:
        maps.append(figure.svg)
        figures.append({"file": f"map-{len(maps)}.svg", "title": figure.title, "number": figure.number})
    return {"own": "figures", "figures": figures}


def set_by_typst(
    template: Path,
    files: Mapping[str, Any],
    maps: Sequence[str],
    progress: Progress = SILENT,
    moment: int = 0,
    is_foreign: bool = False,
    origin: str = "",
) -> bytes:
    """The PDF that typst makes of a template with these files, each as NAME.json, and maps, as map-1.svg and so on.

    moment: in the file's properties, in seconds, so that the same content gives the same file; is_foreign: the template
    is not ours; origin: what made the document, as PROV-JSON, which is attached. Raises OneMapError statement.template,
    statement.template_large.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for source in (_BLOCKS, template):
            (place / source.name).write_bytes(source.read_bytes())
        for name, value in files.items():
            (place / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        if origin:
            (place / _ORIGIN).write_text(origin, encoding="utf-8")
            with (place / template.name).open("a", encoding="utf-8") as pages:
                pages.write(_ATTACHED)
        for number, svg in enumerate(maps, start=1):
            (place / f"map-{number}.svg").write_text(svg, encoding="utf-8")
        (result,) = set_pages(place / template.name, template.name, progress, is_foreign, timestamp=moment)
    return result
