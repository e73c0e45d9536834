"""Pages with a chart each, written where `--page` says: one way for every verb that counts."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.rules.verb.declaration import Values, VerbContext

_FIELDS = {"page": "--page", "target": "TARGET"}  # as a refusal names the parameter
_FORMS, _PICTURE_PX = (".pdf", ".docx", ".html"), 1400


def check_page(values: Values, *inputs: str | None, name: str = "page") -> None:
    """Refuse before any work a page that cannot be written; inputs: files that it must not replace, with the library.

    name: of the verb's parameter that says where the page goes. Raises OneMapError statement.suffix, out.exists and
    what else a place may have.
    """
    from onemap.layers.errors import OneMapError
    from onemap.layers.files.atomic_output import check_place

    if not values.get(name):
        return
    path = Path(values[name])
    if path.suffix.lower() not in _FORMS:
        raise OneMapError("statement.suffix", file=path.name, field=_FIELDS[name], known=list(_FORMS))
    given = [values["library"], *filter(None, inputs)]
    check_place(path, bool(values.get("overwrite")), _FIELDS[name], given)


def figures_foot(library: str, language: str) -> str:
    """What stands under pages of figures. library: its name as it is printed."""
    from onemap.layers.messages import phrase

    return phrase("figures.foot", language, library=library)


def write_pages(
    values: Values,
    pages: Sequence[dict[str, Any]],
    charts: Sequence[str],
    context: VerbContext,
    name: str = "page",
    *,
    foot: str,
) -> str:
    """Write the pages with their charts as the suffix says, and say where.

    charts: a page's, an empty text for none; foot: under each page.
    """
    from onemap.layers.files.atomic_output import atomic_output
    from onemap.rules.maps.map_pictures import map_pictures
    from onemap.rules.maps.page_files import docx_file, html_file, pdf_file

    target: str = values[name]
    path, language = Path(target), context.language
    if path.suffix.lower() == ".pdf":
        body, _ = pdf_file(pages, charts, foot, language, context.progress)
    elif path.suffix.lower() == ".html":
        body = html_file(pages, charts, foot, language)
    else:
        drawn = iter(map_pictures([chart for chart in charts if chart], _PICTURE_PX))
        body = docx_file(pages, [next(drawn) if chart else None for chart in charts], foot)
    with atomic_output(path, bool(values.get("overwrite")), _FIELDS[name]) as beside:
        beside.write_bytes(body)
    return target
