"""A document of a case for Word: in the layout of our papers, or filled into a template that a bureau edits there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.progress import SILENT, Progress
from onemap.rules.display.documents.word_printer import drawn_pictures, word_file
from onemap.rules.display.documents.word_tables import hold_rows
from onemap.rules.review.statement.docx_template import OwnTemplate
from onemap.rules.review.statement.outline import places, printed_outline
from onemap.rules.review.statement.word_paper import paper_document

_PICTURES = 0.4  # of the work, when the maps are pictures


def docx_document(
    content: dict[str, Any],
    maps: Sequence[str],
    templates: Path | None = None,
    progress: Progress = SILENT,
    origin: str = "",
) -> bytes:
    """Make the .docx of a content. maps: the SVG texts of its figures in order; templates: a bureau's own folder.

    origin: how it was made, as PROV-JSON, stored as a part of the file.
    Raises OneMapError statement.templates_folder, statement.template….
    """
    kind = content["document"]["kind"]
    own, where = _own_template(kind, content["language"], templates), places("word", kind)
    texts, chapters = printed_outline(content, where, maps)
    template = OwnTemplate(own, texts, where, chapters) if own else None
    pictures = drawn_pictures(maps, progress.part(0.0, _PICTURES))
    document = template.document(pictures) if template else paper_document(texts, chapters, pictures)
    hold_rows(document.element.body)
    return word_file(document, pictures, origin)


def _own_template(kind: str, language: str, templates: Path | None) -> Path | None:
    """A bureau's template of a kind of document, KIND.LANGUAGE.docx or KIND.docx, if its folder has one."""
    if templates is None:
        return None
    own = (templates / f"{kind}.{language}.docx", templates / f"{kind}.docx")
    return next((path for path in own if path.is_file()), None)
