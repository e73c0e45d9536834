"""What is asked of an earlier run again and again: its parcels, and to which parcel and rule each of its rows belongs.

A run never changes, so a session keeps this of the run that it was last asked for, even while its library is closed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.kept_open import known
from onemap.layers.library import Library, sha256
from onemap.rules.kept_rows import GIVEN, room_of
from onemap.rules.rule import VERDICTS
from onemap.rules.run_blocks import Rows, joined
from onemap.rules.runs import stored_blocks, stored_columns

_MOST_BYTES = 64_000_000  # what the given parcels of a run take in the library, at most, that a session keeps
_PLAIN = (pa.types.is_string, pa.types.is_boolean, pa.types.is_int64, pa.types.is_float64, pa.types.is_null)
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
    parcel = found.pop("parcel")
    assert parcel is not None, "every table of a check names its parcel"  # noqa: S101 - for the type checker
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
        def measured() -> tuple[np.ndarray, np.ndarray]:
            geometries = shapely.from_wkb(self.bodies(library))
            return shapely.bounds(geometries).reshape(-1, 4), shapely.get_num_coordinates(geometries)

        return self._once("measures", measured)

    def attributes(self, library: Library) -> pd.DataFrame | None:
        """The parcels' attributes as they were read; None where a value does not come back as it was."""
        return self._once("attributes", lambda: _attributes(self.blocks(library)))

    def said(self, library: Library, table: str) -> Said:
        """What the rows of a table say: parcels are those given, rules those of the record."""
        rules = list(self.record["rules"])
        return self._once((table,), lambda: said_of(library, self.identifier, table, self.ids(library), rules))


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
