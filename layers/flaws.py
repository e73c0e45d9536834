"""Problems of one kind in many features, as the checks find them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Flaws:
    """One kind of problem, n times.

    rows: (n,) places of the features in their frame, -1 for what belongs to no single feature; facts: what each
    sentence needs; geometries: (n,) where each lies, None if that is where its feature lies.
    """

    code: str
    rows: np.ndarray
    facts: Sequence[Mapping[str, Any]]
    geometries: np.ndarray | None = None


def flaws_of(code: str, rows: np.ndarray, facts: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> list[Flaws]:
    """A list of one, or of none where there are no rows; facts of one mapping hold for every row."""
    if len(rows) == 0:
        return []
    return [Flaws(code, rows, [facts] * len(rows) if isinstance(facts, Mapping) else facts)]
