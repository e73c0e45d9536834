"""Read WKB of unknown origin: GEOS crashes the process on collections that are nested too deep."""

import struct
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import shapely

DEEPEST = 32  # collections within collections; deeper ones are an attack, not a plan
_LEAST_BYTES = 9 * DEEPEST  # of what is so deep: order, type and number of parts of each
_HEAD, _ONE = 5, b"\1\0\0\0"
_OF_POINTS, _OF_RINGS = {2, 8, 13}, {3, 14, 17}
_OF_PARTS = {4, 5, 6, 7, 9, 10, 11, 12, 15, 16}
_PARTLESS = {1, *_OF_POINTS, *_OF_RINGS}
_MULTIPOLYGON = struct.pack("<BI", 1, 6)
_NUMBER, _POLYGON = struct.Struct("<I"), struct.Struct("<BII")
TOO_DEEP = "nested too deep"


def geometries_of_wkb(
    bodies: np.ndarray | Sequence[bytes | None], on_invalid: Literal["raise", "ignore"] = "raise"
) -> np.ndarray:
    """Return WKB (n,) as geometries, None for null. Raises shapely.GEOSException, TypeError.

    on_invalid: with "ignore" invalid or too deeply nested WKB becomes None.
    """
    deep = deep_rows(bodies)
    if deep:
        if on_invalid == "raise":
            raise shapely.GEOSException(TOO_DEEP)
        bodies = np.array(bodies, dtype=object)
        bodies[deep] = None
    with np.errstate(all="ignore"):  # coordinates that are not finite are reported by feature
        geometries: np.ndarray = shapely.from_wkb(bodies, on_invalid=on_invalid)
    return geometries


def geometry_of_wkb(body: bytes | str) -> shapely.Geometry:
    """Return one geometry. Raises shapely.GEOSException, TypeError."""
    if _may_be_deep(body, {}) and is_deep(body):
        raise shapely.GEOSException(TOO_DEEP)
    return shapely.from_wkb(body)


def deep_rows(bodies: np.ndarray | Sequence[Any]) -> list[int]:
    """Return the rows of WKB (n,), bytes or hexadecimal, that nest parts deeper than DEEPEST."""
    heads: dict[bytes, bool] = {}
    return [row for row, body in enumerate(bodies) if _may_be_deep(body, heads) and is_deep(body)]


def _may_be_deep(body: Any, heads: dict[bytes, bool]) -> bool:
    """Whether WKB is long enough to be deep, and has parts. heads: known answers by its first bytes."""
    if type(body) is not bytes:
        return isinstance(body, str | bytes) and len(body) >= 2 * _LEAST_BYTES
    if len(body) < _LEAST_BYTES:
        return False
    # Most have one part, which has none.
    return _has_parts(body[:_HEAD], heads) and not (body[5:9] == _ONE and not _has_parts(body[9:14], heads))


def _has_parts(head: bytes, heads: dict[bytes, bool]) -> bool:
    has_parts = heads.get(head)
    if has_parts is None:
        kind, *_ = _type(int.from_bytes(head[1:], "little" if head[0] == 1 else "big"))
        # What else stands there, as the number of a system does, is looked at.
        has_parts = heads[head] = head[0] > 1 or kind not in _PARTLESS or bool(head[4 if head[0] else 1] & 0x20)
    return has_parts


def is_deep(body: bytes | str) -> bool:
    """Whether WKB nests parts deeper than DEEPEST; damaged WKB is left to its reader."""
    try:
        if isinstance(body, bytes) and body.startswith(_MULTIPOLYGON) and _is_of_polygons(body):
            return False
        return _Walk(bytes.fromhex(body) if isinstance(body, str) else body).is_deep()
    except (struct.error, ValueError):
        return False


def _is_of_polygons(body: bytes) -> bool:
    """Whether a multipolygon holds only plain polygons: most do, and this check takes no time."""
    (parts,) = _NUMBER.unpack_from(body, _HEAD)
    at = _HEAD + _NUMBER.size
    for _ in range(parts):
        order, kind, rings = _POLYGON.unpack_from(body, at)
        if (order, kind) != (1, 3):
            return False
        at += _POLYGON.size
        for _ in range(rings):
            (points,) = _NUMBER.unpack_from(body, at)
            at += _NUMBER.size + 16 * points
    return True


class _Walk:
    """A walk through WKB as GEOS does it, but without recursion."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at, self._order = body, 0, "<"

    def is_deep(self) -> bool:
        to_come = [1]  # how many parts, level by level
        while to_come:
            if to_come[-1] == 0:
                to_come.pop()
                continue
            to_come[-1] -= 1
            kind, size = self._head()
            if kind in _OF_PARTS:
                if len(to_come) >= DEEPEST:
                    return True
                to_come.append(self._number())
            elif kind == 1:
                self._at += size
            elif kind in _OF_POINTS:
                self._pass_points(size)
            elif kind in _OF_RINGS:
                for _ in range(self._number()):
                    self._pass_points(size)
            else:
                return False
        return False

    def _head(self) -> tuple[int, int]:
        """Read the type of the next geometry, and the bytes of one of its points."""
        (order,) = struct.unpack_from("B", self._body, self._at)
        # Another number leaves the order as it was, as GEOS has it.
        self._order = {0: ">", 1: "<"}.get(order, self._order)
        self._at += 1
        kind, size, has_srid = _type(self._number())
        self._at += 4 if has_srid else 0
        return kind, size

    def _pass_points(self, size: int) -> None:
        count = self._number()
        self._at += size * count

    def _number(self) -> int:
        (number,) = struct.unpack_from(f"{self._order}I", self._body, self._at)
        self._at += 4
        return int(number)


def _type(code: int) -> tuple[int, int, bool]:
    """Decode a type number: the type, the bytes of a point, whether the number of a system follows."""
    has_z = bool(code & 0x80000000) or (code & 0xFFFF) // 1000 in (1, 3)
    has_m = bool(code & 0x40000000) or (code & 0xFFFF) // 1000 in (2, 3)
    return (code & 0xFFFF) % 1000, 8 * (2 + has_z + has_m), bool(code & 0x20000000)
