"""The values of a term in area units, with what they rest on."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TermValues:
    """A term in each of m units.

    value (m,): in base units, NaN if unknown; reason (m,): why it is unknown, else None.
    features (m,): number that count; known (m,): the part of the unit that data cover, 0 to 1.
    facts: further columns (m,) by name; versions: those used, as JSON, the term's own first.
    largest: rows of the features with the largest parts; year: of the term's own version or of the table's rows.
    words: further columns (m,) of words by name.
    """

    value: np.ndarray
    reason: list[str | None]
    features: np.ndarray
    known: np.ndarray
    facts: dict[str, np.ndarray] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    largest: list[dict[str, Any]] = field(default_factory=list)
    year: int | None = None
    words: dict[str, list[str | None]] = field(default_factory=dict)


def of_units(values: TermValues, rows: list[int]) -> TermValues:
    """The values of some of the units. rows: positions of these units."""
    place = {row: at for at, row in enumerate(rows)}
    return replace(
        values,
        value=values.value[rows],
        reason=[values.reason[row] for row in rows],
        features=values.features[rows],
        known=values.known[rows],
        facts={name: column[rows] for name, column in values.facts.items()},
        words={name: [column[row] for row in rows] for name, column in values.words.items()},
        largest=[{**one, "unit": place[one["unit"]]} for one in values.largest if one["unit"] in place],
    )
