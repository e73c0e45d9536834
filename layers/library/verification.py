"""Whether a library is still what was put into it: the chain of its log, and by the log every row of every table.

A library is a file that any program can write to. The log shows, row by row, what was written by other means than One
Map, so nobody who reads a table has to doubt its values.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from onemap.layers.catalogue.catalogue import OWN_FILES, own_file_path
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library, sha256
from onemap.layers.library.library_format import FORMAT, FORMAT_KEY, check_format
from onemap.layers.library.log_reading import LOG, LogBook, LoggedFeatures, WrittenRow, checksums, read_log, shown_text
from onemap.layers.library.row_verification import structure_problems, table_problems
from onemap.layers.library.versions import StoredFeatures, as_stored, content_hash, read_version, versions
from onemap.layers.progress import Progress
from onemap.layers.rasters.raster_folder import forsaken_files, raster_folder
from onemap.layers.rasters.raster_reference import reference_of
from onemap.layers.rasters.rasters import checked_raster
from onemap.layers.stores.logged_rows import PlainTable
from onemap.layers.stores.store import DamagedTable
from onemap.layers.value_groups import groups_of

_MOST_ROWS = 20  # that a problem names
_A_TABLE = 500  # what a table takes besides its rows, in rows
_ROWS = 0.3  # of the work, when the plain tables are read
_READ = 0.5  # of the work on a table of features, when it is read
_MOST_NAMED = 20
_BLOBS = {"content", "coverage", "geom", "hashes", "shapes"}
_DAYS = {
    *("at", "circulated_on", "day", "decided_on", "drafted_on", "due", "entered_on", "issued_on", "opened_on"),
    *("recorded_at", "registered_at", "signed_on", "started", "stopped_on", "taken_at", "valid_from", "valid_to"),
}
_JSON = {
    "onemap_catalogue": {"title"},
    "onemap_case_entries": {"detail"},
    "onemap_case_items": {"title"},
    "onemap_cases": {"data", "options", "terms"},
    "onemap_rounds": {"rules", "watched"},
    "onemap_runs": {"record"},
    "onemap_services": {"options"},
    "onemap_versions": {"report"},
    "onemap_warning_looks": {"asked", "found"},
    "onemap_warning_steps": {"facts"},
}


def log_of(library: Library, problems: list[Problem]) -> LogBook:
    """Read the log, and add its problems to `problems`."""
    book = LogBook()
    connection = library.connection
    with _damage_as_problem(library, LOG, problems), connection.tolerant(), connection.without_indexes():
        book = read_log(library)
        if not book.last:
            problems.append(Problem("verify.log_empty", {"file": library.label, "layer": LOG}))
    problems += book.problems
    return book


def library_problems(
    library: Library, book: LogBook, tables: Mapping[str, PlainTable], progress: Progress
) -> list[Problem]:
    """Return every row that differs from the log, by table and row; nothing if there is no log.

    tables: all plain tables that a library may have.
    """
    problems: list[Problem] = []
    if not book.last:
        return problems
    with library.connection.tolerant(), library.connection.without_indexes():
        integrity_part, structure, *parts = progress.part(0.0, _ROWS).parts([1] * (len(tables) + 2))
        with _damage_as_problem(library, "–", problems):
            for damage in library.connection.damages_found(integrity_part):
                facts = {"file": library.label, "layer": shown_text(damage.table), "reason": shown_text(damage.reason)}
                problems.append(Problem("verify.integrity", facts))
        structure.at(0.0)
        with _damage_as_problem(library, "–", problems):
            problems += structure_problems(library, book)
        for plain, part in zip(tables.values(), parts, strict=True):
            part.at(0.0)
            problems += plain_problems(library, book, plain)
        by_table = groups_of((item.table, (item, entry)) for item, entry in book.features)
        costs = [_A_TABLE + sum(item.count for item, _ in items) for items in by_table.values()]
        row_checksums = _kept_checksums(library, problems)
        parts = progress.part(_ROWS, 1.0).parts(costs)
        for (table, items), part in zip(by_table.items(), parts, strict=True):
            with _damage_as_problem(library, table, problems):
                problems += _feature_problems(library, items, row_checksums, part)
    return problems + _own_file_problems(library, book)


def forged_format(library: Library, book: LogBook, facts: PlainTable) -> list[Problem]:
    """Return a problem if a library claims to be newer than the program but its log does not; else none.

    facts: the table of its facts. Raises OneMapError library.newer if the log says that it is newer, too.
    """
    if library.format <= FORMAT:
        return []
    format_problems = [one for one in plain_problems(library, book, facts) if one.place["feature"] == FORMAT_KEY]
    if not format_problems:
        check_format(library.format, library.label)
    return format_problems


def plain_problems(library: Library, book: LogBook, table: PlainTable) -> list[Problem]:
    """Return the rows of a plain table that differ from the log, or a problem that the table cannot be read."""
    problems: list[Problem] = []
    with _damage_as_problem(library, table.name, problems):
        problems += table_problems(library, table, book)
    return problems


@contextlib.contextmanager
def _damage_as_problem(library: Library, table: str, problems: list[Problem]) -> Iterator[None]:
    """Turn a table that cannot be read into a problem, so that later queries still run."""
    connection = library.connection
    damages: tuple[type[Exception], ...] = (DamagedTable, *connection.damages)
    connection.execute("SAVEPOINT asked")
    try:
        yield
    except damages as error:
        connection.execute("ROLLBACK TO SAVEPOINT asked")
        facts = {"file": library.label, "layer": shown_text(table), "reason": shown_text(str(error))}
        problems.append(Problem("verify.unreadable", facts))
    connection.execute("RELEASE SAVEPOINT asked")


def _kept_checksums(library: Library, problems: list[Problem]) -> dict[str, np.ndarray]:
    """Return the checksums of the rows of every table of features, by name; unreadable ones are left out."""
    rows: list[Any] = []
    with _damage_as_problem(library, "onemap_row_hashes", problems):
        rows = [*library.connection.read_rows("onemap_row_hashes", ("table_name", "hashes"))]
    return {
        name: np.frombuffer(hashes, dtype="<u4")
        for name, hashes in rows
        if isinstance(hashes, bytes | memoryview) and len(hashes) % 4 == 0
    }


def _feature_problems(
    library: Library,
    items: Sequence[tuple[LoggedFeatures, WrittenRow]],
    row_checksums: Mapping[str, np.ndarray],
    progress: Progress,
) -> Iterator[Problem]:
    """Yield the problems of a table of features that was filled by several actions, each from its own first fid.

    Raises DamagedTable.
    """
    progress.at(0.0)
    connection, table = library.connection, items[0][0].table
    read, odd = connection.inspect_features(table, list(connection.field_types(table)))
    ends = [item.first for item, _ in items[1:]]
    owner = np.searchsorted(np.array(ends, dtype=np.int64), read.fids, side="right")  # the last has what lies beyond
    for number, ((item, entry), part) in enumerate(
        zip(items, progress.part(_READ, 1.0).parts([1] * len(items)), strict=True)
    ):
        mine = np.flatnonzero(owner == number)
        place = {"file": library.label, "layer": table, "since": entry.at}
        stored_rows = as_stored(read, mine)
        is_whole = (
            np.array_equal(stored_rows.fids, np.arange(item.first, item.first + item.count)) and not odd[mine].any()
        )
        if not is_whole or content_hash(stored_rows.geometries, stored_rows.attributes, part) != item.hash:
            yield _locate_rows(stored_rows, odd[mine], item, place, row_checksums.get(item.name))
        elif item.raster:
            yield from _raster_problems(library, stored_rows, place)


def _raster_problems(library: Library, stored_rows: StoredFeatures, place: Mapping[str, Any]) -> list[Problem]:
    """Return problems for rasters that are gone or that are not the files that were added."""
    try:
        for row in range(len(stored_rows.fids)):
            checked_raster(reference_of(stored_rows.attributes.iloc[row], library.path)).close()
    except OneMapError as error:
        files = [problem.facts.get("file") for problem in error.problems]
        return [_feature_problem(place, "verify.raster", raster=raster) for raster in files]
    return []


def _locate_rows(
    stored_rows: StoredFeatures,
    odd: np.ndarray,
    item: LoggedFeatures,
    place: Mapping[str, Any],
    logged_checksums: np.ndarray | None,
) -> Problem:
    """Return a problem that names the rows that were changed, are gone, or are too many."""
    if logged_checksums is None or len(logged_checksums) != item.count:
        return _feature_problem(place, "verify.record")
    last = item.first + item.count - 1
    inside = (stored_rows.fids >= item.first) & (stored_rows.fids <= last)
    same = np.zeros(len(stored_rows.fids), dtype=bool)
    same[inside] = (
        checksums(stored_rows.geometries, stored_rows.attributes)[inside]
        == logged_checksums[stored_rows.fids[inside] - item.first]
    )
    same &= ~odd
    lost_fids = sorted(set(range(item.first, last + 1)) - set(stored_rows.fids.tolist()))
    if same.all() and not lost_fids:
        return _feature_problem(place, "verify.record")  # a field was renamed
    rows = {
        "changed": stored_rows.fids[~same & inside].tolist(),
        "gone": lost_fids,
        "more": stored_rows.fids[~inside].tolist(),
    }
    damaged = sorted({fid for fids in rows.values() for fid in fids})
    fid_texts = {name: _fid_list(fids) for name, fids in rows.items()}
    return _feature_problem({**place, "feature": _fid_list(damaged)}, "verify.rows", count=len(damaged), **fid_texts)


def _feature_problem(place: Mapping[str, Any], how: str, **facts: Any) -> Problem:
    return Problem("verify.features", {**place, "how": Problem(how, facts)})


def _fid_list(fids: Sequence[int]) -> str:
    text = ", ".join(map(str, fids[:_MOST_ROWS]))
    return f"{text} …" if len(fids) > _MOST_ROWS else text or "–"


def _own_file_problems(library: Library, book: LogBook) -> list[Problem]:
    """Report the city's own files beside a library that differ from what was kept; a server has them among its rows."""
    problems: list[Problem] = []
    for kind, entry in book.own_files.items() if library.path is not None else ():
        try:
            text = library.own_file(kind)
        except OneMapError as error:
            problems += error.problems
            continue
        if text is None or sha256(text) != entry.hash:
            facts = {"file": library.label, "layer": kind, "at": entry.at, "who": entry.who}
            problems.append(Problem("verify.own_file", facts))
    return problems


def notes_beside(library: Library, book: LogBook, *, is_whole: bool) -> list[Problem]:
    """Return what is to be said of files beside a library, without being damage. is_whole: no damage was found."""
    return [*_unkept_files(library, book), *(_forsaken_rasters(library) if is_whole else ())]


def _unkept_files(library: Library, book: LogBook) -> list[Problem]:
    """Report the city's own files beside a library that were never kept: no damage, but nobody sees their changes.

    This is lawful: a bureau may write them by hand. A server has its own among its rows.
    """
    if library.path is None or not book.last:
        return []
    unkept_kinds = [
        kind for kind in OWN_FILES if kind not in book.own_files and own_file_path(library.path, kind).is_file()
    ]
    return [Problem("verify.own_file_unkept", {"file": library.label, "layer": kind}) for kind in unkept_kinds]


def _forsaken_rasters(library: Library) -> list[Problem]:
    """Return the files beside a library that an addition left when it was killed: no damage, but room lost for ever.

    What a version uses was put down before the kill, and only its mark is too much.
    """
    groups = [] if library.path is None else forsaken_files(raster_folder(library.path))
    used_files = _used_rasters(library) if groups else set()
    problems = []
    for *files, mark in groups:
        left = [mark] if used_files.intersection(files) else [*files, mark]
        names = ", ".join(path.name for path in left)
        problems.append(Problem("verify.raster_forsaken", {"file": mark.parent.name, "files": names}))
    return problems


def _used_rasters(library: Library) -> set[Path]:
    """The files that the library's versions name as their rasters. Raises OneMapError version.unreadable."""
    entries = library.catalogue()
    rasters = [one for one in versions(library) if (entry := entries.get(one.code)) and entry.geometry == "raster"]
    rows = (row for one in rasters for _, row in read_version(library, one, None).attributes.iterrows())
    return {reference_of(row, library.path).path for row in rows}


def altered_row_problems(library: Library, tables: Mapping[str, PlainTable]) -> list[Problem]:
    """Return damage of the log, else the altered rows of the first damaged table; large tables are checked last.

    Each problem names file, table, row, and the columns whose values are not valid. Raises the library's refusals.
    """
    problems: list[Problem] = []
    book = log_of(library, problems)
    if not problems:
        for table in sorted(tables.values(), key=lambda table: not _BLOBS.isdisjoint(table.columns)):
            problems = _problems_of(library, book, table)
            if problems:
                break
    return [Problem("library.altered_rows", {**problem.facts, "how": problem}) for problem in problems[:_MOST_NAMED]]


def _problems_of(library: Library, book: LogBook, table: PlainTable) -> list[Problem]:
    with library.connection.tolerant():
        problems = plain_problems(library, book, table)
        if not any(problem.facts.get("feature") for problem in problems):
            return problems
        rows = library.connection.read_rows(table.name, table.columns)
        columns = {shown_text(table.row_name(row)): _unreadable(table, row) for row in rows}
    return [_with_columns(problem, columns.get(str(problem.facts.get("feature")), [])) for problem in problems]


def _with_columns(problem: Problem, columns: Sequence[str]) -> Problem:
    return Problem(problem.code, {**problem.facts, "field": ", ".join(columns)} if columns else problem.facts)


def _unreadable(table: PlainTable, row: Sequence[Any]) -> list[str]:
    """Return the columns whose values are not of the column's sort: truncated JSON, bytes, or an invalid date."""
    json_columns = _JSON.get(table.name, set())
    return [
        column
        for column, value in zip(table.columns, row, strict=True)
        if not _is_of_its_sort(column, value, is_json=column in json_columns)
    ]


def _is_of_its_sort(column: str, value: Any, *, is_json: bool) -> bool:
    if column in _BLOBS or (value is None and not is_json):
        return True
    try:
        if is_json:
            return isinstance(json.loads(value), dict)
        if column in _DAYS:
            datetime.fromisoformat(value)
        else:
            str(value).encode()
    except (ValueError, TypeError, RecursionError):
        return False
    return not isinstance(value, bytes | memoryview)
