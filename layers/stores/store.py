"""The interface of a library's store: what both a file and a server do, and the plain values they exchange."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from onemap.layers.geometry.shape_column import AnyShapes, all_of
from onemap.layers.geometry.wkb_bodies import Bodies
from onemap.layers.progress import Progress
from onemap.layers.stores.rights import Right, Roles

GEOMETRY_COLUMN = "geom"
NO_GEOMETRY = "GEOMETRYCOLLECTION"  # the type of that column in a table of which no row has any
Shapes = np.ndarray | Bodies  # geometries (n,), or the same as WKB
RowHashes = dict[str, dict[str, str | None]]  # table → name → hash of a row; None of one that was taken away


class DamagedTable(Exception):
    """A table of features is gone, or does not hold what was put into it."""


class Cursor(Protocol):
    """The answer of a statement; rows are tuples."""

    @property
    def rowcount(self) -> int:
        """How many rows a statement has changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Executor(Protocol):
    """Anything that runs a statement."""

    def execute(self, sql: str, /) -> Cursor:
        """Run a statement and return its answer."""


@dataclass(frozen=True)
class TableDefinition:
    """A table of features: fid from 1, a geometry of one type, fields of INTEGER, REAL, TEXT or BLOB."""

    name: str
    title: str
    geometry_type: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Damage:
    """Damage that a store's own check reports, and the table, if the check names one."""

    table: str
    reason: str


Box = Sequence[float]  # west, south, east, north
Point = tuple[float, float]
AS_STORED: Point = (0.0, 0.0)  # of geometries that are not moved


@dataclass(frozen=True)
class FeatureRows:
    """Rows of a table of features in the order of fids: fids and shapes (n,), and the values of each field.

    boxes (n, 4): in the library's plane, whatever origin the geometries have; None if not requested.
    """

    fids: np.ndarray
    shapes: AnyShapes
    values: Mapping[str, Sequence[Any]]
    boxes: np.ndarray | None = None

    @property
    def geometries(self) -> np.ndarray:
        """The shapes as geometries (n,)."""
        return all_of(self.shapes)


class PackedIndex(Protocol):
    """An index of features that is packed before it is written; any thread may pack it."""

    def make_ready(self, *, hashed: bool = False) -> None:
        """Pack the index. hashed: also compute the hashes of its tables."""


class StoreConnection(Protocol):
    """A connection of one thread. SQL is portable, with ? marks; tables of features have methods of their own.

    srs_id: the EPSG code of the library's system; most_fields: how many fields a table of features can have. unlogged:
    rows that the open transaction wrote and has not logged yet; damages: the exceptions for a table that is gone or
    broken.
    """

    srs_id: int
    most_fields: int
    unlogged: RowHashes
    damages: tuple[type[Exception], ...]

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run one statement for each row."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table or view of that name."""

    def own_tables(self) -> list[str]:
        """The names of all tables, by name."""

    def field_types(self, table: str) -> dict[str, str]:
        """The fields of a table of features, without fid and geometry: INTEGER, REAL, TEXT or BLOB; empty for none."""

    def column_names(self, table: str) -> list[str]:
        """All columns of a plain table, in order."""

    def read_rows(self, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield all rows of a plain table, never holding all at once; inside one snapshot or transaction."""

    def write_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a plain table."""

    def append_log(self, at: str, who: str, action: str, subject: str, detail: str, content_hash: str) -> None:
        """Append one entry to the audit log inside the open transaction, chained to the entry before."""

    def moment(self) -> str:
        """Return the present moment by the clock of the machine that keeps the library, as ISO text in UTC."""

    def change_number(self) -> int:
        """Return a number that changes when another connection has written; always 0 on a server."""

    def chain_head(self) -> tuple[int, str]:
        """The number and hash of the log's last row."""

    def protect(self, grants: Sequence[Right]) -> None:
        """Close a new library's log, and let each role do what is granted to it; a file has no roles."""

    def drop_policies(self) -> None:
        """Drop the policies that refer to other tables, so that these can be dropped; `renew_rights` restores them."""

    def renew_rights(self, grants: Sequence[Right]) -> None:
        """Make what `protect` made anew, in the form of this version of the program."""

    def make_features(self, table: TableDefinition) -> None:
        """Make a new, empty table of features."""

    def add_features(
        self, table: TableDefinition, blocks: Iterable[Shapes], values: Sequence[Sequence[Any]], first_fid: int = 1
    ) -> None:
        """Append features: their geometries in blocks, and the values of each field (n,), in the fields' order."""

    def packed_index(self, bounds: np.ndarray) -> PackedIndex | None:
        """Return an index of features 1 … n, to be packed elsewhere; None if the store makes the index itself.

        bounds: (n, 4), NaN for features without a box.
        """

    def index_features(
        self, table: TableDefinition, bounds: np.ndarray, progress: Progress, ready_index: PackedIndex | None = None
    ) -> dict[str, str]:
        """Index the features 1 … n of a new table; return the known hashes of the index's own tables, by name.

        bounds: (n, 4), NaN for features without a box; ready_index: from `packed_index` of the same bounds.
        """

    def show_features(self, table: TableDefinition, bounds: Box | None) -> None:
        """Register a table and its extent, which may have grown, for other programs."""

    def read_features(
        self, table: str, fields: Sequence[str] | None, bounds: Box | None, count: int | None, origin: Point = AS_STORED
    ) -> FeatureRows:
        """Read the features whose boxes meet `bounds`, perhaps some more, or all.

        fields: None for all; count: how many features the table must hold in all; origin: the point that geometries are
        relative to. Raises DamagedTable.
        """

    def marks_near(self, boxes: Mapping[str, Box]) -> Mapping[str, tuple[Hashable, ...]]:
        """Return marks of some versions' tables near some ground: equal marks mean that nothing has changed there.

        boxes: by table west, south, east, north; a mark begins with the number of the table's features. There is no
        mark if the store cannot tell, nor for a file, which is opened anew once anybody else has written to it.
        """

    def read_block(self, table: str, fields: Sequence[str], first: int, last: int) -> FeatureRows:
        """Read the features with these fids; none may be missing. Raises DamagedTable."""

    def extent(self, table: str) -> Box | None:
        """Return west, south, east, north of a table of features, as the store knows it; None if there is no ground."""

    def inspect_features(self, table: str, fields: Sequence[str]) -> tuple[FeatureRows, np.ndarray]:
        """Return all features of a table unchanged, and a mask (n,) of those that this store cannot have written.

        A value that is not a geometry becomes None. Raises DamagedTable.
        """

    def structure(
        self, tables: Sequence[str] | None, hashes: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str, Sequence[Any] | None]]:
        """Yield the definitions of some tables and views, or of all: kind (one of STRUCTURE), name, content.

        The content is None if others made the object anew since the snapshot, so that it cannot be read. hashes: of
        tables that the open transaction has written, which need not be read again.
        """

    def damages_found(self, progress: Progress) -> Iterator[Damage]:
        """Yield the damage that the store's own check finds, in a file indexes that differ from their tables."""

    def without_indexes(self) -> AbstractContextManager[None]:
        """Within the block no table is read through an index, which may differ from the table."""

    def tolerant(self) -> AbstractContextManager[None]:
        """Within the block every value of a table can be read, even bytes that are not valid text."""

    def show_in_force(
        self,
        code: str,
        title: str,
        geometry_type: str,
        tables: Sequence[tuple[int, str]],
        holding: Sequence[int],
        retired: Sequence[int],
    ) -> None:
        """Make the view CODE of a layer's versions (number, table): rows of the one in force on the day of reading.

        holding: the numbers of versions that may be in force from now on; retired: of those that never are. The view
        has the fields of all versions.
        """


class Store(Protocol):
    """The store of an open library. label: its name for people; path: the file, None on a server.

    roles: for whom its user may speak; account: the account that its user signed in with, None for a file. kept: what
    rooms above keep in a session, as long as marks say that it is still true.
    """

    label: str
    path: Path | None
    writable: bool
    roles: Roles
    account: str | None
    kept: dict[Any, Any]

    @property
    def connection(self) -> StoreConnection:
        """The connection, which belongs to the thread that opened it."""

    def today(self) -> date:
        """Return the day by the clock of the machine that keeps the library: this one for a file, else the server."""

    def days_of(self, moments: Sequence[datetime]) -> list[date]:
        """Return the days of moments by the same clock as `today`."""

    def reading(self) -> AbstractContextManager[StoreConnection]:
        """Open one snapshot: everything read inside it is from one moment."""

    def writing(self, scope: str | None) -> AbstractContextManager[StoreConnection]:
        """Open one transaction, which is kept whole or not at all. scope: see `Library.writing`."""

    def appending(self) -> AbstractContextManager[StoreConnection]:
        """Open one transaction that takes no turn: see `Library.appending`."""


def chained_hash(before: str, at: str, who: str, action: str, subject: str, content_hash: str) -> str:
    """Return the hash of an entry of the audit log, which includes the hash of the entry before."""
    return hashlib.sha256("\n".join((before, at, who, action, subject, content_hash)).encode()).hexdigest()
