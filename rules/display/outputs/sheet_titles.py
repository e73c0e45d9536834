"""The titles of ids and codes on a sheet: from its writer, from the tables beside it, and from the catalogue."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import pandas as pd

from onemap.layers.catalogue.catalogue import layer_title, named_groups, shipped_catalogue
from onemap.layers.catalogue.code_tables import SURVEY, class_titles, code_table, group_titles
from onemap.layers.catalogue.schema import Field, LayerEntry
from onemap.layers.frames.fields import text_value
from onemap.layers.library.library import Library
from onemap.layers.library.own_files import department_names
from onemap.layers.messages import phrase
from onemap.rules.judge.inputs.check_record import CheckRecord
from onemap.rules.judge.packs.excuse_text import excuse_words, names_in_packs
from onemap.rules.judge.packs.pack import Pack, rule_titles, rules_of_run

RECORD = "run"  # the table of one row
_NAMING = ("findings", "unasked_rules")  # tables that have a rule's id, title and layer
_PARTS = ("first_signs", "of_class", "of_group")
_VERSION = re.compile(r"(.+)__[0-9]+(@[0-9a-f]+)?")  # the table of a version, with the beginning of its hash


@dataclass(frozen=True)
class KnownTitles:
    """The titles that the writer of tables knows besides the tables.

    rules, indicators, terms: titles by id; catalogue: the library's, None for the shipped one; layers: codes of the
    layers whose fields the rows speak of; departments: their names by code and language, None for the shipped ones;
    classes: those of projects and their kinds, by class.NAME and kind.NAME; kinds: of rules, by id; library: its name
    as it is printed.
    """

    rules: Mapping[str, str] = field(default_factory=dict)
    indicators: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, LayerEntry] | None = None
    layers: tuple[str, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, Mapping[str, str]] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    library: str = ""


def titles_of_library(
    library: Library, rules: Mapping[str, str] | None = None, classes: Mapping[str, str] | None = None
) -> KnownTitles:
    """A library's titles of layers, fields and departments. rules: titles by id; classes: as of KnownTitles."""
    names, own = department_names(library), library.catalogue()
    return KnownTitles(
        rules or {}, catalogue=own, departments=names, classes=classes or {}, library=library.printed_name
    )


def titles_of_check(library: Library, packs: Sequence[Pack], record: CheckRecord, language: str) -> KnownTitles:
    """A library's titles, and those that the packs of a check give. record: the run's own."""
    known_titles = titles_of_library(library, rule_titles(packs, record, language), names_in_packs(packs, language))
    return replace(known_titles, kinds={rule.id: rule.kind for rule in rules_of_run(packs, record)})


class SheetTitles:
    """Titles in one language. Ids and codes without a title stay as they are."""

    def __init__(
        self, language: str, known_titles: KnownTitles | None = None, tables: Mapping[str, pd.DataFrame] | None = None
    ) -> None:
        """tables: all that are written, by name; each may give the titles of ids in another."""
        known_titles, tables = known_titles or KnownTitles(), tables or {}
        self.language = language
        self.catalogue = known_titles.catalogue if known_titles.catalogue is not None else shipped_catalogue()
        self.record = record_of_run(tables.get(RECORD))
        self._indicators, self._terms, self._classes = known_titles.indicators, known_titles.terms, known_titles.classes
        self._departments = (
            named_groups()["departments"] if known_titles.departments is None else known_titles.departments
        )
        titled_tables = [tables[name] for name in _NAMING if name in tables and "title" in tables[name]]
        self._rules = {**_pairs(titled_tables, "rule", "title"), **known_titles.rules}
        self._layer_of_rule = _pairs([part for part in titled_tables if "layer" in part], "rule", "layer")
        self._units = _pairs([tables["units"]] if "unit_title" in tables.get("units", ()) else [], "unit", "unit_title")
        self._packs = {pack["id"]: pack.get("title") or {} for pack in self.record.get("packs") or ()}
        self._versions = {one["table"]: one for one in _versions(self.record) if "table" in one}
        self._layers = known_titles.layers or tuple(one["code"] for one in self.record.get("layers") or ())
        self._fields: dict[tuple[str | None, str], Field | None] = {}

    def rule(self, rule: str) -> str:
        """A rule's title."""
        return self._rules.get(rule, rule)

    def rules(self, names: str) -> str:
        """The titles of rules, separated by commas."""
        return phrase("said.semicolon", self.language).join(self.rule(name) for name in names.split(",")) or names

    def indicator(self, indicator: str) -> str:
        """An indicator's title."""
        return self._indicators.get(indicator, indicator)

    def term(self, term: str) -> str:
        """The title of a term of indicators."""
        return self._terms.get(term, term)

    def excuse(self, excused_by: str) -> str:
        """What excuses a project from a rule, in words."""
        return excuse_words(excused_by, self._classes, self.language)

    def department(self, code: str) -> str | None:
        """A department's name; None for an unknown code."""
        return self._departments[code][self.language] if code in self._departments else None

    def pack(self, pack: str) -> str:
        """A pack's title."""
        return self._packs.get(pack, {}).get(self.language) or pack

    def unit(self, unit: str) -> str | None:
        """The name of an area unit; None if it has none."""
        return self._units.get(unit)

    def layer(self, code: str) -> str:
        """A layer's title."""
        return layer_title(code, self.catalogue, self.language)

    def version(self, table: str) -> str:
        """A version, by its table: the layer's title and, if the record of the run has it, the version's label."""
        match = _VERSION.fullmatch(table)
        if match is None:
            return table
        version_record = self._versions.get(table.partition("@")[0])
        return f"{self.layer(match[1])} {version_record['label']}" if version_record else self.layer(match[1])

    def versions(self, tables: str) -> str:
        """Several versions, separated by commas."""
        return phrase("said.semicolon", self.language).join(map(self.version, tables.split(", ")))

    def layer_of(self, rule: str | None) -> str | None:
        """The code of the layer that a rule has used, if a table tells."""
        return self._layer_of_rule.get(rule) if rule is not None else None

    def field(self, name: str, layer: str | None = None) -> str:
        """The name of a field; FIELD/class, FIELD/group and FIELD/2 also name the part of its codes that is meant."""
        stem, slash, part = name.rpartition("/")
        key = "first_signs" if part.isdigit() else f"of_{part}"
        if slash and key in _PARTS:
            return phrase(f"sheet.{key}", self.language, name=self.field(stem, layer), count=part)
        schema_field = self._field(name, layer)
        return dict(schema_field.title).get(self.language, name) if schema_field else name

    def value(self, name: str, value: Any, layer: str | None = None) -> str:
        """A field's value, with what its code means beside it."""
        if value is None:
            return "–"
        stem, slash, part = name.rpartition("/")
        schema_field, code = self._field(stem if slash else name, layer), text_value(value)
        tables = schema_field.codes if schema_field and schema_field.codes else (SURVEY,) if slash else ()
        titles = _code_titles(tables, code, part if slash else "") if code else None
        if not titles or self.language not in titles:
            return str(value)
        # A group's code is a program's; its title says all.
        return titles[self.language] if slash and part == "group" else f"{value} {titles[self.language]}"

    def classes(self, codes: str, side: int) -> str:
        """Class codes of the first (0) or second (1) plan of a comparison, each with its title, separated by commas."""
        entry = self.catalogue.get(self._layers[side]) if side < len(self._layers) else None
        name = entry.class_field if entry else None
        if entry is None or name is None:
            return codes
        return phrase("said.comma", self.language).join(self.value(name, code, entry.code) for code in codes.split(","))

    @cached_property
    def _entries(self) -> Sequence[LayerEntry]:
        """The catalogue, the layers that the rows speak of before the others."""
        first = [self.catalogue[code] for code in self._layers if code in self.catalogue]
        return [*first, *self.catalogue.values()]

    def _field(self, name: str, layer: str | None) -> Field | None:
        """A field of a layer's schema; the first with this name in any layer if the layer is unknown."""
        key = layer, name
        if key not in self._fields:
            entry = self.catalogue.get(layer) if layer else None
            entries = [entry] if entry else self._entries
            fields = (one.field_named(name) for one in entries)
            self._fields[key] = next((one for one in fields if one is not None and one.title), None)
        return self._fields[key]


def _code_titles(tables: Sequence[str], code: str, part: str) -> Mapping[str, str] | None:
    """The title of a code, of a group of codes (part "group"), or of the first signs of codes (part a number)."""
    if part == "group":
        return group_titles(tables, code)
    headings = (code_table(name).first.get(code) for name in tables) if part.isdigit() else ()
    return next(filter(None, headings), None) or class_titles(tables, code)


def record_of_run(table: pd.DataFrame | None) -> dict[str, Any]:
    """The record of a run from its table of one row, with JSON values parsed; empty without a table."""
    if table is None or len(table) != 1:
        return {}
    return {str(name): _read(table[name].iloc[0]) for name in table}


def _read(value: Any) -> Any:
    """Read a cell of the record: text that begins with a bracket, or is null, true or false, as JSON; else as it is."""
    if not isinstance(value, str):
        return value.item() if hasattr(value, "item") else value
    try:
        return json.loads(value) if value[:1] in ("{", "[") or value in ("null", "true", "false") else value
    except ValueError:
        return value


def _pairs(tables: Sequence[pd.DataFrame], key: str, value: str) -> dict[str, str]:
    values_by_key: dict[str, str] = {}
    for table in tables:
        pairs = table[[key, value]].dropna().drop_duplicates(key)
        values_by_key |= dict(zip(pairs[key].tolist(), pairs[value].tolist(), strict=True))
    return values_by_key


def _versions(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    units, townships = record.get("units") or [], record.get("townships")
    version_records = [
        *(record.get("layers") or []),
        *(units if isinstance(units, list) else []),
        *([townships] if townships else []),
    ]
    return [one for one in version_records if isinstance(one, dict)]
