"""Operations of GEOS on arrays of geometries; if one fails, it is repeated on smaller parts."""

from collections.abc import Callable

import numpy as np
import shapely


def apply_by_row(operation: Callable[..., np.ndarray], *operands: np.ndarray) -> np.ndarray:
    """Apply an operation to operands, each (n,), at once; if GEOS fails, to ever smaller halves.

    Returns (n,), None in the rows for which the operation fails.
    """
    try:
        return np.asarray(operation(*operands), dtype=object)
    except shapely.GEOSException:
        count = len(operands[0])
        if count == 1:
            return np.array([None], dtype=object)
        parts = (slice(count // 2), slice(count // 2, None))
        return np.concatenate([apply_by_row(operation, *(operand[part] for operand in operands)) for part in parts])
