"""Runs stored in the library: the question, its packs and parcels, and every row of the answer."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from operator import attrgetter
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.geometry.wkb_reading import geometries_of_wkb
from onemap.layers.library.library import TABLES as LIBRARY
from onemap.layers.library.library import Library, log, sha256
from onemap.layers.messages import LANGUAGES, list_text, phrase
from onemap.layers.records import Record
from onemap.layers.stores.logged_rows import insert_logged, plain_tables
from onemap.layers.stores.sql_text import compose_sql, question_marks
from onemap.layers.stores.store import StoreConnection
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.inputs.parcel_rows import Outlines
from onemap.rules.judge.inputs.parcels import Parcels, no_parcels
from onemap.rules.judge.kinds.permitted_uses import PermitTable
from onemap.rules.judge.packs.kind_register import NO_REGISTER, register_from
from onemap.rules.judge.packs.pack import Pack, parse_packs, rules_of_run
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.arrow_blocks import (
    KEY,
    Rows,
    StoredBlock,
    StoredRow,
    parcel_rows,
    plain_columns,
    rows_of_table,
)
from onemap.rules.judge.runs.run import Chunk, Run
from onemap.rules.judge.runs.run_record import read_record, started_moment
from onemap.rules.judge.runs.stored_rows import GIVEN, check_blocks, read_blocks, row_counts

KEPT = ("parcels", "findings", "overlaps", "overlaps_line", "overlaps_point", "composition", "land_classes")
NAMES = "onemap_run_names"
CHECK = "check"  # the kind of a run whose record names none
TABLES = ("CREATE TABLE IF NOT EXISTS onemap_pack_texts (hash TEXT PRIMARY KEY, content TEXT NOT NULL)",)


def rows_of_parcels(parcels: Parcels) -> Rows:
    """Parcels as they are stored: attributes and geometry."""
    return parcel_rows(parcels.ids, parcels.attributes, parcels.bodies)


def packed_rows(chunk: Chunk, first: int) -> Iterator[tuple[str, StoredBlock]]:
    """The rows and given parcels of a chunk, packed as they are stored, with the names of their tables.

    first: the position of its first parcel in the run. Tables that a run does not store are skipped.
    """
    outlines = Outlines(first, chunk.parcels) if chunk.parcels else None
    for name in KEPT:
        table = chunk.tables.get(name)
        if table is not None:
            whole = outlines.of(table.values(KEY), table.wkb) if outlines and table.has_geometries else None
            yield from ((name, block) for block in rows_of_table(table).blocks(whole))
    if chunk.parcels:
        yield from ((GIVEN, block) for block in rows_of_parcels(chunk.parcels).blocks())


class Recorder:
    """Records a run inside an open transaction: its rows as they come, its record when it is done."""

    def __init__(self, connection: StoreConnection, identifier: str) -> None:
        self._connection = connection
        self._run = identifier
        self._rows: dict[str, int] = {}

    def append(self, chunk: Chunk) -> None:
        """Store the next rows and the next parcels as they were given; tables that a run does not store are skipped."""
        for name, block in packed_rows(chunk, self._rows.get(GIVEN, 0)):
            self.insert(name, block)

    def append_rows(self, rows_by_table: Mapping[str, Rows]) -> None:
        """Store the next rows of tables of any kind of run."""
        for name, rows in rows_by_table.items():
            for block in rows.blocks():
                self.insert(name, block)

    def insert(self, name: str, block: StoredBlock) -> None:
        """Store the next rows of a table, which are already packed."""
        first = self._rows.get(name, 0)
        self._rows[name] = first + block.count
        block_row = self._run, name, first, block.count, block.lowest, block.highest, block.content, block.shapes
        insert_logged(self._connection, LIBRARY["onemap_run_blocks"], [block_row])

    def finish(self, record: Mapping[str, Any], texts: Sequence[tuple[str, str]]) -> None:
        """Store the record, and the texts (hash, text) of the packs or matrices by which the run was asked."""
        keep_texts(self._connection, texts)
        values = (self._run, record["started"], record["who"], json.dumps(record, ensure_ascii=False))
        insert_logged(self._connection, LIBRARY["onemap_runs"], [values])

    def finish_check(self, record: Mapping[str, Any], packs: Sequence[Pack], verdicts: Mapping[str, int]) -> None:
        """Store the record of a check, with its row in the log."""
        self.finish(record, [text for pack in packs for text in pack.texts])
        detail = {"verdicts": dict(verdicts), "parameters": record["parameters"]}
        log_run(self._connection, "check", record, detail)


def keep_texts(connection: StoreConnection, texts: Sequence[tuple[str, str]]) -> None:
    """Store texts of packs (hash, text) that are not there yet, inside the open transaction.

    Raises OneMapError run.text_changed where another text is stored under the same hash: a run that rests on it would
    be damaged from the start.
    """
    table = plain_tables(TABLES)["onemap_pack_texts"]
    new_texts = dict(texts)
    sql = compose_sql(
        "SELECT hash, content FROM onemap_pack_texts WHERE hash IN ({marks})", marks=question_marks(len(new_texts))
    )
    stored_texts_by_hash = dict(connection.execute(sql, tuple(new_texts))) if new_texts else {}
    for hash_, text in stored_texts_by_hash.items():
        if text != new_texts[hash_]:
            raise OneMapError("run.text_changed", layer=table.name, feature=hash_)
    insert_logged(
        connection, table, [(hash_, text) for hash_, text in new_texts.items() if hash_ not in stored_texts_by_hash]
    )


def log_run(connection: StoreConnection, action: str, record: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
    """Add the row of the log for a recorded run."""
    log(connection, record["who"], action, record["id"], dict(detail))


def write_run(connection: StoreConnection, run: Run) -> None:
    """Store a run inside the open transaction, together with what is written because of it."""
    recorder = Recorder(connection, run.record["id"])
    for chunk in run.chunks():
        recorder.append(chunk)
    recorder.finish_check(run.record, run.question.packs, run.verdicts)


def keep_run(
    connection: StoreConnection,
    record: Mapping[str, Any],
    rows_by_table: Mapping[str, Rows],
    texts: Sequence[tuple[str, str]],
) -> None:
    """Store a run's record, the rows of its tables, and the texts (hash, text) by which it was asked."""
    recorder = Recorder(connection, record["id"])
    recorder.append_rows(rows_by_table)
    recorder.finish(record, texts)


def run_record(library: Library, identifier: str, kind: str | None = CHECK, option: str = "RUN") -> Record:
    """The record of a stored run of a kind, or of any kind. option: the option or argument by which the user names it.

    Raises OneMapError run.unknown, run.kind, run.damaged.
    """
    # Stray bytes of an argument cannot be asked for in SQL, and are no run's id.
    sql = "SELECT record FROM onemap_runs WHERE id = ?"
    row = library.connection.execute(sql, (identifier,)).fetchone() if identifier.isprintable() else None
    if row is None:
        names = sorted(set(run_names(library).values())) or _last_runs(library)
        likely_names = {
            one: phrase("run_names.some", one, names=list_text(names, one)) if names else "" for one in LANGUAGES
        }
        raise OneMapError("run.unknown", file=library.label, run=identifier, field=option, named=likely_names)
    record = read_record(library, identifier, row[0])
    if kind is not None and kind_of(record) != kind:
        kind_words = {language: phrase(f"run_kind.{kind_of(record)}", language) for language in LANGUAGES}
        raise OneMapError("run.kind", file=library.label, run=identifier, field=option, kind=kind_words)
    return record


def _last_runs(library: Library) -> list[str]:
    rows = library.connection.execute("SELECT id FROM onemap_runs ORDER BY started DESC, id DESC LIMIT 3")
    return [row[0] for row in rows]


def last_check(library: Library) -> tuple[str | None, list[Problem]]:
    """The check that was recorded last, and what is wrong with later runs that cannot be read, or have lost rows.

    None if there is no check that can be read.
    """
    problems = list[Problem]()
    for (run,) in library.connection.execute("SELECT id FROM onemap_runs ORDER BY started DESC, id DESC"):
        try:
            if kind_of(run_record(library, run, None)) == CHECK:
                check_blocks(library, run)
                return str(run), problems
        except OneMapError as error:
            problems += error.problems
    return None, problems


def run_names(library: Library) -> dict[str, str]:
    """The names of runs, by run; of several names the last one counts."""
    if not library.has_table(NAMES):  # a library that was made before runs had names
        return {}
    rows = library.connection.execute(compose_sql("SELECT run, name FROM {names} ORDER BY number", names=NAMES))
    return {run: name for run, name in dict(rows.fetchall()).items() if name}


def check_record(library: Library, identifier: str) -> CheckRecord:
    """The record of a stored check. Raises OneMapError run.unknown, run.kind, run.damaged."""
    return cast(CheckRecord, run_record(library, identifier))


def whole_record(library: Library, identifier: str, kind: str | None = CHECK, option: str = "RUN") -> Record:
    """The record of a stored run whose rows are to be read as all that it found.

    Raises OneMapError as `run_record`, and run.damaged, library.altered where the run has lost rows that its log wrote.
    """
    record = run_record(library, identifier, kind, option)
    check_blocks(library, identifier)
    return record


def whole_check(library: Library, identifier: str, option: str = "RUN") -> CheckRecord:
    """The record of a stored check, as `whole_record`. Raises as that."""
    return cast(CheckRecord, whole_record(library, identifier, option=option))


def kind_of(record: Mapping[str, Any]) -> str:
    """The kind of a recorded run: check, compare or remedy."""
    return str(record.get("kind", CHECK))


def stored_rows(library: Library, identifier: str, table: str, **conditions: str) -> list[StoredRow]:
    """The rows of one table of a stored run in their order; conditions: only rows with these values.

    Raises OneMapError run.damaged.
    """
    return [row for rows in stored_blocks(library, identifier, table, **conditions) for row in rows]


def stored_blocks(library: Library, identifier: str, table: str, **conditions: str) -> Iterator[Rows]:
    """The rows of `stored_rows`, in blocks of some thousand, of which only one is held in memory.

    Raises OneMapError run.damaged.
    """
    yield from read_blocks(library, identifier, table, conditions)


def stored_columns(library: Library, identifier: str, table: str, names: Sequence[str]) -> Iterator[Rows]:
    """Some columns of a table of a stored run, some thousand rows at a time. Raises OneMapError run.damaged."""
    yield from read_blocks(library, identifier, table, {}, names)


def stored_records(library: Library, identifier: str, table: str) -> list[Record]:
    """The rows of one table of a stored run as `stored_rows` gives them, without geometry. Raises run.damaged."""
    blocks = read_blocks(library, identifier, table, {}, has_shapes=False)
    return [row.values for rows in blocks for row in rows]


def stored_values(library: Library, identifier: str, table: str, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Some columns of a table of a stored run, row by row. Raises OneMapError run.damaged."""
    for rows in stored_columns(library, identifier, table, names):
        yield from zip(*plain_columns(rows.columns.select(names)).values(), strict=True)


def stored_texts(library: Library) -> dict[str, str]:
    """The texts of packs and matrices by which stored runs were asked, by their hash."""
    return dict(library.connection.execute("SELECT hash, content FROM onemap_pack_texts"))


def stored_packs(library: Library, identifier: str, kind: str = CHECK) -> tuple[Pack, ...]:
    """The packs by which a stored run was asked, with the tables of uses of that time.

    Raises OneMapError run.unknown, run.incomplete, run.damaged (also for a check that has lost parcels).
    """
    return packs_of_record(library, identifier, run_record(library, identifier, kind))


def stored_rules(library: Library, identifier: str) -> list[Rule]:
    """The rules of a stored check, as `rules_of_run` has them. Raises OneMapError as `stored_packs`."""
    return rules_of_run(stored_packs(library, identifier), check_record(library, identifier))


def packs_of_record(
    library: Library,
    identifier: str,
    record: Mapping[str, Any],
    read_catalogue: Callable[[], Mapping[str, LayerEntry]] | None = None,
) -> tuple[Pack, ...]:
    """The packs by which a stored run was asked, as in `stored_packs`.

    record: of the run; read_catalogue: returns the library's catalogue, for callers that ask about many runs.
    """
    kind, used_tables = kind_of(record), [table for pack in record["packs"] for table in pack.get("tables", ())]
    registers = [pack["kinds"] for pack in record["packs"] if "kinds" in pack]
    text_hashes = [*(item["hash"] for item in (*record["packs"], *used_tables)), *registers]
    texts: dict[str, str] = library.keep_made("pack texts", dict)  # that are what their hashes say
    texts_by_hash = texts if all(hash_ in texts for hash_ in text_hashes) else stored_texts(library)
    counts = row_counts(library, identifier)
    if GIVEN not in counts or any(hash_ not in texts_by_hash for hash_ in text_hashes):
        raise OneMapError("run.incomplete", file=library.label, run=identifier)
    new = {hash_: texts_by_hash[hash_] for hash_ in text_hashes if hash_ not in texts}
    if any(sha256(text) != hash_ for hash_, text in new.items()):
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer="onemap_pack_texts")
    texts |= new
    if kind == CHECK and counts.get("parcels", 0) != counts[GIVEN]:
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer="parcels")
    catalogue = (read_catalogue or library.catalogue)()
    system = record["parameters"].get("code_system")
    pack_keys = [(pack["hash"], pack["id"]) for pack in record["packs"]]
    layers = tuple(map(attrgetter("code", "geometry", "key"), catalogue.values()))
    named_tables = tuple((table["name"], table["hash"]) for table in used_tables)

    def parse() -> tuple[Pack, ...]:
        tables = {name: PermitTable(name, texts[hash_]) for name, hash_ in named_tables}
        register = register_from(texts[registers[0]]) if registers else NO_REGISTER
        parts = [(texts[hash_], id_) for hash_, id_ in pack_keys]
        return tuple(parse_packs(parts, catalogue, system, tables, are_kept=True, register=register))

    # Many runs of one library are asked by the same packs, which take their time to read.
    return library.keep_made(("packs", *pack_keys, *named_tables, *registers[:1], system, layers), parse)


def stored_question(library: Library, identifier: str) -> Question:
    """The question of a stored check, to repeat it; versions that were recorded later do not count.

    Raises OneMapError run.unknown, run.kind, run.incomplete, run.damaged.
    """
    blocks = list(stored_blocks(library, identifier, GIVEN))
    question = stored_question_of_none(library, identifier, CHECK)
    if not blocks:
        return question
    return replace(question, parcels=_given_parcels(library, identifier, blocks, question.parcels))


def stored_parcels(library: Library, identifier: str, like: Parcels, most: int) -> Iterator[Parcels]:
    """The parcels of a stored run in the order in which they were given, at most `most` at a time.

    like: the values that all of them have in common. Raises OneMapError run.damaged.
    """
    waiting, room = list[Rows](), most
    for rows in stored_blocks(library, identifier, GIVEN):
        rest = rows
        while len(rest) >= room:
            yield _given_parcels(library, identifier, [*waiting, rest.slice(0, room)], like)
            rest, waiting, room = rest.slice(room, len(rest)), [], most
        if len(rest):
            waiting.append(rest)
            room -= len(rest)
    if waiting:
        yield _given_parcels(library, identifier, waiting, like)


def _given_parcels(library: Library, identifier: str, parts: Sequence[Rows], like: Parcels) -> Parcels:
    try:
        shapes = geometries_of_wkb(np.concatenate([rows.bodies() for rows in parts]))
    except shapely.GEOSException as error:
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer=GIVEN) from error
    attributes = pd.concat([rows.frame("attributes") for rows in parts], ignore_index=True)
    return replace(
        like, ids=np.concatenate([rows.values("id") for rows in parts]), shapes=shapes, attributes=attributes
    )


def stored_question_of_none(library: Library, identifier: str, kind: str) -> Question:
    """The question of a stored run, without its parcels.

    Raises OneMapError run.unknown, run.kind, run.incomplete, run.damaged.
    """
    packs = stored_packs(library, identifier, kind)
    record = run_record(library, identifier, kind)
    parameters = record["parameters"]
    parcels = replace(no_parcels(parameters["parcels"], parameters["parcels_hash"]), id_field=parameters["id"])
    return Question(
        parcels=parcels,
        packs=packs,
        only=tuple(parameters["only"]),
        as_of=date.fromisoformat(parameters["as_of"]),
        known_at=started_moment(record),
        language=parameters["lang"],
        replaced=parameters["replaced"],
        code_system=parameters.get("code_system"),
        used={layer["code"]: layer["table"] for layer in record["layers"] if layer["table"]},
    )
