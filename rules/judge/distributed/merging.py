"""The tables of all blocks as chunks in the order of the contract, each as soon as all of its blocks are finished."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path

from onemap.layers.in_threads import one_thread_more
from onemap.rules.judge.distributed.journal import FinishedBlock, block_name
from onemap.rules.judge.distributed.packed_files import read_packed, read_tables
from onemap.rules.judge.distributed.parcel_files import KeptParcels
from onemap.rules.judge.distributed.table_files import BY_RULE, concatenate_rows, read_group, read_none, table_path
from onemap.rules.judge.distributed.work import NumberedBlock
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.runs.run import Chunk, ChunkRows, PackedRows

Place = tuple[str, int | None, int]  # a table, a rule where rows stand by rule first, a range of positions


class ChunkOnDisk(Chunk):
    """A chunk whose rows are read when somebody asks for them: who keeps what lies packed does not."""

    def __init__(self, count: int, packed: PackedRows, read: Callable[[], ChunkRows]) -> None:
        self.count, self.packed, self._read = count, packed, read
        self._coming: Future[ChunkRows] | None = None
        self.are_read = False  # by whoever has the chunk

    def read_ahead(self, thread: Executor) -> None:
        """Have the rows read beside: they will be asked for."""
        self._coming = thread.submit(self._read)

    def rows(self) -> ChunkRows:
        """The rows by table, and the parcels."""
        if not self.are_read:
            self._rows = self._coming.result() if self._coming else self._read()
            self.are_read = True
        return self._rows


def chunks(
    parcels: KeptParcels, finished_folder: Path, finished: Mapping[int, FinishedBlock], reached: Iterator[NumberedBlock]
) -> Iterator[Chunk]:
    """All rows of all blocks: parcels as given, then rules, hit before unknown, features.

    finished: the blocks that are, to which what is taken of `reached` comes; it is taken as far as the next chunk needs
    it, and has in the end given all the others. Tables whose rows stand by rule first come in chunks of their own,
    after all the others; the first chunk names all. While one chunk is used, the next is read in a thread, where
    somebody asks for rows that lie on disk.
    """
    merging, found = _Merging(parcels, finished_folder, finished), dict[int, Chunk]()
    with one_thread_more() as thread:
        before: ChunkOnDisk | None = None
        are_asked_for = False
        for number in range(parcels.ranges):
            while not all(block in finished for block in parcels.blocks_of_range(number)):
                one = next(reached)
                if one.chunk is not None:
                    found[one.number] = one.chunk
            known = found.pop(number, None)
            coming = merging.chunk(number) if known is None else None
            if coming is not None and (are_asked_for or coming.packed is None):
                coming.read_ahead(thread)
            if before is not None:
                yield before
                are_asked_for = before.are_read
            if known is not None:
                yield known
            before = coming
        if before is not None:
            yield before
    yield from merging.tables_by_rule()


class _Merging:
    """Finished blocks, and where their rows stand."""

    def __init__(self, parcels: KeptParcels, finished_folder: Path, finished: Mapping[int, FinishedBlock]) -> None:
        self._parcels, self._folder, self._finished = parcels, finished_folder, finished
        self._places: dict[Place, list[tuple[int, int]]] = {}  # of rows: block and batch
        self._known = set[int]()  # the blocks whose rows are among them

    def chunk(self, number: int) -> ChunkOnDisk:
        """The parcels of a range and all their rows; the blocks that have some are finished."""
        some, *_ = self._parcels.blocks_of_range(number)
        has_packed, folder = self._finished[some].packed is not None, self._folder / block_name(some)
        packed = partial(read_packed, folder) if has_packed else None
        return ChunkOnDisk(self._parcels.range_size(number), packed, partial(self._read, number))

    def _read(self, number: int) -> ChunkRows:
        some, *_ = blocks = self._parcels.blocks_of_range(number)
        self._look_at(blocks)
        tables: dict[str, Table] = {}
        parcels, packed = self._parcels.range(number), self._finished[some].packed
        if packed is not None:
            tables |= read_tables(self._folder / block_name(some), packed, parcels, self._parcels.starts[number])
        for name in self._finished[some].tables:
            if number == 0 or name not in BY_RULE:
                tables[name] = self._rows((name, None, number)) or read_none(self._path(some, name))
        return tables, parcels

    def tables_by_rule(self) -> Iterator[Chunk]:
        """The rows of all tables that stand by rule first, once all blocks are finished."""
        self._look_at(self._finished)
        for name in self._finished[min(self._finished)].tables:
            for place in sorted(place for place in self._places if place[0] == name and name in BY_RULE):
                if table := self._rows(place):
                    yield Chunk({name: table})

    def _look_at(self, blocks: Iterable[int]) -> None:
        for block in set(blocks) - self._known:
            self._known.add(block)
            for name, table in self._finished[block].tables.items():
                for group, (rule, number) in enumerate(table.groups):
                    self._places.setdefault((name, rule, number), []).append((block, group))

    def _rows(self, place: Place) -> Table | None:
        """The rows of one table in one range of positions, from all blocks that have some."""
        name, _, _ = place
        groups = [
            read_group(self._path(block, name), self._finished[block].tables[name], group)
            for block, group in self._places.get(place, ())
        ]
        return concatenate_rows(groups) if groups else None

    def _path(self, block: int, name: str) -> Path:
        return table_path(self._folder / block_name(block), name)
