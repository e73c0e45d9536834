"""Values computed from a read-only set of polygons: once, and kept as long as the set is referenced."""

import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from onemap.layers.geometry.shape_column import AnyShapes, ShapeColumn

Result = TypeVar("Result")
Set = TypeVar("Set", bound=AnyShapes)
_LOCK = threading.Lock()
_KNOWN: dict[int, dict[str, Any]] = {}  # by the identity of a set, which is let go of with it


def freeze_set(polygons: np.ndarray) -> np.ndarray:
    """Polygons (n,) as a read-only array of their own."""
    own = polygons if polygons.base is None else polygons.copy()
    own.flags.writeable = False
    return own


def is_frozen(polygons: AnyShapes) -> bool:
    """Whether a set of polygons (n,) is read-only."""
    return isinstance(polygons, ShapeColumn) or (not polygons.flags.writeable and polygons.base is None)


def compute_once(polygons: Set, name: str, work: Callable[[Set], Result]) -> Result:
    """work(polygons), or its earlier result for this very set if the set is frozen. name: of the work."""
    if not is_frozen(polygons):
        return work(polygons)
    with _LOCK:
        if id(polygons) not in _KNOWN:
            _KNOWN[id(polygons)] = {}
            weakref.finalize(polygons, _KNOWN.pop, id(polygons), None)
        results = _KNOWN[id(polygons)]
    if name not in results:
        own: Any = polygons.copy()
        results[name] = work(own)  # what held the set itself would never let go of it
    result: Result = results[name]
    return result
