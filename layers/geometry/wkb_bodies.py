"""Geometries on their way into a table: their WKB and their boxes, however they came; multis are made of the bytes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely

_SINGLES = {"polygon": (3, 6), "line": (2, 5), "point": (1, 4)}  # types of WKB, and of the multi of one
_HEAD = 5  # bytes: their order, and the type


@dataclass(frozen=True)
class Bodies:
    """Geometries (n,) as WKB in two dimensions, least byte first, None where there is none; boxes: (n, 4) of each."""

    wkb: np.ndarray
    boxes: np.ndarray

    @classmethod
    def of(cls, geometries: "np.ndarray | Bodies") -> "Bodies":
        """Geometries (n,), or what is that already."""
        if isinstance(geometries, Bodies):
            return geometries
        return cls(shapely.to_wkb(geometries, byte_order=1), shapely.bounds(geometries).reshape(-1, 4))

    @property
    def column(self) -> pa.Array:
        """The WKB (n,) as Arrow has it."""
        return pa.array(self.wkb, pa.large_binary())

    def multi(self, geometry: str) -> "Bodies":
        """Single geometries as multis, so that a table holds one type; None, and what is empty, stay as they are."""
        single, several = _SINGLES[geometry]
        own = b"\x01" + single.to_bytes(4, "little")
        before = b"\x01" + several.to_bytes(4, "little") + (1).to_bytes(4, "little")
        is_empty = np.isnan(self.boxes[:, 0]).tolist()
        made = [
            before + body if body is not None and not empty and body[:_HEAD] == own else body
            for body, empty in zip(self.wkb.tolist(), is_empty, strict=True)
        ]
        wkb = np.empty(len(made), dtype=object)
        wkb[:] = made
        return Bodies(wkb, self.boxes)

    def with_system(self, srs_id: int) -> list[str | None]:
        """Each as PostGIS takes it: hexadecimal, the number of its system behind the type of the whole."""
        number = srs_id.to_bytes(4, "little")
        return [
            None
            if body is None
            else (body[: _HEAD - 1] + bytes([body[_HEAD - 1] | 0x20]) + number + body[_HEAD:]).hex()
            for body in self.wkb.tolist()
        ]
