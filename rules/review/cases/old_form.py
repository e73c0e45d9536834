"""Cases in the tables of libraries of format 1 and 2: how they are read, and how they are carried over into events."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, replace
from datetime import date
from typing import Any

from onemap.layers.catalogue.catalogue import DEPARTMENTS
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import Library
from onemap.layers.stores.sql_text import columns_of, compose_sql
from onemap.layers.value_groups import groups_of
from onemap.rules.review.cases.case import (
    AttachedFile,
    Case,
    ChecklistItem,
    Entry,
    KeptRemedy,
    Opinion,
    Override,
    Round,
    Terms,
)

OLD_TABLES = (
    "CREATE TABLE onemap_cases (id TEXT PRIMARY KEY, project TEXT NOT NULL, data TEXT NOT NULL,"
    " options TEXT NOT NULL, terms TEXT NOT NULL, state TEXT NOT NULL, round INTEGER NOT NULL,"
    " opened_by TEXT NOT NULL, opened_on TEXT NOT NULL, proposed TEXT, conclusion TEXT,"
    " conclusion_reason TEXT, decided_by TEXT, decided_on TEXT, document TEXT, issued_by TEXT, issued_on TEXT,"
    " at TEXT NOT NULL)",
    "CREATE TABLE onemap_rounds (case_id TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL,"
    " watched TEXT NOT NULL, rules TEXT NOT NULL, opened_by TEXT NOT NULL, opened_on TEXT NOT NULL, circulated_by TEXT,"
    " circulated_on TEXT, PRIMARY KEY (case_id, number))",
    "CREATE TABLE onemap_opinions (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " department TEXT NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL, conclusion TEXT NOT NULL,"
    " text TEXT NOT NULL, text_en TEXT, basis TEXT NOT NULL, routed INTEGER NOT NULL, why TEXT NOT NULL,"
    " drafted_by TEXT NOT NULL, drafted_on TEXT NOT NULL, signed_by TEXT, signed_on TEXT, due TEXT,"
    " stopped_on TEXT, unanswered TEXT, at TEXT NOT NULL, PRIMARY KEY (case_id, round, department, number))",
    "CREATE TABLE onemap_case_items (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " position INTEGER NOT NULL, item TEXT NOT NULL, department TEXT NOT NULL, title TEXT NOT NULL, rule TEXT,"
    " layer TEXT, reason TEXT, PRIMARY KEY (case_id, round, position))",
    "CREATE TABLE onemap_case_answers (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " department TEXT NOT NULL, item TEXT NOT NULL, number INTEGER NOT NULL, answer TEXT NOT NULL, who TEXT NOT NULL,"
    " day TEXT NOT NULL, PRIMARY KEY (case_id, round, department, item, number))",
    "CREATE TABLE onemap_overrides (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " parcel TEXT NOT NULL, rule TEXT NOT NULL, number INTEGER NOT NULL, before TEXT NOT NULL, verdict TEXT NOT NULL,"
    " reason TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " PRIMARY KEY (case_id, round, parcel, rule, number))",
    "CREATE TABLE onemap_case_entries (case_id TEXT NOT NULL, number INTEGER NOT NULL,"
    " round INTEGER NOT NULL, department TEXT, action TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " entered_on TEXT, at TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (case_id, number))",
    "CREATE TABLE onemap_case_files (case_id TEXT NOT NULL, position INTEGER NOT NULL,"
    " name TEXT NOT NULL, hash TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (case_id, position))",
    "CREATE TABLE onemap_case_remedies (case_id TEXT NOT NULL, round INTEGER NOT NULL,"
    " number INTEGER NOT NULL, run TEXT NOT NULL, who TEXT NOT NULL, day TEXT NOT NULL,"
    " PRIMARY KEY (case_id, round, number))",
    "CREATE TABLE onemap_documents (year INTEGER NOT NULL, sequence INTEGER NOT NULL,"
    " case_id TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (year, sequence))",
)
_CASE = (
    *("id", "project", "data", "options", "terms", "state", "round", "opened_by", "opened_on", "proposed"),
    *("conclusion", "conclusion_reason", "decided_by", "decided_on", "document", "issued_by", "issued_on"),
)
_OPINION = (
    *("department", "round", "number", "state", "conclusion", "text", "text_en", "basis", "routed", "why"),
    *("drafted_by", "drafted_on", "signed_by", "signed_on", "due", "stopped_on", "unanswered"),
)


def is_old(library: Library) -> bool:
    """Whether the cases of a library stand in tables of the older form."""
    return library.has_table("onemap_case_entries")


def case_ids(library: Library) -> list[str]:
    """The ids of all cases, the oldest first."""
    return [row[0] for row in library.connection.execute("SELECT id FROM onemap_cases ORDER BY at, id")]


def stored_case(library: Library, case_id: str) -> Case:
    """Read a case from its rows. Raises OneMapError review.case, and library.altered for rows that make no case."""
    try:
        return _case_of_rows(library, case_id)
    except (ValueError, TypeError, LookupError):
        facts = {"file": library.label, "layer": "onemap_cases", "feature": case_id}
        how = Problem("verify.record_changed", {**facts, "at": "–", "who": "–"})
        raise OneMapError("library.altered", **facts, how=how) from None


def _case_of_rows(library: Library, case_id: str) -> Case:
    row = None
    if case_id.isprintable():
        sql = compose_sql("SELECT {columns} FROM onemap_cases AS c WHERE id = ?", columns=columns_of("c", _CASE))
        row = library.connection.execute(sql, (case_id,)).fetchone()
    if row is None:
        raise OneMapError("review.case", file=library.name, field="CASE", case=case_id)
    values = dict(zip(_CASE, row, strict=True))
    entries = _entries(library, case_id)
    rounds = _rounds(library, case_id)
    for name in ("opened_on", "decided_on", "issued_on"):
        values[name] = _day(values[name])
    for name in ("data", "options"):
        values[name] = json.loads(values[name])
    return Case(
        **{**values, "terms": Terms(**json.loads(values["terms"]))},
        library=library.id,
        revision=entries[-1].number,
        on=max(entry.on for entry in entries),
        is_rehearsal=library.is_rehearsal,
        rounds=rounds,
        entries=entries,
        files=_files(library, case_id),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _entries(library: Library, case_id: str) -> tuple[Entry, ...]:
    rows: Iterable[Any] = library.connection.execute(
        "SELECT number, round, action, who, day, at, department, detail, entered_on FROM onemap_case_entries"
        " WHERE case_id = ? ORDER BY number",
        (case_id,),
    )
    return tuple(
        Entry(
            number,
            round_,
            action,
            who=who,
            on=date.fromisoformat(day),
            at=at,
            department=department,
            detail=json.loads(detail),
            entered_on=_day(entered),
        )
        for number, round_, action, who, day, at, department, detail, entered in rows
    )


def _files(library: Library, case_id: str) -> tuple[AttachedFile, ...]:
    sql = "SELECT name, hash FROM onemap_case_files WHERE case_id = ? ORDER BY position"
    return tuple(AttachedFile(*row) for row in library.connection.execute(sql, (case_id,)))


# What is kept of every round, in the order in which it was written: the last row of each holds.
_OF_ROUND = {
    "opinions": compose_sql(
        "SELECT {columns} FROM onemap_opinions AS o WHERE case_id = ? ORDER BY number",
        columns=columns_of("o", ("round", *_OPINION)),
    ),
    "items": "SELECT round, item, department, title, rule, layer, reason FROM onemap_case_items WHERE case_id = ?"
    " ORDER BY position",
    "answers": "SELECT round, department, item, answer, who, day FROM onemap_case_answers WHERE case_id = ?"
    " ORDER BY number",
    "overrides": "SELECT round, parcel, rule, before, verdict, reason, who, day FROM onemap_overrides WHERE case_id = ?"
    " ORDER BY number",
    "remedies": "SELECT round, number, run, who, day FROM onemap_case_remedies WHERE case_id = ? ORDER BY number",
}


def _rows_by_round(library: Library, case_id: str, sql: str) -> dict[int, list[Any]]:
    return groups_of((row[0], row[1:]) for row in library.connection.execute(sql, (case_id,)))


def _rounds(library: Library, case_id: str) -> tuple[Round, ...]:
    """Read all rounds with the last row of each opinion, answer and override."""
    rows_of = {name: _rows_by_round(library, case_id, sql) for name, sql in _OF_ROUND.items()}
    rounds = library.connection.execute(
        "SELECT number, run, opened_by, opened_on, circulated_by, circulated_on, watched FROM onemap_rounds"
        " WHERE case_id = ? ORDER BY number",
        (case_id,),
    )
    return tuple(
        Round(
            number=row[0],
            run=row[1],
            opened_by=row[2],
            opened_on=date.fromisoformat(row[3]),
            circulated_by=row[4],
            circulated_on=_day(row[5]),
            watched=json.loads(row[6]),
            opinions=_opinions(rows_of["opinions"].get(row[0], ())),
            items=_items(rows_of["items"].get(row[0], ()), rows_of["answers"].get(row[0], ())),
            overrides=tuple(
                Override(parcel, rule, before, verdict, reason, who, date.fromisoformat(day))
                for parcel, rule, before, verdict, reason, who, day in rows_of["overrides"].get(row[0], ())
            ),
            remedies=tuple(
                KeptRemedy(number, run, who, date.fromisoformat(day))
                for number, run, who, day in rows_of["remedies"].get(row[0], ())
            ),
        )
        for row in rounds.fetchall()
    )


def _opinions(rows: Iterable[Any]) -> tuple[Opinion, ...]:
    last = {row[0]: dict(zip(_OPINION, row, strict=True)) for row in rows}
    for values in last.values():
        values["routed"] = bool(values["routed"])
        for name in ("drafted_on", "signed_on", "due", "stopped_on"):
            values[name] = _day(values[name])
    return tuple(Opinion(**last[department]) for department in DEPARTMENTS if department in last)


def _items(rows: Iterable[Any], answers: Iterable[Any]) -> tuple[ChecklistItem, ...]:
    answer_of = {(department, item): (answer, who, _day(day)) for department, item, answer, who, day in answers}
    items = []
    for item, department, title, rule, layer, reason in rows:
        answer, who, day = answer_of.get((department, item), (None, None, None))
        items.append(
            ChecklistItem(
                item,
                department,
                json.loads(title),
                rule=rule,
                layer=layer,
                reason=reason,
                answer=answer,
                answered_by=who,
                answered_on=day,
            )
        )
    return tuple(items)


def case_as_json(case: Case) -> dict[str, Any]:
    """A case as JSON for the carried event: all its values, days as ISO text."""
    values = asdict(replace(case, library="", damage=None))
    del values["damage"]  # which is computed
    return json.loads(json.dumps(values, default=_plain))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else sorted(value)


def case_from_json(stored_case: Mapping[str, Any], library: str) -> Case:
    """The case that `case_as_json` has written."""
    values = {name: value for name, value in stored_case.items() if name != "damage"}
    values["terms"] = Terms(**values["terms"])
    values["rounds"] = tuple(_round_from_json(one) for one in values["rounds"])
    values["entries"] = tuple(_of_json(Entry, one) for one in values["entries"])
    values["files"] = tuple(AttachedFile(**one) for one in values["files"])
    return _of_json(Case, {**values, "library": library})


def _round_from_json(stored_round: Mapping[str, Any]) -> Round:
    kinds = {"opinions": Opinion, "items": ChecklistItem, "overrides": Override, "remedies": KeptRemedy}
    parts = {name: tuple(_of_json(kind, one) for one in stored_round[name]) for name, kind in kinds.items()}
    return _of_json(Round, {**stored_round, **parts})


def _of_json(kind: Any, values: Mapping[str, Any]) -> Any:
    """Make a dataclass of a case from JSON values: texts of days become dates, lists become tuples."""
    days = {field.name for field in fields(kind) if "date" in str(field.type)}
    whole = {name: _day(value) if name in days and isinstance(value, str) else value for name, value in values.items()}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in whole.items()})
