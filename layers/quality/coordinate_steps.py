"""How finely coordinates are stated: the step of the grid on which all of them lie, where there is one."""

import math

import numpy as np

_ON_GRID = 1e-3  # of a step: so near to it lies a number that was rounded to it, as doubles have it
_COARSEST = 1_000.0


def coordinate_step(points: np.ndarray, finest: float) -> float | None:
    """The step on which all coordinates (n, 2) lie; None where any is stated as finely as `finest`, in their unit.

    It is a power of ten, or what numbers of single precision leave of coordinates as large as these.
    """
    if len(points) == 0:
        return None
    step = 10.0 ** (math.ceil(math.log10(finest) - 1e-9) + 1)  # the next power of ten that is coarser
    found = None
    while step <= _COARSEST and _on_grid(points, step):
        found, step = step, step * 10
    if found is None and bool((points.astype(np.float32) == points).all()):
        single = float(np.spacing(np.abs(points).max().astype(np.float32)))
        found = single if single > finest else None
    return found


def _on_grid(points: np.ndarray, step: float) -> bool:
    places = points / step
    return bool((np.abs(places - np.round(places)) <= np.maximum(_ON_GRID, np.abs(places) * 1e-15)).all())
