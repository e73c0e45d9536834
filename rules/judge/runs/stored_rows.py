"""Rows of a stored run, read from the library block by block; the outline of a parcel is stored once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pyarrow as pa

from onemap.layers.errors import OneMapError
from onemap.layers.geometry.wkb_bodies import as_multipolygons
from onemap.layers.library.library import Library
from onemap.layers.library.log_reading import read_entries
from onemap.layers.messages import sentences
from onemap.layers.stores.logged_rows import row_name
from onemap.layers.stores.sql_text import Sql, compose_sql, question_marks
from onemap.rules.judge.runs.arrow_blocks import KEY, Rows, matching_rows, read_columns, read_shapes

GIVEN = "given"  # the parcels as they were given: attributes, and geometry
DAMAGE = ("run.damaged", "library.altered")  # of one run, which is no reason to refuse others: `verify` names it
_ALL = Sql("true")
OutlineBlock = Callable[[int], np.ndarray]


def row_counts(library: Library, identifier: str) -> dict[str, int]:
    """The number of rows in each table that a run has stored."""
    sql = "SELECT name, sum(count) FROM onemap_run_blocks WHERE run = ? GROUP BY name"
    return {name: int(count) for name, count in library.connection.execute(sql, (identifier,))}


def check_blocks(library: Library, identifier: str) -> None:
    """Refuse a run that has lost blocks of rows which the log has written: what is left would look whole.

    Nothing is done for an account that may not read the log. Raises OneMapError run.damaged, library.altered.
    """
    if not library.roles.reads_log:
        return
    numbers = library.keep_made("log entries of runs", _LogOfRuns).numbers(library, identifier)
    where = compose_sql("number IN ({marks})", marks=question_marks(len(numbers)))
    logged_blocks = read_entries(library, where, numbers).rows.get("onemap_run_blocks", {}) if numbers else {}
    sql = "SELECT name, first FROM onemap_run_blocks WHERE run = ?"
    stored_names = {row_name([identifier, *row]) for row in library.connection.execute(sql, (identifier,))}
    if lost_blocks := sorted(logged_blocks.keys() - stored_names):
        raise OneMapError("run.damaged", file=library.label, run=identifier, layer=lost_blocks[0].split("/")[-2])


class _LogOfRuns:
    """Which entries of the log are of which run; the log, which has no index of that, is gone through once."""

    def __init__(self) -> None:
        self._head: tuple[int, str] = (0, "")
        self._numbers: dict[str, list[int]] = {}

    def numbers(self, library: Library, run: str) -> list[int]:
        """The numbers of a run's entries, with those that came since the last question."""
        execute = library.connection.execute
        head = execute("SELECT number, hash FROM onemap_audit ORDER BY number DESC LIMIT 1").fetchone()
        if head == self._head:
            return self._numbers.get(run, [])
        if execute("SELECT number, hash FROM onemap_audit WHERE number = ?", self._head[:1]).fetchone() != self._head:
            self._head, self._numbers = (0, ""), {}  # nothing was read so far, or it was taken back
        # What logs a run was written with it; of any other entry, such as a decision's, whoever writes it chooses the
        # subject.
        kinds = [*sentences("en")["run_kind"]]
        sql = compose_sql(
            "SELECT number, subject FROM onemap_audit WHERE number > ? AND action IN ({marks})"
            " AND subject IN (SELECT id FROM onemap_runs)",
            marks=question_marks(len(kinds)),
        )
        for number, subject in execute(sql, (*self._head[:1], *kinds)):
            self._numbers.setdefault(subject, []).append(number)
        self._head = head or (0, "")
        return self._numbers.get(run, [])


def read_blocks(
    library: Library,
    identifier: str,
    table: str,
    conditions: Mapping[str, str],
    names: Sequence[str] | None = None,
    *,
    has_shapes: bool = True,
) -> Iterator[Rows]:
    """Rows of a table of a run in their order, some thousand at a time.

    conditions: only rows with these values; names: only these columns, without geometry; has_shapes: with geometry
    otherwise. Raises OneMapError run.damaged.
    """
    damage, end = OneMapError("run.damaged", file=library.label, layer=table, run=identifier), 0
    outline_block = lru_cache(maxsize=2)(partial(_outline_block, library, identifier))
    condition, values = _ALL, []
    if KEY in conditions:
        condition, values = Sql("(lowest IS NULL OR lowest <= ? AND highest >= ?)"), [conditions[KEY]] * 2
    for first, count in _blocks(library, identifier, table, condition, values):
        if first != end and condition is _ALL:
            raise damage  # a block is gone
        end = first + count
        try:
            content = _content(library, identifier, table, first)
            if names is not None or not has_shapes:
                yield Rows(_whole_columns(read_columns(content, names), count), None)
                continue
            if conditions and not len(matching_rows(read_columns(content, list(conditions)), conditions)):
                continue
            columns = _whole_columns(read_columns(content), count)
            rows = _read(library, identifier, table, first, columns, matching_rows(columns, conditions), outline_block)
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, IndexError) as error:
            raise damage from error
        yield rows


def _whole_columns(columns: pa.Table, count: int) -> pa.Table:
    """Check that columns have as many rows as their block, and that texts are texts. Raises ValueError."""
    if columns.num_columns and columns.num_rows != count:
        raise ValueError("rows are gone")
    columns.validate(full=True)
    return columns


def _read(
    library: Library,
    identifier: str,
    table: str,
    first: int,
    columns: pa.Table,
    row_numbers: np.ndarray,
    outline_block: OutlineBlock,
) -> Rows:
    """The chosen rows of a block with their geometries. Raises pa.ArrowException, OSError, ValueError."""
    shapes = _content(library, identifier, table, first, "shapes")
    wkb, outlines = (None, None) if shapes is None else read_shapes(shapes)
    if (wkb is None and table == GIVEN) or (wkb is not None and len(wkb) != len(columns)):
        raise ValueError("shapes are gone")
    rows = Rows(columns, wkb)
    if len(row_numbers) < len(rows):
        rows, outlines = rows.take(row_numbers), None if outlines is None else outlines[row_numbers]
    if rows.wkb is None or outlines is None:
        return rows
    whole = np.flatnonzero(outlines >= 0)
    bodies = rows.bodies()
    bodies[whole] = _outlines(library, identifier, outlines[whole], outline_block)
    return Rows(rows.columns, pa.array(bodies, pa.large_binary()))


def _outlines(library: Library, identifier: str, positions: np.ndarray, block: OutlineBlock) -> np.ndarray:
    """The outlines of parcels of a run (k,), by their positions. Raises ValueError."""
    bodies = np.full(len(positions), None, dtype=object)
    if len(positions):
        ends = [int(positions.max()), int(positions.min())]
        for first, _ in _blocks(library, identifier, GIVEN, Sql("first <= ? AND first + count > ?"), ends):
            outlines = block(first)
            here = np.flatnonzero((positions >= first) & (positions < first + len(outlines)))
            bodies[here] = outlines[positions[here] - first]
    if any(body is None for body in bodies):
        raise ValueError("parcels are gone")
    return bodies


def _outline_block(library: Library, identifier: str, first: int) -> np.ndarray:
    """The outlines of the parcels in a block, as multipolygons. Raises pa.ArrowException, OSError, ValueError."""
    wkb, _ = read_shapes(_content(library, identifier, GIVEN, first, "shapes"))
    outlines: np.ndarray = as_multipolygons(wkb).to_numpy(zero_copy_only=False)
    return outlines


def _blocks(
    library: Library, identifier: str, table: str, condition: Sql, values: Sequence[Any]
) -> list[tuple[int, int]]:
    """The first row of each block of a table, in order, and its number of rows."""
    sql = compose_sql(
        "SELECT first, count FROM onemap_run_blocks WHERE run = ? AND name = ? AND {condition} ORDER BY first",
        condition=condition,
    )
    block_rows = library.connection.execute(sql, (identifier, table, *values)).fetchall()
    return [(row[0], row[1]) for row in block_rows]


def _content(library: Library, identifier: str, table: str, first: int, column: str = "content") -> Any:
    sql = compose_sql("SELECT {column} FROM onemap_run_blocks WHERE run = ? AND name = ? AND first = ?", column=column)
    return library.connection.execute(sql, (identifier, table, first)).fetchone()[0]
