"""The reports of a proof for the sender of the delivery: a workbook, a page with a map that opens offline, JSON."""

import json
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from onemap.layers.crs.crs_titles import crs_title
from onemap.layers.errors import OneMapError
from onemap.layers.messages import phrase
from onemap.layers.records import Record
from onemap.layers.text_table import text_width
from onemap.rules.answers.deliveries.check_kinds import KINDS, SEVERITIES, SIGNS
from onemap.rules.answers.deliveries.delivery_proof import Proof
from onemap.rules.answers.deliveries.proof_findings import Finding
from onemap.rules.answers.deliveries.proof_rows import counts_text, grade_text
from onemap.rules.contract.declaration import Values, VerbContext
from onemap.rules.display.maps.fonts import FONTS
from onemap.rules.display.maps.furniture import grid_ticks, north_arrow, scale_bar
from onemap.rules.display.maps.labels import Label, labels_svg
from onemap.rules.display.maps.layers_on_sheet import Sheet
from onemap.rules.display.maps.legend_panel import laid_out
from onemap.rules.display.maps.svg_paths import View, round_scale
from onemap.rules.display.maps.svg_text import as_attribute, svg_text
from onemap.rules.display.maps.symbols import verdict_symbol

_WIDTH, _HEIGHT, _LEFT, _TOP = 156.0, 96.0, 4.0, 4.0  # of the sheet, and of its frame, in mm
_COLUMN_MM, _MOST_LEGEND_MM, _NUMBER_MM = 47.0, 30.0, 2.4
_LEAST_MM = 2.4  # what is smaller is shown as a circle, larger than a pencil's point
_AROUND, _LEAST_M = 1.15, 100.0  # how much more is shown, and what at least
_MOST_DRAWN = 2_000


if TYPE_CHECKING:
    from onemap.rules.display.documents.blocks import RedHead

SHEETS, PAGES, DATA = ".xlsx", (".html", ".docx", ".pdf"), ".json"
REPORT_FORMS = (SHEETS, *PAGES, DATA)
_COLUMNS = ("severity", "code", "path", "layer", "feature", "field", "message", "mend", "x", "y", "area_m2")
_WIDEST_SIGNS = 50  # of a column of a workbook
_MOST_ROWS = 2_000  # of a page that somebody reads; a workbook and JSON have all
_SHEET_NAME = 31  # signs at most
_SURE = {"C": "certain", "L": "likely", "U": "uncertain"}


def write_proof_reports(
    values: Values, proof: Proof, delivery: str, context: VerbContext, head: "RedHead | None" = None
) -> None:
    """Write each requested report. head: of the bureau, for Word. Raises OneMapError out.…."""
    from onemap.layers.files.atomic_output import atomic_output

    record, overwrite = proof.record(context.language), bool(values.get("overwrite"))
    for path in map(Path, values.get("report") or ()):
        if path.suffix.lower() in PAGES:
            page = {"page": str(path), "overwrite": overwrite, "head": head}
            _write_page(page, proof, record, delivery, context)
            continue
        with atomic_output(path, overwrite, "--report") as new_file:
            if path.suffix.lower() == SHEETS:
                _write_book(new_file, proof, record, delivery, context.language)
            else:
                text = json.dumps({"delivery": delivery, **record}, ensure_ascii=False, indent=1)
                new_file.write_text(text + "\n", encoding="utf-8")


def _check_rows(proof: Proof, language: str) -> list[list[str]]:
    """Each check with its class, clause, objects and problems."""
    rows = []
    for one in proof.proved:
        title = one.check.title_in(language)
        sure = phrase(f"proof_words.{_SURE[one.check.confidence]}", language)
        rows.append([title, one.check.id, one.check.source, sure, f"{one.objects:,}", f"{one.problems:,}"])
    return rows


def _summary(proof: Proof, record: Record, language: str) -> list[tuple[str, str]]:
    title = proof.template.title_in(language)
    return [
        (phrase("proof_words.template", language), f"{title} · {record['template']} {record['version']}".strip()),
        (phrase("proof_words.day", language), date.today().isoformat()),
        (phrase("proof_words.result", language), grade_text(record, title, language)),
        (phrase("proof_words.problems", language), counts_text(record, language)),
    ]


def _write_book(path: Path, proof: Proof, record: Record, delivery: str, language: str) -> None:
    """Write a workbook: a sheet of the result, one for each class of checks with findings, one of exceptions."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    opening = [
        [phrase("proof_words.title", language, delivery=delivery)],
        *map(list, _summary(proof, record, language)),
        [],
    ]
    heads = [
        phrase(f"proof_words.{name}", language)
        for name in ("kind", "check", "clause", "confidence", "objects", "count")
    ]
    _add_sheet(
        book, phrase("proof_words.result", language), [*opening, heads, *_check_rows(proof, language)], len(opening) + 1
    )
    kinds = {one.check.id: one.check.kind for one in proof.proved}
    names: tuple[str, ...] = ("check", *_COLUMNS, "hash")
    columns = [phrase(f"proof_words.{name}", language) for name in names]
    for kind, one in KINDS.items():
        own = [problem for problem in record["problems"] if kinds[problem["check"]] == kind]
        if own:
            rows = [[_cell(problem, name, language) for name in names] for problem in own]
            _add_sheet(book, one.title[language], [columns, *rows])
    if record["granted"]:
        names = ("check", *_COLUMNS, "who", "when", "reason", "hash")
        heads = [phrase(f"proof_words.{name}", language) for name in names]
        rows = [[_cell(problem, name, language) for name in names] for problem in record["granted"]]
        _add_sheet(book, phrase("proof_words.exceptions", language), [heads, *rows])
    book.save(path)


def _cell(problem: Record, name: str, language: str) -> Any:
    return phrase(f"proof_words.{problem[name]}", language) if name == "severity" else problem[name]


def _add_sheet(book: Any, title: str, rows: Sequence[Sequence[Any]], head: int = 1) -> None:
    """Add a sheet with columns as wide as their texts. head: the row of the heads, from 1."""
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(title[:_SHEET_NAME])
    for number, row in enumerate(rows, start=1):
        sheet.append([_plain(value) for value in row])
        for cell in sheet[sheet.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # what looks like a formula is text
            cell.alignment = Alignment(wrap_text=number >= head, vertical="top")
            cell.font = Font(bold=number == head)
    for cells in sheet.iter_cols(min_row=head):
        widest = max(text_width(str(cell.value)) for cell in cells if cell.value is not None)
        sheet.column_dimensions[cells[0].column_letter].width = min(widest + 2, _WIDEST_SIGNS)
    sheet.freeze_panes = f"A{head + 1}"


def _plain(value: Any) -> Any:
    """A value without control characters, which a sheet cannot hold."""
    return "".join(sign if sign.isprintable() else " " for sign in value) if isinstance(value, str) else value


def _write_page(values: Values, proof: Proof, record: Record, delivery: str, context: VerbContext) -> None:
    from onemap.rules.display.documents.blocks import section_of, titled_table, with_texts
    from onemap.rules.display.documents.document_files import write_pages

    language = context.language
    widths = {"kind": 3, "check": 3, "clause": 5, "confidence": 1.6, "objects": 1.6, "count": 1.4}
    table = partial(titled_table, "proof_words", language=language)
    checks = table("checks", widths, _check_rows(proof, language), numbers=("objects", "count"))
    problem_widths = {
        "number": 0.8,
        "severity": 0.9,
        "check": 1.8,
        "path": 2.6,
        "layer": 1.6,
        "feature": 3.4,
        "field": 1.3,
        "message": 4.2,
        "mend": 3.2,
    }
    numbered_problems = [{"number": number, **one} for number, one in enumerate(record["problems"], start=1)]
    rows = [[str(_cell(problem, name, language) or "") for name in problem_widths] for problem in numbered_problems]
    problems = table("problems", problem_widths, rows, numbers=("number",), most=_MOST_ROWS)
    exception_widths = {"check": 2.4, "layer": 1.8, "feature": 1.8, "message": 5, "who": 1.8, "when": 1.8, "reason": 4}
    granted = [
        [str(_cell(problem, name, language) or "") for name in exception_widths] for problem in record["granted"]
    ]
    exceptions = table("exceptions", exception_widths, granted)
    objects = sum(one.objects for one in proof.proved)
    section = section_of(
        phrase("proof_words.title", language, delivery=delivery),
        _summary(proof, record, language),
        *(problems if rows else ()),
        *(exceptions if granted else ()),
        *checks,
        lead=phrase("proof_words.lead", language, checks=len(proof.proved), objects=f"{objects:,}"),
        drawing=problem_map(proof, language),
    )
    foot = phrase("proof_words.foot", language, delivery=delivery, day=date.today().isoformat())
    write_pages(values, [with_texts(section, _plain)], context, foot=foot, head=values["head"])


def bureau_head(values: Values, language: str) -> "RedHead | None":
    """The letterhead of the bureau whose profile is named. Raises OneMapError source.missing, profile.…."""
    from onemap.layers.catalogue.bureau_profile import checked_profile
    from onemap.layers.library.own_files import own_file_text
    from onemap.rules.display.documents.blocks import RedHead
    from onemap.rules.display.letterhead.sender_fields import sender_fields

    if not values.get("profile"):
        return None
    place = Path(values["profile"])
    if not place.is_file():
        raise OneMapError("source.missing", file=str(place), field="--profile")
    profile = checked_profile(own_file_text(place), place.name)
    fields = sender_fields(profile, "statement", None, None, date.today().year, language)
    if not fields["head_mark"]:
        return None
    return RedHead(fields["head_mark"], fields["number_form"] or "", is_letter=fields["head"] == "letter")


def problem_map(proof: Proof, language: str) -> str | None:
    """The map as SVG text; None if no problem has a place. The gravest are drawn on top, and keep their numbers."""
    items_with_place = [
        (number, one, one.ground)
        for number, one in enumerate(proof.standing[:_MOST_DRAWN], start=1)
        if one.ground is not None and not one.ground.is_empty and np.isfinite(one.ground.bounds).all()
    ]
    if not items_with_place:
        return None
    view = _view(np.array([ground for _, _, ground in items_with_place], dtype=object))
    sheet = Sheet(view, language, "q")
    map_items = [(number, one, _visible(ground, view)) for number, one, ground in items_with_place]
    for severity in reversed(SEVERITIES):
        own = [ground for _, one, ground in map_items if one.severity == severity]
        if own:
            title = phrase(f"proof_words.{severity}", language)
            sheet.outlines(np.array(own, dtype=object), verdict_symbol(SIGNS[severity], language), title)
    sheet.legend.reverse()
    return _whole(sheet, map_items, crs_title(proof.plane, language))


def _view(grounds: np.ndarray) -> View:
    west, south, east, north = shapely.total_bounds(grounds).tolist()
    half_width = max((east - west) * _AROUND, _LEAST_M) / 2
    half_height = max((north - south) * _AROUND, _LEAST_M) / 2
    x, y, width = (west + east) / 2, (south + north) / 2, _WIDTH - 2 * _LEFT
    scale = round_scale((x - half_width, y - half_height, x + half_width, y + half_height), width, _HEIGHT)
    return View(_LEFT, _TOP, width, _HEIGHT, (x, y), scale)


def _visible(ground: shapely.Geometry, view: View) -> shapely.Geometry:
    """Ground as an area large enough to be seen on paper."""
    west, south, east, north = ground.bounds
    if max(east - west, north - south) * view.mm_per_m < _LEAST_MM:
        return shapely.Point((west + east) / 2, (south + north) / 2).buffer(_LEAST_MM / 2 / view.mm_per_m)
    is_area = shapely.get_dimensions(ground) == 2
    return ground if is_area else ground.buffer(_LEAST_MM / 4 / view.mm_per_m)


def _whole(sheet: Sheet, map_items: Sequence[tuple[int, Finding, shapely.Geometry]], system: str) -> str:
    view, language = sheet.view, sheet.language
    right, bottom = view.left + view.width, view.top + view.height
    shapes = view.shapes_on_paper(np.array([ground for _, _, ground in map_items], dtype=object))
    labels = [
        Label(str(number), shape, _NUMBER_MM, inside=True, bold=True)
        for (number, _, _), shape in zip(map_items, shapes, strict=True)
    ]
    arrow = (right - 14.5, view.top, right, view.top + 14.5)
    numbers = labels_svg(labels, (view.left, view.top, right, bottom), np.empty(0, dtype=object), [arrow])
    panel = laid_out(sheet.legend, _WIDTH, _COLUMN_MM, _MOST_LEGEND_MM)
    height = bottom + 17.0 + panel.height
    frame = f'x="{view.left:.2f}" y="{view.top:.2f}" width="{view.width:.2f}" height="{view.height:.2f}"'
    says = phrase("proof_words.map", language, count=len(map_items))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:g}mm" height="{height:.2f}mm"'
        f' viewBox="0 0 {_WIDTH:g} {height:.2f}" role="img" aria-label={as_attribute(says)}'
        f" font-family={as_attribute(FONTS)}>"
        f'<rect width="{_WIDTH:g}" height="{height:.2f}" fill="#FFFFFF"/>'
        f'<defs><clipPath id="qframe"><rect {frame}/></clipPath>{sheet.definitions()}</defs>'
        f'<g clip-path="url(#qframe)">{"".join(sheet.body)}{numbers}{north_arrow(right - 7.4, view.top + 1.0)}</g>'
        f'<rect {frame} fill="none" stroke="#111111" stroke-width="0.35"/>{grid_ticks(view)}'
        f"{scale_bar(0.0, bottom + 7.0, view.scale, 50.0, language)}"
        f"{svg_text(system, 0.0, bottom + 11.5, 2.2, colour='#444444')}"
        f"{panel.svg(0.0, bottom + 14.0)}</svg>"
    )
