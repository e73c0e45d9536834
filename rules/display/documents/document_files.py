"""Documents of sections as files, PDF, for Word or as a page: one way for every verb that writes one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onemap.rules.contract.declaration import Values, VerbContext

_FIELDS = {"page": "--page", "target": "TARGET"}  # as a refusal names the parameter
_FORMS = (".pdf", ".docx", ".html")


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


def document_body(document: Any, suffix: str, progress: Any) -> bytes:
    """The bytes of a document in one of the forms."""
    from onemap.rules.display.documents.html_printer import page_of
    from onemap.rules.display.documents.typst_printer import pdf_of
    from onemap.rules.display.documents.word_printer import docx_of

    if suffix == ".html":
        return page_of(document)
    return pdf_of(document, progress)[0] if suffix == ".pdf" else docx_of(document, progress)


def write_pages(values: Values, sections: Sequence[Any], context: VerbContext, name: str = "page", *, foot: str) -> str:
    """Write sections as the suffix says, and say where. foot: under each page."""
    from onemap.layers.files.atomic_output import atomic_output
    from onemap.layers.messages import phrase
    from onemap.rules.display.documents.blocks import Document

    target: str = values[name]
    path = Path(target)
    setting = context.progress.part(0.0, 1.0, phrase("progress.pages", context.language))
    body = document_body(Document(context.language, foot, tuple(sections)), path.suffix.lower(), setting)
    with atomic_output(path, bool(values.get("overwrite")), _FIELDS[name]) as beside:
        beside.write_bytes(body)
    return target
