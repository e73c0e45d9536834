"""Checks of declared areas against the feature's own on the ellipsoid."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyproj

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.areas import ellipsoidal_areas_m2
from onemap.layers.in_threads import in_order
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import FlawList, Flaws

_UNITS = {"hectares": 1e-4, "mu": 0.0015, "square_kilometres": 1e-6}


def area_flaws(
    frame: FrameBlocks,
    entry: LayerEntry,
    crs: pyproj.CRS,
    limits: Mapping[str, Any],
    most: Callable[[str], int | None],
    progress: Progress,
) -> list[Flaws]:
    """Declared areas that are not the feature's area on the ellipsoid, or that are all in another unit.

    limits: share, the part of the computed area by which a declared one may differ, and least_m2, what it may differ by
    in any case; most: of a code, how many are told of.
    """
    stated = [field.name for field in entry.fields if field.area and field.name in frame.columns]
    if not stated or entry.geometry != "polygon":
        return []
    declared = [_AreaField(name, most("area.declared")) for name in stated]

    def computed_of(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return block, ellipsoidal_areas_m2(frame.geometries(block), crs)

    with contextlib.closing(in_order(computed_of, frame.blocks(progress))) as measured:
        for block, computed in measured:
            for field in declared:
                field.look(block, frame.values(field.name, block), computed, limits)
    return [flaws for field in declared for flaws in field.flaws()]


class _AreaField:
    """One field of areas, block by block."""

    def __init__(self, name: str, most: int | None) -> None:
        self.name = name
        self._apart = FlawList("area.declared", most)
        self._compared = 0
        self._in_unit = dict.fromkeys(_UNITS, 0)

    def look(self, rows: np.ndarray, values: list[Any], computed: np.ndarray, limits: Mapping[str, Any]) -> None:
        """The next rows (k,), their values, and their areas on the ellipsoid (k,)."""
        numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=float)
        comparable = np.isfinite(numbers) & (computed > 0)
        most_apart = np.maximum(limits["share"] * computed, limits["least_m2"])
        at = np.flatnonzero(comparable & (np.abs(numbers - computed) > most_apart))
        self._compared += int(comparable.sum())
        for unit, factor in _UNITS.items():
            self._in_unit[unit] += int((np.abs(numbers[at] / computed[at] / factor - 1) < 0.05).sum())

        def facts(k: int) -> dict[str, str]:
            row = at[k]
            return {
                "field": self.name,
                "declared": f"{numbers[row]:.2f}",
                "computed": f"{computed[row]:.2f}",
                "difference": f"{numbers[row] - computed[row]:+.2f}",
            }

        self._apart.add(rows[at], facts)

    def flaws(self) -> list[Flaws]:
        """One for all if another unit explains nearly all of them, else each."""
        apart = self._apart.count
        for unit, count in self._in_unit.items():
            if apart and count / apart > 0.9 and apart > self._compared / 2:
                facts = {"field": self.name, "unit": Problem(f"suggest.{unit}"), "count": apart}
                return [Flaws("area.unit", np.array([-1]), [facts])]
        return self._apart.flaws()
