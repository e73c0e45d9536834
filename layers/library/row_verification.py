"""Whether every row of the plain tables, and the store's own account of its tables, agrees with the log."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import LOG, LogBook, WrittenRow, shown_text
from onemap.layers.stores.index_entries import misplaced_features
from onemap.layers.stores.logged_rows import (
    INDEXES,
    LOGGED_LATER,
    NEVER_LOGGED,
    SCHEMA,
    SERVER_CLASSES,
    STRUCTURE,
    SURROUNDING_PART,
    VERSION_PART,
    PlainTable,
    part_word,
    row_hash,
)

_PRINTED_IN_FULL = 3  # the format since which servers print the parts of a library in full
_MOST_NAMED = 20  # rows of one table with one kind of damage
_Codes = Mapping[str, str]  # by how a row ended
_RECORD = {
    "changed": "verify.record_changed",
    "gone": "verify.record_gone",
    "unlogged": "verify.record_unlogged",
}
_STRUCTURE_CODES = {
    "changed": "verify.structure_changed",
    "gone": "verify.structure_gone",
    "unlogged": "verify.structure_unlogged",
}


def table_problems(library: Library, table: PlainTable, book: LogBook) -> Iterator[Problem]:
    """Yield the rows of a plain table that were changed, are gone, or are not in the log. Raises the store's errors.

    A table that is gone as a whole yields nothing here.
    """
    if table.name in (LOG, *NEVER_LOGGED) or not library.has_table(table.name):
        return
    logged_rows = book.rows.get(table.name, {})
    stored_rows = (
        (table.row_name(row), row_hash(row)) for row in library.connection.read_rows(table.name, table.columns)
    )
    if library.path is None and table.name in LOGGED_LATER:
        stored_rows = ((name, hash_) for name, hash_ in stored_rows if name in logged_rows)
    yield from row_problems(library, table.name, stored_rows, logged_rows)


def row_problems(
    library: Library, table: str, stored_rows: Iterable[tuple[str, str]], logged_rows: Mapping[str, WrittenRow]
) -> Iterator[Problem]:
    """Yield the rows of a plain table, by name and hash, that differ from the log: changed, gone or unknown to it."""

    def place(name: str) -> ProblemPlace:
        return {"layer": table, "feature": shown_text(name)}

    yield from _few(library, _RECORD, _unlike(stored_rows, logged_rows), place)


def structure_problems(library: Library, book: LogBook, tables: Sequence[str] | None = None) -> Iterator[Problem]:
    """Yield tables, views, triggers and other parts of the schema that were changed, are gone, or are not in the log.

    tables: check these alone, without parts that are gone.
    """
    if library.path is None and library.format < _PRINTED_IN_FULL:
        if tables is None:
            yield Problem("verify.structure_older", {"file": library.label})
        return
    stored_parts: dict[str, list[tuple[str, str]]] = {}
    logged_parts = {kind: dict(book.rows.get(kind, {})) for kind in STRUCTURE}
    for kind, name, values in library.connection.structure(tables):
        if values is None:
            logged_parts[kind].pop(name, None)
        else:
            stored_parts.setdefault(kind, []).append((name, row_hash(values)))
    if tables is not None:
        there = {kind: {name for name, _ in rows} for kind, rows in stored_parts.items()}
        logged_parts = {
            k: {n: w for n, w in parts.items() if n in there.get(k, ())} for k, parts in logged_parts.items()
        }
    # What another kind of store keeps in its way is not here, and is not missed.
    own = [kind for kind in STRUCTURE if (kind in SERVER_CLASSES) == (library.path is None)]
    for kind in own:
        differences = list(_unlike(stored_parts.get(kind, ()), logged_parts[kind]))
        if kind == VERSION_PART:
            yield from _version_problems(library, stored_parts.get(kind, ()), logged_parts[kind])
            continue
        yield from _few(library, _STRUCTURE_CODES, differences, _structure_place(kind))
        if kind == INDEXES:
            yield from _index_problems(library, [name for _, name, _ in differences])


def _version_problems(
    library: Library, stored_parts: Iterable[tuple[str, str]], logged_parts: Mapping[str, WrittenRow]
) -> Iterator[Problem]:
    """Report that another server version printed the parts last, since it may word them differently."""
    for name, _ in stored_parts:
        if name not in logged_parts:
            before = ", ".join(map(shown_text, logged_parts)) or "–"
            yield Problem("verify.structure_server", {"file": library.label, "before": before, "now": name})


def unlawful_structure(library: Library, book: LogBook) -> Iterator[Problem]:
    """Yield the differences of the schema that an upgrade may not record: all that are not merely worded differently.

    What acts on a library from outside its schema may be lawful, and is noted.
    """
    problems = list(structure_problems(library, book))
    is_worded_otherwise = any(problem.code == "verify.structure_server" for problem in problems)
    accepted = {"verify.structure_older", "verify.structure_server"}
    if is_worded_otherwise:
        accepted |= {"verify.structure_changed", "verify.more"}
    for problem in problems:
        if problem.code not in accepted and problem.facts.get("feature") != part_word(SURROUNDING_PART):
            yield problem


def _index_problems(library: Library, names: Iterable[str]) -> Iterator[Problem]:
    """Report the features that are misplaced in altered indexes. names: tables of indexes that differ from the log."""
    of_index: dict[str, str] = {}
    for name in names:
        of_index.setdefault(name.rpartition("_")[0], name)
    for index, name in of_index.items():
        with suppress(*library.connection.damages):  # a table that cannot be read is reported as such
            fids = misplaced_features(library.connection, index)
            if fids:
                numbers = ", ".join(map(str, fids[:_MOST_NAMED]))
                facts = {"file": library.label, "layer": shown_text(name), "feature": numbers}
                yield Problem("verify.index_features", {**facts, "count": len(fids)})


def _structure_place(kind: str) -> Callable[[str], ProblemPlace]:
    """Return a function that names the place of a part of the schema, by table if the part belongs to one."""

    def place(name: str) -> ProblemPlace:
        if kind == SCHEMA:  # type and name
            what, _, about = name.partition("/")
            return {"layer": shown_text(about), "feature": shown_text(what)}
        if kind == INDEXES or kind in SERVER_CLASSES:
            return {"layer": shown_text(name), "feature": part_word(kind)}
        return {"layer": kind, "feature": shown_text(name)}

    return place


def _unlike(
    stored_rows: Iterable[tuple[str, str]], logged_rows: Mapping[str, WrittenRow]
) -> Iterator[tuple[str, str, WrittenRow | None]]:
    """Yield each difference: its kind (unlogged, changed, gone), the row's name, and the log's record of the row."""
    left = dict(logged_rows)
    for name, hash_ in stored_rows:
        logged_row = left.pop(name, None)
        if logged_row is None:
            yield "unlogged", name, None
        elif logged_row.hash != hash_:
            yield "changed", name, logged_row
    yield from (("gone", name, logged_row) for name, logged_row in left.items())


def _few(
    library: Library,
    codes: _Codes,
    differences: Iterable[tuple[str, str, WrittenRow | None]],
    place: Callable[[str], ProblemPlace],
) -> Iterator[Problem]:
    """Yield a problem for each of the first rows with each kind of damage, and one that counts the rest."""
    counts = dict.fromkeys(codes, 0)
    more: dict[str, Any] = {}
    for ending, name, logged_row in differences:
        counts[ending] += 1
        facts = {"file": library.label, **place(name)}
        if counts[ending] <= _MOST_NAMED:
            authorship = {"at": logged_row.at, "who": logged_row.who} if logged_row else {}
            yield Problem(codes[ending], {**facts, **authorship})
        else:
            more = facts
    left = sum(max(count - _MOST_NAMED, 0) for count in counts.values())
    if left:
        yield Problem("verify.more", {"file": library.label, "layer": more["layer"], "count": left})
