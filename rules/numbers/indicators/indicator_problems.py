"""The problems of a pack of indicators, each with file, line, table and key."""

from collections.abc import Iterator, Mapping
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.toml_lines import line_of
from onemap.layers.errors import Problem
from onemap.layers.messages import LANGUAGES, is_title, phrase
from onemap.rules.judge.kinds.conditions import ConditionError, fields_of
from onemap.rules.judge.kinds.constant_conditions import constant_clause
from onemap.rules.judge.kinds.kind import AMOUNT, LIST, TYPE_WORDS
from onemap.rules.judge.packs.rule_problems import is_type
from onemap.rules.numbers.indicators.formula import FormulaError, formula
from onemap.rules.numbers.indicators.indicator_keys import (
    ALLOWED,
    BAND,
    CEILING,
    COUNT,
    FALL,
    FLOOR,
    GEOMETRIES,
    LENGTH,
    NEEDED,
    NO_BOUND,
    OF_TABLE,
    RISE,
    SNAP_M,
    SUM,
    TABLES,
    TERM_KEYS,
    WALK_KEYS,
)
from onemap.rules.numbers.indicators.unit_of_measure import known_unit, unit_of_measure

_Raw = Mapping[str, Any]
_Wrong = tuple[str, str, dict[str, Any]]  # code, key, further facts
_MOST_PART = 10  # of a target: 98 is a percentage
_SHAPE_OF_LAYER = '"CODE" | { layer = "CODE", where = "…" }'
_SHAPE_OF_WALK = "distance_m = 300 | minutes = 5, speed_kmh = 4"
_SHAPE_OF_TARGET = "1.3 | { 2035 = 1.3 } | [low, high]"


def head_problems(raw: _Raw, text: str, source: str) -> list[Problem]:
    """The problems of the tables as such, and of [pack]."""
    problems = []
    for name, value in raw.items():
        is_tables = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        if name not in TABLES or not (isinstance(value, dict) if name == "pack" else is_tables):
            facts = {"key": name, "known": ["[pack]", "[[term]]", "[[indicator]]"], "name": ""}
            line = _line_at_the_top(text, name)
            problems.append(Problem("indicator.table", {"file": source, "field": name, "line": line, **facts}))
    if problems:
        return problems
    pack_table = _TableOfPack(text, source, "pack", 0, "")
    return [pack_table.problem(*wrong) for wrong in _key_problems("pack", raw.get("pack", {}))]


def content_problems(
    raw: _Raw, text: str, source: str, catalogue: Mapping[str, LayerEntry], *, is_kept: bool = False
) -> list[Problem]:
    """The problems of terms and indicators. is_kept: not those by which a pack only cannot mean what it says."""
    problems = []
    for table in ("term", "indicator"):
        ids: set[str] = set()
        for number, item in enumerate(raw.get(table, ())):
            name = item.get("id") if isinstance(item.get("id"), str) else f"{number + 1}"
            item_table = _TableOfPack(text, source, table, number, str(name))
            item_problems = list(_key_problems(table, item))
            if not item_problems:
                item_problems += _term_problems(item, catalogue) if table == "term" else _indicator_problems(item, raw)
            if not item_problems and not is_kept:
                item_problems += _constant_conditions(item) if table == "term" else _limit_slips(item)
            if name in ids:
                item_problems.append(("indicator.twice", "id", {}))
            ids.add(str(name))
            problems += [item_table.problem(*wrong) for wrong in item_problems]
    targets = raw["pack"].get("targets")
    if targets is not None and getattr(catalogue.get(targets), "geometry", None) != "table":
        item_table = _TableOfPack(text, source, "pack", 0, "")
        problems.append(item_table.problem("indicator.layer", "targets", {"layer": targets, "geometries": ["table"]}))
    return problems


class _TableOfPack:
    """One table of a pack, as its problems name it."""

    def __init__(self, text: str, source: str, table: str, number: int, name: str) -> None:
        self._text, self._place = text, (table, number)
        heading = f"[[{table}]] {name}" if name else f"[{table}]"
        self._facts = {"file": source, "feature": name or None, "name": name, "table": heading}

    def problem(self, code: str, key: str, facts: dict[str, Any]) -> Problem:
        line = line_of(self._text, *self._place, key.partition(".")[0])
        return Problem(code, {**self._facts, "field": key, "key": key, "line": line, **facts})


def _line_at_the_top(text: str, name: str) -> int:
    own_line = line_of(text, name, 0)
    beginnings = [line for line, words in enumerate(text.splitlines(), 1) if words.split("=")[0].strip() == name]
    return beginnings[0] if own_line == 1 and beginnings else own_line


def _key_problems(table: str, item: _Raw) -> Iterator[_Wrong]:
    """Problems of unknown keys, missing keys, and values of a wrong type or outside the choices."""
    keys = TABLES[table]
    for own_key in item:
        if own_key not in keys:
            yield "indicator.key", own_key, {"known": list(keys)}
    for name, key in keys.items():
        if name not in item:
            if key.required:
                yield "indicator.key_missing", name, {}
            continue
        value = item[name]
        if not is_type(value, key.type) or value == "":
            yield "indicator.type", name, {"expected": dict(TYPE_WORDS[key.type])}
        elif key.choices and any(one not in key.choices for one in (value if key.type == LIST else [value])):
            yield "indicator.value", name, {"value": value, "allowed": list(key.choices)}
        elif key.type == AMOUNT and value < 0:
            yield "indicator.option", name, {"form": "≥ 0"}
        elif name in ("title", "definition", "remark") and not is_title(value):
            yield "indicator.option", name, {"form": 'title = { zh = "…", en = "…" }'}


def _term_problems(item: _Raw, catalogue: Mapping[str, LayerEntry]) -> Iterator[_Wrong]:
    kind = item["kind"]
    for key in NEEDED[kind]:
        if key not in item:
            yield "indicator.key_missing", key, {}
    for key in item:
        if key in TERM_KEYS and key not in ("id", "kind", *ALLOWED[kind]):
            yield "indicator.key", key, {"known": ["id", "kind", *ALLOWED[kind]]}
    for key in ("where", "was"):
        yield from _condition_problems(item.get(key), key)
    if "layer" in item:
        yield from _layer_problems(item["layer"], "layer", GEOMETRIES[kind], catalogue)
    for key in ("inside", "outside"):
        for part in item.get(key, ()):
            yield from _part_problems(part, key, ("polygon",), catalogue)
    if "to" in item:
        yield from _part_problems(item["to"], "to", ("polygon", "line", "point"), catalogue)
        yield from _walk_problems(item)
    if "streets" in item:
        yield from _part_problems(item["streets"], "streets", ("line",), catalogue)
    if "unit" in item:
        yield from _unit_problems(item["unit"])


def _walk_problems(item: _Raw) -> Iterator[_Wrong]:
    """Problems of a walk: it must be a distance, or minutes at a speed, and a street at most half of it away."""
    walk_keys = [name for name in WALK_KEYS if name in item]
    if walk_keys not in (["distance_m"], ["minutes", "speed_kmh"]):
        yield "indicator.option", walk_keys[0] if walk_keys else "to", {"form": _SHAPE_OF_WALK}
        return
    if not all(item[name] > 0 for name in walk_keys):
        yield "indicator.option", walk_keys[0], {"form": "> 0"}
    distance_m = item.get("distance_m") or item.get("minutes", 0) * item.get("speed_kmh", 0) * 1000 / 60
    if "streets" in item and item.get("snap_m", SNAP_M) > distance_m / 2:
        yield (
            "indicator.option",
            "snap_m" if "snap_m" in item else walk_keys[0],
            {"form": f"snap_m ≤ {distance_m / 2:g}"},
        )


def _part_problems(
    part: Any, key: str, geometries: tuple[str, ...], catalogue: Mapping[str, LayerEntry]
) -> Iterator[_Wrong]:
    item = {"layer": part} if isinstance(part, str) else part
    texts = isinstance(item, dict) and all(isinstance(value, str) for value in item.values())
    if not texts or not item.get("layer") or set(item) - {"layer", "where"}:
        yield "indicator.option", key, {"form": _SHAPE_OF_LAYER}
        return
    yield from _layer_problems(item["layer"], key, geometries, catalogue)
    yield from _condition_problems(item.get("where"), key)


def _layer_problems(
    code: str, key: str, geometries: tuple[str, ...], catalogue: Mapping[str, LayerEntry]
) -> Iterator[_Wrong]:
    entry = catalogue.get(code)
    if entry is None or entry.geometry not in geometries:
        yield "indicator.layer", key, {"layer": code, "geometries": list(geometries)}


def _condition_problems(condition: Any, key: str) -> Iterator[_Wrong]:
    if condition is not None:
        try:
            fields_of(condition)
        except ConditionError as error:
            yield "indicator.condition", key, {"reason": error.reason}


def _constant_conditions(item: _Raw) -> Iterator[_Wrong]:
    """Conditions of a term that can hold for nothing, or leave nothing out."""
    parts = [(key, one) for key in ("inside", "outside") for one in item.get(key, ())]
    parts += [(key, item[key]) for key in ("to", "streets") if key in item]
    conditions = [(key, item.get(key)) for key in ("where", "was")]
    conditions += [(key, one.get("where")) for key, one in parts if isinstance(one, dict)]
    for key, text in conditions:
        if text and (clause := constant_clause(text)):
            sentence = "condition.always" if clause.holds else "condition.never"
            yield (
                "indicator.condition",
                key,
                {"reason": {one: phrase(sentence, one, clause=clause.text) for one in LANGUAGES}},
            )


def _limit_slips(item: _Raw) -> Iterator[_Wrong]:
    """Limits of an indicator that are never reached: as percentages, or `warn` beyond `alarm`; a base never used."""
    alarm, warn, target = item.get("alarm", 1.0), item.get("warn"), item.get("target")
    for key in ("alarm", "warn"):
        if not 0 < item.get(key, 1.0) < _MOST_PART:
            yield "indicator.option", key, {"form": f"0 < {key} < {_MOST_PART}"}
            return
    if item["bound"] == BAND and warn is not None and not abs(1 - warn) < 0.5:
        yield "indicator.option", "warn", {"form": "0.5 < warn ≤ 1"}
    numbers = target.values() if isinstance(target, dict) else [target]
    if warn is not None and not any(isinstance(number, (int, float)) and number < 0 for number in numbers):
        if item["bound"] in (FLOOR, RISE) and warn < alarm:
            yield "indicator.option", "warn", {"form": f"warn ≥ {alarm:g}"}
        if item["bound"] in (CEILING, FALL) and warn > alarm:
            yield "indicator.option", "warn", {"form": f"warn ≤ {alarm:g}"}
    if "base" in item and target is not None and not (isinstance(target, dict) and min(item["base"]) < max(target)):
        yield "indicator.option", "base", {"form": "base = { 2020 = 1.0 }, target = { 2035 = 1.3 }"}


def _unit_problems(text: str) -> Iterator[_Wrong]:
    if known_unit(text) is None:
        yield "indicator.unit", "unit", {"value": text}


def _indicator_problems(item: _Raw, raw: _Raw) -> Iterator[_Wrong]:
    wrong_unit = list(_unit_problems(item["unit"]))
    yield from wrong_unit
    yield from _target_problems(item)
    for key in ("formula", "committed"):
        if key in item:
            yield from _formula_problems(item, key, raw, bool(wrong_unit))


def _formula_problems(item: _Raw, key: str, raw: _Raw, is_unit_wrong: bool) -> Iterator[_Wrong]:
    """Problems of a formula: it must name existing terms, and fit the indicator's unit."""
    terms = {one["id"]: one for one in raw.get("term", ()) if isinstance(one.get("id"), str)}
    try:
        parsed_formula = formula(item[key])
        unknown = [name for name in parsed_formula.names if name not in terms]
        if unknown:
            yield "indicator.term", key, {"value": unknown, "known": sorted(terms)}
            return
        powers = parsed_formula.powers({name: _powers(terms[name]) for name in parsed_formula.names})
    except FormulaError as error:
        yield "indicator.formula", key, {"reason": error.reason}
        return
    except ValueError:  # a term's unit is wrong, which is said there
        return
    if not is_unit_wrong and unit_of_measure(item["unit"]).powers != powers:
        measure = " ".join(f"{name}^{power}" if power != 1 else name for name, power in powers) or "1"
        yield "indicator.measure", "unit" if key == "formula" else key, {"value": item["unit"], "measure": measure}


def _powers(term: _Raw) -> tuple[tuple[str, int], ...]:
    kind = term.get("kind")
    if kind in (SUM, OF_TABLE) or "field" in term:
        return unit_of_measure(str(term.get("unit", "m2"))).powers
    return unit_of_measure({COUNT: "count", LENGTH: "m"}.get(str(kind), "m2")).powers


def _target_problems(item: _Raw) -> Iterator[_Wrong]:
    """Problems of a target: a number, numbers by year, or two numbers for a band; base: numbers by year."""
    target = item.get("target")
    if target is not None:
        if item["bound"] == NO_BOUND:
            yield "indicator.option", "target", {"form": 'bound = "floor"'}
        elif item["bound"] == BAND:
            is_band = isinstance(target, list) and len(target) == 2 and all(is_type(one, "number") for one in target)
            if not is_band or target[0] > target[1]:
                yield "indicator.option", "target", {"form": _SHAPE_OF_TARGET}
        elif not (is_type(target, "number") or _are_years(target)):
            yield "indicator.option", "target", {"form": _SHAPE_OF_TARGET}
    if "base" in item and not _are_years(item["base"]):
        yield "indicator.option", "base", {"form": "{ 2020 = 1.0 }"}


def _are_years(value: Any) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(year.isdigit() and len(year) == 4 and is_type(number, "number") for year, number in value.items())
