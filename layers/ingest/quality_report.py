"""The report of `add`: a table of problems in the library, the list in its answer, and a sheet to send back."""

import contextlib
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.ingest.arrival import Arrival
from onemap.layers.library.library import Library, log
from onemap.layers.library.log_reading import log_features
from onemap.layers.library.version_writing import as_stored
from onemap.layers.library.versions import Version
from onemap.layers.messages import ProblemRecord, phrase, problem_record, sender_mend, wording
from onemap.layers.progress import SILENT
from onemap.layers.quality.quality import GradedProblem
from onemap.layers.stores.logged_rows import note_structure
from onemap.layers.stores.sql_text import compose_sql
from onemap.layers.stores.store import DamagedTable, StoreConnection, TableDefinition
from onemap.layers.value_groups import groups_of
from onemap.layers.visible_text import visible_text

PROBLEMS_TABLE = "onemap_problems"
_MOST_LISTED = 1000  # of a kind, in the answer; the library's table and the sheet hold more
_TEXTS = ("layer", "version", "table_name", "file", "feature", "field", "code", "level", "message", "mend")
_TABLE = TableDefinition(
    PROBLEMS_TABLE,
    PROBLEMS_TABLE,
    "GEOMETRY",
    {**dict.fromkeys(_TEXTS, "TEXT"), "row": "INTEGER", "recorded_at": "TEXT"},
)
_COLUMNS = ("level", "feature", "row", "field", "message", "mend", "east", "north", "file", "layer", "code")
_WIDTHS = (8, 16, 8, 12, 60, 50, 14, 14, 24, 16, 20)
_ILLEGAL = {number: None for number in range(32) if number not in (9, 10)}
_MOST_SIGNS = 32_767  # that a cell may hold


def check_report(target: str, overwrite: bool) -> None:
    """Refuse the place of a sheet before any work. Raises OneMapError out.format, out.exists, out.folder."""
    path = Path(target)
    if path.suffix.lower() != ".xlsx":
        raise OneMapError("out.format", file=path.name, field="--report", known=[".xlsx"])
    check_place(path, overwrite, "--report")


def listed_records(problems: Sequence[GradedProblem], more: Mapping[str, int], language: str) -> list[ProblemRecord]:
    """Return the problems as the answer lists them: at most a thousand of a kind, and the number of the others."""
    records: list[ProblemRecord] = []
    listed_counts: dict[str, int] = {}
    left = dict(more)
    for item in problems:
        code = item.problem.code
        listed_counts[code] = listed_counts.get(code, 0) + 1
        if listed_counts[code] <= _MOST_LISTED:
            records.append({**problem_record(item.problem, language), "level": item.level})
        else:
            left[code] = left.get(code, 0) + 1
    for code, count in left.items():
        problem = Problem("problems.more_of", {"count": count, "kind": code})
        records.append({**problem_record(problem, language), "level": "note"})
    return records


def keep_problems(
    connection: StoreConnection, version: Version, problems: Sequence[GradedProblem], who: str, language: str
) -> None:
    """Put the problems of a new version into the library's table of problems, inside the open transaction.

    A library without problems has no such table, so that another program sees nothing but its layers.
    """
    if not problems:
        return
    last, is_new = 0, not connection.has_table(PROBLEMS_TABLE)
    if is_new:
        connection.make_features(_TABLE)
    else:
        last = connection.execute(compose_sql("SELECT max(fid) FROM {table}", table=PROBLEMS_TABLE)).fetchone()[0] or 0
    geometries = np.array([item.geometry for item in problems], dtype=object)
    boxes = shapely.bounds(geometries)
    geometries[~np.isfinite(boxes).all(axis=1)] = None  # a library may not hold coordinates that are no numbers
    moment = connection.moment()
    rows = []
    for item in problems:
        facts, place = item.problem.facts, item.problem.place
        message, mend = wording(item.problem, language)
        where = (version.code, version.label, version.table, place["file"], place["feature"], place["field"])
        rows.append((*where, item.problem.code, item.level, message, mend, facts.get("row"), moment))
    columns = list(zip(*rows, strict=True))
    connection.add_features(_TABLE, [geometries], columns, last + 1)
    if is_new:
        connection.index_features(_TABLE, shapely.bounds(geometries), SILENT)
    connection.show_features(_TABLE, shapely.total_bounds(geometries))
    attributes = pd.DataFrame(dict(zip(_TABLE.fields, columns, strict=True)), dtype=object)
    note_structure(connection, [PROBLEMS_TABLE])
    detail = log_features(connection, PROBLEMS_TABLE, last + 1, geometries, as_stored(attributes, _TABLE.fields))
    log(connection, who, "problems", version.table, detail)


@dataclass(frozen=True)
class GroundRemark:
    """A remark, made when a version was added, on ground that it lacks.

    table: of the version; ground: None if unknown; words: in the language of the person who added the version; problem:
    the code under which it is reported.
    """

    table: str
    ground: shapely.Geometry | None
    words: str
    problem: str = "version.lacks_ground"


def ground_remarks(library: Library, tables: Container[str]) -> list[GroundRemark]:
    """Return the remarks on ground that versions lack, by table; none if the table of remarks is damaged."""
    connection, remarks = library.connection, list[GroundRemark]()
    unreadable: tuple[type[Exception], ...] = (DamagedTable, *connection.damages)
    if not connection.has_table(PROBLEMS_TABLE):
        return remarks
    sql = compose_sql(
        "SELECT fid, table_name, message FROM {table} WHERE code IN ('lost.ground', 'lost.features', 'zones.missing',"
        " 'bad.no_ground', 'package.remark') ORDER BY fid",
        table=PROBLEMS_TABLE,
    )
    try:
        for fid, table, words in connection.execute(sql).fetchall():
            if table in tables:
                (ground,) = connection.read_block(PROBLEMS_TABLE, (), fid, fid).geometries
                remarks.append(GroundRemark(table, ground, words))
    except unreadable:
        pass
    return remarks


@contextlib.contextmanager
def reporting_refusals(arrival: Arrival) -> Iterator[None]:
    """Write a refusal within the block to the report as well, if a report is wanted."""
    try:
        yield
    except OneMapError as error:
        report_to_sender(arrival, [GradedProblem(problem, "refuse") for problem in error.problems], {})
        raise


def report_to_sender(arrival: Arrival, problems: Sequence[GradedProblem], more: Mapping[str, int]) -> None:
    """Write the sheet for the sender, if one is wanted."""
    if arrival.options.report:
        entry = arrival.entry
        facts = {"file": arrival.place["file"] or "", "layer": f"{entry.code} {entry.title_in(arrival.language)}"}
        place = Path(arrival.options.report)
        write_report(place, arrival.options.overwrite, problems, more, facts, arrival.language)


def write_report(
    target: Path,
    overwrite: bool,
    problems: Sequence[GradedProblem],
    more: Mapping[str, int],
    facts: Mapping[str, str],
    language: str,
) -> None:
    """Write the problems as a sheet for the sender: what, where, how to mend it, and a count of each kind.

    facts: the lines at its head, such as file and layer. Raises OneMapError out.exists, out.failed.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    summary = book.active
    summary.title = phrase("report.summary", language)
    for name, value in facts.items():
        summary.append([phrase(f"report.{name}", language), _cell(value)])
    summary.append([])
    summary.append([phrase(f"report.{name}", language) for name in ("level", "count", "message", "code")])
    for (level, code), items in groups_of(((item.level, item.problem.code), item) for item in problems).items():
        example = _cell(wording(items[0].problem, language)[0])
        summary.append([phrase(f"level.{level}", language), len(items) + more.get(code, 0), example, code])
    for letter, width in zip("ABCD", (14, 40, 80, 24), strict=True):
        summary.column_dimensions[letter].width = width
    _fold(summary, "D")
    sheet = book.create_sheet(phrase("report.problems", language))
    sheet.append([phrase("report.number", language), *(phrase(f"report.{name}", language) for name in _COLUMNS)])
    for number, item in enumerate(problems, start=1):
        sheet.append([number, *_row(item, language)])
    for at, width in enumerate((6, *_WIDTHS)):
        sheet.column_dimensions["ABCDEFGHIJKL"[at]].width = width
    _fold(sheet, "L")
    sheet.freeze_panes = "A2"
    for row in (sheet[1], *(row for row in summary.iter_rows(min_row=len(facts) + 2, max_row=len(facts) + 2))):
        for cell in row:
            cell.font = Font(bold=True)
    for page in (summary, sheet):
        for row in page.iter_rows():
            for cell in row:
                # A text that begins with = comes from a file, and must never become a formula.
                if isinstance(cell.value, str) and cell.value.startswith("="):
                    cell.data_type = "s"
                # What a column cannot show is hidden by its neighbour.
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    with atomic_output(target, overwrite, "--report", is_last=False) as place:
        book.save(place)


def _fold(sheet: Any, letter: str) -> None:
    """Collapse a column until somebody opens it: codes are for programs."""
    sheet.column_dimensions.group(letter, outline_level=1, hidden=True)
    sheet.column_dimensions.max_outline = 1  # else nobody sees that there is something to unfold


def _row(item: GradedProblem, language: str) -> list[Any]:
    place, (message, mend) = item.problem.place, wording(item.problem, language)
    mend = sender_mend(item.problem.code, mend, language)  # the sheet is sent back
    east: float | None = None
    north: float | None = None
    if item.geometry is not None and not shapely.is_empty(item.geometry):
        points = shapely.get_coordinates(item.geometry)
        points = points[np.isfinite(points).all(axis=1)]
        if len(points):
            east, north = (round(float(value), 3) for value in (points.min(axis=0) + points.max(axis=0)) / 2)
    texts = [
        phrase(f"level.{item.level}", language),
        place["feature"],
        item.problem.facts.get("row"),
    ]
    texts += [place["field"], message, mend]
    return [
        *(_cell(text) for text in texts),
        east,
        north,
        _cell(place["file"]),
        _cell(place["layer"]),
        item.problem.code,
    ]


def _cell(value: Any) -> Any:
    """Return text that a sheet can hold: without control characters, and no longer than a cell allows."""
    return visible_text(value.translate(_ILLEGAL))[:_MOST_SIGNS] if isinstance(value, str) else value
