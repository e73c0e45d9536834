"""Conditions that hold for no value of their fields, or fail for none: what they select was meant otherwise."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.frames.fields import plain_numbers
from onemap.layers.records import Record
from onemap.rules.judge.kinds.conditions import (
    condition_text,
    evaluate_tree,
    fields_and_values,
    is_moment,
    moment_of,
    parse_condition,
)

_MOST_ROWS = 4096  # of trial values


@dataclass(frozen=True)
class ConstantClause:
    """A clause of a condition that fails for no value (holds), or holds for none."""

    text: str
    holds: bool


@lru_cache(maxsize=1024)
def constant_clause(text: str) -> ConstantClause | None:
    """The innermost clause that is certainly constant, whatever its fields hold; None if none is found.

    A clause is tried on every value that it names, between these, beyond them, and without a value. What has a LIKE, or
    compares two fields, is not tried.
    """
    return next(filter(None, map(_constant, _clauses(parse_condition(text)))), None)


def _clauses(tree: Record) -> Iterator[Record]:
    """The clauses of a condition, the inner ones first; of those that are joined, the ones that can be tried."""
    if tree["op"] not in ("and", "or", "not"):
        yield tree
        return
    for argument in tree["args"]:
        yield from _clauses(argument)
    triable = [argument for argument in tree["args"] if _collect(argument, {})]
    if len(triable) > 1:
        yield {"op": tree["op"], "args": triable}


def _constant(tree: Record) -> ConstantClause | None:
    values_by_field: dict[str, list[Any]] = {}
    forms = [_trial_values(values) for values in values_by_field.values()] if _collect(tree, values_by_field) else [()]
    if math.prod(max(map(len, trials), default=_MOST_ROWS + 1) for trials in forms) > _MOST_ROWS:
        return None
    holds, fails = False, False
    for trials in itertools.product(*forms):
        rows = pd.DataFrame(list(itertools.product(*trials)), columns=list(values_by_field), dtype=object)
        truth = evaluate_tree(tree, rows)
        holds |= bool(truth.true.any())
        fails |= bool((~truth).true.any())
    return None if holds and fails else ConstantClause(condition_text(tree), holds)


def _collect(tree: Record, values_by_field: dict[str, list[Any]]) -> bool:
    """Note the values with which each field is compared; False if the clause has a LIKE or compares two fields."""
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or", "not"):
        return all(_collect(argument, values_by_field) for argument in arguments)
    fields, values = fields_and_values(arguments)
    values_by_field.setdefault(fields[0], []).extend(value for value in values if value is not None)
    return operator != "like" and len(fields) == 1


def _trial_values(values: Sequence[Any]) -> tuple[list[Any], ...]:
    """Values on which comparisons with some values are tried, by the form of the field; () if the values are mixed."""
    if not values:
        return (["–", None],)
    if all(map(is_moment, values)):
        if len({name for one in values for name in one}) > 1:  # days by the clock of each value, moments by one clock
            return ()
        moments = [moment_of(next(iter(one.values()))) for one in values]
        return ([*map(str, _values_around(moments, np.timedelta64(1, "D"))), None],)
    if all(isinstance(value, (int, float)) for value in values):
        if not np.isfinite(np.array(values, dtype=float)).all():  # nothing lies beyond
            return ()
        return ([*_values_around([float(value) for value in values], 1.0), None],)
    if not all(isinstance(value, str) for value in values):
        return ()
    texts = ["", *values, *(f"{value}\x01" for value in values), None]
    numbers = plain_numbers(np.array(values, dtype=object))
    return (texts,) if np.isnan(numbers).any() else (texts, [*_values_around(numbers.tolist(), 1.0), None])


def _values_around(values: Sequence[Any], step: Any) -> list[Any]:
    """Values, the middles between them, and one beyond either end."""
    distinct = sorted(set(values))
    middles = [low + (high - low) / 2 for low, high in itertools.pairwise(distinct)]
    return [distinct[0] - step, *distinct, *middles, distinct[-1] + step]
