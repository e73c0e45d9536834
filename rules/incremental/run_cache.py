"""What is asked of an earlier run again and again: its parcels, and to which parcel and rule each of its rows belongs.

A run never changes, so a session keeps this of the run that it was last asked for, even while its library is closed.
What takes longest to work out stays beside the run's rows in a library in a file: it may be lost, and is made again.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library, sha256
from onemap.layers.stores.library_tables import RUN_BLOCKS
from onemap.layers.stores.session import known
from onemap.layers.stores.store import StoreConnection
from onemap.rules.packs.rule import VERDICTS
from onemap.rules.runs.arrow_blocks import Rows, joined, stream_of
from onemap.rules.runs.run_store import stored_blocks, stored_columns
from onemap.rules.runs.stored_rows import GIVEN, note_of, room_of

_MOST_BYTES = 32_000_000  # what the given parcels of a run take in the library, at most, that a session keeps
_NOTE = "places."  # and a table's name: what is worked out of it, beside the run's rows
_SEAL = 32  # bytes
_PLAIN = (pa.types.is_string, pa.types.is_boolean, pa.types.is_int64, pa.types.is_float64, pa.types.is_null)
_SIDES = ("west", "south", "east", "north")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Said:
    """What the rows (k,) of a table say, as places, -1 where there is none.

    parcel: among some parcels; rule: among some rules, verdict: among `VERDICTS`, counted: whether they count, each
    None of a table that does not say it.
    """

    parcel: np.ndarray
    rule: np.ndarray | None
    verdict: np.ndarray | None
    counted: np.ndarray | None


def said_of(library: Library, identifier: str, table: str, parcels: pa.Array, rules: Sequence[str]) -> Said:
    """What the rows of a table of a stored run say, by ids of parcels and rules. Raises OneMapError run.damaged."""
    asked = {"parcel": parcels, "rule": pa.array(rules, pa.string()), "verdict": pa.array(VERDICTS, pa.string())}
    parts = [rows.columns for rows in stored_columns(library, identifier, table, [*asked, "counted"])]
    columns = pa.concat_tables(parts, promote_options="default") if parts else pa.table({"parcel": pa.nulls(0)})
    found: dict[str, np.ndarray | None] = dict.fromkeys(("rule", "verdict", "counted"))
    for name, values in asked.items():
        if name in columns.column_names:
            places = pc.fill_null(pc.index_in(columns[name].cast(pa.string()), value_set=values), -1)
            found[name] = np.asarray(places.to_numpy(), dtype=np.int32)
    if "counted" in columns.column_names:
        found["counted"] = np.asarray(columns["counted"].cast(pa.bool_()).to_numpy(), dtype=bool)
    parcel = found.pop("parcel", None)
    if parcel is None:  # as every table of a check names it
        raise OneMapError("run.damaged", file=library.label, layer=table, run=identifier)
    return Said(parcel, **found)


class KnownRun:
    """What was read of a stored run, once. It belongs to no opened library: whoever asks for more names one.

    Everything raises OneMapError run.damaged.
    """

    def __init__(self, identifier: str, record: Mapping[str, Any]) -> None:
        self.identifier = identifier
        self.record = record
        self._read: dict[Any, Any] = {}

    def _once(self, name: Any, read: Callable[[], Value]) -> Value:
        if name not in self._read:
            self._read[name] = read()
        value: Value = self._read[name]
        return value

    def blocks(self, library: Library) -> list[Rows]:
        """The parcels as they were given, in blocks as they are kept."""
        return self._once("blocks", lambda: list(stored_blocks(library, self.identifier, GIVEN)))

    def ids(self, library: Library) -> pa.Array:
        """The parcels' ids (m,)."""
        parts = self.blocks(library)
        return self._once("ids", lambda: pa.concat_arrays([pa.array([], pa.string()), *map(_ids, parts)]))

    def names(self, library: Library) -> np.ndarray:
        """The same as plain text (m,)."""
        return self._once("names", lambda: np.array(self.ids(library).to_numpy(zero_copy_only=False), dtype=object))

    def bodies(self, library: Library) -> np.ndarray:
        """The parcels' polygons as WKB (m,)."""
        parts = [rows.bodies() for rows in self.blocks(library)]
        return np.concatenate([np.empty(0, dtype=object), *parts])

    def bodies_at(self, library: Library, rows: np.ndarray) -> np.ndarray:
        """The same of some parcels: positions (k,)."""
        found, first = np.full(len(rows), None, dtype=object), 0
        for block in self.blocks(library):
            here = np.flatnonzero((rows >= first) & (rows < first + len(block)))
            if len(here) and block.wkb is not None:
                found[here] = block.wkb.take(pa.array(rows[here] - first)).to_numpy(zero_copy_only=False)
            first += len(block)
        return found

    def ground_hash(self, library: Library) -> str:
        """SHA-256 of all polygons as WKB, one after the other: what the record must say too."""
        return self._once("ground", lambda: sha256(b"".join(self.bodies(library))))

    def boxes(self, library: Library) -> np.ndarray:
        """West, south, east, north of each polygon (m, 4)."""
        return self._measures(library)[0]

    def vertices(self, library: Library) -> np.ndarray:
        """How many vertices each polygon has (m,)."""
        return self._measures(library)[1]

    def _measures(self, library: Library) -> tuple[np.ndarray, np.ndarray]:
        def measured() -> dict[str, np.ndarray]:
            geometries = shapely.from_wkb(self.bodies(library))
            sides = dict(zip(_SIDES, shapely.bounds(geometries).reshape(-1, 4).T, strict=True))
            return {**sides, "vertices": shapely.get_num_coordinates(geometries)}

        def read() -> tuple[np.ndarray, np.ndarray]:
            found = self._beside(library, GIVEN, measured)
            return np.column_stack([found[side] for side in _SIDES]), found["vertices"]

        return self._once("measures", read)

    def attributes(self, library: Library) -> pd.DataFrame | None:
        """The parcels' attributes as they were read; None where a value does not come back as it was."""
        return self._once("attributes", lambda: _attributes(self.blocks(library)))

    def said(self, library: Library, table: str) -> Said:
        """What the rows of a table say: parcels are those given, rules those of the record."""

        def found() -> dict[str, np.ndarray]:
            ids, rules = self.ids(library), list(self.record["rules"])
            columns = vars(said_of(library, self.identifier, table, ids, rules))
            return {name: values for name, values in columns.items() if values is not None}

        def read() -> Said:
            columns = dict.fromkeys(("rule", "verdict", "counted")) | self._beside(library, table, found)
            return Said(**columns)  # type: ignore[arg-type]  # every table says the parcel

        return self._once((table,), read)

    def findings_of(self, library: Library, parcels: pa.Array) -> Iterator[tuple[str, str, str, bool]]:
        """Parcel, rule, verdict and whether it counts, of all findings of parcels of these ids."""
        said = self.said(library, "findings")
        if said.rule is None or said.verdict is None or said.counted is None:
            return  # there is none
        is_asked = np.asarray(pc.is_in(self.ids(library), value_set=parcels).to_numpy(zero_copy_only=False), dtype=bool)
        names, rules = self.names(library), list(self.record["rules"])
        for row in np.flatnonzero(np.r_[is_asked, False][said.parcel]).tolist():
            verdict = VERDICTS[said.verdict[row]]
            yield names[said.parcel[row]], rules[said.rule[row]], verdict, bool(said.counted[row])

    def _beside(self, library: Library, table: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """Columns that stay beside the run's rows once they were made, until when somebody writes to the library."""
        note = note_of(library, self.identifier, _NOTE + table)
        if note is not None and note[:_SEAL] == self._seal(note[_SEAL:]):
            kept = pa.ipc.open_stream(note[_SEAL:]).read_all()
            return {name: np.asarray(kept[name].to_numpy()) for name in kept.column_names}
        made = make()
        if library.path is not None:
            content = stream_of(pa.table(made))
            library.beside(partial(_keep, self.identifier, _NOTE + table, self._seal(content) + content))
        return made

    def _seal(self, content: bytes) -> bytes:
        """By what columns are known to be whole, of this run, and in places that mean the same now."""
        meant = repr(
            (self.identifier, self.record["parameters"]["parcels_ground"], list(self.record["rules"]), VERDICTS)
        )
        return hashlib.sha256(meant.encode() + content).digest()


def _keep(run: str, name: str, content: bytes, connection: StoreConnection) -> None:
    connection.execute(RUN_BLOCKS)
    sql = "INSERT INTO onemap_run_blocks VALUES (?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING"
    connection.execute(sql, (run, name, 0, 0, None, None, content, None))


def known_run(library: Library, identifier: str, record: Mapping[str, Any]) -> KnownRun:
    """What is known of a stored run, by the session or by nobody yet. record: the run's."""
    room = room_of(library, identifier, GIVEN)
    if room[1] > _MOST_BYTES:
        return KnownRun(identifier, record)
    # Another file may have come to the library's place, in which a run of that name is not what it was.
    name = (library.id, identifier, repr(record), room)
    return known("run", name, lambda: KnownRun(identifier, record))


def _ids(rows: Rows) -> pa.Array:
    return joined(rows.columns["id"])


def _attributes(blocks: Sequence[Rows]) -> pd.DataFrame | None:
    structs = [rows.columns.schema.field("attributes").type for rows in blocks]
    names = [[field.name for field in struct] for struct in structs]
    fields = [field for struct in structs for field in struct]
    if not structs or any(other != names[0] for other in names) or len(set(names[0])) < len(names[0]):
        return None
    if any(field.metadata or not any(is_kind(field.type) for is_kind in _PLAIN) for field in fields):
        return None
    values: dict[str, list[np.ndarray]] = {name: [] for name in names[0]}
    for rows in blocks:
        parts = joined(rows.columns["attributes"]).flatten()
        for name, part in zip(names[0], parts, strict=True):
            values[name].append(_plain(part))
    columns = {name: pd.Series(np.concatenate(parts), dtype=object) for name, parts in values.items()}
    return pd.DataFrame(columns, index=range(sum(map(len, blocks))))


def _plain(values: pa.Array) -> np.ndarray:
    """A column of one of the plain types (n,) as it was read: NaN for a missing number, None of other values."""
    if pa.types.is_int64(values.type) and values.null_count:
        return np.fromiter(values.to_pylist(), dtype=object, count=len(values))
    return np.asarray(values.to_numpy(zero_copy_only=False)).astype(object)
