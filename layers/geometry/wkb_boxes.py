"""Where geometries lie, and of which types they are, read from their WKB: no geometry is made for it."""

import numpy as np
import pyarrow as pa
import shapely

from onemap.layers.geometry.ragged import ranges

_POINT = 16  # bytes of two coordinates
_POLYGON, _MULTIPOLYGON = 3, 6


def wkb_boxes(bodies: pa.Array) -> np.ndarray:
    """West, south, east, north (n, 4) of geometries as WKB (n,), NaN of those that are none or empty.

    A polygon of one part lies where its shell does, whose points are taken out of the bytes; all others are decoded.
    """
    boxes = np.full((len(bodies), 4), np.nan)
    data, start = bytes_of(bodies)
    shell, points = _shells(data, start, np.asarray(bodies.is_valid()))
    simple = np.flatnonzero(points)
    for phase in np.unique(shell[simple] % _POINT).tolist():
        rows = simple[shell[simple] % _POINT == phase]
        pairs = np.frombuffer(data, "<f8", (len(data) - phase) // _POINT * 2, phase).reshape(-1, 2)
        found = pairs[ranges(shell[rows] // _POINT, points[rows])]
        first = np.cumsum(points[rows]) - points[rows]
        boxes[rows, :2] = np.minimum.reduceat(found, first, axis=0)
        boxes[rows, 2:] = np.maximum.reduceat(found, first, axis=0)
    rest = np.flatnonzero((points == 0) & np.asarray(bodies.is_valid()))
    boxes[rest] = shapely.bounds(decoded(bodies.take(pa.array(rest)))).reshape(-1, 4)
    return boxes


def wkb_types(bodies: pa.Array) -> list[int]:
    """The types of the geometries that are there, each once, as shapely numbers them."""
    some = bodies.drop_null()
    data, start = bytes_of(some)
    types = np.unique(_words(data, start[:-1] + 1)) if len(some) else np.empty(0, dtype=np.uint32)
    if len(some) and (data[start[:-1]] != 1).any() or (types > shapely.GeometryType.GEOMETRYCOLLECTION).any():
        types = np.unique(shapely.get_type_id(decoded(some)))
    return [int(kind) for kind in types]


def decoded(bodies: pa.Array) -> np.ndarray:
    """WKB (n,) as geometries."""
    found: np.ndarray = shapely.from_wkb(np.array(bodies.to_numpy(zero_copy_only=False), dtype=object))
    return found


def bytes_of(bodies: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All bytes of an array, and where each of the n begins and the last one ends: (n + 1,)."""
    _, offsets, data = bodies.buffers()
    width = np.int64 if pa.types.is_large_binary(bodies.type) else np.int32
    if offsets is None or data is None:
        return np.empty(0, dtype=np.uint8), np.zeros(len(bodies) + 1, dtype=np.int64)
    start = np.frombuffer(offsets, width, len(bodies) + 1, bodies.offset * np.dtype(width).itemsize)
    return np.frombuffer(data, np.uint8), start.astype(np.int64)


def _shells(data: np.ndarray, start: np.ndarray, is_there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the points of the only shell begin, and how many these are: (n,) each, 0 of any other geometry."""
    shell, points = np.zeros(len(start) - 1, dtype=np.int64), np.zeros(len(start) - 1, dtype=np.int64)
    at, size = start[:-1], np.diff(start)
    for kind, head in ((_POLYGON, 0), (_MULTIPOLYGON, 9)):
        rows = np.flatnonzero(is_there & (size >= head + 13))
        rows = rows[(data[at[rows]] == 1) & (_words(data, at[rows] + 1) == kind)]
        if head:  # parts, and the first one's own head
            rows = rows[(_words(data, at[rows] + 5) == 1) & (data[at[rows] + 9] == 1)]
            rows = rows[_words(data, at[rows] + 10) == _POLYGON]
        rows = rows[_words(data, at[rows] + head + 5) > 0]
        count = _words(data, at[rows] + head + 9).astype(np.int64)
        fits = (count > 0) & (head + 13 + count * _POINT <= size[rows])
        shell[rows[fits]], points[rows[fits]] = at[rows[fits]] + head + 13, count[fits]
    return shell, points


def _words(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Numbers of four bytes at some places (k,)."""
    words: np.ndarray = data[at[:, None] + np.arange(4)].view("<u4").ravel()
    return words
