"""The tables of all blocks as chunks in the order of the contract, each as soon as all of its blocks are finished."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial

from onemap.layers.in_threads import one_thread_more
from onemap.rules.judge.distributed.journal import FinishedBlock
from onemap.rules.judge.distributed.parcel_files import KeptParcels
from onemap.rules.judge.distributed.row_files import BY_RULE, Group, merged_table, packed_tables
from onemap.rules.judge.distributed.work import NumberedBlock
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.run import Chunk, ChunkRows, PackedRows


class ChunkOnDisk(Chunk):
    """A chunk whose rows are read when somebody asks for them; storing packed rows needs no reading."""

    def __init__(self, count: int, packed_rows: PackedRows, read: Callable[[], ChunkRows]) -> None:
        self.count, self.packed, self._read = count, packed_rows, read
        self._coming: Future[ChunkRows] | None = None
        self.are_read = False  # by whoever has the chunk

    def read_ahead(self, thread: Executor) -> None:
        """Start reading the rows in a thread, since they will be needed."""
        self._coming = thread.submit(self._read)

    def rows(self) -> ChunkRows:
        """The rows by table, and the parcels."""
        if not self.are_read:
            self._rows = self._coming.result() if self._coming else self._read()
            self.are_read = True
        return self._rows


def chunks(
    parcels: KeptParcels, finished: Mapping[int, FinishedBlock], reached: Iterator[NumberedBlock]
) -> Iterator[Chunk]:
    """All rows of all blocks: parcels as given, then rules, hit before unknown, features.

    finished: the finished blocks, to which blocks taken from `reached` are added; `reached` is consumed as far as the
    next chunk needs it, and wholly at the end. Tables whose rows are ordered by rule first come in chunks of their own
    after all others; the first chunk names all tables. While one chunk is used, the next is read in a thread, if
    somebody asks for rows on disk.
    """
    merging, chunks_by_number = _FinishedBlocks(parcels, finished), dict[int, Chunk]()
    with one_thread_more() as thread:
        before: ChunkOnDisk | None = None
        are_asked_for = False
        for number in range(parcels.ranges):
            while not all(block in finished for block in parcels.blocks_of_range(number)):
                one = next(reached)
                if one.chunk is not None:
                    chunks_by_number[one.number] = one.chunk
            earlier_chunk = chunks_by_number.pop(number, None)
            coming = merging.chunk(number) if earlier_chunk is None else None
            if coming is not None and (are_asked_for or coming.packed is None):
                coming.read_ahead(thread)
            if before is not None:
                yield before
                are_asked_for = before.are_read
            if earlier_chunk is not None:
                yield earlier_chunk
            before = coming
        if before is not None:
            yield before
    yield from merging.tables_by_rule()


class _FinishedBlocks:
    """Finished blocks, and where the rows of each range are."""

    def __init__(self, parcels: KeptParcels, finished: Mapping[int, FinishedBlock]) -> None:
        self._parcels, self._finished = parcels, finished
        self._places: dict[Group, dict[int, list[int]]] = {}  # of rows: by block its batches
        self._merged_blocks = set[int]()  # the blocks whose rows are among them

    def chunk(self, number: int) -> ChunkOnDisk:
        """The parcels of a range and all their rows; the blocks that hold some of these must be finished."""
        some, *_ = self._parcels.blocks_of_range(number)
        rows = self._finished[some].rows
        packed_rows = partial(rows.stored_rows, rows.packed_batches) if rows.packed_batches else None
        return ChunkOnDisk(self._parcels.range_size(number), packed_rows, partial(self._read, number))

    def _read(self, number: int) -> ChunkRows:
        self._look_at(blocks := self._parcels.blocks_of_range(number))
        rows, parcels = self._finished[blocks[0]].rows, self._parcels.range(number)
        if rows.packed_batches:
            tables = packed_tables(rows, parcels, self._parcels.starts[number])
        else:
            tables = {name: self._table((name, None, number)) for name in rows.columns if name not in BY_RULE}
        if number == 0:
            tables |= {name: merged_table(rows, name, []) for name in rows.columns if name in BY_RULE}
        return {name: tables[name] for name in rows.columns if name in tables}, parcels

    def tables_by_rule(self) -> Iterator[Chunk]:
        """The rows of all tables that are ordered by rule first, once all blocks are finished."""
        self._look_at([*self._finished])
        for name in self._finished[min(self._finished)].rows.columns:
            if name in BY_RULE:
                for place in sorted(place for place in self._places if place[0] == name):
                    yield Chunk({name: self._table(place)})

    def _look_at(self, blocks: Sequence[int]) -> None:
        for block in set(blocks) - self._merged_blocks:
            self._merged_blocks.add(block)
            for batch, (name, rule, number) in enumerate(self._finished[block].rows.groups):
                self._places.setdefault((name, rule, number), {}).setdefault(block, []).append(batch)

    def _table(self, place: Group) -> Table:
        """The rows of one table in one range of positions, from all blocks that have some."""
        parts = [(self._finished[block].rows, batches) for block, batches in self._places.get(place, {}).items()]
        return merged_table(self._finished[min(self._finished)].rows, place[0], parts)
