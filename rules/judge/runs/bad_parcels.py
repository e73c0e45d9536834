"""Parcels that a check could not use, in a table like the one that `add` makes of bad features."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from onemap.layers.errors import joined_sentences
from onemap.layers.frames.fields import plain_values
from onemap.layers.frames.frames import BadFeatures
from onemap.layers.geometry.validity import are_beyond, are_finite
from onemap.layers.messages import wording
from onemap.rules.judge.findings.table import Table
from onemap.rules.judge.kinds.attribute_json import attribute_texts

BAD_TABLE = "parcels_bad"
_COLUMNS = ["parcel", "source", "source_row", "problem", "message", "attributes"]


def bad_parcels_table(bad: Sequence[tuple[str, BadFeatures]], language: str) -> Table:
    """The table: parcel, source, source_row (from 1), problem (codes), message, attributes (JSON), and their geometry.

    bad: by file; a geometry is null where it has coordinates that no file can hold.
    """
    rows = [row for source, some in bad for row in _rows(source, some, language)]
    columns = pd.DataFrame(rows, columns=_COLUMNS, dtype=object).astype({"source_row": np.int64})
    shapes = np.concatenate([np.empty(0, dtype=object), *(some.geometries for _, some in bad)])
    shapes[~are_finite(shapes) | are_beyond(shapes)] = None
    return Table(columns, shapes, "Geometry")


def _rows(source: str, bad: BadFeatures, language: str) -> list[dict[str, object]]:
    columns = [plain_values(bad.attributes[name]).tolist() for name in bad.attributes]
    row_values = list(zip(*columns, strict=True)) if columns else [()] * len(bad.rows)
    facts = attribute_texts(list(map(str, bad.attributes)), row_values)
    return [
        {
            "parcel": str(name),
            "source": source,
            "source_row": int(row) + 1,
            "problem": ", ".join(problem.code for problem in problems),
            "message": joined_sentences(*(wording(problem, language)[0] for problem in problems)),
            "attributes": texts,
        }
        for name, row, problems, texts in zip(bad.names, bad.rows.tolist(), bad.problems, facts, strict=True)
    ]
