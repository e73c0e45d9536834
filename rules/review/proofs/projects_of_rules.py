"""What a rule can be tried by: projects that it reaches, excuses, leaves open; fields for its `where`."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.code_systems import USE_FIELD, known_use
from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.frames.fields import are_none
from onemap.rules.judge.check.applicability import applicability
from onemap.rules.judge.kinds.conditions import evaluate, fields_of, parse_condition
from onemap.rules.judge.kinds.foreseen_values import truth_of_rows
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.given_facts import stated_attributes

Project = Mapping[str, Any]  # as a case writes it: fields of the parcel, and `stated`
_USUAL: Sequence[Project] = ({USE_FIELD: "070102"}, {USE_FIELD: "100101"}, {USE_FIELD: "090101"}, {USE_FIELD: "0801"})
SILENT_PROJECT: Project = {}
_TERM, _APPROVAL = "2099-12-31", "县自然资源和规划局"
_FACTS = {"date": _TERM, "words": _APPROVAL}
Fields = Mapping[str, Any]
_ORDER = ("<", "<=", ">", ">=")
_STEP = 1  # beside a number that a condition names


@dataclass(frozen=True)
class TrialProjects:
    """The projects by which rules are tried: common ones, then one of each class. classes: of the packs."""

    classes: Mapping[str, ProjectClass]

    @cached_property
    def all(self) -> list[Project]:
        """Them, each once; one that says nothing of itself last."""
        found = [*_USUAL]
        for item in self.classes.values():
            found += [one for one in projects_of(item) if one not in found]
        return [*found, SILENT_PROJECT]

    def reached(self, rule: Rule) -> list[Project]:
        """The projects that a rule judges, and does not excuse."""
        to_whom = applicability(rule, self._table, self._projects)
        excused = self._excused(rule)
        return [one for one, is_there in zip(self.all, to_whom.applies & ~excused, strict=True) if is_there]

    def excused(self, rule: Rule) -> list[Project]:
        """The projects that a rule excuses."""
        to_whom = applicability(rule, self._table, self._projects)
        excused = self._excused(rule)
        return [one for one, is_there in zip(self.all, to_whom.applies & excused, strict=True) if is_there]

    def of_class(self, item: ProjectClass, among: Sequence[Project]) -> Project | None:
        """The first of some that is of a class and, if there is one, of no other."""
        own = [one for one in projects_of(item) if one in among]
        return own[0] if own else None

    def excused_by_one(self, rule: Rule, item: ProjectClass) -> Project | None:
        """A project that a rule excuses for this class alone, else for this class; None where there is none."""
        others = [other for other in rule.unless if other is not item]
        mine = ~are_none(self._projects.excuses([item]))
        theirs = ~are_none(self._projects.excuses(others)) if others else np.zeros(len(mine), dtype=bool)
        applies = applicability(rule, self._table, self._projects).applies
        chosen = np.flatnonzero(mine & ~theirs & applies)
        return self.all[chosen[0]] if len(chosen) else None

    def reached_by_one(self, rule: Rule, item: ProjectClass) -> Project | None:
        """A project that a rule reaches for this class alone; None where there is none."""
        others = [other for other in rule.only if other is not item]
        mine = self._projects.are_of([item])
        theirs = self._projects.are_of(others) if others else np.zeros(len(mine), dtype=bool)
        chosen = np.flatnonzero(mine & ~theirs & ~self._excused(rule))
        return self.all[chosen[0]] if len(chosen) else None

    def _excused(self, rule: Rule) -> np.ndarray:
        if not rule.unless:
            return np.zeros(len(self.all), dtype=bool)
        excused: np.ndarray = ~are_none(self._projects.excuses(rule.unless))
        return excused

    @cached_property
    def _table(self) -> pd.DataFrame:
        rows = [
            {
                **stated_attributes(one.get("stated", {})),
                **{key: value for key, value in one.items() if key != "stated"},
            }
            for one in self.all
        ]
        table = pd.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row)), dtype=object)
        return table.where(table.notna(), None)

    @cached_property
    def _projects(self) -> Projects:
        return Projects(self._table)


def project_of_condition(when: str) -> Project | None:
    """A project of which a rule's `when` is certainly true, of the values that it names; None where there is none."""
    values = named_values(when)
    rows = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    if not rows:
        return None
    true = evaluate(when, pd.DataFrame(rows, columns=list(values), dtype=object)).true
    return next((row for row, holds in zip(rows, true, strict=True) if holds), None)


def projects_of(item: ProjectClass) -> list[Project]:
    """Projects of a class: by each of its codes, then by its kinds that no code of it tells."""
    codes = [code for code in item.use if known_use(code, None, item.system)]
    found: list[Project] = [{USE_FIELD: code} for code in codes]
    for name in item.kinds:
        kind = item.register.kinds[name]
        if kind.is_fact:
            needs = {need: _FACTS[form] for need, form in kind.needs.items()}
            found.append({"stated": {KIND_FIELD: kind.words[0], **needs}})
        else:
            found.append({KIND_FIELD: kind.words[0]})
    return found


@dataclass(frozen=True)
class TrialFields:
    """Fields of features by what a rule's `where` says of them: certainly yes, certainly no, unknown."""

    true: Sequence[Fields]
    false: Sequence[Fields]
    unknown: Sequence[Fields]


def trial_fields(rule: Rule, entry: LayerEntry) -> TrialFields:
    """Fields by which a rule's condition and classes of distances can be tried."""
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
    """Whether a rule looks at a feature with some fields, or cannot tell."""
    return rule.where is None or where_says(rule, [fields], entry)[0] is not False


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
    named = named_values(rule.where).get(name, []) if rule.where and name in fields_of(rule.where) else []
    field = entry.field_named(name)
    known = list(field.values) if field is not None else []
    for table in field.codes if field is not None else ():
        known += list(code_table(table).classes)
    values: list[Any] = []
    for one in named:
        if isinstance(one, (int, float)):
            values += [one, one + _STEP, one - _STEP]
        elif "%" in one:
            fitting = [code for code in known if _fits(code, one)]
            values += fitting[:1] or [one.replace("%", "")]
        else:
            values.append(one)
    values += _classes_of_distance(rule, name)
    values += [value for value in (known[:6] if named else known[:1]) if value not in values]
    return list(dict.fromkeys([*values, None]))


def _fits(code: str, pattern: str) -> bool:
    text = pattern.strip("%")
    return text in code if pattern.startswith("%") else code.startswith(text)


def _classes_of_distance(rule: Rule, name: str) -> list[str]:
    given = rule.options.get("distance_m")
    if not isinstance(given, Mapping):
        return []
    fields = given["field"] if isinstance(given["field"], list) else [given["field"]]
    if name not in fields:
        return []
    at = fields.index(name)
    return list(dict.fromkeys(one.split("/")[at] if len(fields) > 1 else one for one in given["values"]))


def named_values(text: str) -> dict[str, list[str]]:
    """By field the values and the patterns that a condition names."""
    found: dict[str, list[str]] = {name: [] for name in fields_of(text)}

    def walk(tree: Any) -> None:
        operator, arguments = tree["op"], tree["args"]
        if operator in ("and", "or", "not"):
            for argument in arguments:
                walk(argument)
        elif operator in ("in", "like", "=", "<>", *_ORDER, "between"):
            values = arguments[1] if operator == "in" else arguments[1:]
            found[arguments[0]["property"]] += [value for value in values if not isinstance(value, dict)]

    walk(parse_condition(text))
    return found
