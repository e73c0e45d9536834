"""Join the rows of a table without geometries, such as people or jobs, to area units by the units' codes."""

from collections.abc import Sequence

import numpy as np

from onemap.layers.catalogue.unit_codes import plain_unit_code
from onemap.layers.geometry.flat_ground import FlatGround
from onemap.rules.answers.statistics.unit_pieces import UnitPieces


def joined_rows(names: np.ndarray, keys: Sequence[str | None]) -> tuple[UnitPieces, list[str | None]]:
    """The rows of a table (n,) by unit code, and the codes that belong to no unit. names: of the units (m,)."""
    place = {plain_unit_code(str(name)): at for at, name in enumerate(names.tolist())}
    unit = np.array([-1 if key is None else place.get(plain_unit_code(key), -1) for key in keys], dtype=np.int64)
    rows = np.flatnonzero(unit >= 0)
    rows = rows[np.argsort(unit[rows], kind="stable")]
    lost = [key for key, at in zip(keys, unit, strict=True) if at < 0]
    return UnitPieces(unit[rows], rows, FlatGround.empty(len(rows)), np.ones(len(rows))), lost
