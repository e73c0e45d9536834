"""A run recorded while its rows are still made: a second thread packs them, and the library is locked late.

A check that takes a minute should not keep others from writing for a minute: packed rows wait until all are there. Rows
in a journal wait there; other rows are written once they would fill the memory.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from onemap.layers.in_threads import result_of
from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.runs.arrow_blocks import StoredBlock
from onemap.rules.judge.runs.run import Chunk
from onemap.rules.judge.runs.run_store import Recorder, packed_rows

MOST_HELD = 64_000_000  # bytes of packed rows in memory
NamedBlocks = Iterable[tuple[str, StoredBlock]]


class BackgroundRecorder:
    """Records a run: its rows as they come, its record when it is done."""

    def __init__(self, library: Library, identifier: str, parcels: int, stack: contextlib.ExitStack) -> None:
        """parcels: how many the run has; stack: ends the transaction, which begins late."""
        self._library, self._run, self._parcels, self._stack = library, identifier, parcels, stack
        self._packing_thread = ThreadPoolExecutor(1)
        self._packing: Future[list[tuple[str, StoredBlock]]] | None = None
        self._waiting: list[Callable[[], NamedBlocks]] = []
        self._bytes_held = self._parcels_taken = 0
        self._recorder: Recorder | None = None

    def append(self, chunk: Chunk, progress: Progress = SILENT) -> None:
        """Take the next rows and the next parcels as they were given; a run in a single chunk is written at once."""
        self._take(progress)
        first, count = self._parcels_taken, chunk.count
        self._parcels_taken += count
        if chunk.packed is not None:
            self._waiting.append(chunk.packed)
            return
        if 0 < count < self._parcels:
            self._packing = self._packing_thread.submit(lambda: list(packed_rows(chunk, first)))
            return
        rows, row_count = count + sum(table.count for table in chunk.tables.values()), 0
        for name, block in packed_rows(chunk, first):
            self._wait_or_insert([(name, block)])
            row_count += block.count
            progress.at(min(row_count / max(rows, 1), 1.0))

    def finish_check(self, record: Mapping[str, Any], packs: Sequence[Pack], verdicts: Mapping[str, int]) -> None:
        """Write all waiting rows, and the record of a check with its row in the log."""
        self.insert_all()
        self._open().finish_check(record, packs, verdicts)

    def insert_all(self, progress: Progress = SILENT) -> None:
        """Write the waiting rows into the library. Raises OneMapError library.read_only, library.busy, library.full."""
        self._take(progress)
        recorder = self._open()
        for blocks in self._waiting:
            for name, block in blocks():
                recorder.insert(name, block)
        self._waiting, self._bytes_held = [], 0

    def close(self) -> None:
        """Release the thread; it may still be packing rows that are no longer needed."""
        self._packing_thread.shutdown(wait=False, cancel_futures=True)

    def _take(self, progress: Progress) -> None:
        """Take the rows that the thread has packed; waiting for them can be cancelled."""
        packing, self._packing = self._packing, None
        if packing is not None:
            self._wait_or_insert(result_of(packing, progress.check))

    def _wait_or_insert(self, blocks: list[tuple[str, StoredBlock]]) -> None:
        self._waiting.append(partial(iter, blocks))
        self._bytes_held += sum(len(block.content) + len(block.shapes or b"") for _, block in blocks)
        if self._recorder is not None or self._bytes_held > MOST_HELD:
            self.insert_all()

    def _open(self) -> Recorder:
        if self._recorder is None:
            self._recorder = Recorder(self._stack.enter_context(self._library.writing()), self._run)
        return self._recorder


@contextlib.contextmanager
def run_recorder(library: Library, identifier: str, parcels: int) -> Iterator[BackgroundRecorder]:
    """A recorder for a run; at the end of the block the library keeps all of the run, or nothing."""
    with contextlib.ExitStack() as stack:
        recorder = BackgroundRecorder(library, identifier, parcels, stack)
        stack.callback(recorder.close)
        yield recorder
