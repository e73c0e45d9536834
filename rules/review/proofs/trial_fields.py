"""Fields of features with which a rule's `where` is tried: values that it names, values of the schema, no value."""

import itertools
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import pandas as pd

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.code_tables import code_table
from onemap.rules.judge.kinds.conditions import fields_of, parse_condition
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows
from onemap.rules.judge.packs.rule import Rule

Fields = Mapping[str, Any]
_ORDER = ("<", "<=", ">", ">=")
_STEP = 1  # beside a number that a condition names


@dataclass(frozen=True)
class TrialFields:
    """Fields of features by the truth of a rule's `where` for them: true, false, unknown."""

    true: Sequence[Fields]
    false: Sequence[Fields]
    unknown: Sequence[Fields]


def trial_fields(rule: Rule, entry: LayerEntry) -> TrialFields:
    """Fields with which a rule's condition and classes of distances can be tried."""
    names = list(rule.layer_fields)
    candidates = {name: _values(rule, name, entry) for name in names}
    rows = [
        dict(zip(names, values, strict=True)) for values in itertools.product(*(candidates[name] for name in names))
    ]
    if rule.where is None or not names:
        return TrialFields(rows or [{}], [], [])
    truths = where_says(rule, rows, entry)
    groups = (
        [_plain(row) for row, says in zip(rows, truths, strict=True) if says is one] for one in (True, False, None)
    )
    return TrialFields(*groups)


def holds_or_unknown(rule: Rule, fields: Fields, entry: LayerEntry) -> bool:
    """Whether a rule concerns a feature with some fields, or cannot tell."""
    return rule.where is None or where_says(rule, [fields], entry)[0] is not False


def trial_rows(rules: Sequence[Rule], names: Iterable[str], entry: LayerEntry, most: int = sys.maxsize) -> list[Fields]:
    """Fields with every combination of all values that some rules name, and of no value; none if they are too many."""
    values = {
        name: list(dict.fromkeys([*(value for rule in rules for value in all_values(rule, name, entry)), None]))
        for name in names
    }
    if prod(map(len, values.values())) > most:
        return []
    return [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]


def where_says(rule: Rule, rows: Sequence[Fields], entry: LayerEntry) -> list[bool | None]:
    """The truth of a rule's `where` for features with some fields (n,): None where it is unknown."""
    where = str(rule.where)
    names = list(fields_of(where))
    table = pd.DataFrame([{name: row.get(name) for name in names} for row in rows], columns=names, dtype=object)
    table = table.where(table.notna(), None)
    truth = truth_of_rows(where, table, entry)
    return [None if is_open else bool(holds) for holds, is_open in zip(truth.true, truth.unknown, strict=True)]


def _plain(row: Fields) -> Fields:
    return {name: value for name, value in row.items() if value is not None}


def all_values(rule: Rule, name: str, entry: LayerEntry) -> list[Any]:
    """All values of a field that a rule's condition, the layer's schema and its code tables name."""
    field = entry.field_named(name)
    tables = [code for table in (field.codes if field is not None else ()) for code in code_table(table).classes]
    return list(dict.fromkeys([*_values(rule, name, entry), *(field.values if field is not None else ()), *tables]))


def _values(rule: Rule, name: str, entry: LayerEntry) -> list[Any]:
    own_values = named_values(rule.where).get(name, []) if rule.where and name in fields_of(rule.where) else []
    field = entry.field_named(name)
    known_values = list(field.values) if field is not None else []
    for table in field.codes if field is not None else ():
        known_values += list(code_table(table).classes)
    values: list[Any] = []
    for one in own_values:
        if isinstance(one, (int, float)):
            values += [one, one + _STEP, one - _STEP]
        elif "%" in one:
            fitting_codes = [code for code in known_values if _fits(code, one)]
            values += fitting_codes[:1] or [one.replace("%", "")]
        else:
            values.append(one)
    values += _classes_of_distance(rule, name)
    values += [value for value in (known_values[:6] if own_values else known_values[:1]) if value not in values]
    return list(dict.fromkeys([*values, None]))


def _fits(code: str, pattern: str) -> bool:
    text = pattern.strip("%")
    return text in code if pattern.startswith("%") else code.startswith(text)


def _classes_of_distance(rule: Rule, name: str) -> list[str]:
    distances = rule.options.get("distance_m")
    if not isinstance(distances, Mapping):
        return []
    fields = distances["field"] if isinstance(distances["field"], list) else [distances["field"]]
    if name not in fields:
        return []
    at = fields.index(name)
    return list(dict.fromkeys(one.split("/")[at] if len(fields) > 1 else one for one in distances["values"]))


def named_values(text: str) -> dict[str, list[str]]:
    """The values and patterns that a condition names, by field."""
    values_by_field: dict[str, list[str]] = {name: [] for name in fields_of(text)}

    def walk(tree: Any) -> None:
        operator, arguments = tree["op"], tree["args"]
        if operator in ("and", "or", "not"):
            for argument in arguments:
                walk(argument)
        elif operator in ("in", "like", "=", "<>", *_ORDER, "between"):
            values = arguments[1] if operator == "in" else arguments[1:]
            values_by_field[arguments[0]["property"]] += [value for value in values if not isinstance(value, dict)]

    walk(parse_condition(text))
    return values_by_field
