"""Documents of sections as files: PDF, Word or a page, written in one way for every verb."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_places
from onemap.layers.messages import phrase
from onemap.layers.provenance import NO_RECORD, provenance
from onemap.rules.contract.declaration import Values, VerbContext

# As a refusal names the parameter.
_FIELDS = {"page": "--page", "target": "TARGET", "report": "--report", "findings": "--findings"}
_FORMS = (".pdf", ".docx", ".html")


def check_page(values: Values, name: str = "page") -> None:
    """`check_files` of pages."""
    check_files(values, name, _FORMS)


def check_files(values: Values, name: str, forms: Sequence[str]) -> None:
    """Refuse, before any work, a file that cannot be written.

    name: the verb's parameter with the file; forms: its possible endings. Raises OneMapError statement.suffix,
    out.exists and those of `check_places`.
    """
    paths = [*map(Path, _places(values, name))]
    for path in paths:
        if path.suffix.lower() not in forms:
            raise OneMapError("statement.suffix", file=path.name, field=_FIELDS[name], known=list(forms))
    check_places(paths, bool(values.get("overwrite")), _FIELDS[name])


def _places(values: Values, name: str) -> list[str]:
    """Where pages go: one place, or several."""
    stated_places = values.get(name) or []
    return [stated_places] if isinstance(stated_places, str) else list(stated_places)


def figures_foot(library: str, language: str) -> str:
    """The foot of pages of figures. library: its name as it is printed."""
    return phrase("figures.foot", language, library=library)


def document_body(document: Any, suffix: str, progress: Any) -> bytes:
    """The bytes of a document in one of the forms."""
    from onemap.rules.display.documents.html_printer import page_of
    from onemap.rules.display.documents.typst_printer import pdf_of
    from onemap.rules.display.documents.word_printer import docx_of

    if suffix == ".html":
        return page_of(document)
    return pdf_of(document, progress)[0] if suffix == ".pdf" else docx_of(document, progress)


def write_pages(
    values: Values,
    sections: Sequence[Any],
    context: VerbContext,
    name: str = "page",
    *,
    foot: str,
    record: Mapping[str, Any] = NO_RECORD,
    head: Any = None,
) -> str | list[str]:
    """Write sections to all requested files, in the form of each suffix, and return the files.

    foot: under each page; record: of what made them, as `provenance` takes it; head: the bureau's, a RedHead, for Word.
    """
    from onemap.rules.display.documents.blocks import Document

    places = _places(values, name)
    setting = context.progress.part(0.0, 1.0, phrase("progress.pages", context.language))
    origin = provenance(record, is_timed=False) if record else ""
    document = Document(context.language, foot, tuple(sections), origin=origin, head=head)
    for place, part in zip(places, setting.parts([1] * len(places)), strict=True):
        body = document_body(document, Path(place).suffix.lower(), part)
        with atomic_output(Path(place), bool(values.get("overwrite")), _FIELDS[name]) as new_file:
            new_file.write_bytes(body)
    return places[0] if len(places) == 1 else places
