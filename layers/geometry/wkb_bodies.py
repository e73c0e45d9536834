"""Geometries on their way into a table: their WKB and boxes; multis are made from the bytes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

_SINGLES = {"polygon": (3, 6), "line": (2, 5), "point": (1, 4)}  # types of WKB, and of the multi of one
_HEAD = 5  # bytes: their order, and the type
_BYTES = pa.large_binary()


@dataclass(frozen=True)
class Bodies:
    """Geometries (n,) as two-dimensional little-endian WKB, null if there is none; boxes: (n, 4), one each."""

    column: pa.Array
    boxes: np.ndarray

    @classmethod
    def of(cls, geometries: "np.ndarray | Bodies") -> "Bodies":
        """Return the bodies of geometries (n,); bodies are returned unchanged."""
        if isinstance(geometries, Bodies):
            return geometries
        wkb = pa.array(shapely.to_wkb(geometries, byte_order=1), _BYTES)
        return cls(wkb, shapely.bounds(geometries).reshape(-1, 4))

    def part(self, rows: slice) -> "Bodies":
        """Return consecutive bodies."""
        return Bodies(self.column[rows], self.boxes[rows])

    def multi(self, geometry: str) -> "Bodies":
        """Return single geometries as multi-geometries, so that a table holds one type; null and empty ones stay."""
        is_there = pa.array(~np.isnan(self.boxes[:, 0]))
        return Bodies(_multis(self.column, geometry, is_there), self.boxes)

    def with_system(self, srs_id: int) -> list[str | None]:
        """Return each body as hexadecimal EWKB for PostGIS, with the number of its system."""
        number = srs_id.to_bytes(4, "little")
        return [
            None
            if body is None
            else (body[: _HEAD - 1] + bytes([body[_HEAD - 1] | 0x20]) + number + body[_HEAD:]).hex()
            for body in self.column.to_pylist()
        ]


def as_multipolygons(bodies: pa.Array) -> pa.Array:
    """Return non-empty polygons and multipolygons as WKB (n,), all as multipolygons."""
    return _multis(bodies.cast(_BYTES), "polygon", pa.scalar(value=True))


def _multis(bodies: pa.Array, geometry: str, is_chosen: pa.Array | pa.Scalar) -> pa.Array:
    """Return WKB (n,) with the head of a one-part multi put before each single geometry that is chosen."""
    single, several = _SINGLES[geometry]
    own = b"\x01" + single.to_bytes(4, "little")
    before = b"\x01" + several.to_bytes(4, "little") + (1).to_bytes(4, "little")
    is_alone = pc.and_(pc.equal(pc.binary_slice(bodies, 0, _HEAD), pa.scalar(own, _BYTES)), is_chosen)
    heads = pc.if_else(is_alone, pa.scalar(before, _BYTES), pa.scalar(b"", _BYTES))
    return pc.binary_join_element_wise(heads, bodies, pa.scalar(b"", _BYTES))
