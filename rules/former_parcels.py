"""The parcels of a stored run beside those of a new question: read from the run where their source is the same.

What a source says is known by its content. The run keeps the parcels as they were read and proved, so a source with
the same content, asked in the same way, need not be read again; and of another one only those polygons need proof
that are not among them, byte by byte.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.library import Library
from onemap.layers.software import software_versions
from onemap.layers.sources.reading import content_hash
from onemap.rules.kept_rows import GIVEN, READING, count_of, note_of
from onemap.rules.parcels import Parcels, id_field_of
from onemap.rules.reading_note import noted_problems, whole_state
from onemap.rules.run_blocks import Rows
from onemap.rules.runs import run_record, stored_blocks

if TYPE_CHECKING:
    from onemap.rules.question import CheckWishes

_PLAIN = (pa.types.is_string, pa.types.is_boolean, pa.types.is_int64, pa.types.is_float64, pa.types.is_null)


@dataclass
class FormerParcels:
    """The parcels of a stored run, in blocks as they are kept."""

    library: Library
    identifier: str
    record: dict[str, Any]
    _read: Parcels | None = None

    @cached_property
    def blocks(self) -> list[Rows]:
        """All of them. Raises OneMapError run.damaged."""
        return list(stored_blocks(self.library, self.identifier, GIVEN))

    @cached_property
    def ids(self) -> pa.Array:
        """Their ids (m,)."""
        return pa.concat_arrays([pa.array([], pa.string()), *(_joined(rows.columns["id"]) for rows in self.blocks)])

    def read(self, wishes: "CheckWishes", asked: Mapping[str, Any]) -> Parcels | None:
        """The parcels that reading a source would give, if the run has read the same one in the same way.

        asked: how it is to be read, as a run's parameters say it. Raises OneMapError run.damaged.
        """
        parameters, path = self.record["parameters"], Path(wishes.parcels)
        if any(parameters.get(name) != value for name, value in asked.items()) or whole_state(wishes.parcels) is None:
            return None
        note = note_of(self.library, self.identifier, READING)
        try:
            if note is None or content_hash(path, path) != parameters["parcels_hash"]:
                return None
        except OSError:
            return None  # reading says what is wrong
        try:
            problems = noted_problems(note)
        except ValueError:
            return None
        attributes = self._attributes()
        if attributes is None or path.name != parameters["parcels"]:
            return None
        with contextlib.suppress(OneMapError):
            field = id_field_of(list(attributes.columns), wishes.id_field, {})
            if field != parameters["id"]:
                return None
            bodies = np.concatenate([np.empty(0, dtype=object), *(rows.bodies() for rows in self.blocks)])
            ids = np.array(self.ids.to_numpy(zero_copy_only=False), dtype=object)
            content = parameters["parcels_hash"]
            found = Parcels(ids, shapely.from_wkb(bodies), attributes, field, path.name, content, problems, True)
            found.__dict__["wkb"] = bodies
            # Damage to the library must not pass for parcels that were asked about.
            self._read = found if found.ground_hash == parameters["parcels_ground"] else None
        return self._read

    def are(self, parcels: Parcels) -> bool:
        """Whether these parcels have been read from the run."""
        return parcels is self._read

    def _attributes(self) -> pd.DataFrame | None:
        """Their attributes; None where a value does not come back as it was read."""
        structs = [rows.columns.schema.field("attributes").type for rows in self.blocks]
        names = [[field.name for field in struct] for struct in structs]
        fields = [field for struct in structs for field in struct]
        if not structs or any(other != names[0] for other in names) or len(set(names[0])) < len(names[0]):
            return None
        if any(field.metadata or not any(is_kind(field.type) for is_kind in _PLAIN) for field in fields):
            return None
        values: dict[str, list[np.ndarray]] = {name: [] for name in names[0]}
        for rows in self.blocks:
            parts = _joined(rows.columns["attributes"]).flatten()
            for name, part in zip(names[0], parts, strict=True):
                values[name].append(_plain(part))
        columns = {name: pd.Series(np.concatenate(parts), dtype=object) for name, parts in values.items()}
        return pd.DataFrame(columns, index=range(len(self.ids)))

    def proved(self, ids: np.ndarray, wkb: np.ndarray) -> np.ndarray:
        """Which polygons (n,), as WKB, the run has as parcels of the same ids, so that they are known to be sound."""
        known = np.zeros(len(ids), dtype=bool)
        found = pc.index_in(self.ids, value_set=pa.array(ids, pa.string()))
        place = np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        bodies, first = pa.array(wkb, pa.large_binary()), 0
        for rows in self.blocks:
            at = place[first : first + len(rows)]
            first += len(rows)
            here = np.flatnonzero(at >= 0)
            if rows.wkb is None or not len(here):
                continue
            before = _joined(rows.wkb) if len(here) == len(at) else _joined(rows.wkb).take(pa.array(here))
            in_order = np.array_equal(at[here], np.arange(at[here[0]], at[here[0]] + len(here)))
            beside = bodies.slice(int(at[here[0]]), len(here)) if in_order else bodies.take(pa.array(at[here]))
            same = pc.fill_null(pc.equal(before, beside), fill_value=False)
            known[at[here]] = np.asarray(same.to_numpy(zero_copy_only=False), dtype=bool)
        return known


def former_parcels(library: Library, identifier: str, most: int) -> FormerParcels | None:
    """The parcels of a stored run; None of another software's, which may read and prove otherwise, or of too many."""
    record = run_record(library, identifier)
    if record["software"] != software_versions() or count_of(library, identifier, GIVEN) > most:
        return None
    return FormerParcels(library, identifier, record)


def _joined(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _plain(values: pa.Array) -> np.ndarray:
    """A column of one of the plain types (n,) as it was read: NaN for a missing number, None of other values."""
    if pa.types.is_int64(values.type) and values.null_count:
        return np.fromiter(values.to_pylist(), dtype=object, count=len(values))
    return np.asarray(values.to_numpy(zero_copy_only=False)).astype(object)
