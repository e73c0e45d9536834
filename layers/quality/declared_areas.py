"""Compare declared areas with the feature's own area on the ellipsoid."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyproj

from onemap.layers.area_units import M2_PER_HECTARE, areas_apart
from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import Problem
from onemap.layers.frames.frame_blocks import FrameBlocks
from onemap.layers.geometry.areas import areal_scale, ellipsoidal_areas_m2, most_bent_m2
from onemap.layers.in_threads import in_order
from onemap.layers.progress import Progress
from onemap.layers.quality.feature_problems import FlawList, Flaws

_UNITS = {"hectares": 1 / M2_PER_HECTARE, "mu": 15 / M2_PER_HECTARE, "square_kilometres": 1e-6}


def area_flaws(
    frame: FrameBlocks,
    entry: LayerEntry,
    crs: pyproj.CRS,
    limits: Mapping[str, Any],
    most: Callable[[str], int | None],
    progress: Progress,
) -> list[Flaws]:
    """Return declared areas that differ from the area on the ellipsoid, or that are all in another unit.

    limits: share, the part of the computed area by which a declared one may differ, and least_m2, a difference that is
    always allowed; most: of a code, how many are reported.
    """
    field_names = [field.name for field in entry.fields if field.area and field.name in frame.columns]
    if not field_names or entry.geometry != "polygon":
        return []
    fields = [_AreaField(name, most("area.declared"), limits) for name in field_names]
    scale = areal_scale(crs, frame.bounds())

    def measure_block(block: np.ndarray) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, np.ndarray]:
        numbers = [frame.numbers(field.name, block) for field in fields]
        ground_m2, length_m = frame.sizes[block].T
        rough_m2 = np.outer(scale, ground_m2)
        at = np.flatnonzero(
            np.any(
                [field.may_differ(own, rough_m2, length_m) for field, own in zip(fields, numbers, strict=True)], axis=0
            )
        )
        return block, numbers, at, ellipsoidal_areas_m2(frame.geometries(block[at]), crs)

    with contextlib.closing(in_order(measure_block, frame.blocks(progress))) as measured_blocks:
        for block, numbers, at, computed_m2 in measured_blocks:
            for field, own in zip(fields, numbers, strict=True):
                field.look(block, own, at, computed_m2)
    return [flaws for field in fields for flaws in field.flaws()]


class _AreaField:
    """Checks one field of areas, block by block."""

    def __init__(self, name: str, most: int | None, limits: Mapping[str, Any]) -> None:
        self.name = name
        self._limits = limits
        self._apart = FlawList("area.declared", most)
        self._compared_count = 0
        self._in_unit = dict.fromkeys(_UNITS, 0)

    def _most_apart(self, computed_m2: np.ndarray) -> np.ndarray:
        return np.maximum(self._limits["share"] * computed_m2, self._limits["least_m2"])

    def may_differ(self, numbers: np.ndarray, rough_m2: np.ndarray, length_m: np.ndarray) -> np.ndarray:
        """Which values (k,) must be compared with the area on the ellipsoid, since that of the plane does not decide.

        rough_m2: the least and the greatest area that the ground may have there, if its edges were straight in the
        plane (2, k); length_m: of all its edges (k,).
        """
        off = np.abs(numbers - rough_m2).max(axis=0) + most_bent_m2(length_m)
        return np.isfinite(numbers) & ~((off <= self._most_apart(rough_m2[0])) & (rough_m2[0] > 0))

    def look(self, rows: np.ndarray, numbers: np.ndarray, at: np.ndarray, computed_m2: np.ndarray) -> None:
        """Check the next rows (k,) and values. at: those that may differ, with their ellipsoidal areas."""
        self._compared_count += int(np.isfinite(np.delete(numbers, at)).sum())
        rows, numbers = rows[at], numbers[at]
        comparable = np.isfinite(numbers) & (computed_m2 > 0)
        apart = np.flatnonzero(comparable & (np.abs(numbers - computed_m2) > self._most_apart(computed_m2)))
        self._compared_count += int(comparable.sum())
        for unit, factor in _UNITS.items():
            self._in_unit[unit] += int((np.abs(numbers[apart] / computed_m2[apart] / factor - 1) < 0.05).sum())

        def facts(k: int) -> dict[str, str]:
            row = apart[k]
            return {"field": self.name, **areas_apart(float(numbers[row]), float(computed_m2[row]))}

        self._apart.add(rows[apart], facts)

    def flaws(self) -> list[Flaws]:
        """Return one problem if another unit explains nearly all differences, else one for each."""
        apart = self._apart.count
        for unit, count in self._in_unit.items():
            if apart and count / apart > 0.9 and apart > self._compared_count / 2:
                facts = {"field": self.name, "unit": Problem(f"suggest.{unit}"), "count": apart}
                return [Flaws("area.unit", np.array([-1]), [facts])]
        return self._apart.flaws()
