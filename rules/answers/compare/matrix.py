"""Matrices: TOML that says which codes of two plans are construction, which are not, and which are incompatible."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.code_systems import named_codes
from onemap.layers.catalogue.code_tables import code_parts, plain_code
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.frames.fields import object_array, text_value
from onemap.layers.library.library import sha256
from onemap.layers.shipped_files import RESOURCES
from onemap.rules.judge.kinds.conditions import column_named

DEFAULT_MATRIX = "land-urban"
CONSTRUCTION, OTHER, UNKNOWN, SILENT = "construction", "other", "unknown", "silent"
_FOLDER = RESOURCES / "matrices"
_TOP = {"title", "a", "b", "unlike", "for_a", "for_b", "differ_at", "exclusive", "survey"}
_SAYS = (CONSTRUCTION, OTHER, SILENT)  # what a list of codes may be
_SIDE = {"field", *_SAYS, "every", "elsewhere"}
_UNLIKE = {"a", "b"}


@dataclass(frozen=True)
class Side:
    """How one plan's codes are read. `every`: all its features have this use, whatever their codes.

    fields: possible names of the field, the first that the layer has is used; uses: prefix → use, silent if the plan
    makes no statement on such ground; elsewhere: the use of covered ground without a feature, or None if the plan makes
    no statement there.
    """

    fields: tuple[str, ...]
    uses: dict[str, str]
    every: str | None = None
    elsewhere: str | None = None

    def use_of(self, code: str | None) -> str:
        """The use of a code by its longest prefix: construction, other, silent; unknown for null or no known prefix.

        A value of several codes (E2/R2) that differ in use is unknown, too.
        """
        if self.every is not None:
            return self.every
        if code is None:
            return UNKNOWN
        whole, single_codes = plain_code(code), named_codes(code)
        parts = code_parts(code) if None in single_codes else [part for part in single_codes if part]
        if len(parts) < 2 or whole in self.uses:
            return self._use_of_prefix(whole)
        uses = {self._use_of_prefix(part) for part in parts}
        return uses.pop() if len(uses) == 1 else UNKNOWN

    def _use_of_prefix(self, code: str) -> str:
        return next((self.uses[code[:end]] for end in range(len(code), 0, -1) if code[:end] in self.uses), UNKNOWN)


@dataclass(frozen=True)
class Matrix:
    """One matrix, with its TOML text.

    unlike: pairs of prefix lists; differ_at: codes that differ at this length are unlike.
    exclusive: it is a conflict if both plans claim the same ground, for whatever use (type 05).
    for_a, for_b: the layers for which it was written; survey: it compares existing land with a plan, which is no
    contradiction.
    """

    name: str
    title: dict[str, str]
    text: str
    a: Side
    b: Side
    unlike: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    differ_at: int | None = None
    exclusive: bool = False
    for_a: tuple[str, ...] = ()
    for_b: tuple[str, ...] = ()
    survey: bool = False

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return sha256(self.text)

    @property
    def is_symmetric(self) -> bool:
        """Whether it reads both plans alike, so that they may change places."""
        return self.a == self.b and {(b, a) for a, b in self.unlike} == set(self.unlike)

    def are_unlike(self, code_a: str | None, code_b: str | None) -> bool:
        """Whether two codes, both construction, are incompatible."""
        a, b = plain_code(code_a or ""), plain_code(code_b or "")
        if self.differ_at is not None and a[: self.differ_at] != b[: self.differ_at]:
            return True
        return any(a.startswith(of_a) and b.startswith(of_b) for of_a, of_b in self.unlike)

    def type_of(self, use_a: str | None, use_b: str | None, code_a: str | None, code_b: str | None) -> str:
        """The type of ground with these uses; None: the plan makes no statement there."""
        if use_a is None or use_b is None:
            return "98"
        if UNKNOWN in (use_a, use_b):
            return "99"
        if use_a != use_b:
            return "03" if use_a == CONSTRUCTION else "04"
        if self.exclusive:
            return "05"
        if use_a == OTHER:
            return "01"
        return "05" if self.are_unlike(code_a, code_b) else "02"

    def record(self) -> dict[str, Any]:
        """The record of a matrix in a run."""
        return {"name": self.name, "title": self.title, "hash": self.hash}


def shipped_matrices() -> list[str]:
    """The names of the matrices that come with One Map."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def default_matrix(a: str, b: str) -> str:
    """The matrix by which two plans, each CODE or CODE@label, are compared if none is named.

    Two versions of one layer are compared by the matrix written for that layer.
    """
    code, other = (plan.partition("@")[0] for plan in (a, b))
    if code != other:
        return DEFAULT_MATRIX
    matrices = map(read_matrix, shipped_matrices())
    return next((matrix.name for matrix in matrices if code in matrix.for_a and code in matrix.for_b), DEFAULT_MATRIX)


def read_matrix(name: str) -> Matrix:
    """Read a shipped matrix by name, or a file. Raises OneMapError matrix.… with every problem."""
    text, source = matrix_text(name)
    return parse_matrix(text, source)


def matrix_text(name: str) -> tuple[str, str]:
    """A matrix's TOML text, and the name under which errors speak of it.

    Raises OneMapError matrix.missing, matrix.encoding.
    """
    shipped = name in shipped_matrices()
    path = _FOLDER / f"{name}.toml" if shipped else Path(name)
    if not path.is_file():
        raise OneMapError("matrix.missing", file=name, field="--matrix", known=shipped_matrices())
    try:
        return path.read_bytes().decode("utf-8-sig"), name if shipped else path.name
    except UnicodeDecodeError:
        raise OneMapError("matrix.encoding", file=path.name) from None


def parse_matrix(text: str, source: str) -> Matrix:
    """Read a matrix from its TOML text; `source` names it in errors.

    Raises OneMapError matrix.syntax, matrix.key, matrix.key_missing, matrix.type, matrix.clash.
    """
    raw = toml_or_refusal(text, "matrix.syntax", source)
    problems = [Problem(code, {"file": source, "field": key, "key": key, **facts}) for code, key, facts in _wrong(raw)]
    if problems:
        raise OneMapError.of(problems)
    title = raw["title"]
    return Matrix(
        name=source,
        title=title if isinstance(title, dict) else {"zh": title, "en": title},
        text=text,
        a=_side(raw["a"]),
        b=_side(raw["b"]),
        unlike=tuple((_plain(entry["a"]), _plain(entry["b"])) for entry in raw.get("unlike", ())),
        differ_at=raw.get("differ_at"),
        exclusive=raw.get("exclusive", False),
        for_a=tuple(raw.get("for_a", ())),
        for_b=tuple(raw.get("for_b", ())),
        survey=raw.get("survey", False),
    )


def _plain(prefixes: Sequence[str]) -> tuple[str, ...]:
    return tuple(plain_code(prefix) for prefix in prefixes)


def _side(raw: dict[str, Any]) -> Side:
    names = raw.get("field", ())
    uses = {prefix: use for use in _SAYS for prefix in _plain(raw.get(use, ()))}
    return Side((names,) if isinstance(names, str) else tuple(names), uses, raw.get("every"), raw.get("elsewhere"))


_Wrong = tuple[str, str, dict[str, Any]]


def _wrong(raw: dict[str, Any]) -> list[_Wrong]:
    """Everything that is wrong with a matrix: code, key, facts."""
    errors: list[_Wrong] = [("matrix.key", key, {"known": sorted(_TOP)}) for key in raw if key not in _TOP]
    errors += [("matrix.key_missing", key, {}) for key in ("title", "a", "b") if key not in raw]
    if "title" in raw and not (_is_text(raw["title"]) or isinstance(raw["title"], dict)):
        errors.append(("matrix.type", "title", {"expected": 'title = "…"'}))
    for key in ("for_a", "for_b"):
        if key in raw and not _is_list(raw[key]):
            errors.append(("matrix.type", key, {"expected": '["CODE", …]'}))
    for key in ("exclusive", "survey"):
        if not isinstance(raw.get(key, False), bool):
            errors.append(("matrix.type", key, {"expected": "true | false"}))
    at = raw.get("differ_at", 1)
    if isinstance(at, bool) or not isinstance(at, int) or at < 1:
        errors.append(("matrix.type", "differ_at", {"expected": "1, 2, …"}))
    for side in ("a", "b"):
        if side in raw:
            errors += _wrong_side(side, raw[side])
    entries = raw.get("unlike", [])
    if not isinstance(entries, list):
        return [*errors, ("matrix.type", "unlike", {"expected": "[[unlike]]"})]
    for number, entry in enumerate(entries, start=1):
        place = f"unlike[{number}]"
        if not isinstance(entry, dict):
            errors.append(("matrix.type", place, {"expected": "[[unlike]]"}))
            continue
        errors += [("matrix.key", f"{place}.{key}", {"known": sorted(_UNLIKE)}) for key in entry if key not in _UNLIKE]
        errors += [("matrix.key_missing", f"{place}.{key}", {}) for key in sorted(_UNLIKE - set(entry))]
        for key in sorted(_UNLIKE & set(entry)):
            if not (_is_list(entry[key]) and entry[key]):
                errors.append(("matrix.type", f"{place}.{key}", {"expected": '["07", …]'}))
    return errors


def _wrong_side(side: str, raw: Any) -> list[_Wrong]:
    if not isinstance(raw, dict):
        return [("matrix.type", side, {"expected": f"[{side}]"})]
    errors: list[_Wrong] = []
    errors += [("matrix.key", f"{side}.{key}", {"known": sorted(_SIDE)}) for key in raw if key not in _SIDE]
    needed_keys = () if "every" in raw else ("field",)
    errors += [("matrix.key_missing", f"{side}.{key}", {}) for key in needed_keys if key not in raw]
    if "every" not in raw and not ({CONSTRUCTION, OTHER} & set(raw)):
        errors.append(("matrix.key_missing", f"{side}.{CONSTRUCTION}", {}))
    if "field" in raw and not (_is_text(raw["field"]) or (_is_list(raw["field"]) and raw["field"])):
        errors.append(("matrix.type", f"{side}.field", {"expected": 'field = "…"'}))
    for key, allowed in (("every", (CONSTRUCTION, OTHER, SILENT)), ("elsewhere", (CONSTRUCTION, OTHER))):
        if key in raw and raw[key] not in allowed:
            errors.append(("matrix.type", f"{side}.{key}", {"expected": " | ".join(allowed)}))
    lists = {key: raw[key] for key in _SAYS if key in raw}
    for key, value in lists.items():
        if not _is_list(value):
            errors.append(("matrix.type", f"{side}.{key}", {"expected": '["07", …]'}))
    if not errors:
        list_of: dict[str, str] = {}
        for key, value in lists.items():
            clashes = sorted(prefix for prefix in set(_plain(value)) if list_of.setdefault(prefix, key) != key)
            errors += [("matrix.clash", f"{side}.{key}", {"prefix": prefix}) for prefix in clashes]
    return errors


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def codes_of(side: Side, attributes: pd.DataFrame, layer: str, matrix: str) -> np.ndarray:
    """The plan's code of each feature (n,) as text, or None.

    Raises OneMapError matrix.field if the layer has none of the side's fields.
    """
    for name in side.fields:
        try:
            values = column_named(attributes, name)
        except KeyError:
            continue
        once: dict[str | None, str | None] = {}  # a text is held once, however many features have it
        texts = [once.setdefault(code, code) for code in map(text_value, values)]
        return object_array(texts)
    if side.every is not None:
        return np.full(len(attributes), None, dtype=object)
    fitting_names = [
        matrix_name
        for matrix_name in shipped_matrices()
        if layer in (*read_matrix(matrix_name).for_a, *read_matrix(matrix_name).for_b)
    ]
    raise OneMapError(
        "matrix.field",
        file=matrix,
        layer=layer,
        field=", ".join(side.fields),
        names=list(attributes.columns),
        known=fitting_names or shipped_matrices(),
    )
