"""Remarks on the projects that parcels name: unknown uses and kinds, and codes that contradict texts."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import LAND_SEA, USE_FIELD, nearest_uses
from onemap.layers.catalogue.code_tables import plain_code
from onemap.layers.errors import Problem, require_value
from onemap.rules.judge.inputs.parcels import STATED_KIND, Parcels
from onemap.rules.judge.packs.kind_register import KIND_FIELD, KindRegister, titles_of
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.projects import Project, Projects

_MOST_TOLD = 20  # of each sort, those that most parcels say
# Fields that may say what a project is, under other names; they may as well say what is there now, and are not read.
_LIKELY_FIELDS = {
    USE_FIELD: (
        *("用地性质", "用地性质代码", "用途", "用途代码", "土地用途", "规划用途", "拟建用途"),
        *("用地用海分类", "用地代码", "YDXZDM", "YDYHFLDM", "YDDM", "地块用途", "DKYT"),
    ),
    KIND_FIELD: ("项目类型", "项目类别", "项目性质", "建设内容", "行业类别", "XMLB"),
}
_REMARKS = (
    *("project.kind_conflict", "project.kind_beyond_code", "project.kind_stated"),
    *("project.use_unknown", "project.kind_unknown", "project.unstated"),
)
_SIGNS_BETWEEN = re.compile(r"[\W_]")
_LEAST_SIGNS = 3  # of a name that a shapefile has cut


@dataclass(frozen=True)
class _Remark:
    """A remark on a value.

    other: what it contradicts: a code, or what a person stated; kinds: those that the code does not cover.
    """

    problem: str
    text: str
    other: str | None = None
    kinds: frozenset[str] = frozenset()


def _lacks_code(project: Project) -> bool:
    """Whether a project names a use that is not a code, or not a known one."""
    return bool(project.codes) and project.code is None


def _is_doubtful(project: Project) -> bool:
    is_unlike = bool(project.beyond_code) or project.is_stated_otherwise
    return project.is_silent or is_unlike or _lacks_code(project) or None in (*project.stated, *project.named)


class KindRemarks:
    """Records the values that parcels name, part by part, and reports each doubtful value with its number of parcels.

    Packs without classes do not depend on kinds: nothing is reported for their parcels.
    """

    def __init__(self, packs: Sequence[Pack], language: str) -> None:
        """packs: those whose classes depend on kinds; language: of the titles of similar kinds."""
        classes = [item for pack in packs for item in pack.classes.values()]
        self._register: KindRegister | None = classes[-1].register if classes else None
        self._usual = classes[-1].system if classes else LAND_SEA
        self._language = language
        self._counts: Counter[_Remark] = Counter()
        self._first: dict[_Remark, str] = {}
        self._source = ""
        self._likely: dict[str, list[str]] = {}

    def see(self, parcels: Parcels) -> None:
        """Record the values of some parcels."""
        if self._register is None or not len(parcels.ids):
            return
        self._source = parcels.source
        columns = {str(name): values for name, values in parcels.attributes.items()}
        for field in _LIKELY_FIELDS:
            names = self._likely.setdefault(field, [])
            likely = [name for name in _likely_fields(field, list(columns)) if name not in names]
            names += [name for name in likely if _says_something(columns[name])]
        read = Projects(parcels.attributes)
        place, projects = read.of(self._register, self._usual)
        is_doubtful = np.array([_is_doubtful(project) for project in projects], dtype=bool)
        (stated_place, stated_texts), (named_place, own_texts), (use_place, uses) = map(
            read.texts, (STATED_KIND, KIND_FIELD, USE_FIELD)
        )
        rows = np.flatnonzero(is_doubtful[place])
        values = np.column_stack([place[rows], stated_place[rows], named_place[rows], use_place[rows]])
        different, first, counts = np.unique(values, axis=0, return_index=True, return_counts=True)
        for at in np.argsort(first).tolist():
            project, one, other, use = different[at].tolist()
            # What a person has stated fills the parcel's own field where that says nothing: it is reported once.
            for remark in self._remarks(projects[project], uses[use], stated_texts[one], own_texts[other]):
                self._counts[remark] += int(counts[at])
                self._first.setdefault(remark, str(parcels.ids[rows[first[at]]]))

    def _remarks(
        self, project: Project, use: str | None, stated_text: str | None, own_text: str | None
    ) -> Iterator["_Remark"]:
        """The remarks on the values of some parcels."""
        if not (use or stated_text or own_text):
            yield _Remark("project.unstated", "")
        if _lacks_code(project):
            yield _Remark("project.use_unknown", str(use))
        if project.is_stated_otherwise:
            yield _Remark("project.kind_stated", str(own_text), stated_text)
        for text in filter(None, dict.fromkeys((stated_text, own_text))):
            kinds = self._known_register.kinds_of(text)
            if None in kinds:
                yield _Remark("project.kind_unknown", text)
            if project.is_outside(kinds):
                yield _Remark("project.kind_conflict", text, project.code)
            elif kinds_beyond := project.beyond_code & {kind.name for kind in kinds if kind is not None}:
                yield _Remark("project.kind_beyond_code", text, project.code, kinds_beyond)

    def problems(self) -> list[Problem]:
        """The remarks on fields that were not read, then on all recorded values, those of most parcels first."""
        remarks = [remark for remark, _ in self._counts.most_common()]
        of_fields = [
            Problem("project.field_unread", {"file": self._source, "field": field, "names": names})
            for field, names in self._likely.items()
            if names
        ]
        return of_fields + [
            self._problem(remark)
            for problem in _REMARKS
            for remark in [one for one in remarks if one.problem == problem][:_MOST_TOLD]
        ]

    def _problem(self, remark: "_Remark") -> Problem:
        field = USE_FIELD if remark.problem == "project.use_unknown" else KIND_FIELD
        place = {"file": self._source, "feature": self._first[remark], "field": field, "value": remark.text[:60]}
        facts = {**place, "count": self._counts[remark]}
        if remark.problem == "project.unstated":
            return Problem(remark.problem, facts)
        if remark.problem == "project.use_unknown":
            nearest = nearest_uses(remark.text, self._usual, self._language)
            return Problem(remark.problem, {**facts, "nearest": nearest})
        if remark.problem == "project.kind_stated":
            return Problem(remark.problem, {**facts, "stated": str(remark.other)[:60]})
        if remark.other is None:
            nearest = titles_of(self._known_register.nearest(remark.text), self._language)
            return Problem(remark.problem, {**facts, "nearest": nearest})
        kinds = [kind for kind in self._known_register.kinds_of(remark.text) if kind is not None]
        if remark.kinds:
            kinds = [kind for kind in kinds if kind.name in remark.kinds]
            facts["kinds"] = titles_of(kinds, self._language)
        expected = list(dict.fromkeys(start for kind in kinds for start in kind.use))
        return Problem(remark.problem, {**facts, "code": remark.other, "expected": expected})

    @property
    def _known_register(self) -> KindRegister:
        return require_value(self._register, "the register of kinds")


def _likely_fields(field: str, columns: Sequence[str]) -> list[str]:
    """The columns that may hold a field of the project, where no column has its name in small letters or capitals.

    Such are the name in full-width signs, or with a prefix or suffix, as a table joined to the parcels leaves it.
    """
    if any(column.upper() == field for column in columns):
        return []
    plain = {plain_code(column): column for column in columns}
    return [
        column
        for text, column in plain.items()
        if text in _LIKELY_FIELDS[field]
        or field in _SIGNS_BETWEEN.split(text)
        or (
            len(text) >= _LEAST_SIGNS
            and not text.isascii()
            and any(one.startswith(text) for one in _LIKELY_FIELDS[field])
        )
    ]


def _says_something(values: pd.Series) -> bool:
    return bool((values.notna() & (values.astype(str).str.strip() != "")).any())


def kind_problems_of(packs: Sequence[Pack], parcels: Parcels, language: str) -> list[Problem]:
    """The remarks on the projects that some parcels name."""
    remarks = KindRemarks(packs, language)
    remarks.see(parcels)
    return remarks.problems()
