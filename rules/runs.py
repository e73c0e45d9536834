"""Runs kept in the library: what was asked, by which packs, of which parcels, and every row of the answer."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.library import Library, log
from onemap.layers.stores.store import StoreConnection
from onemap.rules.packs import Pack, parse_pack
from onemap.rules.parcels import Parcels
from onemap.rules.question import Question, given_records
from onemap.rules.run import Run
from onemap.rules.run_tables import Table, plain_values

KEPT = ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "composition", "land_classes")
CHECK = "check"  # the kind of a run whose record names none
GIVEN = "given"  # the parcels as they were given: attributes, and geometry
TABLES = ("CREATE TABLE IF NOT EXISTS onemap_pack_texts (hash TEXT PRIMARY KEY, content TEXT NOT NULL)",)


@dataclass(frozen=True)
class StoredRow:
    """One row of a stored table: its values as JSON text, and its geometry as WKB."""

    content: str
    wkb: bytes | None

    @property
    def values(self) -> dict[str, Any]:
        """The row's values by column."""
        values: dict[str, Any] = json.loads(self.content)
        return values


def rows_of_table(table: Table) -> list[StoredRow]:
    """The rows of a table as they are kept: every digit of every number."""
    columns = {name: plain_values(table.columns[name]) for name in table.columns.columns}
    texts = [
        json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False)
        for row in zip(*columns.values(), strict=True)
    ]
    wkb = shapely.to_wkb(table.geometries) if table.geometries is not None else [None] * len(texts)
    return [StoredRow(text, body) for text, body in zip(texts, wkb, strict=True)]


def given_rows(question: Question) -> list[StoredRow]:
    """The parcels of a question as they are kept: attributes, and geometry."""
    wkb = shapely.to_wkb(question.parcels.geometries)
    return [StoredRow(text, body) for text, body in zip(given_records(question), wkb, strict=True)]


def record_run(library: Library, run: Run) -> None:
    """Keep a run, its packs, its parcels and its rows in the library, in one transaction.

    Raises OneMapError library.read_only, library.busy, library.full.
    """
    with library.writing() as connection:
        write_run(connection, run)


def write_run(connection: StoreConnection, run: Run) -> None:
    """Keep a run inside the open transaction, beside what is written because of it."""
    kept = {name: rows_of_table(run.tables[name]) for name in KEPT}
    kept[GIVEN] = given_rows(run.question)
    texts = [(pack.hash, pack.text) for pack in run.question.packs]
    detail = {"verdicts": run.verdicts, "parameters": run.record["parameters"]}
    keep_run(connection, run.record, kept, texts)
    log(connection, run.record["who"], "check", run.record["id"], detail)


def keep_run(
    connection: StoreConnection,
    record: Mapping[str, Any],
    kept: Mapping[str, Sequence[StoredRow]],
    texts: Sequence[tuple[str, str]],
) -> None:
    """Write a run's record, the rows of its tables, and the texts that it was asked by (hash, text), as one may."""
    for table in TABLES:
        connection.execute(table)
    connection.executemany("INSERT INTO onemap_pack_texts VALUES (?,?) ON CONFLICT DO NOTHING", texts)
    values = (record["id"], record["started"], record["who"], json.dumps(record, ensure_ascii=False))
    connection.execute("INSERT INTO onemap_runs VALUES (?,?,?,?)", values)
    connection.executemany(
        "INSERT INTO onemap_run_rows VALUES (?,?,?,?,?)",
        (
            (record["id"], name, position, row.content, row.wkb)
            for name, rows in kept.items()
            for position, row in enumerate(rows)
        ),
    )


def run_record(library: Library, identifier: str, kind: str | None = CHECK) -> dict[str, Any]:
    """The record of a stored run of a kind, or of any kind. Raises OneMapError run.unknown, run.kind."""
    # Stray bytes of an argument cannot be asked for in SQL, and are no run's id.
    sql = "SELECT record FROM onemap_runs WHERE id = ?"
    row = library.connection.execute(sql, (identifier,)).fetchone() if identifier.isprintable() else None
    if row is None:
        raise OneMapError("run.unknown", file=library.label, run=identifier, field="RUN")
    record: dict[str, Any] = json.loads(row[0])
    if kind is not None and kind_of(record) != kind:
        raise OneMapError("run.kind", file=library.label, run=identifier, field="RUN", kind=kind_of(record))
    return record


def kind_of(record: Mapping[str, Any]) -> str:
    """What sort of run a record is of: check, compare, remedy."""
    return str(record.get("kind", CHECK))


def stored_rows(library: Library, identifier: str, table: str, **wanted: str) -> list[StoredRow]:
    """The rows of one table of a stored run in their order; wanted: only rows with these values."""
    sql = "SELECT content, geom FROM onemap_run_rows WHERE run = ? AND name = ?"
    # What stands in the text as it is kept; a row may have it elsewhere too, so its values are looked at then.
    texts = [json.dumps({name: value}, ensure_ascii=False)[1:-1] for name, value in wanted.items()]
    patterns = ["%" + re.sub("([%_~])", r"~\1", text) + "%" for text in texts]
    conditions = " AND content LIKE ? ESCAPE '~'" * len(patterns)
    rows = library.connection.execute(f"{sql}{conditions} ORDER BY position", (identifier, table, *patterns))
    found = [StoredRow(*row) for row in rows]
    if not wanted:
        return found
    return [row for row in found if all(row.values.get(name) == value for name, value in wanted.items())]


def stored_texts(library: Library) -> dict[str, str]:
    """The texts of packs and matrices by which stored runs were asked, by their hash."""
    return dict(library.connection.execute("SELECT hash, content FROM onemap_pack_texts"))


def stored_packs(library: Library, identifier: str, kind: str = CHECK) -> tuple[Pack, ...]:
    """The packs by which a stored run was asked.

    Raises OneMapError run.unknown, run.incomplete.
    """
    record = run_record(library, identifier, kind)
    texts = stored_texts(library)
    sql = "SELECT 1 FROM onemap_run_rows WHERE run = ? AND name = ? LIMIT 1"
    given = library.connection.execute(sql, (identifier, GIVEN)).fetchone()
    if given is None or any(pack["hash"] not in texts for pack in record["packs"]):
        raise OneMapError("run.incomplete", file=library.label, run=identifier)
    catalogue = library.catalogue()
    return tuple(parse_pack(texts[pack["hash"]], pack["id"], catalogue) for pack in record["packs"])


def stored_question(library: Library, identifier: str, kind: str = CHECK) -> Question:
    """What a stored run was asked, so that it can be asked again: versions recorded later are not known.

    Raises OneMapError run.unknown, run.incomplete.
    """
    packs = stored_packs(library, identifier, kind)
    record = run_record(library, identifier, kind)
    parameters = record["parameters"]
    given = stored_rows(library, identifier, GIVEN)
    values = [row.values for row in given]
    parcels = Parcels(
        ids=np.array([value["id"] for value in values], dtype=object),
        geometries=shapely.from_wkb(np.array([row.wkb for row in given], dtype=object)),
        attributes=pd.DataFrame([value["attributes"] for value in values], dtype=object, index=range(len(values))),
        id_field=parameters["id"],
        source=parameters["parcels"],
        source_hash=parameters["parcels_hash"],
        problems=(),
    )
    moments = [datetime.fromisoformat(text) for text in (parameters["known_at"], record["started"]) if text]
    return Question(
        parcels=parcels,
        packs=packs,
        only=tuple(parameters["only"]),
        as_of=date.fromisoformat(parameters["as_of"]),
        known_at=min(moments),
        language=parameters["lang"],
        replaced=parameters["replaced"],
    )


def differences(
    library: Library, identifier: str, tables: Mapping[str, Table], report: Callable[[float, str], None]
) -> list[tuple[str, int, str, str]]:
    """Where a run computed again differs from the stored one: table, 1-based row, what was stored, what came out."""
    found = []
    for done, (name, table) in enumerate(tables.items()):
        report(0.9 + 0.1 * done / len(tables), name)
        stored, again = stored_rows(library, identifier, name), rows_of_table(table)
        for row in range(max(len(stored), len(again))):
            before = stored[row] if row < len(stored) else None
            after = again[row] if row < len(again) else None
            if before != after:
                found.append((name, row + 1, _apart(before, after), _apart(after, before)))
    return found


def _apart(row: StoredRow | None, other: StoredRow | None) -> str:
    """What of a row the other one does not say as well, with parcel and rule, by which it is found."""
    if row is None:
        return "–"
    others = other.values if other else {}
    named = ("parcel", "rule", "spot", "cluster")
    said = {key: value for key, value in row.values.items() if key in named or others.get(key, row) != value}
    if other and row.wkb != other.wkb:
        said["geometry"] = "≠"
    return json.dumps(said, ensure_ascii=False)


def changed_verdicts(library: Library, identifier: str, run: Run) -> list[dict[str, Any]]:
    """The parcels whose verdict differs from that of a stored run, with the rules that say something else now."""
    before = {row.values["parcel"]: row.values["verdict"] for row in stored_rows(library, identifier, "parcels")}
    columns = run.tables["parcels"].columns
    after = dict(zip(columns["parcel"], columns["verdict"], strict=True))
    changed = [parcel for parcel in {**before, **after} if before.get(parcel) != after.get(parcel)]
    if not changed:
        return []
    said = [
        _said_by_rule([row.values for row in stored_rows(library, identifier, "findings")]),
        _said_by_rule([row.values for row in rows_of_table(run.tables["findings"])]),
    ]
    result = []
    for parcel in changed:
        first, second = (side.get(parcel, {}) for side in said)
        rules = [rule for rule in {**first, **second} if first.get(rule) != second.get(rule)]
        result.append({"parcel": parcel, "from": before.get(parcel), "to": after.get(parcel), "rules": rules})
    return result


def _said_by_rule(findings: list[dict[str, Any]]) -> dict[str, dict[str, set[str]]]:
    """For each parcel and rule the verdicts of its rows that count."""
    said: dict[str, dict[str, set[str]]] = {}
    for row in findings:
        if row["counted"]:
            said.setdefault(row["parcel"], {}).setdefault(row["rule"], set()).add(row["verdict"])
    return said
