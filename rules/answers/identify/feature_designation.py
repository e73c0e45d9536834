"""The name of a feature, and its attributes as plain values."""

from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.feature_names import name_field
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.fields import text_value
from onemap.rules.answers.identify.class_words import class_code, class_title
from onemap.rules.judge.findings.table import records_of


def feature_designation(
    entry: LayerEntry, named_by: str | None, values: dict[str, Any], language: str
) -> dict[str, str | None]:
    """A feature's own name, None if it only repeats the class; its class and the class's title.

    named_by: the field of names.
    """
    code = class_code(entry, values)
    title = class_title(entry, code, values, language)
    name = text_value(values[named_by]) if named_by is not None else None
    return {"name": None if name in (code, title) else name, "class": code, "class_title": title}


def own_name_field(entry: LayerEntry, attributes: pd.DataFrame) -> str | None:
    """The field of the features' own names; None if it only names their class."""
    name = name_field(entry, list(attributes.columns))
    field = entry.field_named(name) if name is not None else None
    return None if field is not None and field.name_of is not None else name


def plain_records(attributes: pd.DataFrame) -> list[dict[str, Any]]:
    """The attributes of features as plain values, as in `overlaps`: values unknown to JSON become text."""
    return [{name: _plain(value) for name, value in record.items()} for record in records_of(attributes)]


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex().upper()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value if value is None or isinstance(value, (str, int, float)) else str(value)
