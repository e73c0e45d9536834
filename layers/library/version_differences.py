"""Which rows of two versions of a layer differ, found inside the library, so that only these rows are read.

A new version of a plan mostly repeats the one before. The checksums kept with every version suggest which rows
match; the rows' bytes then decide whether they are the same, so that no checksum can deceive.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from onemap.layers.library.library import Library
from onemap.layers.library.versions import Version, kept_row_hashes
from onemap.layers.stores.sql_text import Sql, compose_sql, join_sql
from onemap.layers.stores.store import GEOMETRY_COLUMN

_KEPT = "alike"  # among what is kept of an open library: of each two versions that were held together
_MOST_KEPT = 8
_MOST_STRETCHES = 2_000  # each is a statement; rows that are mixed up so much are read


@dataclass(frozen=True)
class CommonRows:
    """Rows that two versions share, in the same order: fids (k,) before and after, both ascending."""

    before: np.ndarray
    after: np.ndarray


def alike_rows(library: Library, before: Version, after: Version, key: str | None) -> CommonRows | None:
    """Return the rows of two versions that are equal byte by byte and in the same order; None if they are unknown.

    key: the field that names features; a row without a name is known by its fid, which must then be the same.
    The answer is kept while the library is open, since a version never changes.
    """
    if library.path is None:
        return None  # a server's rows are read
    name = (before.table, before.hash, after.table, after.hash, key)
    answers: dict[Hashable, CommonRows | None] = library.kept.setdefault(_KEPT, {})
    if name not in answers:
        if len(answers) >= _MOST_KEPT:
            answers.clear()
        answers[name] = _alike_rows(library, before, after, key)
    return answers[name]


def _alike_rows(library: Library, before: Version, after: Version, key: str | None) -> CommonRows | None:
    fields = library.connection.field_types(before.table)
    if not fields or list(fields.items()) != list(library.connection.field_types(after.table).items()):
        return None
    if not all(_are_numbered(library, version) for version in (before, after)):
        return None
    stretches = _stretches(library, before, after)
    if stretches is None:
        return None
    equal = [compose_sql("a.{name} IS b.{name}", name=name) for name in (GEOMETRY_COLUMN, *fields)]
    # 1 and 1.0 are equal, and yet not the same.
    same_types = [compose_sql("typeof(a.{name}) = typeof(b.{name})", name=name) for name in fields]
    one, other = [], []
    for first, count, shift in stretches:
        same_names = [_is_named(key if key in fields else None)] if shift else []
        sql = compose_sql(
            "SELECT count(*), group_concat(a.fid) FILTER (WHERE (b.fid IS NOT NULL AND {same}) IS NOT 1)"
            " FROM {before} a LEFT JOIN {after} b ON b.fid = a.fid + ? WHERE a.fid BETWEEN ? AND ?",
            same=join_sql(" AND ", (*equal, *same_types, *same_names)),
            before=before.table,
            after=after.table,
        )
        parameters = (shift, first, first + count - 1)
        alike_count, others = library.connection.execute(sql, parameters).fetchone()
        if alike_count != count:
            return None  # features are gone
        unlike = np.array(sorted(map(int, others.split(","))) if others else [], dtype=np.int64)
        fids = np.delete(np.arange(first, first + count), unlike - first)
        one.append(fids)
        other.append(fids + shift)
    nothing = np.empty(0, dtype=np.int64)
    return CommonRows(np.concatenate([nothing, *one]), np.concatenate([nothing, *other]))


def _is_named(key: str | None) -> Sql:
    """Return a condition that a row is named by its key and not by its fid."""
    if key is None:
        return Sql("0")
    return compose_sql(  # no blank of any script stands there
        "(typeof(a.{key}) = 'integer' OR (typeof(a.{key}) = 'text'"
        " AND (unicode(a.{key}) BETWEEN 33 AND 126 OR unicode(a.{key}) >= 13312)))",
        key=key,
    )


def _are_numbered(library: Library, version: Version) -> bool:
    """Whether a version's rows are numbered from 1 to the count that was added; some in between may be gone."""
    sql = compose_sql("SELECT min(fid), max(fid) FROM {table}", table=version.table)
    return library.connection.execute(sql).fetchone() == (1, version.count)


def _stretches(library: Library, before: Version, after: Version) -> list[tuple[int, int, int]] | None:
    """Return stretches of rows that may be the same: the first fid before, the count, and the shift of fids since.

    None if the rows are mixed up too much, or there are no checksums.
    """
    one, other = (kept_row_hashes(library, version) for version in (before, after))
    if one is None or other is None:
        return None
    rows, places = _pairs(one, other)
    if not len(rows):
        return []
    shift = places - rows
    # Rows that look unlike end no stretch: those of it that are not the same are told apart by their bytes.
    starts = np.flatnonzero(np.r_[True, np.diff(shift) != 0])
    if len(starts) > _MOST_STRETCHES:
        return None
    ends = np.r_[starts[1:], len(rows)] - 1
    return [
        (int(rows[first]) + 1, int(rows[last] - rows[first]) + 1, int(shift[first]))
        for first, last in zip(starts, ends, strict=True)
    ]


def _pairs(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows (k,) of two versions that look alike, ascending in both."""
    least = min(len(one), len(other))
    unlike = one[:least] != other[:least]
    if len(one) == len(other) and 2 * np.count_nonzero(unlike) < least:
        rows = np.flatnonzero(~unlike)
        return rows, rows
    head = int(np.argmax(unlike)) if unlike.any() else least
    back = one[::-1][: least - head] != other[::-1][: least - head]
    tail = int(np.argmax(back)) if back.any() else least - head
    left, right = one[head : len(one) - tail], other[head : len(other) - tail]
    _, rows, places = np.intersect1d(_unique_values(left), _unique_values(right), return_indices=True)
    rows, places = np.flatnonzero(_is_once(left))[rows], np.flatnonzero(_is_once(right))[places]
    order = np.argsort(rows)
    rows, places = rows[order], places[order]
    ahead = places > np.maximum.accumulate(np.r_[-1, places[:-1]]) if len(places) else np.empty(0, dtype=bool)
    rows, places = rows[ahead], places[ahead]
    ends = np.arange(tail)
    return (
        np.concatenate([np.arange(head), head + rows, len(one) - tail + ends]),
        np.concatenate([np.arange(head), head + places, len(other) - tail + ends]),
    )


def _is_once(values: np.ndarray) -> np.ndarray:
    _, inverse, times = np.unique(values, return_inverse=True, return_counts=True)
    once: np.ndarray = times[inverse] == 1
    return once


def _unique_values(values: np.ndarray) -> np.ndarray:
    once: np.ndarray = values[_is_once(values)]
    return once
