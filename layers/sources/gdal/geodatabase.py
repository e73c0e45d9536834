"""Domains and subtypes of a FileGDB, read from its table of definitions.

A code stays in its field; its name goes into a field of its own beside it, FIELD_name. GDAL knows the domains too, but
its Python packages do not hand them out.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
from defusedxml.ElementTree import fromstring
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from onemap.layers.errors import Problem, ProblemPlace
from onemap.layers.frames.fields import text_value
from onemap.layers.sources.gdal.gdal_name import gdal_name
from onemap.layers.xml_elements import Element, ParseError

_ITEMS = "GDB_Items"
_TABLES = ("DEFeatureClassInfo", "DETableInfo")
_MOST_NAMED = 5


@dataclass(frozen=True)
class _Domain:
    """The values that a field may have: codes with their names, or a range, both ends included."""

    name: str
    names: dict[str, str] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class _Definition:
    """The definition of one table: its fields' domains, its subtypes by code, and the domains of each subtype."""

    domains: dict[str, str]
    subtype_field: str | None
    subtypes: dict[str, str]
    instead: dict[str, dict[str, str]]


@dataclass(frozen=True)
class DecodedAttributes:
    """Attributes with the names of their codes, the field that each new field explains, and the problems found."""

    attributes: pd.DataFrame
    names: dict[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def decode_attributes(path: Path, layer: str, attributes: pd.DataFrame) -> DecodedAttributes:
    """Return the attributes of a geodatabase's layer with a field FIELD_name for each field of codes.

    Codes without a name and values outside their range are reported; the values stay unchanged.
    """
    place = ProblemPlace(file=path.name, layer=layer)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told already, when the layer was read
            domains, definition = _read(path, layer)
    except (DataSourceError, DataLayerError, FieldError, ParseError, ValueError):
        return DecodedAttributes(attributes, problems=(Problem("domain.unread", place),))
    new_fields: dict[str, str] = {}
    problems: list[Problem] = []
    result = attributes
    for name in map(str, attributes.columns):
        column = _Column(name, attributes, domains, definition)
        names = column.names()
        if names is not None:
            target = f"{name}_name"
            while target in result.columns:
                target += "_"
            result = result.assign(**{target: pd.Series(names, index=attributes.index, dtype=object)})
            new_fields[name] = target
            problems += column.without_name(names, place)
        problems += column.numbers_out_of_range(place)
    if new_fields:
        pairs = ", ".join(f"{code} → {name}" for code, name in new_fields.items())
        problems.insert(0, Problem("domain.decoded", {**place, "names": pairs}))
    return DecodedAttributes(result, new_fields, tuple(problems))


def join_problems(part_problems: Sequence[tuple[int, Sequence[Problem]]], columns: Sequence[str]) -> list[Problem]:
    """Join problems that `decode_attributes` found in parts of a layer into those of the whole layer.

    part_problems: the first row of each part, from 0, and its problems; columns: the layer's fields.
    """
    whole: dict[tuple[int, str], dict[str, Any]] = {}
    for start, problems in part_problems:
        for problem in problems:
            facts = dict(problem.facts)
            key = (list(columns).index(facts["field"]) if "field" in facts else -1, problem.code)
            if "feature" in facts:
                facts["feature"] += start
            before = whole.setdefault(key, facts)
            if before is not facts and "count" in facts:
                before["count"] += facts["count"]
                if "codes" in facts:
                    before["codes"] = list(dict.fromkeys([*before["codes"], *facts["codes"]]))[:_MOST_NAMED]
    return [Problem(code, facts) for (_, code), facts in sorted(whole.items(), key=lambda item: item[0])]


class _Column:
    """One field and the domain of each of its rows, which may depend on the row's subtype."""

    def __init__(
        self, name: str, attributes: pd.DataFrame, domains: Mapping[str, _Domain], definition: _Definition
    ) -> None:
        self.name = name
        self.codes = [text_value(value) for value in attributes[name]]
        own = domains.get(definition.domains.get(name, ""))
        of_subtype = {
            code: domains[instead[name]] for code, instead in definition.instead.items() if instead.get(name) in domains
        }
        if name == definition.subtype_field:
            own, of_subtype = _Domain(name, definition.subtypes), {}
        self.own, self.of_subtype = own, of_subtype
        self.subtypes: list[str | None] = [None] * len(self.codes)
        if of_subtype and definition.subtype_field in attributes.columns:
            self.subtypes = [text_value(value) for value in attributes[definition.subtype_field]]

    def _domains(self) -> Iterator[_Domain | None]:
        return (self.of_subtype.get(subtype or "", self.own) for subtype in self.subtypes)

    def names(self) -> list[str | None] | None:
        """The name of each row's code, None for a code without a name; None if the field has no codes."""
        all_names = [domain.names for domain in (self.own, *self.of_subtype.values()) if domain is not None]
        if all(code == name for names in all_names for code, name in names.items()):
            return None  # nothing to say that the code does not say
        pairs = zip(self.codes, self._domains(), strict=True)
        return [None if code is None or domain is None else domain.names.get(code) for code, domain in pairs]

    def without_name(self, names: list[str | None], place: ProblemPlace) -> list[Problem]:
        """Return problems for codes that their domain does not know."""
        rows = [
            row
            for row, (code, name, domain) in enumerate(zip(self.codes, names, self._domains(), strict=True))
            if code is not None and name is None and domain is not None and domain.names
        ]
        if not rows:
            return []
        codes = list(dict.fromkeys(str(self.codes[row]) for row in rows))[:_MOST_NAMED]
        facts = {**place, "feature": rows[0] + 1, "field": self.name, "codes": codes, "count": len(rows)}
        return [Problem("domain.code", facts)]

    def numbers_out_of_range(self, place: ProblemPlace) -> list[Problem]:
        """Return problems for numbers outside the range of their domain."""
        ranges = [domain for domain in (self.own, *self.of_subtype.values()) if domain is not None]
        if all(domain.low is None or domain.high is None for domain in ranges):
            return []
        values = pd.to_numeric(pd.Series(self.codes, dtype=object), errors="coerce").to_numpy(dtype=float)
        ends = [(domain.low, domain.high) if domain is not None else (None, None) for domain in self._domains()]
        low, high = np.array(ends, dtype=float).reshape(-1, 2).T
        rows = np.flatnonzero((values < low) | (values > high))
        if len(rows) == 0:
            return []
        first = int(rows[0])
        facts = {**place, "feature": first + 1, "field": self.name, "count": len(rows)}
        return [Problem("domain.range", {**facts, "low": f"{low[first]:g}", "high": f"{high[first]:g}"})]


def _read(path: Path, layer: str) -> tuple[dict[str, _Domain], _Definition]:
    """All domains of a geodatabase by name, and the definition of one table. Raises as pyogrio and the parser do."""
    meta, _, _, columns = pyogrio.raw.read(
        gdal_name(path), layer=_ITEMS, columns=["Name", "Definition"], read_geometry=False, LIST_ALL_TABLES="YES"
    )
    items = dict(zip(map(str, meta["fields"]), columns, strict=True))
    domains: dict[str, _Domain] = {}
    definition = _Definition({}, None, {}, {})
    for name, text in zip(items["Name"], items["Definition"], strict=True):
        if not text:
            continue
        head = text[:400]
        if "Domain" in head:
            domain = _domain(fromstring(text))
            if domain is not None:
                domains[domain.name] = domain
        elif name == layer and any(table in head for table in _TABLES):
            definition = _definition(fromstring(text))
    return domains, definition


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def _domain(root: Element) -> _Domain | None:
    kind = root.tag.rpartition("}")[2]
    if kind.startswith("GPCodedValueDomain"):
        pairs = ((text_value(_text(one, "Code")), _text(one, "Name")) for one in root.iter("CodedValue"))
        return _Domain(_text(root, "DomainName"), {code: name for code, name in pairs if code is not None})
    if kind.startswith("GPRangeDomain"):
        return _Domain(_text(root, "DomainName"), low=_number(root, "MinValue"), high=_number(root, "MaxValue"))
    return None


def _number(root: Element, name: str) -> float | None:
    """Return an end of a range; None for a date."""
    try:
        return float(_text(root, name))
    except ValueError:
        return None


def _definition(root: Element) -> _Definition:
    # Older writers put the whole domain into the field.
    domains = {
        _text(one, "Name"): _text(one, "DomainName") or _text(one, "Domain/DomainName")
        for one in root.iter("GPFieldInfoEx")
    }
    subtypes: dict[str, str] = {}
    instead: dict[str, dict[str, str]] = {}
    for one in root.iter("Subtype"):
        code = _text(one, "SubtypeCode")
        subtypes[code] = _text(one, "SubtypeName")
        instead[code] = {_text(own, "FieldName"): _text(own, "DomainName") for own in one.iter("SubtypeFieldInfo")}
    return _Definition(domains, _text(root, "SubtypeFieldName") or None, subtypes, instead)
