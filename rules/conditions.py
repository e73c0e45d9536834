"""Conditions of rules: CQL2 text, evaluated here over columns with three-valued logic."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cql2
import numpy as np
import pandas as pd

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_SUPPORTED = {*_COMPARISONS, "and", "or", "not", "in", "like", "isNull", "between"}


class ConditionError(ValueError):
    """A condition that cannot be understood; its text says what is wrong with it."""


@dataclass(frozen=True)
class Truth:
    """What a condition says of each of n rows: (n,) certainly true, (n,) unknown; otherwise false."""

    true: np.ndarray
    unknown: np.ndarray

    def __and__(self, other: "Truth") -> "Truth":
        true = self.true & other.true
        false = (~self.true & ~self.unknown) | (~other.true & ~other.unknown)
        return Truth(true, ~true & ~false)

    def __or__(self, other: "Truth") -> "Truth":
        true = self.true | other.true
        return Truth(true, ~true & (self.unknown | other.unknown))

    def __invert__(self) -> "Truth":
        return Truth(~self.true & ~self.unknown, self.unknown)


@lru_cache(maxsize=512)
def parsed(text: str) -> dict[str, Any]:
    """The condition as CQL2 JSON. Raises ConditionError for a wrong syntax or an operator not allowed."""
    try:
        tree = cql2.parse_text(text).to_json()
    except Exception as error:  # noqa: BLE001 - the parser's error classes share no public base
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ConditionError(" ".join(lines[-1:])) from None
    if not isinstance(tree, dict) or "op" not in tree:
        raise ConditionError("not a condition")
    _check(tree)
    return tree


def _check(tree: Any) -> None:
    if isinstance(tree, dict) and "op" in tree:
        if tree["op"] not in _SUPPORTED:
            raise ConditionError(f"operator {tree['op']} is not supported")
        if tree["op"] in ("in", "like", "isNull", "between", *_COMPARISONS):
            operands = tree["args"][:1] if tree["op"] not in _COMPARISONS else tree["args"]
            if any(isinstance(operand, dict) and "op" in operand for operand in operands):
                raise ConditionError("a comparison takes a field and a value")
            if not any(isinstance(operand, dict) and "property" in operand for operand in operands):
                raise ConditionError("a comparison needs a field")
            return
        for argument in tree["args"]:
            if not (isinstance(argument, dict) and "op" in argument):
                raise ConditionError("AND, OR and NOT join conditions")
            _check(argument)


def fields_of(text: str) -> tuple[str, ...]:
    """The fields that a condition looks at, each once, in order."""
    found: dict[str, None] = {}

    def walk(tree: Any) -> None:
        if isinstance(tree, dict):
            if "property" in tree:
                found[tree["property"]] = None
            for value in tree.values():
                walk(value)
        elif isinstance(tree, list):
            for item in tree:
                walk(item)

    walk(parsed(text))
    return tuple(found)


def evaluate(text: str, columns: pd.DataFrame) -> Truth:
    """Whether the condition holds for each row; a null makes a comparison unknown.

    columns: n rows; a field is found by its exact name, then ignoring case. Raises KeyError if it is not there.
    """
    return _evaluate(parsed(text), columns)


def _evaluate(tree: dict[str, Any], columns: pd.DataFrame) -> Truth:
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or"):
        result = _evaluate(arguments[0], columns)
        for argument in arguments[1:]:
            other = _evaluate(argument, columns)
            result = result & other if operator == "and" else result | other
        return result
    if operator == "not":
        return ~_evaluate(arguments[0], columns)
    if operator == "isNull":
        nothing = _is_null(column_named(columns, arguments[0]["property"]))
        return Truth(nothing, np.zeros(len(nothing), dtype=bool))
    if operator == "between":
        field, low, high = arguments
        return _compared(">=", field, low, columns) & _compared("<=", field, high, columns)
    if operator == "in":
        result = _compared("=", arguments[0], arguments[1][0], columns)
        for value in arguments[1][1:]:
            result = result | _compared("=", arguments[0], value, columns)
        return result
    if operator == "like":
        return _like(column_named(columns, arguments[0]["property"]), arguments[1])
    return _compared(operator, arguments[0], arguments[1], columns)


def column_named(columns: pd.DataFrame, name: str) -> np.ndarray:
    """A field's values (n,), by exact name, then ignoring case. Raises KeyError."""
    if name in columns.columns:
        return columns[name].to_numpy(dtype=object)
    alike = [column for column in columns.columns if str(column).lower() == name.lower()]
    if len(alike) != 1:
        raise KeyError(name)
    return columns[alike[0]].to_numpy(dtype=object)


def _is_null(values: np.ndarray) -> np.ndarray:
    return np.asarray(pd.isna(values), dtype=bool)


def _operand(argument: Any, columns: pd.DataFrame) -> Any:
    if isinstance(argument, dict):
        if "property" in argument:
            return column_named(columns, argument["property"])
        (value,) = argument.values()  # {"date": …} or {"timestamp": …}: ISO text orders as time does
        return value
    return argument


def _numbers(values: Any) -> Any:
    """Values as floats; what is no number becomes NaN, and so unknown."""
    if isinstance(values, np.ndarray):
        return pd.to_numeric(pd.Series(values, dtype=object), errors="coerce").to_numpy(dtype=float)
    return pd.to_numeric(values, errors="coerce")


def _is_numeric(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return any(isinstance(value, (int, float)) and not pd.isna(value) for value in values)
    return isinstance(values, (int, float))


def _compared(operator: str, left: Any, right: Any, columns: pd.DataFrame) -> Truth:
    a, b = _operand(left, columns), _operand(right, columns)
    if isinstance(a, bool) or isinstance(b, bool):
        a, b = (int(value) if isinstance(value, bool) else value for value in (a, b))
    if _is_numeric(a) or _is_numeric(b):
        a, b = _numbers(a), _numbers(b)
        unknown = np.isnan(a) | np.isnan(b)
    else:
        unknown = (_is_null(a) if isinstance(a, np.ndarray) else np.asarray(a is None)) | (
            _is_null(b) if isinstance(b, np.ndarray) else np.asarray(b is None)
        )
        a, b = (np.where(unknown, "", value) if isinstance(value, np.ndarray) else value or "" for value in (a, b))
        a, b = (value.astype(str) if isinstance(value, np.ndarray) else str(value) for value in (a, b))
    unknown = np.broadcast_to(unknown, (len(columns),))
    true = np.broadcast_to(_COMPARISONS[operator](a, b), (len(columns),)) & ~unknown
    return Truth(true, unknown)


def _like(values: np.ndarray, pattern: Any) -> Truth:
    """SQL's LIKE: % is any text, _ one character, a backslash takes the next as it is; case counts."""
    if not isinstance(pattern, str):
        raise ConditionError("LIKE takes a text")
    expression = ""
    for escaped, character in re.findall(r"(\\?)(.)", pattern, flags=re.DOTALL):
        wild = "" if escaped else {"%": ".*", "_": "."}.get(character, "")
        expression += wild or re.escape(character)
    matcher = re.compile(expression, flags=re.DOTALL)
    unknown = _is_null(values)
    true = np.array(
        [not blank and matcher.fullmatch(str(value)) is not None for value, blank in zip(values, unknown, strict=True)],
        dtype=bool,
    )
    return Truth(true, unknown)
