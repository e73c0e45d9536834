"""Values that no code table of their field has and no condition names: their meaning is unknown."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_forms import code_reading, meaning_reading
from onemap.layers.catalogue.code_tables import code_table, narrow_text, plain_code
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.frames.fields import plain_numbers, text_value
from onemap.layers.records import Record
from onemap.rules.judge.kinds.conditions import (
    Truth,
    column_named,
    condition_text,
    evaluate,
    fields_and_values,
    fields_of,
    like,
    parse_condition,
)


def truth_of_rows(where: str, attributes: pd.DataFrame, entry: LayerEntry | None) -> Truth:
    """Evaluate a condition for features or parcels (n,); unknown also for values whose meaning is unknown.

    Codes are read in the form of their tables; in a list of values a title counts as its code. A value that the
    condition itself names, apart from blanks around it, keeps its form; in a field without codes so does one that
    differs from it only in width and blanks. The condition's own values are read in the same way. A text of blanks
    counts as null. A field without a list of values and without a code table takes any value.

    attributes: n rows; entry: of the layer, None for parcels. Raises KeyError as `column_named`.
    """
    where = _with_plain_values(where, entry)
    read: dict[str, np.ndarray] = {}
    is_strange = np.zeros(len(attributes), dtype=bool)
    for name in fields_of(where):
        values = column_named(attributes, name)
        field = entry.field_named(name) if entry is not None else None
        reading = meaning_reading(field) if field is not None else None
        if reading is None and pd.api.types.infer_dtype(values, skipna=True) != "string":
            continue
        place, distinct = pd.factorize(values)
        meanings = [
            *(_as_meant(value, where, name, reading) for value in distinct),
            None,
        ]  # null has the place -1: the last
        if meanings[:-1] != list(distinct):
            read[name] = np.array(meanings, dtype=object)[place]
        if is_known := _meaning_test(name, entry):
            texts = map(text_value, meanings)
            strange = [text is not None and not is_known(text) and not is_named(where, name, text) for text in texts]
            is_strange |= np.array(strange, dtype=bool)[place]
    truth = evaluate(where, attributes.assign(**read) if read else attributes)
    return Truth(truth.true & ~is_strange, truth.unknown | is_strange)


@lru_cache(maxsize=1024)
def _with_plain_values(where: str, entry: LayerEntry | None) -> str:
    """A condition that names its values in the form in which they are read: codes as in their tables, others narrow."""
    tree = parse_condition(where)
    plain = _plain_tree(tree, entry)
    return where if plain == tree else condition_text(plain)


def _plain_tree(tree: Record, entry: LayerEntry | None) -> Record:
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or", "not"):
        return {"op": operator, "args": [_plain_tree(argument, entry) for argument in arguments]}
    field_names, _ = fields_and_values([one for one in arguments if not isinstance(one, list)])
    if operator not in ("=", "<>", "in", "like") or len(field_names) != 1:
        return tree
    field = entry.field_named(field_names[0]) if entry is not None else None
    reading = (code_reading(field) if field is not None else None) or narrow_text
    if operator == "like":  # blanks in a pattern are meant, and a code's beginning is no code
        reading = partial(unicodedata.normalize, "NFKC")

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(one) for one in value]
        return (reading(value) or value) if isinstance(value, str) else value

    return {"op": operator, "args": [plain(value) for value in arguments]}


def _meaning_test(name: str, entry: LayerEntry | None) -> Callable[[str], bool] | None:
    """A function that tells whether the meaning of a field's value is known; None for a field that takes any value."""
    field = entry.field_named(name) if entry is not None else None
    if field is None or not (field.values or field.codes):
        return None
    if field.values:
        known_values = _known_values(name, entry)
        return lambda text: plain_code(text) in known_values
    tables = [code_table(table) for table in field.codes]
    return lambda text: any(table.explains(text) for table in tables)


def _as_meant(value: Any, where: str, name: str, reading: Callable[[str], str] | None) -> Any:
    """A field's value in the form in which a condition compares it. reading: as `meaning_reading` returns it."""
    if not isinstance(value, str):
        return value
    text = text_value(value)
    if text is None:
        return value if is_named_exactly(where, name, value) else None
    meaning = narrow_text(text) if reading is None else reading(text)
    if value == meaning or is_named(where, name, text):
        return text
    if reading is not None:
        return meaning
    forms = unicodedata.normalize("NFKC", text), meaning  # a pattern keeps its blanks
    return next((form for form in forms if is_named(where, name, form)), value)


def is_named(where: str, name: str, text: str) -> bool:
    """Whether a condition names a value of a field, exactly or by a pattern."""
    return is_named_exactly(where, name, text) or any(
        operator == "like" and bool(like(np.array([text], dtype=object), str(value)).true[0])
        for operator, value in _comparisons_of(where, name)
    )


def is_named_exactly(where: str, name: str, text: str) -> bool:
    """Whether a condition names exactly this value of a field."""
    return any(operator == "=" and text == str(value) for operator, value in _comparisons_of(where, name))


def values_in_no_table(where: str, name: str, entry: LayerEntry) -> list[str]:
    """The values with which a condition compares a field if its list or its tables have none of them; else empty.

    Days, moments and other fields are no values of a list or a table.
    """
    comparisons = [one for one in _comparisons_of(where, name) if not isinstance(one[1], dict)]
    texts = np.array(sorted(_known_values(name, entry)), dtype=object)
    numbers = set(plain_numbers(texts))

    def is_met(operator: str, value: Any) -> bool:
        if not isinstance(value, str):
            return value in numbers  # as which codes are compared with it
        if operator == "like":
            return bool(like(texts, plain_code(value)).true.any())
        return not strange_values([value], name, entry)

    if any(is_met(*one) for one in comparisons):
        return []
    return [text_value(value) or "" for _, value in comparisons] if len(texts) else []


def strange_values(values: Iterable[str], name: str, entry: LayerEntry) -> list[str]:
    """Those of some values that neither the list nor the code tables of a field explain; none of a field without."""
    is_known = _meaning_test(name, entry)
    return [] if is_known is None else [value for value in values if not is_known(value)]


def _known_values(name: str, entry: LayerEntry | None) -> set[str]:
    """The values of a field's list, or the codes of its tables, in the form in which they are compared."""
    field = entry.field_named(name) if entry is not None else None
    if field is None:
        return set()
    tables = [code_table(table) for table in (() if field.values else field.codes)]
    tables += [code_table(table.earlier) for table in tables if table.earlier is not None]
    codes = (code for table in tables for code in (*table.classes, *table.first))
    return set(map(plain_code, field.values or codes))


def _comparisons_of(where: str, name: str) -> Iterator[tuple[str, Any]]:
    """The comparisons of a condition with a field: the operator, `=` or `like`, and the text."""
    waiting: list[Any] = [parse_condition(where)]
    while waiting:
        tree = waiting.pop()
        if not (isinstance(tree, dict) and "op" in tree):
            continue
        arguments = tree["args"]
        first = arguments[0]
        if tree["op"] in ("and", "or", "not"):
            waiting += arguments
        elif isinstance(first, dict) and first.get("property") == name:
            if tree["op"] == "in":
                yield from (("=", value) for value in arguments[1])
            elif tree["op"] in ("=", "<>", "like"):
                yield ("like" if tree["op"] == "like" else "="), arguments[1]
