"""The runs that a library stores: listed, named, and deleted where nothing rests on them."""

from collections.abc import Iterable, Mapping
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.library.library import TABLES as LIBRARY
from onemap.layers.library.library import Library, log
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import PlainTable, insert_logged, note, note_structure, plain_tables
from onemap.layers.stores.rights import EVERYONE, Grant, Guard, Right
from onemap.layers.stores.sql_text import compose_sql
from onemap.rules.contract.verdict import verdict_counts
from onemap.rules.judge.runs.run_record import read_record
from onemap.rules.judge.runs.run_store import CHECK, NAMES, kind_of, run_names, run_record, stored_values
from onemap.rules.judge.runs.stored_rows import DAMAGE, check_blocks

LONGEST_NAME = 120
TABLES = (
    "CREATE TABLE IF NOT EXISTS onemap_run_names (number INTEGER PRIMARY KEY, run TEXT NOT NULL, name TEXT NOT NULL,"
    " who TEXT NOT NULL, at TEXT NOT NULL)",
)
NAMED, REMOVED = "run.name", "run.remove"  # as the log has them
GRANTS: tuple[Right, ...] = (
    Grant(NAMES, "SELECT", EVERYONE),
    Grant(NAMES, "INSERT", EVERYONE),
    Guard(NAMES, {"name": f"length(NEW.name) <= {LONGEST_NAME}"}, is_signed=True),
)
_OWN = ("onemap_runs", "onemap_run_blocks", NAMES)


def run_of_name(names: Mapping[str, str], wanted_name: str) -> str:
    """The run with a name, else the run with this id."""
    return next((run for run, name in names.items() if name == wanted_name), wanted_name)


def runs_of_names(library: Library, wanted_names: Iterable[str]) -> dict[str, str | None]:
    """The checks with some names or ids, each with its name. Raises OneMapError run.unknown, run.kind."""
    names, problems = run_names(library), list[Problem]()
    runs = dict.fromkeys(run_of_name(names, name) for name in wanted_names)
    for run in runs:
        try:
            run_record(library, run)
        except OneMapError as error:  # one that is damaged is reported, and does not hinder the others
            own_problems = [one for one in error.problems if one.code != "run.damaged"]
            problems += [Problem(one.code, {**one.facts, "field": "--run"}) for one in own_problems]
    if problems:
        raise OneMapError.of(problems)
    return {run: names.get(run) for run in runs}


def past_runs(
    library: Library, kind: str | None, tables: Mapping[str, PlainTable]
) -> tuple[list[Record], list[Problem]]:
    """Every run of a kind, or of any kind, newest first; a check with its number of parcels for each verdict.

    A run that cannot be read gives the problem run.damaged or library.altered; the other runs are listed. tables: all
    plain tables of a library; those with a column `run` belong to runs.
    """
    names, holders = run_names(library), _held_runs(library, tables)
    rows = library.connection.execute("SELECT id, record FROM onemap_runs ORDER BY started DESC, id DESC").fetchall()
    runs: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for identifier, text in rows:
        try:
            record = read_record(library, identifier, text)
            if kind is not None and kind_of(record) != kind:
                continue
            entry = _entry(library, identifier, record)
        except OneMapError as error:
            if error.code not in DAMAGE:
                raise
            problems += error.problems
            continue
        runs.append({**entry, "name": names.get(identifier), "held": sorted(holders.get(identifier, ()))})
    return runs, problems


def _entry(library: Library, identifier: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """The entry of a run in the list, by itself. Raises OneMapError run.damaged, library.altered."""
    parameters = record.get("parameters", {})
    entry = {
        "id": identifier,
        "kind": kind_of(record),
        "name": None,
        "started": record.get("started"),
        "who": record.get("who"),
        "as_of": parameters.get("as_of"),
        "parcels": parameters.get("parcels"),
        "packs": [pack["id"] for pack in record.get("packs", ())],
        "held": [],
    }
    if kind_of(record) == CHECK:
        check_blocks(library, identifier)
        entry["verdicts"] = stored_verdicts(library, identifier)
        entry["count"] = sum(entry["verdicts"].values())
    return entry


def stored_verdicts(library: Library, identifier: str) -> dict[str, int]:
    """How many parcels of a stored check have each of the six verdicts. Raises OneMapError run.damaged."""
    return verdict_counts(verdict for (verdict,) in stored_values(library, identifier, "parcels", ["verdict"]))


def name_run(library: Library, identifier: str, name: str, who: str) -> str:
    """Give a run a name, or take it away with an empty one; logged. Raises OneMapError run.unknown, run.name."""
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise OneMapError("run.name", field="--name", longest=LONGEST_NAME)
    run_record(library, identifier, None)
    with library.writing() as connection:
        if not connection.has_table(NAMES):
            connection.execute(TABLES[0])
            note_structure(connection, [NAMES])
        number = connection.execute(compose_sql("SELECT max(number) FROM {names}", names=NAMES)).fetchone()[0] or 0
        row = (number + 1, identifier, name, who, connection.moment())
        insert_logged(connection, plain_tables(TABLES)[NAMES], [row])
        log(connection, who, NAMED, identifier, {"name": name})
    return name


def remove_run(library: Library, identifier: str, who: str, tables: Mapping[str, PlainTable]) -> Record:
    """Delete a run and its rows; the log keeps its entries, and records the deletion.

    Raises OneMapError library.owner_adds, run.unknown, run.held where a case, a decision or a version rests on it.
    """
    library.check_owner()
    record = run_record(library, identifier, None)
    with library.writing() as connection:
        if holders := _held_runs(library, tables).get(identifier):
            raise OneMapError("run.held", file=library.label, run=identifier, holders=sorted(holders))
        blocks, runs = LIBRARY["onemap_run_blocks"], LIBRARY["onemap_runs"]
        sql = compose_sql("SELECT {key} FROM {blocks} WHERE run = ?", key=blocks.key, blocks=blocks.name)
        keys = connection.execute(sql, (identifier,))
        names = [_key_name(blocks, row) for row in keys.fetchall()]
        connection.execute("DELETE FROM onemap_run_blocks WHERE run = ?", (identifier,))
        connection.execute("DELETE FROM onemap_runs WHERE id = ?", (identifier,))
        for name in names:
            note(connection, blocks.name, name, None)
        note(connection, runs.name, _key_name(runs, (identifier,)), None)
        facts = {name: record.get(name) for name in ("started", "who")}
        log(connection, who, REMOVED, identifier, {"kind": kind_of(record), **facts})
    return {"id": identifier, "kind": kind_of(record), **facts}


def _key_name(table: PlainTable, key: tuple[Any, ...]) -> str:
    whole = dict(zip(table.key, key, strict=True))
    return table.row_name([whole.get(column) for column in table.columns])


def _held_runs(library: Library, tables: Mapping[str, PlainTable]) -> dict[str, set[str]]:
    """The runs on which something rests, and the tables that refer to each."""
    holders: dict[str, set[str]] = {}
    for name, table in tables.items():
        if "run" in table.columns and name not in _OWN and library.has_table(name):
            for (run,) in library.connection.execute(compose_sql("SELECT DISTINCT run FROM {name}", name=name)):
                holders.setdefault(run, set()).add(name.removeprefix("onemap_"))
    run_ids = {row[0] for row in library.connection.execute("SELECT id FROM onemap_runs")}
    for code, source in library.connection.execute("SELECT code, source FROM onemap_versions"):
        for run in run_ids:
            if run in str(source):
                holders.setdefault(run, set()).add(code)
    return holders
