"""The interface of a library's store: what a file and a server must both do, and the plain values between."""

import hashlib
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
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
    """A table of features that is gone, or does not hold what was put into it."""


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
    """Whatever runs a statement."""

    def execute(self, sql: str, /) -> Cursor:
        """The answer of a statement."""


@dataclass(frozen=True)
class TableDefinition:
    """A table of features: fid from 1, a geometry of one type, fields of INTEGER, REAL, TEXT or BLOB."""

    name: str
    title: str
    geometry_type: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Damage:
    """Damage that a store's own check names, and the table, if it names one."""

    table: str
    reason: str


AS_STORED = 0.0, 0.0  # the origin of geometries that are not moved


@dataclass(frozen=True)
class FeatureRows:
    """Rows of a table of features in the order of fids: fids and shapes (n,), and the values of each field.

    boxes (n, 4): in the library's plane, from wherever geometries are counted; None where nobody asks for them.
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
    """An index of features that is packed before it is written; any thread may do that."""

    def make_ready(self, *, hashed: bool = False) -> None:
        """Pack it. hashed: take the hashes of its tables, too."""


class StoreConnection(Protocol):
    """A connection of one thread. SQL is portable, with ? marks; tables of features have methods of their own.

    srs_id: the EPSG code of the library's system; most_fields: how many fields a table of features can have.
    unlogged: rows that the open transaction has written and its log does not know yet; damages: the errors of a table
    that is gone or broken.
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
        """All rows of a plain table, never all held at once; inside one snapshot or transaction."""

    def write_rows(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to a plain table."""

    def append_log(self, at: str, who: str, action: str, subject: str, detail: str, content_hash: str) -> None:
        """One row of the audit log inside the open transaction, chained to the row before."""

    def moment(self) -> str:
        """The present moment by the clock of the machine that keeps the library, as ISO text in UTC."""

    def change_number(self) -> int:
        """A number that changes when another connection has written; of a server, which is not kept open, always 0."""

    def chain_head(self) -> tuple[int, str]:
        """The number and hash of the log's last row."""

    def protect(self, grants: Sequence[Right]) -> None:
        """Close a new library's log, and let each role do what is granted to it; a file knows no roles."""

    def drop_policies(self) -> None:
        """Drop the policies that ask other tables, so that these can be dropped; `renew_rights` makes them anew."""

    def renew_rights(self, grants: Sequence[Right]) -> None:
        """Renew what `protect` has made, in the form of this version of the program."""

    def make_features(self, table: TableDefinition) -> None:
        """A new, empty table of features."""

    def add_features(
        self, table: TableDefinition, blocks: Iterable[Shapes], values: Sequence[Sequence[Any]], first_fid: int = 1
    ) -> None:
        """Append features: their geometries in blocks, and the values of each field (n,), in the fields' order."""

    def packed_index(self, bounds: np.ndarray) -> PackedIndex | None:
        """The content of an index of features 1 … n, to be packed elsewhere; None where the store makes it itself.

        bounds: (n, 4), NaN where there is none.
        """

    def index_features(
        self, table: TableDefinition, bounds: np.ndarray, progress: Progress, packed: PackedIndex | None = None
    ) -> dict[str, str]:
        """Index the features 1 … n of a new table; returns which hashes of the index's own tables are known, by name.

        bounds: (n, 4), NaN where there is none; packed: from `packed_index` of the same.
        """

    def show_features(self, table: TableDefinition, bounds: Sequence[float] | None) -> None:
        """Tell other programs of a table and its extent, which may have grown."""

    def read_features(
        self,
        table: str,
        fields: Sequence[str] | None,
        bounds: Sequence[float] | None,
        count: int | None,
        origin: tuple[float, float] = AS_STORED,
    ) -> FeatureRows:
        """The features whose boxes meet `bounds` (west, south, east, north), perhaps some more, or all, with boxes.

        fields: None for all; count: how many features the table must hold in all; origin: from where geometries are
        counted. Raises DamagedTable.
        """

    def marks_near(self, boxes: Mapping[str, Sequence[float]]) -> Mapping[str, tuple[Hashable, ...]]:
        """Marks of all that is read of some versions' tables near ground: equal marks mean that nothing has changed.

        boxes: by table west, south, east, north; a mark begins with the number of the table's features. There is none
        where the store cannot tell, nor for a file, which is opened anew once anybody else has written to it.
        """

    def read_block(self, table: str, fields: Sequence[str], first: int, last: int) -> FeatureRows:
        """The features with these fids, of which none may be missing. Raises DamagedTable."""

    def extent(self, table: str) -> Sequence[float] | None:
        """West, south, east, north of a table of features, as the store knows it; None where there is no ground."""

    def inspect_features(self, table: str, fields: Sequence[str]) -> tuple[FeatureRows, np.ndarray]:
        """All features of a table unchanged, and a mask (n,) of those that this store cannot have written.

        A value that is not a geometry is None. Raises DamagedTable.
        """

    def structure(
        self, tables: Sequence[str] | None, hashes: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, str, Sequence[Any] | None]]:
        """The definitions of some tables and views, or of all: kind (one of STRUCTURE), name, content.

        None of what others have made anew since the snapshot, and cannot be read as it was. hashes: of tables that the
        open transaction has written, which need not be read again.
        """

    def damages_found(self, progress: Progress) -> Iterator[Damage]:
        """The damage that the store's own check finds, of a file SQLite's: indexes that differ from their tables."""

    def without_indexes(self) -> AbstractContextManager[None]:
        """Within the block no table is read by an index, which may differ from the table."""

    def tolerant(self) -> AbstractContextManager[None]:
        """Within the block every value of a table can be read, also bytes that are not valid text."""

    def show_in_force(
        self,
        code: str,
        title: str,
        geometry_type: str,
        tables: Sequence[tuple[int, str]],
        holding: Sequence[int],
        retired: Sequence[int],
    ) -> None:
        """The view CODE of a layer's versions (number, table): rows of the one in force on the day of reading.

        holding: the numbers of those that may be, from now on; retired: of those that never are. The fields are those
        of all.
        """


class Store(Protocol):
    """An open library's place. label: how it is named to people; path: the file, None on a server.

    roles: for whom its user may speak; account: under which its user has logged in, None for a file. kept: what rooms
    above keep of it in a session, as long as marks say that it is still true.
    """

    label: str
    path: Path | None
    writable: bool
    roles: Roles
    account: str | None
    kept: dict[Any, Any]

    @property
    def connection(self) -> StoreConnection:
        """The connection; it belongs to the thread that opened it."""

    def today(self) -> date:
        """The day by the clock of the machine that keeps the library: of this one for a file, else of the server."""

    def reading(self) -> AbstractContextManager[StoreConnection]:
        """One snapshot: all that is read in it is of one moment."""

    def writing(self, scope: str | None) -> AbstractContextManager[StoreConnection]:
        """One transaction: all of it is kept, or nothing. scope: see `Library.writing`."""

    def appending(self) -> AbstractContextManager[StoreConnection]:
        """One transaction that takes no turn: see `Library.appending`."""


def chained_hash(before: str, at: str, who: str, action: str, subject: str, content_hash: str) -> str:
    """The hash of a row of the audit log, which holds that of the row before."""
    return hashlib.sha256("\n".join((before, at, who, action, subject, content_hash)).encode()).hexdigest()
