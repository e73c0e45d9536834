"""Prove polygons valid in threads while the next ones are read; the proof runs without the interpreter's lock."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.rings import is_like_geos, planar_areas_m2
from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.shape_column import PlainFacts, ShapeColumn
from onemap.layers.geometry.wkb_rings import plain_polygons, shapes_of_wkb
from onemap.layers.progress import SILENT, Progress

_PROVED_AT_ONCE = 5_000  # by one thread; between two such parts a reading that is broken off is left

RingProof = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Provers:
    """Threads that prove polygons valid while more are read. threads: 0 for none.

    are_simple(points (m, 2), size (r,)) → (r,): which closed rings certainly have no edges that meet; GEOS checks all
    other rings, and all rings if it is None.
    """

    threads: int = 0
    are_simple: RingProof | None = None


NOBODY = Provers()


@dataclass(frozen=True)
class PlainProof:
    """The proof of plain polygons (n,): which are valid (n,), and the facts from their bytes.

    areas_m2 (n,): equal to GEOS's to the last digit; None if they cannot be known without it.
    """

    valid: np.ndarray
    facts: PlainFacts
    areas_m2: np.ndarray | None

    @classmethod
    def join(cls, proofs: "list[PlainProof]") -> Self:
        """Concatenate the proofs of several groups of polygons."""
        areas = [some.areas_m2 for some in proofs if some.areas_m2 is not None]
        valid, facts = (
            np.concatenate([some.valid for some in proofs]),
            PlainFacts.join([some.facts for some in proofs]),
        )
        return cls(valid, facts, np.concatenate(areas) if len(areas) == len(proofs) else None)

    def column(self, bodies: pa.Array) -> ShapeColumn:
        """Return the polygons as a column. bodies: their WKB (n,)."""
        return ShapeColumn(bodies, (0.0, 0.0), self.facts, self.areas_m2)


class ProofBeside:
    """A context to which polygons are handed over part by part."""

    def __init__(self, provers: Provers) -> None:
        self._provers = provers
        self._pool = ThreadPoolExecutor(provers.threads) if provers.threads else None
        self._proofs: list[Future[PlainProof | None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, bodies: pa.Array) -> None:
        """Hand over the next polygons (k,) as WKB."""
        if self._pool is not None:
            for part in blocks(len(bodies), _PROVED_AT_ONCE):
                self._proofs.append(self._pool.submit(_proof, bodies[part], self._provers.are_simple))

    def result(self, progress: Progress) -> PlainProof | None:
        """Return the proof of all polygons handed over since the last result (n,); None if some are not plain."""
        part_proofs: list[PlainProof] = []
        proofs, self._proofs = self._proofs, []
        for proof in proofs:
            part_proof = proof.result()
            if part_proof is None:
                return None
            part_proofs.append(part_proof)
            progress.at(len(part_proofs) / len(proofs))
        return PlainProof.join(part_proofs) if part_proofs else None


def proof_of(bodies: Sequence[bytes | None] | np.ndarray, provers: Provers) -> tuple[ShapeColumn, np.ndarray] | None:
    """Return polygons from complete WKB (n,) as a column, and which are valid (n,); None if they cannot be proved.

    That is so if there are no provers, or some polygon is not plain or missing: then geometries are to be made.
    """
    with ProofBeside(provers) as proof:
        column = pa.array(bodies, pa.large_binary())
        proof.add(column)
        plain_proof = proof.result(SILENT)
    return None if plain_proof is None else (plain_proof.column(column), plain_proof.valid)


def _proof(bodies: pa.Array, are_simple: RingProof | None) -> PlainProof | None:
    # Of what lies too far away, or nowhere, nothing is asked that may never be answered.
    rings = plain_polygons(bodies)
    if rings is None:
        return None
    count = len(bodies)
    valid = np.zeros(count, dtype=bool)
    if are_simple is not None:
        valid[rings.polygon] = are_simple(rings.points, rings.size)
        valid &= np.bincount(rings.polygon, minlength=count) == 1  # of several rings each alone tells nothing
    rows = np.flatnonzero(~valid)
    if len(rows):
        valid[rows] = shapely.is_valid(shapes_of_wkb(bodies.take(pa.array(rows))))
    return PlainProof(valid, PlainFacts.of(rings), planar_areas_m2(rings.rings(), count) if is_like_geos() else None)
