"""A run taken down while its rows are still made: a thread beside packs them, and the library is locked late.

One who judges for a minute should not keep others from writing for a minute: rows wait, packed, until all are there.
Where they would fill memory they wait on disk, or if there is no place for that, no longer.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from onemap.layers.in_threads import result_of
from onemap.layers.library.library import Library
from onemap.layers.progress import SILENT, Progress
from onemap.rules.packs.pack import Pack
from onemap.rules.runs.run import Chunk
from onemap.rules.runs.run_store import Recorder, RowPacker
from onemap.rules.runs.waiting_blocks import WaitingBlocks

Blocks = list[tuple[Any, ...]]


class BackgroundRecorder:
    """Takes down a run of so many parcels: its rows as they come, its record when it is done."""

    def __init__(
        self, library: Library, identifier: str, parcels: int, held: contextlib.ExitStack, place: Path | None
    ) -> None:
        """held: ends the transaction, which is begun late; place: the folder in which rows may wait, if any."""
        self._library, self._run, self._parcels, self._held = library, identifier, parcels, held
        self._packer = RowPacker(identifier)
        self._beside = ThreadPoolExecutor(1)
        self._packing: Future[Blocks] | None = None
        self._waiting = WaitingBlocks(place)
        self._recorder: Recorder | None = None

    def append(self, chunk: Chunk, progress: Progress = SILENT) -> None:
        """The next rows, and the next parcels as they were given; what is all of a run in one chunk is not put off."""
        self._take(progress)
        if chunk.parcels is not None and len(chunk.parcels.ids) < self._parcels:
            self._packing = self._beside.submit(lambda: list(self._packer.blocks_of_chunk(chunk)))
            return
        count = sum(table.count for table in chunk.tables.values()) + (len(chunk.parcels.ids) if chunk.parcels else 0)
        before = self._packer.row_count
        for block in self._packer.blocks_of_chunk(chunk):
            self._wait_or_insert([block])
            progress.at(min((self._packer.row_count - before) / max(count, 1), 1.0))

    def finish_check(self, record: Mapping[str, Any], packs: Sequence[Pack], verdicts: Mapping[str, int]) -> None:
        """All rows that wait, and the record of a check, with its row in the log."""
        self.insert_all()
        self._open().finish_check(record, packs, verdicts)

    def insert_all(self, progress: Progress = SILENT) -> None:
        """Write what waits into the library. Raises OneMapError library.read_only, library.busy, library.full."""
        self._take(progress)
        recorder = self._open()
        for block in self._waiting.take():
            recorder.insert(block)

    def close(self) -> None:
        """Let go of the thread, which may still pack what nobody wants."""
        self._beside.shutdown(wait=False, cancel_futures=True)

    def _take(self, progress: Progress) -> None:
        """What the thread beside has packed; whoever waits for it may say that nobody wants it."""
        packing, self._packing = self._packing, None
        if packing is not None:
            self._wait_or_insert(result_of(packing, progress.check))

    def _wait_or_insert(self, blocks: Blocks) -> None:
        self._waiting.add(blocks)
        if self._recorder is not None or self._waiting.are_many:
            self.insert_all()

    def _open(self) -> Recorder:
        if self._recorder is None:
            self._recorder = Recorder(self._held.enter_context(self._library.writing()), self._run)
        return self._recorder


@contextlib.contextmanager
def recording(
    library: Library, identifier: str, parcels: int, place: Path | None = None
) -> Iterator[BackgroundRecorder]:
    """A recorder for a run of so many parcels; the library keeps all of it when the block ends, or nothing.

    place: the folder in which rows may wait.
    """
    with contextlib.ExitStack() as held:
        recorder = BackgroundRecorder(library, identifier, parcels, held, place)
        held.callback(recorder.close)
        yield recorder
