"""Group features by values of fields, or by class, group or first characters of a code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_forms import code_reading
from onemap.layers.catalogue.code_tables import SURVEY, CodeTable, class_titles, code_table, group_titles
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.errors import ProblemPlace
from onemap.layers.frames.fields import text_value
from onemap.rules.answers.statistics.conditions_of_layers import column_of
from onemap.rules.judge.kinds.conditions import column_named

_PARTS = ("class", "group")


@dataclass(frozen=True)
class ClassKeys:
    """The class of each feature (n,) among classes (c, each a tuple of plain values); nulls come last."""

    fields: tuple[str, ...]
    classes: list[tuple[Any, ...]]
    of_feature: np.ndarray

    def keys(self, at: int) -> dict[str, Any]:
        """One class as JSON."""
        return dict(zip(self.fields, self.classes[at], strict=True))


def class_keys(by: tuple[str, ...], attributes: pd.DataFrame, entry: LayerEntry, place: ProblemPlace) -> ClassKeys:
    """The classes of features by `FIELD`, `FIELD/class`, `FIELD/group` (of the field's code table) or `FIELD/4`.

    Raises OneMapError statistics.field.
    """
    columns = [_column(spec, attributes, entry, place) for spec in by]
    rows = list(zip(*columns, strict=True)) if by else [()] * len(attributes)
    distinct = sorted(set(rows), key=lambda values: [_order(value) for value in values])
    place_of = {values: at for at, values in enumerate(distinct)}
    return ClassKeys(by, distinct, np.array([place_of[values] for values in rows], dtype=np.int64))


def key_titles(keys: Mapping[str, Any], entry: LayerEntry, language: str) -> dict[str, str]:
    """The titles of the codes of a class, by the key that asked for them; codes that no table knows are left out."""
    titles_by_key = {}
    for spec, value in keys.items():
        field, slash, part = spec.rpartition("/")
        code = text_value(value)
        if code is None or (slash and part not in _PARTS):
            continue
        schema = entry.field_named(spec)
        tables = _with_earlier(_tables(entry, field)) if slash else (schema.codes if schema else ())
        titles = group_titles(tables, code) if slash and part == "group" else class_titles(tables, code)
        if titles and language in titles:
            titles_by_key[spec] = titles[language]
    return titles_by_key


def _tables(entry: LayerEntry, field: str) -> tuple[str, ...]:
    """The code tables of a field's classes and groups."""
    schema = entry.field_named(field)
    return schema.codes if schema and schema.codes else (SURVEY,)


def _with_earlier(tables: tuple[str, ...]) -> tuple[str, ...]:
    """Code tables, followed by their earlier editions, by which older data are read."""
    return (*tables, *(earlier for name in tables if (earlier := code_table(name).earlier) is not None))


def _order(value: Any) -> tuple[int, float, str]:
    if value is None:
        return 2, 0.0, ""
    return (0, float(value), "") if isinstance(value, (int, float)) else (1, 0.0, str(value))


def _column(spec: str, attributes: pd.DataFrame, entry: LayerEntry, place: ProblemPlace) -> list[Any]:
    field, slash, part = spec.rpartition("/")
    if not slash or _has(attributes, spec):
        return [_plain(value) for value in _codes(spec, attributes, entry, place)]
    codes = [text_value(value) for value in _codes(field, attributes, entry, place)]
    if part.isascii() and part.isdigit() and int(part) > 0:
        return [None if code is None else code[: int(part)] for code in codes]
    if part not in _PARTS:
        return list(column_of(attributes, spec, place))  # which refuses it by its name
    tables = [code_table(name) for name in _tables(entry, field)]
    class_by_code = {code: _class_part(tables, code, part) for code in set(codes)}
    return [class_by_code[code] for code in codes]


def _codes(field: str, attributes: pd.DataFrame, entry: LayerEntry, place: ProblemPlace) -> list[Any]:
    """A field's values (n,), with codes in the form of its tables, as conditions of rules see them."""
    values = column_of(attributes, field, place)
    schema = entry.field_named(field)
    reading = code_reading(schema) if schema is not None else None
    if reading is None:
        return list(values)
    texts = {value: text_value(value) for value in set(filter(_is_text, values))}
    read = {value: None if text is None else reading(text) for value, text in texts.items()}
    if schema is not None and not schema.values:  # what no table has is shown as it was delivered
        read = {
            value: code if code and class_titles(schema.codes, code) else texts[value] for value, code in read.items()
        }
    return [read[value] if _is_text(value) else value for value in values]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _class_part(tables: list[CodeTable], code: str | None, part: str) -> str | None:
    """The class or group of a code, from the first table that knows it, else from an earlier edition.

    None if no table knows it, or both editions may be meant (201, a city or orchards without their zero).
    """
    classes = [table.known_class(code) for table in tables] if code else []
    own = [pair for pair, table in zip(classes, tables, strict=False) if pair is not None and pair[0] is table]
    for table, class_code in (*own, *(pair for pair in classes if pair is not None)):
        return class_code if part == "class" else table.classes[class_code].get("group")
    return None


def _has(attributes: pd.DataFrame, name: str) -> bool:
    try:
        column_named(attributes, name)
    except KeyError:
        return False
    return True


def _plain(value: Any) -> Any:
    """A value as JSON: texts and numbers stay, None for no value or a blank text."""
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and not np.isfinite(value)):
        return None
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return value if isinstance(value, (str, int, float, bool)) else str(value)
