"""Numbers in the texts of a delivery, Word or PDF, compared with its data; unreadable texts are not checked."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.file_hashes import file_hash
from onemap.layers.progress import SILENT, Progress
from onemap.layers.sources.pdf_text import PdfPage, pdf_pages
from onemap.layers.sources.word_text import unreadable_paper, word_blocks
from onemap.rules.answers.deliveries.check_kinds import UNITS_M2
from onemap.rules.answers.deliveries.delivered_folder import DeliveredFile, DeliveredFolder
from onemap.rules.answers.deliveries.delivered_layers import DeliveredLayer
from onemap.rules.answers.deliveries.delivery_template import Check
from onemap.rules.answers.deliveries.file_checks import file_finding
from onemap.rules.answers.deliveries.paper_numbers import StatedNumber, numbers_in_pdf, numbers_in_word, without_blanks
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.answers.deliveries.sum_checks import sum_of

_WITHIN = 0.01  # of a number that states no more places
_WORD, _PDF = ".docx", ".pdf"
_UNREADABLE = {".doc": "suggest.doc", ".wps": "suggest.doc"}
_KNOWN_TEXTS = 8  # that are not read again
Text = TypeVar("Text")


def named_texts(delivery: DeliveredFolder, check: Check) -> list[DeliveredFile]:
    """The files in which a check searches for a number."""
    pattern = re.compile(re.escape(check.keys["file"]).replace(r"\*", ".*"))
    return [file for file in delivery.files if pattern.fullmatch(file.path)]


def text_findings(
    delivery: DeliveredFolder, layer: DeliveredLayer, check: Check, progress: Progress = SILENT
) -> tuple[int, list[Finding]]:
    """Findings for numbers in texts that differ from the layer's sum, and for unreadable texts."""
    keys = check.keys
    files = named_texts(delivery, check)
    if not files:
        return 0, [_about_file(check, "proof.text_missing", keys["file"], {"after": keys["after"]})]
    layer_sum = sum_of(layer, keys["of"], keys.get("where")) / UNITS_M2[keys.get("unit", "m2")]
    return len(files), [one for file in files for one in _text_findings(file, check, layer_sum, progress)]


def _text_findings(file: DeliveredFile, check: Check, layer_sum: float, progress: Progress) -> Iterator[Finding]:
    keys = check.keys
    try:
        stated_numbers = _numbers(file.place, check, progress)
    except OneMapError as error:
        problem = error.problems[0]
        reason = problem.facts.get("reason")
        facts = {"after": keys["after"], "reason": reason if isinstance(reason, Problem) else problem}
        yield _about_file(check, "proof.text_unread", file.path, facts, file.place)
        return
    if not stated_numbers:
        yield _about_file(check, "proof.text_missing", file.path, {"after": keys["after"]}, file.place)
    for one in stated_numbers:
        number, half = one.in_unit(keys.get("unit"))
        if abs(number - layer_sum) > keys.get("within", max(_WITHIN, half)) + 1e-9 * abs(layer_sum):
            facts = {"after": keys["after"], "stated": f"{number:.4f}", "sum": f"{layer_sum:.4f}"}
            yield _about_file(check, "proof.text_number", file.path, facts, file.place)


def _numbers(path: Path, check: Check, progress: Progress) -> list[StatedNumber]:
    """The numbers at the check's place. Raises OneMapError for an unreadable text, with the reason."""
    suffix = path.suffix.lower()
    place = str(check.keys["after"]), check.keys.get("column"), check.keys.get("under")
    if suffix == _WORD:
        return numbers_in_word(_content_of(path, word_blocks), *place)
    if suffix != _PDF:
        raise unreadable_paper(path, Problem(_UNREADABLE.get(suffix, "suggest.paper_form")))
    pages: list[PdfPage] = _content_of(path, lambda one: pdf_pages(one, progress))
    numbers = numbers_in_pdf(pages, *place)
    if not numbers:
        _refuse_unread(path, pages, check)
    return numbers


def _refuse_unread(path: Path, pages: list[PdfPage], check: Check) -> None:
    """Refuse a PDF in which the words may be on a page that is a picture, or in characters that cannot be decoded."""
    if not all(page.pieces for page in pages):
        raise unreadable_paper(path, Problem("suggest.scan"))
    letters = {sign for sign in without_blanks(check.keys["after"]) if sign.isalpha()}
    if letters and not any(letters & set(page.text) for page in pages):
        raise unreadable_paper(path, Problem("suggest.paper_signs"))


def _about_file(check: Check, code: str, path: str, facts: dict[str, object], place: Path | None = None) -> Finding:
    return file_finding(check, Problem(code, {"file": path, **facts}), path, place)


_TEXTS: dict[str, object] = {}


def _content_of(path: Path, read: Callable[[Path], Text]) -> Text:
    """The content of a text, kept since several checks use it, and a proof is often repeated."""
    key = f"{path.suffix} {file_hash(path)}"
    if key not in _TEXTS:
        while len(_TEXTS) >= _KNOWN_TEXTS:
            _TEXTS.pop(next(iter(_TEXTS)))
        _TEXTS[key] = read(path)
    return _TEXTS[key]  # type: ignore[return-value]
