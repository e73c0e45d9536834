"""Any single edit of a library's file with sqlite3 is found, by table and row: values, rows, structure."""

import contextlib
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import open_library, sha256
from onemap.layers.library.log_reading import shown_text
from onemap.layers.progress import Progress
from onemap.layers.stores.geopackage import core_tables
from onemap.layers.stores.library_tables import LIBRARY_TABLES
from onemap.layers.stores.logged_rows import plain_tables, row_hash
from onemap.layers.stores.sql_text import quote_identifier
from onemap.layers.stores.store import chained_hash
from onemap.rules.contract.declaration import VerbContext
from onemap.rules.review.cases.event import COLUMNS, Event, event_hash, words_hash
from onemap.rules.review.cases.event_store import case_ids, read_events
from onemap.rules.verbs.work.judgement_tables import TABLES
from onemap.rules.verbs.work.library_work import verify
from onemap.tests.attacks.full_library import make_full_library
from onemap.tests.rules.command import command, done

pytestmark = pytest.mark.slow  # the library alone takes some seconds
PLAIN = {**plain_tables((*LIBRARY_TABLES, *TABLES)), **core_tables()}
INDEXES = ("rtree_FARM__1_geom", "rtree_RIVER__1_geom", "rtree_onemap_problems_geom")
AT_LEAST = 400
EVERY = pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.nightly)])


@dataclass(frozen=True)
class Edit:
    """One statement, and the table and row that verify must name; without a row, any place in the table."""

    sql: str
    values: tuple[Any, ...]
    table: str
    row: str | None


@pytest.fixture(scope="module")
def full_library(tmp_path_factory) -> Path:
    return make_full_library(tmp_path_factory.mktemp("full"))


def open_bare(path: Path) -> sqlite3.Connection:
    """Open a library as an attacker does, with stubs for the functions that GeoPackage's triggers call."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.text_factory = bytes
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _: 0)
    return connection


def problems_of(path: Path, head: Path | None = None) -> list[dict[str, Any]]:
    """The problems that verify finds, in words. head: the file of a kept head."""
    result = verify({"library": str(path), "head": head and str(head)}, VerbContext("zh", Progress()))
    json.dumps(result, ensure_ascii=False).encode()
    assert result["ok"] == (not result["problems"])
    return result["problems"]


def is_named(edit: Edit, problem: dict[str, Any]) -> bool:
    if edit.table.startswith("rtree_") and edit.row is not None:  # one is kept in three tables
        is_of_index = str(problem["layer"]).startswith(edit.table)
        return is_of_index and edit.row in (problem["feature"] or "").split(", ")
    if edit.table.startswith("rtree_"):
        return str(problem["layer"]).startswith(edit.table)
    if problem["layer"] != edit.table:
        return False
    return edit.row is None or edit.row in (problem["feature"] or "").split(", ") or problem["feature"] == edit.row


def missed_edits(full_library: Path, folder: Path, edits: Iterator[Edit]) -> tuple[int, list[str]]:
    """The number of edits that were possible and changed something, and those that verify did not name."""
    count, found, path = 0, [], folder / full_library.name
    shutil.copy(full_library.with_suffix(".catalogue.toml"), folder)
    for edit in edits:
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(full_library, path)
        with contextlib.closing(open_bare(path)) as connection:
            before = dump(connection, edit.table)
            try:
                connection.execute(edit.sql, edit.values)
            except (sqlite3.IntegrityError, sqlite3.OperationalError, OverflowError):
                continue  # a constraint is in its way
            if dump(connection, edit.table) == before:
                continue
        count += 1
        problems = problems_of(path)
        if not any(is_named(edit, problem) for problem in problems):
            named_rows = sorted(
                {(problem["code"], problem["layer"], problem["feature"]) for problem in problems}, key=str
            )
            found.append(f"{edit.sql[:150]} {str(edit.values)[:60]} → {edit.row}: {named_rows[:4]}")
    return count, found


def dump(connection: sqlite3.Connection, table: str) -> Any:
    """All that a table holds, with types; and the schema."""
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    schema += [connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")]
    with contextlib.suppress(sqlite3.OperationalError):
        names = columns_of(connection, table)
        typed = ", ".join(f"typeof({quote_identifier(name)}), {quote_identifier(name)}" for name in names)
        return schema, connection.execute(f"SELECT {typed} FROM {quote_identifier(table)} ORDER BY 2").fetchall()
    return schema, None


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1].decode() for row in connection.execute(f"PRAGMA table_info({quote_identifier(table)})")]


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Tables whose rows are edited; of the spatial indexes some."""
    names = [row[0].decode() for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return sorted(name for name in names if not name.startswith("rtree_") or name.startswith(INDEXES))


def row_called(table: str, columns: list[str], values: tuple[Any, ...]) -> str | None:
    """The name that verify gives a row; None for a node of an index, which holds many features."""
    if table.startswith("rtree_"):
        feature = {"_geom": "id", "_rowid": "rowid"}.get(next(e for e in ("_geom", "_rowid", "") if table.endswith(e)))
        return str(values[columns.index(feature)]) if feature else None
    if table not in PLAIN:
        return str(values[columns.index("fid")])
    texts = tuple(value.decode() if is_text else value for value, is_text in values)
    return shown_text(PLAIN[table].row_name([texts[columns.index(name)] for name in PLAIN[table].columns]))


def rows_of(connection: sqlite3.Connection, table: str) -> list[tuple[int, str | None, list[Any]]]:
    """The rows of a table: rowid, what verify calls each, and its values."""
    columns = columns_of(connection, table)
    typed = ", ".join(f"{quote_identifier(name)}, typeof({quote_identifier(name)})" for name in columns)
    found = []
    for rowid, *values in connection.execute(f"SELECT rowid, {typed} FROM {quote_identifier(table)}"):
        pairs = [(value, kind == b"text") for value, kind in zip(values[::2], values[1::2], strict=True)]
        plain = tuple(value for value, _ in pairs)
        name = row_called(table, columns, tuple(pairs) if table in PLAIN else plain)
        found.append((rowid, name, list(plain)))
    return found


def other_values(value: Any, chance: random.Random) -> list[tuple[str, Any]]:
    """SQL expressions with a parameter that make something else of a value, in the order in which they are tried."""
    some: list[tuple[str, Any]] = [
        ("?", None),
        ("CAST(? AS TEXT)", b"\xff\xfe no text"),
        ("?", 2**63 - 1),
        ("?", -1.5e300),
        ("?", "{[ no JSON"),
        ("?", b"\x00\x01"),
        ("?", ""),
        ("?", "[" * 5000),
    ]
    if isinstance(value, bytes) and value:
        at = chance.randrange(len(value))
        flipped = value[:at] + bytes([value[at] ^ (1 << chance.randrange(8))]) + value[at + 1 :]
        some.insert(0, ("CAST(? AS TEXT)", value + b" "))
        some.insert(0, ("?", flipped))
    if isinstance(value, int | float):
        some.insert(0, ("?", value + 1))
    chance.shuffle(some)
    return some


def value_edits(full_library: Path) -> Iterator[Edit]:
    """Three edits of each column of each table."""
    chance = random.Random(16)
    with contextlib.closing(open_bare(full_library)) as connection:
        for table in tables_of(connection):
            rows = rows_of(connection, table)
            for at, column in enumerate(columns_of(connection, table)):
                for _ in range(3 if rows else 0):
                    rowid, name, values = chance.choice(rows)
                    sql, value = other_values(values[at], chance)[0]
                    changed = f"UPDATE {quote_identifier(table)} SET {quote_identifier(column)} = {sql} WHERE rowid = ?"
                    # An entry that gets another number is missed where it was.
                    is_moved = (table, column) == ("onemap_audit", "number")
                    yield Edit(changed, (value, rowid), table, None if is_moved else name)


def row_edits(full_library: Path) -> Iterator[Edit]:
    """Rows that are taken away, and rows that are put there."""
    chance = random.Random(17)
    with contextlib.closing(open_bare(full_library)) as connection:
        for table in tables_of(connection):
            rows, columns = rows_of(connection, table), columns_of(connection, table)
            for rowid, name, _ in chance.sample(rows, min(3, len(rows))):
                if table == "onemap_audit":
                    # The chain breaks at the next entry; that the last is gone shows by the rows that it wrote.
                    if rowid != len(rows):
                        yield Edit("DELETE FROM onemap_audit WHERE rowid = ?", (rowid,), table, str(rowid + 1))
                    continue
                yield Edit(f"DELETE FROM {quote_identifier(table)} WHERE rowid = ?", (rowid,), table, name)
            if rows:
                _, _, values = chance.choice(rows)
                copied = [value + 1000 if isinstance(value, int) else value for value in values]
                if isinstance(copied[0], bytes):
                    copied[0] = copied[0][:-1] + b"X"
                marks = ", ".join(
                    "CAST(? AS TEXT)" if isinstance(value, bytes) and is_utf8(value) else "?" for value in copied
                )
                names = ", ".join(map(quote_identifier, columns))
                sql = f"INSERT INTO {quote_identifier(table)} ({names}) VALUES ({marks})"
                yield Edit(sql, tuple(copied), table, None)


def is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return b"\x00" not in value


def structure_edits(full_library: Path) -> Iterator[Edit]:
    """Tables, views and triggers that are dropped, changed, or put there; and whole tables that are emptied."""
    with contextlib.closing(open_bare(full_library)) as connection:
        objects = connection.execute("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
        for kind, name in ([part.decode() for part in row] for row in objects):
            if name.startswith("rtree_") and kind == "table" and not name.endswith("_geom"):
                continue  # SQLite keeps its own hand on these
            quoted = quote_identifier(name)
            yield Edit(f"DROP {kind} {quoted}", (), name, kind if kind != "table" else None)
            if kind == "table" and not name.startswith("rtree_"):
                yield Edit(f"ALTER TABLE {quoted} ADD COLUMN more TEXT", (), name, "table")
                # Without its log, or the table of its facts, nothing more can be asked of a library.
                row = None if name in ("onemap_audit", "onemap_library") else "table"
                yield Edit(f"ALTER TABLE {quoted} RENAME TO another", (), name, row)
                yield Edit(f"DELETE FROM {quoted}", (), name, None)
                sql = f"CREATE TRIGGER lie AFTER INSERT ON {quoted} BEGIN SELECT 1; END"
                yield Edit(sql, (), "lie", "trigger")
    for name in ("application_id", "user_version"):
        yield Edit(f"PRAGMA {name} = 1", (), name, "pragma")
    yield Edit("CREATE TABLE onemap_more (a)", (), "onemap_more", "table")
    yield Edit("CREATE VIEW onemap_seen AS SELECT * FROM onemap_runs", (), "onemap_seen", "view")
    yield Edit("CREATE INDEX by_who ON onemap_runs (who)", (), "by_who", "index")


@EVERY
def test_every_changed_value_is_named_with_its_row(full_library, tmp_path, every):
    edits = islice(value_edits(full_library), 0, None, every)
    count, found = missed_edits(full_library, tmp_path, edits)
    assert not found, "\n".join([f"{len(found)} of {count}", *found])
    assert count >= AT_LEAST // every


@EVERY
def test_every_row_that_is_gone_or_new_is_named(full_library, tmp_path, every):
    count, found = missed_edits(full_library, tmp_path, islice(row_edits(full_library), 0, None, every))
    assert not found, "\n".join([f"{len(found)} of {count}", *found])
    assert count > 100 // every


@EVERY
def test_every_change_of_tables_views_and_triggers_is_named(full_library, tmp_path, every):
    count, found = missed_edits(full_library, tmp_path, islice(structure_edits(full_library), 0, None, every))
    assert not found, "\n".join([f"{len(found)} of {count}", *found])
    assert count > 150 // every


def forged_chains(full_library: Path) -> Iterator[tuple[str, list[Event]]]:
    """Events changed by somebody who knows their hashes: by the row's name, the event and all that follow it."""
    with open_library(str(full_library)) as library:
        cases = [read_events(library, case) for case in case_ids(library)]
    for events in cases:
        for chain in {event.chain for event in events}:
            rows = sorted((event for event in events if event.chain == chain), key=lambda event: event.number)
            for at, event in enumerate(rows):
                name = PLAIN["onemap_events"].row_name(event.values)
                for forged in forged_events(event):
                    before, found = event.before, []
                    for one in (forged, *rows[at + 1 :]):
                        linked = replace(one, before=before)
                        found.append(replace(linked, hash=event_hash(linked)))
                        before = found[-1].hash
                    yield name, found


def forged_events(event: Event) -> Iterator[Event]:
    """An event with another value in each of its columns; a draft's words with their hash."""
    yield replace(event, at=f"2020{event.at[4:]}")
    yield replace(event, day="2020-01-01")
    yield replace(event, who="Zhang")
    yield replace(event, account=1 - event.account)
    if event.year is None:  # else the table's own condition is in the way
        yield replace(event, action="x")
    yield replace(event, seen=json.dumps({**event.heads(), "lead": 99}))
    yield replace(event, body=json.dumps({**event.facts(), "reason": "再议", "conclusion": "agree"}))
    yield replace(event, run="another")
    if event.words is not None:
        words = event.words[:-1] + ', "text": "同意"}'
        yield replace(event, words=words, body=json.dumps({**event.facts(), "words": words_hash(words)}))


@EVERY
def test_every_event_that_is_forged_with_all_its_hashes_is_named(full_library, tmp_path, every):
    path, count, missed = tmp_path / full_library.name, 0, []
    shutil.copy(full_library.with_suffix(".catalogue.toml"), tmp_path)
    names = ", ".join(f"{name} = ?" for name in COLUMNS)
    place = "case_id = ? AND chain = ? AND number = ?"
    for name, events in islice(forged_chains(full_library), 0, None, every):
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(full_library, path)
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            for event in events:
                key = (event.case_id, event.chain, event.number)
                changed = f"UPDATE onemap_events SET {names} WHERE {place}"
                assert connection.execute(changed, (*event.values, *key)).rowcount == 1
        count += 1
        if name not in {problem["feature"] for problem in problems_of(path)}:
            missed.append((name, events[0]))
    assert not missed, missed
    assert count >= 120 // every


def rows_as_they_stand(path: Path) -> dict[str, dict[str, str]]:
    """The hash of each present row of each plain table, and of SQLite's schema, in the form of the log."""
    with open_library(str(path)) as library:
        connection = library.connection
        found: dict[str, dict[str, str]] = {}
        for table in plain_tables((*LIBRARY_TABLES, *TABLES)).values():
            if table.name != "onemap_audit" and library.has_table(table.name):
                rows = [*connection.read_rows(table.name, table.columns)]
                found[table.name] = {table.row_name(row): row_hash(row) for row in rows}
        for kind, name, values in connection.structure(None):
            found.setdefault(kind, {})[name] = row_hash(values)
    return found


def make_log_anew(path: Path) -> None:
    """Make the log agree with all present rows and heads of events, and chain it anew to its end."""
    now = rows_as_they_stand(path)
    place = "case_id, chain, number"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        heads = {tuple(key): hash_ for *key, hash_ in connection.execute(f"SELECT {place}, hash FROM onemap_events")}
        entries = connection.execute("SELECT number, at, who, action, subject, detail FROM onemap_audit").fetchall()
        last, before = len(entries), ""
        missed = {table: dict(rows) for table, rows in now.items()}
        for number, at, who, action, subject, text in entries:
            detail = json.loads(text)
            for table, rows in detail.get("rows", {}).items():
                for name in rows:
                    rows[name] = now.get(table, {}).get(name)
                    missed.get(table, {}).pop(name, None)
            for chain, head in detail.get("heads", {}).items():
                head[1] = heads.get((subject.partition(" ")[0], chain, head[0]), head[1])
            if number == last:
                for table, rows in missed.items():
                    detail.setdefault("rows", {}).setdefault(table, {}).update(rows)
            text = json.dumps(detail, ensure_ascii=False, sort_keys=True)
            chained = chained_hash(before, at, who, action, subject, sha256(text))
            values = (text, sha256(text), before, chained, number)
            set_ = "detail = ?, content_hash = ?, previous_hash = ?, hash = ?"
            connection.execute(f"UPDATE onemap_audit SET {set_} WHERE number = ?", values)
            before = chained


def statements_of_forgeries(full_library: Path) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """Several changes at once: up to three values in several tables; a trigger, an index, a view; a chain."""
    chance = random.Random(38)
    values = [one for one in value_edits(full_library) if one.table in PLAIN and one.table not in core_tables()]
    values = [one for one in values if one.table != "onemap_audit" and one.values[0] != b"\xff\xfe no text"]
    for one in chance.sample(values, 70):
        others = chance.sample([other for other in values if other.table != one.table], chance.randrange(3))
        yield [(edit.sql, edit.values) for edit in (one, *others)]
    shapes = [one for one in structure_edits(full_library) if one.sql.startswith(("CREATE", "DROP view", "DROP index"))]
    for one in chance.sample(shapes, 30):
        yield [(one.sql, one.values)]
    names = ", ".join(f"{name} = ?" for name in COLUMNS)
    changed = f"UPDATE onemap_events SET {names} WHERE case_id = ? AND chain = ? AND number = ?"
    for _, events in chance.sample([*forged_chains(full_library)], 40):
        yield [(changed, (*event.values, event.case_id, event.chain, event.number)) for event in events]


# What says that a hash does not fit; the log, the rows and the chains are made anew.
OF_HASHES = {f"verify.{name}" for name in ("chain", "content", "record_changed", "record_gone", "record_unlogged")}


@EVERY
def test_what_is_forged_with_the_whole_log_is_named_by_a_head_that_was_kept(full_library, tmp_path, every):
    """Rows of several tables, triggers, indexes and chains of events, under a log that says of them what they are."""
    path, head, count, whole, missed = tmp_path / full_library.name, tmp_path / "head.json", 0, 0, []
    shutil.copy(full_library.with_suffix(".catalogue.toml"), tmp_path)
    done("keep", full_library, "--head", head)
    for statements in islice(statements_of_forgeries(full_library), 0, None, every):
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)
        shutil.copy(full_library, path)
        try:
            with contextlib.closing(open_bare(path)) as connection:
                for sql, values in statements:
                    connection.execute(sql, values)
            make_log_anew(path)
        except (sqlite3.Error, OneMapError):
            continue  # a constraint is in its way, or nobody can read the library any more
        count += 1
        problems = problems_of(path, head)
        codes = {problem["code"] for problem in problems}
        whole += not codes & OF_HASHES
        if not codes & {"verify.head_rewritten", "verify.head_library"}:
            missed.append((statements[0], codes))
    assert not missed, missed
    assert count >= 100 // every
    assert whole >= 60 // every, (whole, count)  # by nothing else would these be seen


def test_the_last_entry_of_the_log_cannot_be_taken_away_unseen(full_library, tmp_path):
    shutil.copy(full_library.with_suffix(".catalogue.toml"), tmp_path)
    path = Path(shutil.copy(full_library, tmp_path))
    with contextlib.closing(open_bare(path)) as connection:
        connection.execute("DELETE FROM onemap_audit WHERE number = (SELECT max(number) FROM onemap_audit)")
    assert "onemap_events" in {problem["layer"] for problem in problems_of(path)}


def test_the_citys_own_file_that_was_kept_is_held_against_the_log(full_library, tmp_path):
    path = Path(shutil.copy(full_library, tmp_path))
    assert [problem["code"] for problem in problems_of(path)] == ["verify.own_file"]
    text = full_library.with_suffix(".catalogue.toml").read_text(encoding="utf-8")
    path.with_suffix(".catalogue.toml").write_text(text + "\n", encoding="utf-8")
    assert [problem["code"] for problem in problems_of(path)] == ["verify.own_file"]
    path.with_suffix(".catalogue.toml").write_text(text, encoding="utf-8")
    assert problems_of(path) == []


def take_out_of_index(path: Path, index: str, where: str) -> None:
    """Remove rows from an index but not from its table, by a table defined over the index's pages meanwhile."""
    written = "UPDATE sqlite_master SET rootpage = ? WHERE name = 'forged'"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (place,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()
        columns = [row[2] for row in connection.execute(f"PRAGMA index_info({quote_identifier(index)})")]
        names = ", ".join((*columns, "place"))  # an index is a table of its columns and the row's number
        connection.execute(f"CREATE TABLE forged ({names}, PRIMARY KEY ({names})) WITHOUT ROWID")
        (own,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'forged'").fetchone()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(written, (place,))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute(f"DELETE FROM forged WHERE {where}").rowcount > 0
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(written, (own,))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE forged")


def test_an_index_that_hides_a_row_is_named(full_library, tmp_path):
    """The events stand in their table as they were written; whoever asks by case and department does not see one."""
    shutil.copy(full_library.with_suffix(".catalogue.toml"), tmp_path)
    path = Path(shutil.copy(full_library, tmp_path))
    head = tmp_path / "head.json"
    done("keep", path, "--head", head)
    asked = ("SELECT type, name, tbl_name, sql FROM sqlite_master", "SELECT * FROM onemap_events NOT INDEXED")
    with contextlib.closing(open_bare(path)) as connection:
        before = [connection.execute(sql).fetchall() for sql in asked]
        cases = connection.execute(
            "SELECT case_id FROM onemap_events WHERE action = 'sign' AND +chain = 'land'"
        ).fetchall()
    take_out_of_index(path, "sqlite_autoindex_onemap_events_1", "chain = 'land'")
    with contextlib.closing(open_bare(path)) as connection:
        assert [connection.execute(sql).fetchall() for sql in asked] == before
        seen = "SELECT count(*) FROM onemap_events WHERE case_id = ? AND chain = 'land'"
        assert cases and connection.execute(seen, cases[0]).fetchone() == (0,)
    for answer in (command("verify", path), command("verify", path, "--head", head)):
        problem = answer.json["problems"][0]
        assert (answer.code, problem["code"], problem["layer"]) == (5, "verify.integrity", "onemap_events")
        assert "sqlite_autoindex_onemap_events_1" in problem["message"]


def by_hand(set_: str, name: str) -> str:
    return f"UPDATE sqlite_master SET {set_} WHERE name = '{name}'"


ROOT_OF = "rootpage = (SELECT rootpage FROM sqlite_master WHERE name = '{}')"
BY_HAND = (
    by_hand("sql = replace(sql, 'who TEXT', 'who TEXT COLLATE NOCASE')", "onemap_events"),
    by_hand("sql = replace(sql, ' body TEXT NOT NULL', ' body TEXT NOT NULL DEFAULT 1')", "onemap_events"),
    by_hand("sql = replace(sql, 'who TEXT', 'who TEXT AS (action)')", "onemap_events"),
    by_hand("sql = replace(sql, 'sign', 'open')", "onemap_opinions"),
    by_hand(ROOT_OF.format("sqlite_autoindex_onemap_events_2"), "sqlite_autoindex_onemap_events_1"),
    by_hand(ROOT_OF.format("onemap_library"), "onemap_packs"),
    by_hand(ROOT_OF.format("onemap_packs"), "onemap_events"),
    "INSERT INTO sqlite_master SELECT * FROM sqlite_master WHERE name = 'onemap_cases'",
    "INSERT INTO sqlite_master SELECT 'index', 'part', tbl_name, rootpage,"
    " 'CREATE INDEX part ON onemap_events (case_id) WHERE false' FROM sqlite_master"
    " WHERE name = 'sqlite_autoindex_onemap_events_1'",
    "DELETE FROM sqlite_master WHERE name = 'sqlite_autoindex_onemap_events_1'",
    "DELETE FROM sqlite_master WHERE name = 'onemap_opinions'",
)


@pytest.mark.parametrize("change", BY_HAND)
def test_a_schema_that_is_written_by_hand_is_not_whole(full_library, tmp_path, change):
    """What SQLite itself would never write: it is named, or SQLite finds the file damaged."""
    shutil.copy(full_library.with_suffix(".catalogue.toml"), tmp_path)
    path = Path(shutil.copy(full_library, tmp_path))
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        assert connection.execute(change).rowcount == 1
    answer = command("verify", path)
    assert answer.code in (3, 5), answer.json
    assert all(code.startswith("verify.") or code == "library.damaged" for code in answer.codes), answer.json
