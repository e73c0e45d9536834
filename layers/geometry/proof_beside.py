"""Polygons proved valid in threads while the next ones are read: GEOS leaves the interpreter's lock meanwhile."""

from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.row_blocks import blocks
from onemap.layers.geometry.validity import plain_polygons
from onemap.layers.progress import Progress

_PROVED_AT_ONCE = 5_000  # by one thread; between two such parts a reading that is broken off is left


class ProofBeside:
    """A context in which polygons are handed over, part by part. workers: threads; 0: nothing is proved."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers) if workers else None
        self._proofs: list[Future[np.ndarray | None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def add(self, geometries: np.ndarray, bodies: pa.Array) -> None:
        """The next ones (k,), and the WKB (k,) of which they are made."""
        if self._pool is not None:
            for part in blocks(len(geometries), _PROVED_AT_ONCE):
                self._proofs.append(self._pool.submit(_proof, geometries[part], bodies[part]))

    def valid(self, progress: Progress) -> np.ndarray | None:
        """Which of all that were handed over are valid (n,); None where some is more than a plain polygon."""
        found: list[np.ndarray | None] = []
        for proof in self._proofs:
            found.append(proof.result())
            progress.at(len(found) / len(self._proofs))
        known = [some for some in found if some is not None]
        return np.concatenate(known) if known and len(known) == len(found) else None


def _proof(geometries: np.ndarray, bodies: pa.Array) -> np.ndarray | None:
    # Of what lies too far away, or nowhere, nothing is asked that may never be answered.
    if plain_polygons(bodies) is None:
        return None
    valid: np.ndarray = shapely.is_valid(geometries)
    return valid
