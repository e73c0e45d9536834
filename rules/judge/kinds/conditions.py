"""Conditions of rules: CQL2 text, evaluated here over columns with three-valued logic."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import cql2
import numpy as np
import pandas as pd

from onemap.layers.frames.days import WRITTEN_DAY
from onemap.layers.frames.fields import plain_numbers, text_value
from onemap.layers.messages import LANGUAGES, phrase
from onemap.layers.records import Record

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_SUPPORTED = {*_COMPARISONS, "and", "or", "not", "in", "like", "isNull", "between"}
_DEEPEST, _MOST_JOINED = 64, 1000  # beyond that the parser needs more stack than a thread may have
_MOST_FIGURES = 40  # with zeros before them
_EXACT = 2**53  # up to here every whole number is a float of its own
_MOMENT = re.compile(WRITTEN_DAY + r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


class ConditionError(ValueError):
    """A condition that cannot be read. reason: what is wrong with it, in each language."""

    def __init__(self, key: str, **facts: Any) -> None:
        """key: of the sentence under `condition` in the messages; facts: for its placeholders."""
        self.reason = {language: phrase(f"condition.{key}", language, **facts) for language in LANGUAGES}
        super().__init__(self.reason["en"])


@dataclass(frozen=True)
class Truth:
    """The truth of a condition for n rows: (n,) certainly true, (n,) unknown; otherwise false."""

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

    @property
    def possible(self) -> np.ndarray:
        """The rows (n,) for which it is true or unknown."""
        either: np.ndarray = self.true | self.unknown
        return either

    @property
    def certain_and_possible(self) -> list[np.ndarray]:
        """The rows (n,) for which it is certainly true, and if it is unknown for some, those for which it may be."""
        return [self.true, self.possible] if self.unknown.any() else [self.true]


@lru_cache(maxsize=512)
def parse_condition(text: str) -> Record:
    """The condition as CQL2 JSON. Raises ConditionError for a wrong syntax or an operator not allowed."""
    _check_size(text)
    try:
        tree = cql2.parse_text(text).to_json()
    except Exception as error:  # noqa: BLE001 - the parser's error classes share no public base
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ConditionError("syntax", parser=" ".join(lines[-1:])) from None
    if not isinstance(tree, dict) or "op" not in tree:
        raise ConditionError("none")
    _check(tree)
    _check_numbers(text)
    return tree


def _check(tree: Any) -> None:
    if isinstance(tree, dict) and "op" in tree:
        if tree["op"] not in _SUPPORTED:
            raise ConditionError("operator", operator=tree["op"])
        if tree["op"] in ("in", "like", "isNull", "between", *_COMPARISONS):
            _check_comparison(tree["op"], tree["args"])
            return
        for argument in tree["args"]:
            if not (isinstance(argument, dict) and "op" in argument):
                raise ConditionError("joined")
            _check(argument)


def _check_comparison(operator: str, arguments: list[Any]) -> None:
    """Refuse a comparison that is not one of a field, by its name, with values."""
    left, rest = arguments[0], arguments[1:]
    candidates = arguments if operator in _COMPARISONS else [left]
    if not any(map(_is_field, candidates)):
        raise ConditionError("field")
    for value in [left, *(rest[0] if operator == "in" else rest)]:
        if isinstance(value, (dict, list)) and not _is_field(value) and not is_moment(value):
            raise ConditionError("value")
        # What is no moment would be unknown for every row, and so match all of them.
        if is_moment(value) and np.isnat(moment_of(*value.values())):
            raise ConditionError("moment", value=next(iter(value.values())))
    if operator == "like" and not isinstance(rest[0], str):
        raise ConditionError("pattern")


def _without_quotes(text: str) -> str:
    """A condition with the text between its quotes removed."""
    return re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", text)


def _check_size(text: str) -> None:
    """Refuse too many brackets and operators: the parser follows them by recursion and would end the process."""
    bare = _without_quotes(text)
    depth = deepest = 0
    for bracket in re.findall(r"[()]", bare):
        depth += 1 if bracket == "(" else -1
        deepest = max(deepest, depth)
    negations = len(re.findall(r"\bnot\b", bare, re.IGNORECASE))
    joints = len(re.findall(r"\b(?:and|or)\b|-", bare, re.IGNORECASE))
    if max(deepest, negations) > _DEEPEST or joints > _MOST_JOINED:
        raise ConditionError("long")


def _check_numbers(text: str) -> None:
    """Refuse numbers that a float cannot hold exactly: the parser makes floats, which would equal their neighbours."""
    bare = _without_quotes(text)
    for figures in re.findall(r"(?<![\w.])\d+(?![\w.])", bare):
        if len(figures) > _MOST_FIGURES or int(figures) > _EXACT:
            raise ConditionError("figures", figures=figures[:_MOST_FIGURES])


def condition_text(tree: Record) -> str:
    """A condition as text that `parse_condition` reads back as the same."""
    return str(cql2.Expr(tree).to_text())


def fields_and_values(arguments: Sequence[Any]) -> tuple[list[str], list[Any]]:
    """The fields that a comparison names, and the values beside them; those of a list one by one."""
    parts = [part for one in arguments for part in (one if isinstance(one, list) else [one])]
    return [part["property"] for part in parts if _is_field(part)], [part for part in parts if not _is_field(part)]


def _is_field(argument: Any) -> bool:
    return isinstance(argument, dict) and "property" in argument


def fields_of(text: str) -> tuple[str, ...]:
    """The fields that a condition names, each once, in order."""
    fields: dict[str, None] = {}

    def walk(tree: Any) -> None:
        if isinstance(tree, dict):
            if "property" in tree:
                fields[tree["property"]] = None
            for value in tree.values():
                walk(value)
        elif isinstance(tree, list):
            for item in tree:
                walk(item)

    walk(parse_condition(text))
    return tuple(fields)


def evaluate(text: str, columns: pd.DataFrame) -> Truth:
    """Whether the condition holds for each row; a null makes a comparison unknown.

    columns: n rows; a field is found by its exact name, then ignoring case. Raises KeyError if it is not there.
    """
    return evaluate_tree(parse_condition(text), columns)


def evaluate_tree(tree: Record, columns: pd.DataFrame) -> Truth:
    """As `evaluate`, of a condition as `parse_condition` returns it."""
    operator, arguments = tree["op"], tree["args"]
    if operator in ("and", "or"):
        result = evaluate_tree(arguments[0], columns)
        for argument in arguments[1:]:
            other = evaluate_tree(argument, columns)
            result = result & other if operator == "and" else result | other
        return result
    if operator == "not":
        return ~evaluate_tree(arguments[0], columns)
    if operator == "isNull":
        nothing = _is_null(column_named(columns, arguments[0]["property"]))
        return Truth(nothing, np.zeros(len(nothing), dtype=bool))
    if operator == "between":
        field, low, high = arguments
        return _compare(">=", field, low, columns) & _compare("<=", field, high, columns)
    if operator == "in":
        result = _compare("=", arguments[0], arguments[1][0], columns)
        for value in arguments[1][1:]:
            result = result | _compare("=", arguments[0], value, columns)
        return result
    if operator == "like":
        return like(column_named(columns, arguments[0]["property"]), arguments[1])
    return _compare(operator, arguments[0], arguments[1], columns)


def column_named(columns: pd.DataFrame, name: str) -> np.ndarray:
    """A field's values (n,), by exact name, then ignoring case. Raises KeyError."""
    if name in columns.columns:
        return columns[name].to_numpy(dtype=object)
    alike = [column for column in columns.columns if str(column).lower() == name.lower()]
    if len(alike) != 1:
        raise KeyError(name)
    return columns[alike[0]].to_numpy(dtype=object)


def column_or_null(columns: pd.DataFrame, name: str) -> np.ndarray:
    """A field's values (n,) as `column_named`; all null where there is no such field."""
    try:
        return column_named(columns, name)
    except KeyError:
        return np.full(len(columns), None, dtype=object)


def _is_null(values: np.ndarray) -> np.ndarray:
    return np.asarray(pd.isna(values), dtype=bool)


def _operand(argument: Any, columns: pd.DataFrame) -> Any:
    return column_named(columns, argument["property"]) if isinstance(argument, dict) else argument


def is_moment(argument: Any) -> bool:
    """Whether an argument of a comparison is a day or a moment."""
    return isinstance(argument, dict) and bool(argument.keys() & {"date", "timestamp"})


def moment_of(value: Any, *, by_own_clock: bool = False) -> np.datetime64:
    """A day as `day_of` reads it (its midnight) or a moment, in UTC where it names no zone; otherwise NaT.

    by_own_clock: the time as it is written, whatever zone it names: half past midnight in Beijing is on that day there.
    """
    match = _MOMENT.fullmatch(text_value(value) or "")
    if match is None:
        return np.datetime64("NaT", "us")
    hour, minute, second, fraction, zone = match.groups()[5:]
    year, month, day = (int(part) for part in match.groups()[:5] if part is not None)
    try:
        moment = datetime(year, month, day, int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
        if zone not in (None, "Z"):
            there = moment.replace(tzinfo=datetime.strptime(zone.replace(":", ""), "%z").tzinfo)
            moment = moment if by_own_clock else there.astimezone(UTC)
    except (ValueError, OverflowError):
        return np.datetime64("NaT", "us")
    return np.datetime64(moment.replace(tzinfo=None), "us") + np.timedelta64(round(float(fraction or 0) * 1e6), "us")


def _moments(argument: Any, columns: pd.DataFrame, by_own_clock: bool) -> np.ndarray:
    """Moments (n,) of a field, or (1,) of a literal; NaT for null and for anything that is no moment."""
    if _is_field(argument):
        values = column_named(columns, argument["property"])
    else:
        values = np.array([next(iter(argument.values())) if isinstance(argument, dict) else argument], dtype=object)
    texts = pd.Series([text_value(value) for value in values], dtype=object)
    moments = {text: moment_of(text, by_own_clock=by_own_clock) for text in texts.unique()}
    return np.array([moments[text] for text in texts], dtype="datetime64[us]")


def _exact(values: Any, floats: Any) -> np.ndarray:
    """Values as Python numbers, so that integers of any length compare exactly; others from `floats` (0 for NaN)."""
    pairs = zip(np.atleast_1d(np.asarray(values, dtype=object)), np.atleast_1d(floats), strict=True)
    texts = [(text_value(value), number) for value, number in pairs]
    whole = re.compile(r"[+-]?\d+")
    return np.array(
        [
            int(t) if t and whole.fullmatch(t) else np.nan_to_num(number, posinf=np.inf, neginf=-np.inf)
            for t, number in texts
        ],
        dtype=object,
    )


def _is_numeric(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return any(isinstance(value, (int, float)) and not pd.isna(value) for value in values)
    return isinstance(values, (int, float))


def _compare(operator: str, left: Any, right: Any, columns: pd.DataFrame) -> Truth:
    if is_moment(left) or is_moment(right):
        is_of_days = any("date" in one for one in (left, right) if is_moment(one))
        a, b = (_moments(one, columns, is_of_days) for one in (left, right))
        is_known = ~(np.isnat(a) | np.isnat(b))
        return _truth(_COMPARISONS[operator](a, b), ~is_known, len(columns))
    operands = [_operand(left, columns), _operand(right, columns)]
    plain_operands = [int(value) if isinstance(value, bool) else value for value in operands]
    if any(map(_is_numeric, plain_operands)):
        a, b = (plain_numbers(value if isinstance(value, np.ndarray) else [value]) for value in plain_operands)
        unknown = np.isnan(a) | np.isnan(b)
        if max(np.nanmax(np.abs(part), initial=0.0) for part in (a, b)) >= _EXACT:
            a, b = (_exact(*part) for part in zip(plain_operands, (a, b), strict=True))
    else:
        nothing = [
            _is_null(value) if isinstance(value, np.ndarray) else np.asarray(value is None) for value in plain_operands
        ]
        unknown = nothing[0] | nothing[1]
        a, b = (_plain(value, unknown) for value in plain_operands)
    return _truth(_COMPARISONS[operator](a, b), unknown, len(columns))


def _plain(value: Any, unknown: np.ndarray) -> Any:
    """A text, or texts (n,), for comparison; blank where the value is unknown."""
    return np.where(unknown, "", value).astype(str) if isinstance(value, np.ndarray) else str(value or "")


def _truth(holds: np.ndarray, unknown: np.ndarray, count: int) -> Truth:
    """The truth (n,) of a condition that holds for each row, or for all rows alike, except where it is unknown."""
    unknown = np.broadcast_to(unknown, (count,))
    return Truth(np.broadcast_to(np.asarray(holds, dtype=bool), (count,)) & ~unknown, unknown)


def like(values: np.ndarray, pattern: str) -> Truth:
    """SQL's LIKE: % is any text, _ any character, a backslash makes the next character literal; case matters."""
    expression = ""
    for escaped, character in re.findall(r"(\\?)(.)", pattern, flags=re.DOTALL):
        wild = "" if escaped else {"%": ".*", "_": "."}.get(character, "")
        expression += wild or re.escape(character)
    matcher = re.compile(expression, flags=re.DOTALL)
    unknown = _is_null(values)
    true = np.array(
        [
            not blank and matcher.fullmatch(value if isinstance(value, str) else text_value(value) or "") is not None
            for value, blank in zip(values, unknown, strict=True)
        ],
        dtype=bool,
    )
    return Truth(true, unknown)
