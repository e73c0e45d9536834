"""The work of `history`: the library's whole log, or that of one layer or case, also as a file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from onemap.layers.catalogue.catalogue import shipped_catalogue
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError
from onemap.layers.files.atomic_output import atomic_output, check_place
from onemap.layers.finite_json import read_json
from onemap.layers.library.library import Library, open_library
from onemap.layers.messages import phrase
from onemap.layers.stores.sql_text import columns_of, compose_sql
from onemap.rules.contract.declaration import Result, Values, VerbContext
from onemap.rules.display.outputs.csv_rows import csv_bytes
from onemap.rules.display.outputs.outputs import tables_written
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.log_entry_words import log_words
from onemap.rules.review.cases.event_rows import UNLAWFUL, with_events
from onemap.rules.review.cases.event_store import read_events

_COLUMNS = ("number", "at", "who", "action", "subject", "detail", "content_hash", "previous_hash", "hash")
_WORDS = ("number", "at", "who", "step", "what", "details")  # of a sheet for people
_MOST_CELL_CHARACTERS = 32_767
_FORMATS = (".csv", ".xlsx", ".json")


def history(values: Values, context: VerbContext) -> Result:
    """The rows of the log, the oldest first; with --out also as a file."""
    out = values.get("out")
    if out:
        if Path(out).suffix.lower() not in _FORMATS:
            raise OneMapError("history.format", file=Path(out).name, field="--out")
        check_place(Path(out), bool(values.get("overwrite")), "--out")
    with open_library(values["library"]) as library:
        subject = values.get("code") or values.get("case")
        rows = rows_of(library, subject)
        if subject is None or _is_case(library, subject):
            rows = with_events(library, rows, subject, context.language)
        # Departments' steps are in the log from the lead's next step on; until then this account cannot see them.
        is_short = not library.roles.reads_layers and subject not in shipped_catalogue()
        head = library.connection.execute("SELECT hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
        catalogue, crs = _known_layers(library), library.crs
    entries = [{**row, "detail": _detail_value(row["detail"])} for row in rows]
    entries = [{**row, **log_words(row, row["detail"], catalogue, context.language)} for row in entries]
    for entry in entries:
        if entry.get(UNLAWFUL):
            entry["step"] = phrase("said.without_effect", context.language, step=entry["step"], why=entry[UNLAWFUL])
    if out and out.lower().endswith(".xlsx"):
        tables = {"log": _table(entries, _WORDS), "log_entries": _table(rows, _COLUMNS)}
        with tables_written(tables, crs, out, bool(values.get("overwrite")), context.language):
            pass
    elif out:
        _write(rows, Path(out), bool(values.get("overwrite")))
    unread = {"unread": ["cases"]} if is_short else {}
    return {"ok": True, "head": head[0] if head else None, "rows": entries, **unread, **({"out": out} if out else {})}


def rows_of(library: Library, subject: str | None) -> list[dict[str, Any]]:
    """The log's rows of a layer (its versions, its definition) or of a case (its steps and runs); all rows for None.

    Raises OneMapError history.unknown.
    """
    columns = columns_of("a", _COLUMNS)
    sql = compose_sql("SELECT {columns} FROM onemap_audit AS a ORDER BY number", columns=columns)
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in library.connection.execute(sql)]
    if subject is None:
        return rows
    subjects = {subject}
    for table in ("onemap_events", "onemap_rounds"):  # the second in libraries of an older form
        if library.roles.reads_layers and library.has_table(table):
            sql = compose_sql("SELECT run FROM {table} WHERE case_id = ?", table=table)
            runs = library.connection.execute(sql, (subject,)).fetchall()
            subjects |= {run for (run,) in runs}
    matches = [
        row for row in rows if row["subject"] in subjects or row["subject"].startswith((f"{subject}__", f"{subject} "))
    ]
    if not matches and not _is_case(library, subject) and subject not in _known_layers(library):
        raise OneMapError("history.unknown", file=library.label, field="CODE|CASE", value=subject)
    return matches


def _known_layers(library: Library) -> Mapping[str, LayerEntry]:
    """The layers that give titles to the log; an auditor, who may read only the log, gets those of One Map."""
    return library.catalogue() if library.roles.reads_layers else shipped_catalogue()


def _is_case(library: Library, name: str) -> bool:
    """Whether a case with this id exists, for an account that may read cases."""
    return library.roles.reads_layers and name.isprintable() and bool(read_events(library, name))


def _detail_value(text: str) -> Any:
    """A row's detail; text that is not JSON, because it was tampered with, is returned as it is."""
    try:
        return read_json(text)
    except ValueError:
        return text


def _table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Table:
    return Table(pd.DataFrame([[row[name] for name in names] for row in rows], columns=list(names)))


def _write(rows: Sequence[dict[str, Any]], out: Path, overwrite: bool) -> None:
    with atomic_output(out, overwrite, "--out") as new_file:
        if out.suffix.lower() == ".json":
            new_file.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        else:
            new_file.write_bytes(csv_bytes(_COLUMNS, ([_cell(row[name]) for name in _COLUMNS] for row in rows)))


def _cell(value: Any) -> Any:
    """A value that fits into a cell."""
    return value[:_MOST_CELL_CHARACTERS] if isinstance(value, str) else value
