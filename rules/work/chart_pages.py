"""Pages with a chart each, written where `--page` says: one way for every verb that counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onemap.rules.verb.declaration import Values, VerbContext

if TYPE_CHECKING:
    from onemap.rules.charts.figures import AnyFigure

_FORMS, _PICTURE_PX = (".pdf", ".docx", ".html"), 1400


def check_page(values: Values, *inputs: str | None) -> None:
    """Refuse before any work a page that cannot be written; inputs: files that it must not replace, with the library.

    Raises OneMapError statement.suffix, out.exists and what else a place may have.
    """
    from onemap.layers.errors import OneMapError
    from onemap.layers.files.atomic_output import check_place

    if not values.get("page"):
        return
    path = Path(values["page"])
    if path.suffix.lower() not in _FORMS:
        raise OneMapError("statement.suffix", file=path.name, field="--page", known=list(_FORMS))
    given = [values["library"], *(name for name in inputs if name)]
    check_place(path, bool(values.get("overwrite")), "--page", given)


def write_pages(
    values: Values, pages: Sequence[dict[str, Any]], figures: "Sequence[AnyFigure]", context: VerbContext
) -> str:
    """Write the pages with a chart each as the suffix says, and say where."""
    from onemap.layers.files.atomic_output import atomic_output
    from onemap.layers.messages import phrase
    from onemap.rules.maps.map_pictures import map_pictures
    from onemap.rules.maps.page_files import docx_file, html_file, pdf_file

    target: str = values["page"]
    path, language = Path(target), context.language
    charts = [figure.picture() for figure in figures]
    foot = phrase("figures.foot", language, library=Path(values["library"]).name)
    if path.suffix.lower() == ".pdf":
        body, _ = pdf_file(pages, charts, foot, language, context.progress)
    elif path.suffix.lower() == ".html":
        body = html_file(pages, charts, foot, language)
    else:
        body = docx_file(pages, map_pictures(charts, _PICTURE_PX), foot)
    with atomic_output(path, bool(values.get("overwrite")), "--page") as beside:
        beside.write_bytes(body)
    return target
