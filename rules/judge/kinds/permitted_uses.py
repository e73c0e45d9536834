"""The uses that a plan's code permits: by a rule's own list of codes, or by a shipped table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from onemap.layers.catalogue.code_systems import (
    LAND_SEA,
    SURVEY,
    URBAN,
    has_lost_zero,
    known_uses,
    named_codes,
    system_of,
)
from onemap.layers.catalogue.code_tables import code_parts, plain_code
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.frames.fields import text_values
from onemap.layers.library.library import sha256
from onemap.layers.shipped_files import RESOURCES

_FOLDER = RESOURCES / "permits"


@dataclass(frozen=True)
class PermitTable:
    """A table of uses with its text, so that a stored pack keeps the table as it was on the day."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def hash(self) -> str:
        """SHA-256 of its text."""
        return sha256(self.text)

    @property
    def version(self) -> str:
        """The version that the table states."""
        return str(_content(self.text)["table"]["version"])

    @property
    def title(self) -> dict[str, str]:
        """Its title, by language."""
        return dict(_content(self.text)["table"]["title"])

    def record(self) -> dict[str, str]:
        """What a run records of the table."""
        return {"name": self.name, "version": self.version, "hash": self.hash}


class Permits(Protocol):
    """Whether a plan's code permits a parcel's use."""

    def keys(self, codes: np.ndarray, systems: np.ndarray) -> np.ndarray:
        """The key of each parcel (n,) for `permits`; None for null and for a code about which nothing is known.

        codes: (n,) the parcels' own; systems: (n,) the code system that each names, None where it names none.
        """

    def plan_codes(self, codes: np.ndarray) -> np.ndarray:
        """The codes of the plan's features (m,), None where nothing is known of what they permit."""

    def permits(self, key: Any, code: str) -> bool:
        """Whether a known code of the plan permits the use of parcels with this key."""

    def permits_all(self, code: str) -> bool:
        """Whether a known code of the plan permits every use."""


@dataclass(frozen=True)
class ListedPermits:
    """A rule's own list: by key, the beginnings of the plan's codes that it permits.

    The longest matching key decides; for a parcel with several codes (0701/1001), the key of each code.
    """

    lists: Mapping[str, Sequence[str]]

    def keys(self, codes: np.ndarray, systems: np.ndarray) -> np.ndarray:
        """See Permits; the codes are in the system of the list."""
        key_of = {code: self._key_of(code) for code in set(codes) - {None}}
        return np.array([key_of.get(code) for code in codes], dtype=object)

    def plan_codes(self, codes: np.ndarray) -> np.ndarray:
        """See Permits; a code that is not listed is not permitted."""
        return np.array(text_values(list(codes)), dtype=object)

    def permits(self, key: str | frozenset[str], code: str) -> bool:
        """See Permits; several keys must each permit."""
        keys = (key,) if isinstance(key, str) else key
        return all(plain_code(code).startswith(tuple(map(plain_code, self.lists[one]))) for one in keys)

    def permits_all(self, code: str) -> bool:
        """See Permits; a list speaks only of the uses that it names."""
        return False

    def _key_of(self, value: str) -> str | frozenset[str] | None:
        """The key of a parcel's value, or the keys of its several codes; None where one code has none."""
        keys = [self._longest_key(part) for part in code_parts(value)] or [None]
        known_keys = frozenset(key for key in keys if key is not None)
        if None in keys:
            return None
        return keys[0] if len(known_keys) == 1 else known_keys

    def _longest_key(self, code: str) -> str | None:
        starts = [(len(plain_code(key)), key) for key in self.lists if code.startswith(plain_code(key))]
        return max(starts)[1] if starts else None


@dataclass(frozen=True)
class TabledPermits:
    """A shipped table of uses, each with the beginnings of its codes in every system.

    beginnings: by system, the use for each beginning of a code; allowed: by use, the plan's uses on which it may stand;
    open: the plan's uses on which every use may stand; usual: the system of parcels that name none.
    """

    beginnings: Mapping[str, Mapping[str, str]]
    allowed: Mapping[str, frozenset[str]]
    open: frozenset[str]
    usual: str = LAND_SEA

    def keys(self, codes: np.ndarray, systems: np.ndarray) -> np.ndarray:
        """See Permits; a key is the uses of all codes that a parcel names."""
        pairs = list(zip(codes, systems, strict=True))
        uses = {pair: self._uses_of_parcel(*pair) for pair in set(pairs)}
        return np.array([uses[pair] for pair in pairs], dtype=object)

    def plan_codes(self, codes: np.ndarray) -> np.ndarray:
        """See Permits; a code with a part that is in no row of the table permits nothing for certain."""
        texts = text_values(list(codes))
        is_known = {text: text is not None and None not in (self._uses_of_plan(text) or (None,)) for text in set(texts)}
        return np.array([text if is_known[text] else None for text in texts], dtype=object)

    def permits(self, key: frozenset[str], code: str) -> bool:
        """See Permits; mixed land permits what any of its uses permits, and does so for each use of the parcel."""
        plan_uses = self._uses_of_plan(code)
        return all(any(use in self.allowed[parcel_use] for use in plan_uses) for parcel_use in key)

    def permits_all(self, code: str) -> bool:
        """See Permits."""
        return any(use in self.open for use in self._uses_of_plan(code))

    def _uses_of_parcel(self, value: str | None, stated_system: str | None) -> frozenset[str] | None:
        """The uses of the codes that a value names; None where one of them, or its use, is not known."""
        codes = known_uses(value, stated_system, self.usual) if value else ()
        uses = [self._use(code, system_of(code, stated_system, self.usual)) if code else None for code in codes]
        known_uses_of_value = [use for use in uses if use is not None]
        return frozenset(known_uses_of_value) if known_uses_of_value and len(known_uses_of_value) == len(uses) else None

    def _uses_of_plan(self, value: str) -> list[str | None]:
        """The uses of the codes that a plan's value names; None for words, or other signs, beside a code: R2改M1."""
        codes = named_codes(value)
        return [self._use(code, system_of(code, None, LAND_SEA)) if code else None for code in codes]

    def _use(self, code: str, system: str | None) -> str | None:
        """The use of a code, by the longest beginning that the table has; 101 may be 0101 that has lost its zero."""
        starts = self.beginnings[system] if system and not (system == LAND_SEA and has_lost_zero(code)) else {}
        return next((starts[code[:end]] for end in range(len(code), 0, -1) if code[:end] in starts), None)


def permits_of(value: PermitTable | Mapping[str, Sequence[str]], usual: str) -> Permits:
    """The permissions of a rule's `permits`: a table or a list. usual: the system of parcels that name none."""
    if not isinstance(value, PermitTable):
        return ListedPermits(value)
    return TabledPermits(*_uses_of(value.text), usual)


def shipped_table(name: str) -> PermitTable:
    """A shipped table as it is today; its text does not depend on the form of line ends."""
    return PermitTable(name, (_FOLDER / f"{name}.toml").read_text(encoding="utf-8-sig"))


def shipped_state() -> tuple[tuple[str, int], ...]:
    """Name and time of the last change of each shipped table: another state may mean another content."""
    return tuple(sorted((str(path), path.stat().st_mtime_ns) for path in _FOLDER.glob("*.toml")))


def permit_tables() -> tuple[str, ...]:
    """The names of the shipped tables."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@lru_cache(maxsize=8)
def _content(text: str) -> Mapping[str, Any]:
    return toml_content(text)


@lru_cache(maxsize=8)
def _uses_of(text: str) -> tuple[dict[str, dict[str, str]], dict[str, frozenset[str]], frozenset[str]]:
    uses = _content(text)["use"]
    beginnings = {
        system: {plain_code(start): use for use, row in uses.items() for start in row.get(system, ())}
        for system in (LAND_SEA, URBAN, SURVEY)
    }
    to_all = frozenset(use for use, row in uses.items() if row.get("open"))
    return beginnings, {use: frozenset({use, *row.get("on", ()), *to_all}) for use, row in uses.items()}, to_all
