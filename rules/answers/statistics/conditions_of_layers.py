"""Conditions and fields of a layer as typed by a person; a mistake in them is refused with an explanation."""

import numpy as np
import pandas as pd

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import OneMapError, ProblemPlace
from onemap.rules.judge.kinds.conditions import ConditionError, Truth, column_named, fields_of
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows


def truth_of(
    where: str | None, attributes: pd.DataFrame, place: ProblemPlace, entry: LayerEntry | None = None
) -> Truth:
    """The rows (n,) for which a condition holds, and those for which it is unknown; without a condition all rows hold.

    place: file, layer, and the option as `field`; entry: of the layer, whose lists and tables tell how codes are read;
    for a value in none of them a condition is unknown. Raises OneMapError statistics.where, statistics.field.
    """
    if where is None:
        return Truth(np.ones(len(attributes), dtype=bool), np.zeros(len(attributes), dtype=bool))
    try:
        for field in fields_of(where):
            column_of(attributes, field, place)
        return truth_of_rows(where, attributes, entry)
    except ConditionError as error:
        raise OneMapError("statistics.where", **place, condition=where, reason=error.reason) from None


def column_of(attributes: pd.DataFrame, field: str, place: ProblemPlace) -> np.ndarray:
    """A field's values (n,). Raises OneMapError statistics.field, which names the existing fields.

    place: file, layer and field, and the layer's title as `title` if it differs from its name.
    """
    try:
        return column_named(attributes, field)
    except KeyError:
        names = list(map(str, attributes.columns))
        layer = {"title": place.get("layer"), **place}
        raise OneMapError("statistics.field", **layer, name=field, names=names) from None
