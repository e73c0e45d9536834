"""Fields: a source's columns under the schema's names, and values in a form that the library can keep."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.text_encodings import REPLACEMENT, likelier_encoding
from onemap.layers.frames.frames import RawFrame
from onemap.layers.stores.arrow_values import column_of, listed_values, series_of
from onemap.layers.value_groups import groups_of

_PLAIN = {str, int, bytes, type(None)}  # types of values that the library keeps as they are
DOUBTED_ROWS = 1000  # by whose text the encoding is doubted
_SHOWN = 20  # characters of a text that a remark shows
_MIDNIGHT = "T00:00:00.000"
_RESERVED = {"fid", "geom", "ogc_fid"}


def object_array(values: Iterable[Any]) -> np.ndarray:
    """Return values of any kind as objects (n,): numpy would make two dimensions of lists and of some geometries."""
    return np.array([*values, None], dtype=object)[:-1]


def text_value(value: Any) -> str | None:
    """A key as text: whole numbers without a point, None for null and blank."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    text = str(value).strip()
    return text or None


def are_none(values: np.ndarray) -> np.ndarray:
    """Which values (n,), of any types, are None; NaN does not count."""
    is_none: np.ndarray = np.equal(values, None)  # type: ignore[call-overload]  # numpy's stubs know of no None
    return is_none


def text_values(values: Sequence[Any]) -> list[str | None]:
    """Return `text_value` of each; a column of only texts or only integers is not examined value by value."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return [text.strip() or None for text in values]
    if kinds == {int} or (len(kinds) == 1 and issubclass(next(iter(kinds)), np.integer)):
        return list(map(str, map(int, values)))
    return [text_value(value) for value in values]


def schema_names(entry: LayerEntry, required: Sequence[str]) -> list[str]:
    """Return all fields that a layer may have by its schema, its key and the rules that use it."""
    return list(dict.fromkeys([*(field.name for field in entry.fields), *needed_fields(entry, required)]))


def needed_fields(entry: LayerEntry, required: Sequence[str]) -> list[str]:
    """Return the fields that a layer must have: its key, and those that rules use."""
    return list(dict.fromkeys([*([entry.key] if entry.key else []), *required]))


def rename_fields(
    raw: RawFrame, entry: LayerEntry, field_sources: Mapping[str, str], required: Sequence[str]
) -> tuple[pd.DataFrame, list[Problem]]:
    """Return attributes under the schema's names: by --fields, exactly, ignoring case, then by alias; others unchanged.

    Return with them field.missing for a missing source field or needed field, and field.ambiguous for two candidates.
    """
    columns = [str(column) for column in raw.attributes.columns]
    place = raw.place
    sources, problems = _chosen_sources(columns, field_sources, place)
    needed_names = needed_fields(entry, required)
    aliases = {field.name: {alias.lower() for alias in field.aliases} for field in entry.fields}
    targets = schema_names(entry, required)
    names = {target.lower() for target in targets}
    for target in targets:
        if target in sources:
            continue
        candidates = _candidates(target, columns, set(sources.values()), names, aliases.get(target, set()))
        if len(candidates) > 1:
            problems.append(Problem("field.ambiguous", {**place, "field": target, "names": candidates}))
        elif candidates:
            sources[target] = candidates[0]
        elif target in needed_names:
            problems.append(Problem("field.missing", {**place, "field": target, "names": columns}))
    for field in entry.fields:
        name_source = raw.decoded.get(sources.get(field.name_of or "", ""))
        if name_source is not None and field.name not in sources:
            sources[field.name] = name_source  # the file's own name of the code, where it has no field for it
    return _renamed_columns(raw.attributes, sources), problems


def renamed_fields(attributes: pd.DataFrame, field_sources: Mapping[str, str], place: ProblemPlace) -> pd.DataFrame:
    """Return attributes under the names of --fields, all others unchanged.

    Raises OneMapError field.missing, field.ambiguous.
    """
    if not field_sources:
        return attributes
    columns = [str(column) for column in attributes.columns]
    sources, problems = _chosen_sources(columns, field_sources, place)
    if problems:
        raise OneMapError.of(problems)
    return _renamed_columns(attributes, sources)


def fitting_sources(field_sources: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    """Return the pairs of --fields, except those whose source field is missing while the target field exists.

    Pairs given for several files at once, or for an earlier file, apply only to files that need them.
    """
    column_names = {str(column).lower() for column in columns}
    return {
        target: source
        for target, source in field_sources.items()
        if source.lower() in column_names or target.lower() not in column_names
    }


def _chosen_sources(
    columns: list[str], field_sources: Mapping[str, str], place: ProblemPlace
) -> tuple[dict[str, str], list[Problem]]:
    """Return the column for each target of --fields, and problems for the others."""
    sources: dict[str, str] = {}
    problems = []
    for target, source in field_sources.items():
        candidates = (
            [source] if source in columns else [column for column in columns if column.lower() == source.lower()]
        )
        if len(candidates) == 1:
            sources[target] = candidates[0]
        else:
            code = "field.ambiguous" if candidates else "field.missing"
            problems.append(Problem(code, {**place, "field": source, "target": target, "names": candidates or columns}))
    return sources, problems


def _candidates(
    target: str, columns: list[str], used_columns: set[str], names: set[str], aliases: set[str]
) -> list[str]:
    if target in columns:
        return [target]
    free = [column for column in columns if column not in used_columns]
    alike = [column for column in free if column.lower() == target.lower()]
    return alike or [column for column in free if column.lower() in aliases and column.lower() not in names]


def _renamed_columns(attributes: pd.DataFrame, sources: dict[str, str]) -> pd.DataFrame:
    """Return each column under its chosen names; a column whose name another one took gets an underscore."""
    targets = groups_of((source, target) for target, source in sources.items())
    values: dict[str, pd.Series] = {}
    for column in map(str, attributes.columns):
        if column in targets:
            values.update(dict.fromkeys(targets[column], attributes[column]))
            continue
        name = column
        while name in sources or name in values:
            name += "_"
        values[name] = attributes[column]
    return pd.DataFrame(values, index=attributes.index)


def text_by_schema(attributes: pd.DataFrame, entry: LayerEntry) -> tuple[pd.DataFrame, list[str]]:
    """Convert numbers to text where the schema has codes as text; return also the names of these fields."""
    numeric = [
        field.name
        for field in entry.fields
        if field.type == "text" and field.name in attributes.columns and _has_number(attributes[field.name])
    ]
    texts = {
        name: pd.Series([text_value(v) for v in listed_values(attributes[name])], index=attributes.index, dtype=object)
        for name in numeric
    }
    return attributes.assign(**texts), numeric


def numbers_by_schema(attributes: pd.DataFrame, entry: LayerEntry) -> tuple[pd.DataFrame, list[str]]:
    """Convert text to numbers where the schema has numbers, if all can be; return also the names of these fields."""
    numbers: dict[str, pd.Series] = {}
    for field in entry.fields:
        if field.type not in ("number", "integer") or field.name not in attributes.columns:
            continue
        values = list(attributes[field.name])
        if has_text(values) and are_numbers(values):
            numbers[field.name] = pd.Series(as_numbers(values), index=attributes.index, dtype=object)
    return attributes.assign(**numbers), list(numbers)


def has_text(values: Sequence[Any]) -> bool:
    """Whether any value is text."""
    return any(issubclass(kind, str) for kind in set(map(type, values)))


def are_numbers(values: Sequence[Any]) -> bool:
    """Whether every text value is a number."""
    return not has_text(values) or not any(_number(value) is _NO_NUMBER for value in values)


def as_numbers(values: Sequence[Any]) -> list[Any]:
    """Return numeric values, as text or not, as numbers; None for null and blank."""
    return [_number(value) for value in values]


def plain_numbers(values: Sequence[Any] | np.ndarray) -> np.ndarray:
    """Return values (n,) as floats, with text read as by `as_numbers`; NaN for null and anything not finite."""
    numbers = pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=float, copy=True)
    for at in np.flatnonzero(~np.isfinite(numbers)).tolist():
        number = _number(values[at]) if isinstance(values[at], str) else None
        numbers[at] = number if isinstance(number, (int, float)) else np.nan
    return numbers


_NO_NUMBER = object()
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


def _number(value: Any) -> Any:
    """Return a value as a number, None for null and blank, and _NO_NUMBER for any other text."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        return _NO_NUMBER
    number = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
    return number if math.isfinite(number) else _NO_NUMBER


def _has_number(column: pd.Series) -> bool:
    """Whether any value is a number; a column of texts is not examined value by value."""
    texts = column_of(column)
    if texts is not None and pa.types.is_string(texts.type):
        return False
    values = listed_values(column)
    return not set(map(type, values)) <= {str, type(None)} and any(map(_is_number, values))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and value == value  # NaN, which is null here, is not itself


def storable_attributes(attributes: pd.DataFrame, schema: Collection[str]) -> pd.DataFrame:
    """Return attributes in a form that the library can store; a field whose name is taken gets an underscore.

    A table ignores case, so of two names that differ only by case the schema's stays unchanged.
    """
    used_names = _RESERVED | {name.lower() for name in schema if name in attributes.columns}
    values = {}
    for column in map(str, attributes.columns):
        name = column
        if column not in schema or column.lower() in _RESERVED:
            while name.lower() in used_names:
                name += "_"
            used_names.add(name.lower())
        values[name] = plain_values(attributes[column])
    return pd.DataFrame(values, index=attributes.index)


def told_renamed(before: Sequence[str], after: Sequence[str], place: ProblemPlace) -> list[Problem]:
    """A remark for each field that `storable_attributes` renamed; both sequences are in the same order."""
    pairs = zip(before, after, strict=True)
    return [Problem("field.renamed", {**place, "field": old, "name": new}) for old, new in pairs if old != new]


def plain_values(values: pd.Series) -> pd.Series:
    """Return each value as int, float, str, bytes or None; dates as ISO text. Arrow columns stay, with null for NaN."""
    column = column_of(values)
    if column is not None:
        is_number = pa.types.is_floating(column.type)
        return series_of(pc.if_else(pc.is_nan(column), None, column) if is_number else column)
    raw_values = values.tolist()
    kinds = set(map(type, raw_values))
    if kinds <= _PLAIN:
        return pd.Series(raw_values, index=values.index, dtype=object)
    if len(kinds) == 1 and issubclass(next(iter(kinds)), np.floating):
        numbers = np.array(raw_values)
        plain = numbers.tolist()
        for row in np.flatnonzero(np.isnan(numbers)).tolist():
            plain[row] = None
        return pd.Series(plain, index=values.index, dtype=object)

    return pd.Series([plain_value(value) for value in raw_values], index=values.index, dtype=object)


def plain_value(value: Any) -> Any:
    """Return a value as int, float, str, bytes or None, NaN as None; a list as the text of its members."""
    if value is None or value is pd.NaT or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value).removesuffix(_MIDNIGHT)
    if isinstance(value, datetime):  # as GDAL gives a moment
        digits = "microseconds" if value.microsecond % 1000 else "milliseconds"
        return value.isoformat(timespec=digits).removesuffix(_MIDNIGHT)
    if isinstance(value, (np.bool_, bool)):
        return int(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, np.ndarray)):
        return ", ".join("" if item is None else str(item) for item in map(plain_value, value))
    return value if isinstance(value, (int, float, str, bytes)) else str(value)


def feature_names(attributes: pd.DataFrame, key: str | None, rows: int) -> np.ndarray:
    """Each feature's name: its key as text, else its 1-based row."""
    numbers = [str(row) for row in range(1, rows + 1)]
    if key is None or key not in attributes.columns:
        return np.array(numbers, dtype=object)
    keys = (text_value(value) for value in attributes[key])
    return np.array([key or number for key, number in zip(keys, numbers, strict=True)], dtype=object)


def replaced_text(attributes: pd.DataFrame) -> dict[str, tuple[int | None, int]]:
    """Return by field the first row (from 1) with a replacement character, which marks lost text, and the count.

    A field with such a character in its own name is included.
    """
    lost_texts: dict[str, tuple[int | None, int]] = {}
    for name in attributes.columns:
        column = column_of(attributes[name])
        may_be_lost = column is None or (pa.types.is_string(column.type) and _holds(column, REPLACEMENT))
        values = listed_values(attributes[name]) if may_be_lost else []
        kinds = set(map(type, values))
        texts = values if any(issubclass(kind, str) for kind in kinds) else ()
        if kinds == {str} and REPLACEMENT not in "".join(values):
            texts = ()
        lost_rows = [row for row, v in enumerate(texts, start=1) if isinstance(v, str) and REPLACEMENT in v]
        if lost_rows or REPLACEMENT in name:
            lost_texts[name] = (lost_rows[0] if lost_rows else None, len(lost_rows))
    return lost_texts


def _holds(texts: pa.Array, sign: str) -> bool:
    return bool(pc.any(pc.match_substring(texts, sign)).as_py())


def encoding_doubts(attributes: pd.DataFrame, encoding: str | None, place: ProblemPlace) -> list[Problem]:
    """Return a remark if the text of a source, read as an encoding of Chinese, looks more like another one."""
    columns = (listed_values(attributes[name].iloc[:DOUBTED_ROWS]) for name in attributes.columns)
    values = (value for column in columns for value in column if isinstance(value, str))
    likelier = likelier_encoding(encoding or "", chain(map(str, attributes.columns), values))
    if likelier is None:
        return []
    other, text, meant_text = likelier
    texts = {"text": text[:_SHOWN], "meant": meant_text[:_SHOWN]}
    return [Problem("encoding.doubtful", {**place, "encoding": str(encoding).upper(), "other": other.upper(), **texts})]


def lost_text(
    lost_texts: Mapping[str, tuple[int | None, int]], needed_names: Collection[str], place: ProblemPlace
) -> tuple[list[Problem], list[Problem]]:
    """Return lost text as remarks, and as refusals if it is in a needed field.

    lost_texts: from `replaced_text`, by the schema's names.
    """
    problems = [
        (name, Problem("encoding.replaced", {**place, "feature": first, "field": name, "count": count}))
        for name, (first, count) in lost_texts.items()
    ]
    return [one for name, one in problems if name not in needed_names], [
        one for name, one in problems if name in needed_names
    ]
