"""Rows of a stored run as they lie in the library: its own, those of an earlier run, and the outlines of parcels."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from onemap.layers.errors import OneMapError
from onemap.layers.library.library import Library
from onemap.rules.inputs.parcel_rows import as_multis
from onemap.rules.runs.arrow_blocks import KEY, Rows, matching, read_columns, read_shapes
from onemap.rules.runs.row_references import Placed, Standing
from onemap.rules.runs.rows_before_blocks import former_rows, has_former_rows

GIVEN = "given"  # the parcels as they were given: attributes, and geometry
READING = "reading"  # what was told when they were read
REFERENCE = -1  # where, instead of a first row, it stands which rows of an earlier run are the run's too
_TABLE = "onemap_run_blocks"
_ALL: Mapping[str, str] = {}


def kept_rows(
    library: Library, identifier: str, table: str, wanted: Mapping[str, str] = _ALL, names: Sequence[str] | None = None
) -> Iterator[Placed]:
    """Rows of a table of a run, some thousand at a time, and where each stands in it.

    wanted: only rows with these values; names: only these columns, without geometry. Raises OneMapError run.damaged.
    """
    damage = OneMapError("run.damaged", file=library.label, layer=table, run=identifier)
    try:
        former = former_rows(library, identifier, table)
    except (ValueError, TypeError) as error:
        raise damage from error
    if former is not None:
        chosen = matching(former.columns, wanted)
        yield chosen, former.take(chosen)
        return
    own = own_rows(library, identifier, table, wanted, names)
    standing = standing_of(library, identifier, table)
    if standing is None:
        yield from own
        return
    count = 0
    try:
        for places, rows in standing.merged(own_rows(library, standing.run, table, wanted, names), own):
            count += len(places)
            yield places, rows
    except IndexError as error:  # more rows than it says
        raise damage from error
    if not wanted and count != standing.rows:
        raise damage


def holds(library: Library, identifier: str, table: str) -> bool:
    """Whether a run has kept a table, with rows or without."""
    if has_former_rows(library, identifier):
        return True
    sql = f"SELECT 1 FROM {_TABLE} WHERE run = ? AND name = ? LIMIT 1"
    return library.has_table(_TABLE) and library.connection.execute(sql, (identifier, table)).fetchone() is not None


def count_of(library: Library, identifier: str, table: str) -> int:
    """How many rows a table of a run has; 0 of one that is kept row by row. Raises OneMapError run.damaged."""
    standing = standing_of(library, identifier, table)
    if standing is not None:
        return standing.rows
    if not library.has_table(_TABLE):
        return 0
    sql = f"SELECT sum(count) FROM {_TABLE} WHERE run = ? AND name = ?"
    return int(library.connection.execute(sql, (identifier, table)).fetchone()[0] or 0)


def room_of(library: Library, identifier: str, table: str) -> tuple[int, int]:
    """How many blocks of a table a run holds itself, and their bytes."""
    if not library.has_table(_TABLE):
        return 0, 0
    room = "sum(length(content) + coalesce(length(shapes), 0))"
    sql = f"SELECT count(*), {room} FROM {_TABLE} WHERE run = ? AND name = ?"
    count, room = library.connection.execute(sql, (identifier, table)).fetchone()
    return int(count), int(room or 0)


def note_of(library: Library, identifier: str, name: str) -> bytes | None:
    """What is noted of a run under a name, beside its rows; None if nothing is. Raises OneMapError run.damaged."""
    if not library.has_table(_TABLE):
        return None
    sql = f"SELECT content FROM {_TABLE} WHERE run = ? AND name = ? AND first = 0"
    row = library.connection.execute(sql, (identifier, name)).fetchone()
    try:
        return bytes(row[0]) if row else None
    except TypeError as error:  # a text
        raise OneMapError("run.damaged", file=library.label, layer=name, run=identifier) from error


def standing_of(library: Library, identifier: str, table: str) -> Standing | None:
    """Which rows of a table of a run are an earlier run's; None if all are its own. Raises OneMapError run.damaged."""
    if not library.has_table(_TABLE):
        return None
    sql = f"SELECT content FROM {_TABLE} WHERE run = ? AND name = ? AND first = ?"
    row = library.connection.execute(sql, (identifier, table, REFERENCE)).fetchone()
    if row is None:
        return None
    try:
        return Standing.read(row[0])
    except (ValueError, KeyError, TypeError) as error:
        raise OneMapError("run.damaged", file=library.label, layer=table, run=identifier) from error


def own_rows(
    library: Library, identifier: str, table: str, wanted: Mapping[str, str] = _ALL, names: Sequence[str] | None = None
) -> Iterator[Placed]:
    """The same of the rows that the run holds itself. Raises OneMapError run.damaged."""
    damage, end = OneMapError("run.damaged", file=library.label, layer=table, run=identifier), 0
    if not library.has_table(_TABLE):
        return
    condition, values = "", []
    if KEY in wanted:
        condition, values = "AND (lowest IS NULL OR lowest <= ? AND highest >= ?)", [wanted[KEY]] * 2
    for first, count in _firsts(library, identifier, table, condition, values):
        if first != end and not condition:
            raise damage  # a block is gone
        end = first + count
        try:
            content = _content(library, identifier, table, first)
            if names is not None:
                rows = Rows(_counted(read_columns(content, names), count), None)
                yield np.arange(first, first + len(rows)), rows
                continue
            if wanted and not len(matching(read_columns(content, list(wanted)), wanted)):
                continue
            columns = _counted(read_columns(content), count)
            chosen = matching(columns, wanted)
            rows = _read(library, identifier, table, first, columns, chosen)
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError) as error:
            raise damage from error
        yield first + chosen, rows


def _counted(columns: pa.Table, count: int) -> pa.Table:
    """Columns of as many rows as a block should have. Raises ValueError."""
    if columns.num_columns and columns.num_rows != count:
        raise ValueError("rows are gone")
    return columns


def _read(library: Library, identifier: str, table: str, first: int, columns: pa.Table, chosen: np.ndarray) -> Rows:
    """The chosen rows of a block with their geometries. Raises pa.ArrowException, OSError, ValueError."""
    shapes = _content(library, identifier, table, first, "shapes")
    wkb, outlines = (None, None) if shapes is None else read_shapes(shapes)
    if (wkb is None and table == GIVEN) or (wkb is not None and len(wkb) != len(columns)):
        raise ValueError("shapes are gone")
    rows = Rows(columns, wkb)
    if len(chosen) < len(rows):
        rows, outlines = rows.take(chosen), None if outlines is None else outlines[chosen]
    if rows.wkb is None or outlines is None:
        return rows
    whole = np.flatnonzero(outlines >= 0)
    bodies = rows.bodies()
    bodies[whole] = _outlines(library, identifier, outlines[whole])
    return Rows(rows.columns, pa.array(bodies, pa.large_binary()))


def _outlines(library: Library, identifier: str, positions: np.ndarray) -> np.ndarray:
    """The outlines of parcels of a run (k,), by their positions. Raises OneMapError run.damaged, ValueError."""
    standing = standing_of(library, identifier, GIVEN)
    if standing is None:
        return _own_outlines(library, identifier, positions)
    order = standing.order()
    own = np.cumsum(order < 0) - 1
    at, is_own = order[positions], order[positions] < 0
    found = np.empty(len(positions), dtype=object)
    found[is_own] = _own_outlines(library, identifier, own[positions[is_own]])
    found[~is_own] = _own_outlines(library, standing.run, at[~is_own])
    return found


def _own_outlines(library: Library, identifier: str, positions: np.ndarray) -> np.ndarray:
    """The same of parcels that the run holds itself, by their positions among those."""
    found = np.full(len(positions), None, dtype=object)
    if len(positions):
        ends = [int(positions.max()), int(positions.min())]
        for first, _ in _firsts(library, identifier, GIVEN, "AND first <= ? AND first + count > ?", ends):
            shapes = _content(library, identifier, GIVEN, first, "shapes")
            wkb, _ = read_shapes(shapes)
            here = np.flatnonzero((positions >= first) & (positions < first + len(wkb)))
            found[here] = as_multis(wkb.take(positions[here] - first).to_numpy(zero_copy_only=False))
    if any(body is None for body in found):
        raise ValueError("parcels are gone")
    return found


def _firsts(
    library: Library, identifier: str, table: str, condition: str, values: Sequence[Any]
) -> list[tuple[int, int]]:
    """Where the blocks of a table begin, in their order, and how many rows each has."""
    sql = f"SELECT first, count FROM {_TABLE} WHERE run = ? AND name = ? AND first <> ? {condition} ORDER BY first"
    found = library.connection.execute(sql, (identifier, table, REFERENCE, *values)).fetchall()
    return [(row[0], row[1]) for row in found]


def _content(library: Library, identifier: str, table: str, first: int, column: str = "content") -> Any:
    sql = f"SELECT {column} FROM {_TABLE} WHERE run = ? AND name = ? AND first = ?"
    return library.connection.execute(sql, (identifier, table, first)).fetchone()[0]
