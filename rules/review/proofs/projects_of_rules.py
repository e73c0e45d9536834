"""The projects with which a rule can be tried: those that it reaches, excuses, or leaves open."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import USE_FIELD, known_use
from onemap.layers.frames.fields import are_none
from onemap.rules.judge.check.applicability import applicability
from onemap.rules.judge.kinds.conditions import evaluate
from onemap.rules.judge.packs.kind_register import KIND_FIELD
from onemap.rules.judge.packs.project_class import ProjectClass
from onemap.rules.judge.packs.projects import Projects
from onemap.rules.judge.packs.rule import Rule
from onemap.rules.judge.question.given_facts import stated_attributes
from onemap.rules.review.proofs.trial_fields import named_values

Project = Mapping[str, Any]  # as a case writes it: fields of the parcel, and `stated`
_USUAL: Sequence[Project] = ({USE_FIELD: "070102"}, {USE_FIELD: "100101"}, {USE_FIELD: "090101"}, {USE_FIELD: "0801"})
SILENT_PROJECT: Project = {}
_TERM, _APPROVAL = "2099-12-31", "县自然资源和规划局"
_FACTS = {"date": _TERM, "words": _APPROVAL}


@dataclass(frozen=True)
class TrialProjects:
    """The projects with which rules are tried: common ones, then one of each class. classes: of the packs."""

    classes: Mapping[str, ProjectClass]

    @cached_property
    def all(self) -> list[Project]:
        """All projects, without repetition; one that states nothing comes last."""
        projects = [*_USUAL]
        for item in self.classes.values():
            projects += [one for one in projects_of(item) if one not in projects]
        return [*projects, SILENT_PROJECT]

    def reached(self, rule: Rule) -> list[Project]:
        """The projects that a rule judges, and does not excuse."""
        to_whom = applicability(rule, self._table, self._projects)
        excused = self._excused(rule)
        return [one for one, is_there in zip(self.all, to_whom.applies & ~excused, strict=True) if is_there]

    def of_class(self, item: ProjectClass, among: Sequence[Project]) -> Project | None:
        """The first project of a class among some; None if there is none."""
        own = [one for one in projects_of(item) if one in among]
        return own[0] if own else None

    def excused_by_one(self, rule: Rule, item: ProjectClass) -> Project | None:
        """A project that a rule excuses because of this class alone; None if there is none."""
        others = [other for other in rule.unless if other is not item]
        mine = ~are_none(self._projects.excuses([item]))
        theirs = ~are_none(self._projects.excuses(others)) if others else np.zeros(len(mine), dtype=bool)
        applies = applicability(rule, self._table, self._projects).applies
        positions = np.flatnonzero(mine & ~theirs & applies)
        return self.all[positions[0]] if len(positions) else None

    def reached_by_one(self, rule: Rule, item: ProjectClass) -> Project | None:
        """A project that a rule reaches because of this class alone; None if there is none."""
        others = [other for other in rule.only if other is not item]
        mine = self._projects.are_of([item])
        theirs = self._projects.are_of(others) if others else np.zeros(len(mine), dtype=bool)
        positions = np.flatnonzero(mine & ~theirs & ~self._excused(rule))
        return self.all[positions[0]] if len(positions) else None

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
    """A project, made of the values that a rule's `when` names, for which it is certainly true; None if none."""
    values = named_values(when)
    rows = [dict(zip(values, row, strict=True)) for row in itertools.product(*values.values())]
    if not rows:
        return None
    true = evaluate(when, pd.DataFrame(rows, columns=list(values), dtype=object)).true
    return next((row for row, holds in zip(rows, true, strict=True) if holds), None)


def projects_of(item: ProjectClass) -> list[Project]:
    """Projects of a class: one for each of its known codes, then one for each of its kinds."""
    codes = [code for code in item.use if known_use(code, None, item.system)]
    projects: list[Project] = [{USE_FIELD: code} for code in codes]
    for name in item.kinds:
        kind = item.register.kinds[name]
        if kind.is_fact:
            needs = {need: _FACTS[form] for need, form in kind.needs.items()}
            projects.append({"stated": {KIND_FIELD: kind.words[0], **needs}})
        else:
            projects.append({KIND_FIELD: kind.words[0]})
    return projects
