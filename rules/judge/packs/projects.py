"""The parcels of a check as projects: each is known by its use code, else by what a person stated, else by its text.

A valid use code decides. Of several codes each brings its rules on, and all must belong to a class that is excused.
What a person stated excuses beside a code only where the register says that such a project stands in that code. A text
excuses only where there is neither, never beside a code; but what it names brings rules on in any case. Code and text
that contradict each other excuse nobody; a text that names no kind of the register counts as silence. A code excuses
nothing that it does not cover: of several named things, one that does not stand in it; and anything built on fields,
forest, grass or water where the code only describes the ground. Such a thing must itself belong to an excused class.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import GROUND, SYSTEM_FIELD, USE_FIELD, known_uses, system_of
from onemap.layers.catalogue.code_tables import plain_code
from onemap.layers.frames.fields import are_none, text_values
from onemap.rules.judge.inputs.parcels import STATED_KIND
from onemap.rules.judge.kinds.conditions import column_or_null
from onemap.rules.judge.packs.kind_register import KIND_FIELD, KindRegister, ProjectKind
from onemap.rules.judge.packs.project_class import ProjectClass

BY_CODE, BY_FACT, BY_KIND = "code", "fact", "kind"
Named = tuple[ProjectKind | None, ...]


@dataclass(frozen=True, eq=False)
class Project:
    """The facts that a project states of itself.

    codes: of its use, the main one first, None for one that its system lacks; system: the one that the parcel names;
    usual: the system of codes whose parcel names none. stated: the kinds that a person stated; named: the kinds in its
    text; None for each that the register lacks, empty where nothing is said. main: the kinds in the text outside its
    brackets.
    """

    codes: tuple[str | None, ...]
    system: str | None
    usual: str
    stated: Named
    named: Named
    main: Named

    @property
    def code(self) -> str | None:
        """Its use codes, joined by /; None where it has none, or one that is not known."""
        known_codes = [code for code in self.codes if code is not None]
        return "/".join(known_codes) if known_codes and len(known_codes) == len(self.codes) else None

    @cached_property
    def is_contradicted(self) -> bool:
        """Whether nothing that it is called stands in its use code."""
        return any(self.is_outside(kinds) for kinds in (self.stated, self.named) if kinds)

    @property
    def is_stated_otherwise(self) -> bool:
        """Whether a person has stated another kind than its own text names."""
        named_kinds = {kind.name for kind in self.named if kind is not None}
        return bool(self.stated) and not named_kinds <= {kind.name for kind in self.stated if kind is not None}

    def is_outside(self, kinds: Named) -> bool:
        """Whether no kind can stand in any of its codes; False beside a code that is not known."""
        return self.code is not None and all(set(self._stand(kind)) == {False} for kind in kinds)

    @cached_property
    def beyond_code(self) -> frozenset[str]:
        """The names of the kinds that its codes do not cover; none beside a code that is not known.

        What brackets list as included is part of the thing, but on fields, forest, grass or water it is built.
        """
        if self.code is None:
            return frozenset()
        apart = [kind for kind in (*self.stated, *self.main) if kind is not None and set(self._stand(kind)) == {False}]
        if any(self._says_ground(code) for code in self.codes if code is not None):
            apart += [kind for kind in (*self.stated, *self.named) if kind is not None and kind.is_built]
        return frozenset(kind.name for kind in apart if not kind.is_fact or kind in self.stated)

    def _says_ground(self, code: str) -> bool:
        """Whether a code describes the ground and not what is built on it."""
        system = system_of(code, self.system, self.usual)
        return system is not None and code.startswith(GROUND[system])

    @cached_property
    def is_silent(self) -> bool:
        """Whether nothing says what it is: it has no valid code, and no text in which every thing is recognised."""
        kinds = self.stated or self.named
        return self.code is None and not _are_recognised(kinds, are_stated=bool(self.stated))

    def excuse(self, item: ProjectClass) -> tuple[str, str] | None:
        """What certainly makes it one of a class that a rule excuses, and the value that says so; None if nothing does.

        Kinds in `beyond_code` are compared with all classes that the rule excuses, by `Projects.excuses`.
        """
        if self.code is not None:
            if self.is_contradicted:
                return None
            if all(self._codes_of(item)):
                return BY_CODE, self.code
            if self.stated and all(_is_of(kind, item) and set(self._stand(kind)) == {True} for kind in self.stated):
                return BY_FACT, _names(self.stated)
            return None
        if any(self.codes):  # beside one that is not known: who knows what the other says
            return None
        kinds = self.stated or self.named
        if not _are_recognised(kinds, are_stated=bool(self.stated)) or not all(_is_of(kind, item) for kind in kinds):
            return None
        return (BY_FACT if self.stated else BY_KIND), _names(kinds)

    def brings_on(self, item: ProjectClass) -> bool:
        """Whether its code or anything that it is called belongs to a class, so that rules on that class apply."""
        return any(self._codes_of(item)) or any(_is_of(kind, item) for kind in (*self.stated, *self.named))

    def _codes_of(self, item: ProjectClass) -> list[bool]:
        """For each of its codes, whether it belongs to a class."""
        return [code is not None and code.startswith(item.beginnings(code, self.system)) for code in self.codes]

    def _stand(self, kind: ProjectKind | None) -> list[bool | None]:
        """For each of its codes, whether a kind may stand in it; None where it is not known."""
        return [
            None if kind is None or code is None else kind.stands_in(code, self.system, self.usual)
            for code in self.codes
        ]


def _is_of(kind: ProjectKind | None, item: ProjectClass) -> bool:
    return kind is not None and kind.name in item.kinds


def _are_recognised(kinds: Named, are_stated: bool) -> bool:
    """Whether all kinds are in the register; one that counts only as a stated fact must be stated."""
    return bool(kinds) and all(kind is not None and (are_stated or not kind.is_fact) for kind in kinds)


def _names(kinds: Named) -> str:
    return ",".join(kind.name for kind in kinds if kind is not None)


class Projects:
    """The facts that n parcels state of themselves.

    Many rules of a pack use the same class, and a city's parcels have few different values: each field is read once,
    and each class is compared with each different project once.
    """

    def __init__(self, parcels: pd.DataFrame) -> None:
        """parcels: n rows of attributes."""
        self._parcels = parcels
        self._texts: dict[str, tuple[np.ndarray, list[str | None]]] = {}
        self._projects: dict[tuple[str, str], tuple[np.ndarray, list[Project]]] = {}
        # By identity; the class is held, so none is reused.
        self._values_of_classes: dict[tuple[int, bool], tuple[ProjectClass, np.ndarray]] = {}

    def are_of(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """Which parcels (n,) belong to one of the classes, so that its rules apply to them."""
        result = np.zeros(len(self._parcels), dtype=bool)
        for item in classes:
            result |= self._class_values((id(item), False), item)
        return result

    def excuses(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """What excuses parcels (n,) from rules that spare these classes, as JSON; None for those not excused.

        {"class": its name, "by": "code", "fact" or "kind", "value": the code, or the kinds' names}.
        """
        result = np.full(len(self._parcels), None, dtype=object)
        for item in classes:
            excuse_texts = self._class_values((id(item), True), item)
            result = np.where(are_none(result), excuse_texts, result)
        kinds = frozenset(name for item in classes for name in item.kinds)
        result[~self._where(classes, lambda project: project.beyond_code <= kinds)] = None
        return result

    def are_silent(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """Which parcels (n,) say nothing by which any of the classes could be decided."""
        return self._where(classes, lambda project: project.is_silent)

    def are_doubtful(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """Which parcels (n,) say nothing, or contradict themselves: rules with `silent` apply to them."""
        return self._where(classes, lambda project: project.is_silent or project.is_contradicted)

    def of(self, register: KindRegister, usual: str) -> tuple[np.ndarray, list[Project]]:
        """For each parcel the position (n,) of its project among the different projects, and these.

        usual: the system of codes whose parcel names none.
        """
        key = (register.hash, usual)
        if key not in self._projects:
            self._projects[key] = self._read_projects(register, usual)
        return self._projects[key]

    def texts(self, name: str) -> tuple[np.ndarray, list[str | None]]:
        """For each parcel the position (n,) of its text among the different texts, and these, None for null.

        All are null where the parcels lack the field.
        """
        if name not in self._texts:
            self._texts[name] = self._read_field(name)
        return self._texts[name]

    def _where(self, classes: Sequence[ProjectClass], holds: Any) -> np.ndarray:
        result = np.ones(len(self._parcels), dtype=bool)
        for register, usual in dict.fromkeys((item.register, item.system) for item in classes):
            place, projects = self.of(register, usual)
            result &= np.array([holds(project) for project in projects], dtype=bool)[place]
        return result

    def _class_values(self, key: tuple[int, bool], item: ProjectClass) -> np.ndarray:
        if key not in self._values_of_classes:
            new_values = self._excuse_facts(item) if key[1] else self._members_of(item)
            self._values_of_classes[key] = (item, new_values)
        return self._values_of_classes[key][1]

    def _excuse_facts(self, item: ProjectClass) -> np.ndarray:
        place, projects = self.of(item.register, item.system)
        fact_texts = np.full(len(projects), None, dtype=object)
        for at, project in enumerate(projects):
            if excuse := project.excuse(item):
                facts = {"class": item.name, "by": excuse[0], "value": excuse[1]}
                fact_texts[at] = json.dumps(facts, ensure_ascii=False)
        return fact_texts[place]

    def _members_of(self, item: ProjectClass) -> np.ndarray:
        place, projects = self.of(item.register, item.system)
        result = np.array([project.brings_on(item) for project in projects], dtype=bool)[place]
        if item.is_danger:
            says_otherwise = [project.code is not None and not project.is_contradicted for project in projects]
            result |= self._hold_a_word(item) & ~np.array(says_otherwise, dtype=bool)[place]
        return result

    def _hold_a_word(self, item: ProjectClass) -> np.ndarray:
        """Which parcels (n,) have a word of the class's kinds anywhere in their texts."""
        pattern = re.compile("|".join(map(re.escape, item.words)))  # most texts hold none
        result = np.zeros(len(self._parcels), dtype=bool)
        for name in (KIND_FIELD, STATED_KIND):
            place, texts = self.texts(name)
            holds = [
                text is not None
                and pattern.search(plain_code(text)) is not None
                and item.register.holds_word_of(item.kinds, text)
                for text in texts
            ]
            result |= np.array(holds, dtype=bool)[place]
        return result

    def _read_projects(self, register: KindRegister, usual: str) -> tuple[np.ndarray, list[Project]]:
        columns: list[tuple[np.ndarray, Sequence[Any]]] = [self.texts(USE_FIELD), self.texts(SYSTEM_FIELD)]
        columns += [
            _read_texts(*self.texts(STATED_KIND), register.kinds_of),
            _read_texts(
                *self.texts(KIND_FIELD), lambda text: (register.kinds_of(text), register.kinds_outside_brackets(text))
            ),
        ]
        sizes = [len(values) for _, values in columns]
        numbers = np.ravel_multi_index([place for place, _ in columns], sizes)
        different, place = np.unique(numbers, return_inverse=True)
        projects = []
        for row in zip(*np.unravel_index(different, sizes), strict=True):
            code, system, stated_kinds, named_kinds = (values[at] for at, (_, values) in zip(row, columns, strict=True))
            codes = () if code is None else known_uses(code, system, usual)
            projects.append(Project(codes, system, usual, stated_kinds, *(named_kinds or ((), ()))))
        return place, projects

    def _read_field(self, name: str) -> tuple[np.ndarray, list[str | None]]:
        texts = text_values(list(column_or_null(self._parcels, name)))
        place, distinct = pd.factorize(np.array(texts, dtype=object))
        return place % (len(distinct) + 1), [*distinct, None]  # null has the place -1: the last


def _read_texts(
    place: np.ndarray, texts: Sequence[str | None], read: Callable[[str], tuple[Any, ...]]
) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """For each parcel the position (n,) of what its text says among what the different texts say; empty for none."""
    values: dict[tuple[Any, ...], int] = {}
    of_text = [values.setdefault(() if text is None else read(text), len(values)) for text in texts]
    return np.array(of_text, dtype=np.int64)[place], list(values)
