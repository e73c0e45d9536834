"""Whether cases still are what was written: every step logs the hashes of its rows, and verify asks again."""

import json
from collections.abc import Iterator
from typing import Any

from onemap.layers.errors import Problem
from onemap.layers.library.library import Library, sha256
from onemap.layers.stores.store import StoreConnection

# Each table with the columns that name a row; rows of the same name are one. A file's content is hashed where it lies.
_ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "onemap_cases": (
        ("id",),
        (
            *(
                "project",
                "data",
                "options",
                "terms",
                "state",
                "round",
                "opened_by",
                "opened_on",
                "proposed",
            ),
            *(
                "conclusion",
                "conclusion_reason",
                "decided_by",
                "decided_on",
                "document",
                "issued_by",
                "issued_on",
                "at",
            ),
        ),
    ),
    "onemap_rounds": (
        ("case_id", "number"),
        ("run", "watched", "rules", "opened_by", "opened_on", "circulated_by", "circulated_on"),
    ),
    "onemap_opinions": (
        ("case_id", "round", "department", "number"),
        (
            *("state", "conclusion", "text", "text_en", "basis", "routed", "why", "drafted_by", "drafted_on"),
            *("signed_by", "signed_on", "due", "stopped_on", "at"),
        ),
    ),
    "onemap_case_items": (
        ("case_id", "round"),
        ("position", "item", "department", "title", "rule", "layer", "reason"),
    ),
    "onemap_case_answers": (
        ("case_id", "round", "department", "item", "number"),
        ("answer", "who", "day"),
    ),
    "onemap_overrides": (
        ("case_id", "round", "parcel", "rule", "number"),
        ("before", "verdict", "reason", "who", "day"),
    ),
    "onemap_case_entries": (
        ("case_id", "number"),
        ("round", "department", "action", "who", "day", "at", "detail"),
    ),
    "onemap_case_files": (("case_id", "position"), ("name", "hash")),
    "onemap_case_remedies": (("case_id", "round", "number"), ("run", "who", "day")),
    "onemap_documents": (("year", "sequence"), ("case_id", "number")),
}


def row_hashes(connection: StoreConnection, case_id: str | None) -> dict[str, str]:
    """The hash of every row of a case, or of all cases, by table and row: "onemap_opinions 2026…/1/land/3"."""
    found: dict[str, str] = {}
    for table, (names, columns) in _ROWS.items():
        if not connection.has_table(table):
            continue  # made before there was such a table
        of_case = "id" if table == "onemap_cases" else "case_id"
        sql = f"SELECT {', '.join((*names, *columns))} FROM {table}"
        sql += f" WHERE {of_case} = ?" if case_id is not None else ""
        order = (*names, "position") if table == "onemap_case_items" else names
        rows: dict[str, list[Any]] = {}
        for row in connection.execute(f"{sql} ORDER BY {', '.join(order)}", (case_id,) if case_id is not None else ()):
            key = "/".join(str(value) for value in row[: len(names)])
            rows.setdefault(f"{table} {key}", []).append(list(row[len(names) :]))
        found |= {key: sha256(json.dumps(values, ensure_ascii=False)) for key, values in rows.items()}
    return found


def review_problems(library: Library) -> list[Problem]:
    """Rows of cases that are not what the last step that wrote them left: changed, gone, or never logged."""
    logged = {key: (hash_, at, who) for key, hash_, at, who in _log_rows(library)}
    now = row_hashes(library.connection, None)
    problems = []
    for key in sorted({*logged, *now}):
        table, _, row = key.partition(" ")
        hash_, at, who = logged.get(key, ("", "–", "–"))
        place = {"file": library.label, "layer": table, "feature": row, "at": at, "who": who}
        if key not in now:
            problems.append(Problem("verify.review_gone", place))
        elif key not in logged:
            problems.append(Problem("verify.review_unlogged", place))
        elif now[key] != hash_:
            problems.append(Problem("verify.review_changed", place))
    return [*problems, *_changed_files(library)]


def _log_rows(library: Library) -> Iterator[tuple[str, str, str, str]]:
    """Row, hash, when and who, in the order of the log; a damaged row of the log is told of by the chain."""
    for at, who, action, detail in library.connection.execute(
        "SELECT at, who, action, detail FROM onemap_audit ORDER BY number"
    ):
        if not action.startswith("review."):
            continue
        try:
            rows = json.loads(detail).get("rows", {})
        except ValueError:
            continue
        yield from ((key, hash_, at, who) for key, hash_ in rows.items())


def _changed_files(library: Library) -> Iterator[Problem]:
    if not library.has_table("onemap_case_files"):
        return  # made before there was such a table, or gone, which the log tells
    sql = "SELECT case_id, position, name, hash, content FROM onemap_case_files"
    for case_id, position, name, hash_, content in library.connection.execute(sql):
        if sha256(bytes(content)) != hash_:
            place = {"file": library.label, "layer": "onemap_case_files", "feature": f"{case_id}/{position}"}
            yield Problem("verify.review_file", {**place, "name": name})
