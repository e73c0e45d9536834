"""The parcels of a check as projects: which of a pack's classes each is of, and which say nothing of themselves."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import SYSTEM_FIELD, USE_FIELD, known_use
from onemap.layers.frames.fields import text_values
from onemap.rules.kinds.conditions import column_named
from onemap.rules.packs.project_class import ProjectClass


class Projects:
    """What n parcels say of themselves.

    A pack asks for a class in many rules, and a city's parcels have few different values: each field is read once,
    each class is held against its different values once.
    """

    def __init__(self, parcels: pd.DataFrame) -> None:
        """Parcels: n rows of their attributes."""
        self._parcels = parcels
        self._texts: dict[str, tuple[np.ndarray, list[str | None]]] = {}
        self._members: dict[
            int, tuple[ProjectClass, np.ndarray]
        ] = {}  # by identity; the class is held, so none is reused

    def are_of(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """Which parcels (n,) are certainly of one of the classes."""
        result = np.zeros(len(self._parcels), dtype=bool)
        for item in classes:
            if id(item) not in self._members:
                self._members[id(item)] = (item, self._members_of(item))
            result |= self._members[id(item)][1]
        return result

    def are_silent(self, classes: Sequence[ProjectClass]) -> np.ndarray:
        """Which parcels (n,) say nothing by which any of the classes could be told.

        Every field is null or not there; a code that its system does not have says nothing either.
        """
        speaks = np.zeros(len(self._parcels), dtype=bool)
        for name in dict.fromkeys(name for item in classes for name in item.words):
            speaks |= self._where(name, lambda text: text is not None)
        for usual in {item.system for item in classes if item.asks_use}:
            speaks |= self._by_code(partial(_is_known, usual))
        return ~speaks

    def _members_of(self, item: ProjectClass) -> np.ndarray:
        result = self._by_use(item) if item.asks_use else np.zeros(len(self._parcels), dtype=bool)
        for name, words in item.words.items():
            result |= self._where(name, partial(_holds_one_of, words))
        return result

    def _by_use(self, item: ProjectClass) -> np.ndarray:
        """Of which parcels (n,) the use code begins as one of the class."""

        def begins(code: str, system: str | None) -> bool:
            known = known_use(code, system, item.system)
            return known is not None and known.startswith(item.beginnings(known, system))

        return self._by_code(begins)

    def _by_code(self, holds: Callable[[str, str | None], bool]) -> np.ndarray:
        """Of which parcels (n,) something holds of their use code and the system that they name for it."""
        (code_place, codes), (system_place, systems) = self._field(USE_FIELD), self._field(SYSTEM_FIELD)
        pair, place = np.unique(code_place * len(systems) + system_place, return_inverse=True)
        pairs = [(codes[one // len(systems)], systems[one % len(systems)]) for one in pair]
        return np.array([code is not None and holds(code, system) for code, system in pairs], dtype=bool)[place]

    def _where(self, name: str, holds: Callable[[str | None], bool]) -> np.ndarray:
        """Of which parcels (n,) something holds of their text in a field."""
        place, texts = self._field(name)
        return np.array([holds(text) for text in texts], dtype=bool)[place]

    def _field(self, name: str) -> tuple[np.ndarray, list[str | None]]:
        """Of each parcel (n,) the place of its text, and the texts: None for a null, and for a field not there."""
        if name not in self._texts:
            self._texts[name] = self._read_field(name)
        return self._texts[name]

    def _read_field(self, name: str) -> tuple[np.ndarray, list[str | None]]:
        try:
            values = column_named(self._parcels, name)
        except KeyError:
            return np.zeros(len(self._parcels), dtype=np.intp), [None]
        place, found = pd.factorize(np.array(text_values(list(values)), dtype=object))
        return place % (len(found) + 1), [*found, None]  # null has the place -1: the last


def _is_known(usual: str, code: str, system: str | None) -> bool:
    return known_use(code, system, usual) is not None


def _holds_one_of(words: Sequence[str], text: str | None) -> bool:
    return text is not None and any(word in text for word in words)
