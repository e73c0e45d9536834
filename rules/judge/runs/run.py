"""A run as a value: its question, its record, its tables."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from onemap.layers.frames.frames import BadFeatures
from onemap.layers.messages import ProblemRecord
from onemap.rules.contract.verdict import most_severe
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.inputs.parcels import Parcels
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.question.question import Question
from onemap.rules.judge.runs.arrow_blocks import StoredBlock

PackedRows = Callable[[], Iterable[tuple[str, StoredBlock]]] | None
ChunkRows = tuple[dict[str, Table], Parcels | None]


class Chunk:
    """The rows of tables that belong to some consecutive parcels, and these parcels as they were given, if any.

    count: of parcels; packed: reads the rows in the form in which a run stores them, by table; None where there is no
    such form.
    """

    def __init__(
        self, tables: dict[str, Table], parcels: Parcels | None = None, packed_rows: PackedRows = None
    ) -> None:
        self.count = len(parcels.ids) if parcels else 0
        self.packed = packed_rows
        self._rows = tables, parcels

    def rows(self) -> ChunkRows:
        """The rows by table, and the parcels."""
        return self._rows

    @property
    def tables(self) -> dict[str, Table]:
        """The rows by table."""
        return self.rows()[0]

    @property
    def parcels(self) -> Parcels | None:
        """The parcels as they were given."""
        return self.rows()[1]


class RowsOutdated(Exception):
    """Rows that were already handed out are no longer valid: a layer has proved unreadable. All must be taken again."""


@dataclass(frozen=True)
class AskedRun:
    """One check: its question, its record, the problems of its input, the number of parcels by verdict."""

    question: Question
    record: CheckRecord
    problems: list[ProblemRecord]
    verdicts: dict[str, int]

    @property
    def verdict(self) -> str:
        """The most severe verdict of any parcel."""
        return most_severe(self.verdicts)

    @property
    def is_ahead(self) -> bool:
        """Whether parcels are judged while its chunks are taken."""
        return False

    @property
    def packs(self) -> tuple[Pack, ...]:
        """The packs by which parcels were judged."""
        return self.question.packs

    @property
    def parcels(self) -> int:
        """How many parcels were asked about."""
        return len(self.question.parcels.ids)

    @property
    def bad(self) -> tuple[tuple[str, BadFeatures], ...]:
        """The parcels that could not be used, by file."""
        return self.question.parcels.bad


@dataclass(frozen=True)
class Run(AskedRun):
    """One check with its tables."""

    tables: dict[str, Table]

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in one chunk."""
        yield Chunk(self.tables, self.question.parcels)
