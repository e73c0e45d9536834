"""Remarks on the projects that parcels name: unknown kinds, and codes that contradict texts."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from onemap.layers.catalogue.code_systems import LAND_SEA
from onemap.layers.errors import Problem, require_value
from onemap.rules.judge.inputs.parcels import STATED_KIND, Parcels
from onemap.rules.judge.packs.kind_register import KIND_FIELD, KindRegister, titles_of
from onemap.rules.judge.packs.pack import Pack
from onemap.rules.judge.packs.projects import Project, Projects

_MOST_TOLD = 20  # of each sort, those that most parcels say


class KindRemarks:
    """Records the values that parcels name, part by part, and reports each doubtful value with its number of parcels.

    Packs without classes ask for no kind: of their parcels nothing is reported.
    """

    def __init__(self, packs: Sequence[Pack], language: str) -> None:
        """packs: whose classes ask; language: of the nearest kinds' titles."""
        classes = [item for pack in packs for item in pack.classes.values()]
        self._register: KindRegister | None = classes[-1].register if classes else None
        self._usual = classes[-1].system if classes else LAND_SEA
        self._language = language
        self._counts: Counter[tuple[str | None, str]] = Counter()  # by code, None of an unknown kind, and text
        self._first: dict[tuple[str | None, str], str] = {}
        self._source = ""

    def see(self, parcels: Parcels) -> None:
        """Take down some parcels."""
        if self._register is None or not len(parcels.ids):
            return
        self._source = parcels.source
        read = Projects(parcels.attributes)
        place, projects = read.of(self._register, self._usual)
        doubtful = [project.is_contradicted or None in (*project.stated, *project.named) for project in projects]
        fields = [read.texts(name) for name in (STATED_KIND, KIND_FIELD)]
        for row in np.flatnonzero(np.array(doubtful, dtype=bool)[place]).tolist():
            # What a person has stated fills the parcel's own field where that says nothing: it is reported once.
            texts = dict.fromkeys(texts[places[row]] for places, texts in fields)
            for text in filter(None, texts):
                self._take_down(projects[place[row]], text, str(parcels.ids[row]))

    def problems(self) -> list[Problem]:
        """The remarks on all recorded values, those of most parcels first."""
        keys = [key for key, _ in self._counts.most_common()]
        unlike = [key for key in keys if key[0] is not None][:_MOST_TOLD]
        unknown = [key for key in keys if key[0] is None][:_MOST_TOLD]
        return [self._problem(*key) for key in (*unlike, *unknown)]

    def _take_down(self, project: Project, text: str, parcel: str) -> None:
        kinds = self._known_register.kinds_of(text)
        found: list[tuple[str | None, str]] = [(None, text)] if None in kinds else []
        if project.is_outside(kinds):
            found.append((project.code, text))
        for key in found:
            self._counts[key] += 1
            self._first.setdefault(key, parcel)

    def _problem(self, code: str | None, text: str) -> Problem:
        place = {"file": self._source, "feature": self._first[code, text], "field": KIND_FIELD, "value": text[:60]}
        facts = {**place, "count": self._counts[code, text]}
        if code is None:
            nearest = titles_of(self._known_register.nearest(text), self._language)
            return Problem("project.kind_unknown", {**facts, "nearest": nearest or ["–"]})
        kinds = [kind for kind in self._known_register.kinds_of(text) if kind is not None]
        expected = list(dict.fromkeys(start for kind in kinds for start in kind.use))
        return Problem("project.kind_conflict", {**facts, "code": code, "expected": expected or ["–"]})

    @property
    def _known_register(self) -> KindRegister:
        return require_value(self._register, "the register of kinds")


def kind_problems_of(packs: Sequence[Pack], parcels: Parcels, language: str) -> list[Problem]:
    """The remarks on the projects that some parcels name."""
    remarks = KindRemarks(packs, language)
    remarks.see(parcels)
    return remarks.problems()
