"""Operations of GEOS on arrays of geometries, where one breaks down row by row."""

from collections.abc import Callable

import numpy as np
import shapely


def apply_by_row(operation: Callable[..., np.ndarray], *operands: np.ndarray) -> np.ndarray:
    """operation(operands), each (n,), at once; where GEOS breaks down, by ever smaller halves.

    Returns (n,), None in the rows in which it breaks down by themselves.
    """
    try:
        return np.asarray(operation(*operands), dtype=object)
    except shapely.GEOSException:
        count = len(operands[0])
        if count == 1:
            return np.array([None], dtype=object)
        parts = (slice(count // 2), slice(count // 2, None))
        return np.concatenate([apply_by_row(operation, *(operand[part] for operand in operands)) for part in parts])
