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
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.layers.software import software_versions
from onemap.layers.sources.reading import content_hash
from onemap.rules.incremental.run_cache import KnownRun, known_run
from onemap.rules.inputs.parcels import Parcels, id_field_of
from onemap.rules.inputs.reading_record import noted_problems, whole_state
from onemap.rules.runs.arrow_blocks import joined
from onemap.rules.runs.run_store import run_record
from onemap.rules.runs.stored_rows import GIVEN, READING, count_of, note_of

if TYPE_CHECKING:
    from onemap.rules.question.question import CheckWishes


class ParcelsOfRun(Parcels):
    """Parcels that were read from a run: polygons are made only of those that somebody asks for."""

    library: Library
    run: KnownRun

    @staticmethod
    def of(library: Library, run: KnownRun, like: Parcels) -> "ParcelsOfRun":
        """The parcels of a run; like: all that is not their ground."""
        found = ParcelsOfRun(**vars(like))
        del found.__dict__["geometries"]
        found.__dict__.update(library=library, run=run)
        return found

    @cached_property
    def geometries(self) -> np.ndarray:
        """The polygons (n,)."""
        polygons: np.ndarray = shapely.from_wkb(self.wkb)
        return polygons

    @cached_property
    def wkb(self) -> np.ndarray:
        """The polygons as WKB (n,)."""
        return self.run.bodies(self.library)

    @property
    def ground_hash(self) -> str:
        """SHA-256 of all polygons as WKB, one after the other."""
        return self.run.ground_hash(self.library)

    @property
    def boxes(self) -> np.ndarray:
        """West, south, east, north of each polygon (n, 4)."""
        return self.run.boxes(self.library)

    @property
    def vertices(self) -> np.ndarray:
        """How many vertices each polygon has (n,)."""
        return self.run.vertices(self.library)

    def wkb_at(self, rows: np.ndarray) -> np.ndarray:
        """The polygons of some of them as WKB: positions (k,)."""
        return self.run.bodies_at(self.library, rows)

    def at(self, rows: np.ndarray) -> Parcels:
        """Some of them: positions (k,)."""
        bodies = self.wkb_at(rows)
        attributes = self.attributes.iloc[rows].reset_index(drop=True)
        said = (self.id_field, self.source, self.source_hash, self.problems)
        some = Parcels(self.ids[rows], shapely.from_wkb(bodies), attributes, *said)
        some.__dict__["wkb"] = bodies
        return some


@dataclass
class FormerParcels:
    """The parcels of a stored run, as far as they are asked for."""

    library: Library
    run: KnownRun
    _read: Parcels | None = None

    def read(self, wishes: "CheckWishes", asked: Mapping[str, Any]) -> Parcels | None:
        """The parcels that reading a source would give, if the run has read the same one in the same way.

        asked: how it is to be read, as a run's parameters say it. Raises OneMapError run.damaged.
        """
        parameters, path = self.run.record["parameters"], Path(wishes.parcels)
        if any(parameters.get(name) != value for name, value in asked.items()) or whole_state(wishes.parcels) is None:
            return None
        note = note_of(self.library, self.run.identifier, READING)
        try:
            if note is None or content_hash(path, path) != parameters["parcels_hash"]:
                return None
        except OSError:
            return None  # reading says what is wrong
        try:
            problems = noted_problems(note)
        except ValueError:
            return None
        attributes = self.run.attributes(self.library)
        if attributes is None or path.name != parameters["parcels"]:
            return None
        with contextlib.suppress(OneMapError):
            field = id_field_of(list(attributes.columns), wishes.id_field, {})
            # Damage to the library must not pass for parcels that were asked about.
            if field != parameters["id"] or self.run.ground_hash(self.library) != parameters["parcels_ground"]:
                return None
            names, content = self.run.names(self.library), parameters["parcels_hash"]
            like = Parcels(names, np.empty(0, dtype=object), attributes, field, path.name, content, problems, True)
            self._read = ParcelsOfRun.of(self.library, self.run, like)
        return self._read

    def are(self, parcels: Parcels) -> bool:
        """Whether these parcels have been read from the run."""
        return parcels is self._read

    def proved(self, ids: np.ndarray, wkb: np.ndarray) -> np.ndarray:
        """Which polygons (n,), as WKB, the run has as parcels of the same ids, so that they are known to be sound."""
        known = np.zeros(len(ids), dtype=bool)
        found = pc.index_in(self.run.ids(self.library), value_set=pa.array(ids, pa.string()))
        place = np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        bodies, first = pa.array(wkb, pa.large_binary()), 0
        for rows in self.run.blocks(self.library):
            at = place[first : first + len(rows)]
            first += len(rows)
            here = np.flatnonzero(at >= 0)
            if rows.wkb is None or not len(here):
                continue
            before = joined(rows.wkb) if len(here) == len(at) else joined(rows.wkb).take(pa.array(here))
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
    return FormerParcels(library, known_run(library, identifier, record))
