"""A document for Word, from a template that a bureau edits there: fields are filled in as text, maps as pictures."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.layers.progress import Told
from onemap.rules.statement.docx_templates import check_template, environment, template_path
from onemap.rules.statement.pdf_documents import map_pictures
from onemap.rules.statement.printed_content import printed
from onemap.rules.statement.template_fields import template_fields

_MAP_MM = 142  # with its caption it fills a page
_MAP_PX = 1240  # 200 dots per inch
_PICTURES = 0.4  # of the work, when the maps are pictures


def docx_document(
    content: dict[str, Any], maps: Sequence[str], templates: Path | None = None, told: Told = lambda share: None
) -> bytes:
    """The .docx of a content. maps: the SVG text of its figures, in their order; templates: a bureau's own folder.

    told: how much is done, 0 to 1.
    Raises OneMapError statement.templates_folder, statement.template….
    """
    from docx.shared import Mm
    from docxtpl import DocxTemplate, InlineImage

    path = template_path(content["document"]["kind"], content["language"], templates)
    context = printed(content)
    check_template(path, template_fields(context))
    template = DocxTemplate(str(path))
    drawn = map_pictures(maps, _MAP_PX, lambda share: told(_PICTURES * share))
    told(_PICTURES)
    pictures = [InlineImage(template, io.BytesIO(picture), width=Mm(_MAP_MM)) for picture in drawn]
    template.render(_with_pictures(context, pictures), environment(), autoescape=True)
    written = io.BytesIO()
    template.save(written)
    return written.getvalue()


def _with_pictures(context: dict[str, Any], pictures: Sequence[Any]) -> dict[str, Any]:
    """The context with each figure's map as `image`."""
    figures = [{**figure, "image": picture} for figure, picture in zip(context["figures"], pictures, strict=True)]
    return {**context, "figures": figures}
