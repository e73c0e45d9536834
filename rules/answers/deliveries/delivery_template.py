"""Templates of deliveries: folders and files, then layers, checks and weights, all from one TOML."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from onemap.layers.catalogue.code_tables import table_names
from onemap.layers.catalogue.schema import FIELD_TYPES, GEOMETRIES, Field, LayerEntry, is_code
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.delivery.folder_template import FolderTemplate, folder_template, key_problem
from onemap.layers.errors import OneMapError, Problem
from onemap.rules.answers.deliveries.check_kinds import (
    CONDITION,
    KINDS,
    LAYER,
    MEASURES,
    NUMBER,
    SEVERITIES,
    TEXT,
    TEXTS,
    UNITS_M2,
    CheckKind,
)
from onemap.rules.judge.kinds.conditions import ConditionError, parse_condition

_Wrong = tuple[str, int, str, str]  # table, its number, key, what is expected
_LAYER_KEYS: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("code", "key", "geometry", "clause", "source", "confidence"), str),
    **dict.fromkeys(("required", "unique", "names", "crs", "fields"), list),
    **dict.fromkeys(("decimals", "ranges", "forms"), dict),
    **dict.fromkeys(("optional", "exact_fields"), bool),
}
_FIELD_KEYS: Mapping[str, type] = {
    **dict.fromkeys(("name", "type", "codes"), str),
    "length": int,
    "values": list,
}
_CHECK_KEYS = ("kind", "id", "layer", "severity", "title", "clause", "source", "confidence")
_CLAUSE_KEYS = ("id", "source", "confidence")
_CLAUSED = ("layer", "check")  # the tables that may name a clause
_GRADE_KEYS = ("fatal", "major", "minor", "most", "accept")
_CONFIDENCES = ("C", "L", "U")


@dataclass(frozen=True)
class LayerWish:
    """The requirements of a template for a layer.

    entry: its code, geometry and fields, from the catalogue or the template; names: other names that it may have;
    required: fields that have a value in every row; unique: fields or lists of fields, joined by +, that no two rows
    share; decimals, ranges (least, greatest; None for no limit), forms (a pattern): by field; crs: allowed systems,
    empty for the template's; is_optional: it may be missing; has_exact_fields: all fields of the catalogue must exist.
    The key, which names features, is the catalogue's, or the first unique field.
    """

    entry: LayerEntry
    names: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)
    crs: tuple[str, ...] = ()
    is_optional: bool = True
    has_exact_fields: bool = False
    source: str = ""
    confidence: str = "U"


@dataclass(frozen=True)
class Check:
    """One check of a template. keys: as its kind defines them; severity: None for that of each code."""

    id: str
    kind: str
    layer: str | None = None
    severity: str | None = None
    title: Mapping[str, str] | None = None
    source: str = ""
    confidence: str = "U"
    keys: Mapping[str, Any] = field(default_factory=dict)

    def title_in(self, language: str) -> str:
        """The title of the template in a language: its own, or that of its kind."""
        return (self.title or {}).get(language) or KINDS[self.kind].title[language]

    def severity_of(self, code: str) -> str:
        """The severity of a finding with a code."""
        return self.severity or KINDS[self.kind].codes[code]


@dataclass(frozen=True)
class Grading:
    """The weights of a score: the points that a problem costs by severity, and the most that one check can cost.

    accept: the least accepted score.
    """

    fatal: float = 25.0
    major: float = 5.0
    minor: float = 1.0
    most: float = 20.0
    accept: float = 80.0

    def weight(self, severity: str) -> float:
        """The points that one problem of a severity costs."""
        return {"fatal": self.fatal, "major": self.major, "minor": self.minor}[severity]


@dataclass(frozen=True)
class DeliveryTemplate:
    """A whole template. layers: by code; checks: those that follow from folders and layers, then its own."""

    folders: FolderTemplate
    layers: Mapping[str, LayerWish]
    checks: tuple[Check, ...]
    grading: Grading
    version: str = ""

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the whole template, including what it takes from the catalogue."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def title_in(self, language: str) -> str:
        """Its title in a language, or its id if it has none."""
        return self.folders.title.get(language, self.folders.id)

    def wish_named(self, name: str) -> tuple[LayerWish | None, bool]:
        """The template's requirements for a layer of that name, and whether the name is exactly the required one."""
        for wish in self.layers.values():
            if name == wish.entry.code or name in wish.names:
                return wish, True
        plain = name.casefold().strip()
        for wish in self.layers.values():
            if plain in {wish.entry.code.casefold(), *(title.casefold() for title in wish.entry.title.values())}:
                return wish, False
        return None, False

    def checks_of(self, code: str, *kinds: str) -> list[Check]:
        """The checks of a layer that are of some kinds."""
        return [check for check in self.checks if check.layer == code and check.kind in kinds]


def delivery_template(text: str, source: str, catalogue: Mapping[str, LayerEntry]) -> DeliveryTemplate:
    """Read a template from its TOML text. Raises OneMapError template.syntax, template.key with every problem."""
    text = text.replace("\r\n", "\n")
    raw = toml_or_refusal(text, "template.syntax", source)
    problems: list[Problem] = []
    try:
        folders = folder_template(text, source, catalogue)
    except OneMapError as error:
        problems += error.problems
    problems += [key_problem(text, source, *wrong) for wrong in _wrong(raw, catalogue)]
    if problems:
        raise OneMapError.of(problems)
    raw = _with_clauses(raw)
    layers = {code: _folder_wish(code, folders, catalogue) for code in folders.layers}
    for layer_table in raw.get("layer", ()):
        layers[layer_table["code"]] = _layer_wish(layer_table, folders, catalogue)
    return DeliveryTemplate(
        folders=folders,
        layers=layers,
        checks=tuple(_checks(raw, folders, layers)),
        grading=Grading(**{key: float(value) for key, value in raw.get("grade", {}).items()}),
        version=raw["template"].get("version", ""),
    )


def _with_clauses(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The template with the source and confidence of each [[clause]] copied to the layers and checks that name it."""
    clauses = {one["id"]: {key: one[key] for key in _CLAUSE_KEYS[1:]} for one in raw.get("clause", ())}
    tables = {name: [{**clauses.get(one.get("clause"), {}), **one} for one in raw.get(name, ())] for name in _CLAUSED}
    return {**raw, **tables}


def _folder_wish(code: str, folders: FolderTemplate, catalogue: Mapping[str, LayerEntry]) -> LayerWish:
    """The requirements for a layer that only a folder names: those of the catalogue."""
    return LayerWish(
        entry=catalogue[code],
        crs=folders.crs,
        is_optional=code not in folders.required_layers,
        source=folders.source,
        confidence=folders.confidence,
    )


def _layer_wish(
    layer_table: Mapping[str, Any], folders: FolderTemplate, catalogue: Mapping[str, LayerEntry]
) -> LayerWish:
    code = layer_table["code"]
    entry = catalogue.get(code) or LayerEntry(code, {"zh": code, "en": code}, "land", "base", "vector", "polygon")
    own = [_field(one) for one in layer_table.get("fields", ())]
    schema_fields = [one for one in entry.fields if one.name not in {field.name for field in own}]
    key = (
        layer_table.get("key")
        or entry.key
        or next((name for name in layer_table.get("unique", ()) if "+" not in name), None)
    )
    entry = replace(entry, key=key, geometry=layer_table.get("geometry", entry.geometry), fields=(*schema_fields, *own))
    return LayerWish(
        entry=entry,
        names=tuple(layer_table.get("names", ())),
        required=tuple(layer_table.get("required", ())),
        unique=tuple(layer_table.get("unique", ())),
        decimals=layer_table.get("decimals", {}),
        ranges={name: (_limit(pair[0]), _limit(pair[1])) for name, pair in layer_table.get("ranges", {}).items()},
        forms=layer_table.get("forms", {}),
        crs=tuple(layer_table.get("crs", folders.crs)),
        is_optional=layer_table.get("optional", bool(folders.folders) and code not in folders.required_layers),
        has_exact_fields=layer_table.get("exact_fields", False),
        source=layer_table.get("source", folders.source),
        confidence=layer_table.get("confidence", folders.confidence),
    )


def _limit(value: Any) -> float | None:
    return None if value == "" else float(value)


def _field(field_table: Mapping[str, Any]) -> Field:
    codes = (field_table["codes"],) if "codes" in field_table else ()
    return Field(
        field_table["name"],
        type=field_table.get("type", "text"),
        length=field_table.get("length"),
        values=tuple(field_table.get("values", ())),
        codes=codes,
    )


def _checks(raw: Mapping[str, Any], folders: FolderTemplate, layers: Mapping[str, LayerWish]) -> Iterator[Check]:
    """The checks that follow from folders and layers, then those of the template; ids are unique."""
    clause: dict[str, Any] = {"source": folders.source, "confidence": folders.confidence}
    if folders.folders:
        yield from (Check(name, name, **clause) for name in ("folders", "files", "list"))
    else:
        yield Check("files", "files", **clause)
    yield Check("layers", "layers", **clause)
    for code, wish in layers.items():
        of_layer: dict[str, Any] = {"source": wish.source, "confidence": wish.confidence}
        kinds = ("fields", "values") if wish.entry.geometry == "table" else ("fields", "values", "geometry")
        yield from (Check(f"{kind} {code}", kind, code, **of_layer) for kind in kinds)
    name_counts: dict[str, int] = {}
    for check_table in raw.get("check", ()):
        name = check_table.get("id") or " ".join(filter(None, (check_table["kind"], check_table.get("layer"))))
        name_counts[name] = name_counts.get(name, 0) + 1
        yield Check(
            id=name if name_counts[name] == 1 else f"{name} {name_counts[name]}",
            kind=check_table["kind"],
            layer=check_table.get("layer"),
            severity=check_table.get("severity"),
            title=check_table.get("title"),
            source=check_table.get("source", folders.source),
            confidence=check_table.get("confidence", folders.confidence),
            keys={key: value for key, value in check_table.items() if key not in _CHECK_KEYS},
        )


def _wrong(raw: Mapping[str, Any], catalogue: Mapping[str, LayerEntry]) -> Iterator[_Wrong]:
    """The errors in layers, checks and weights."""
    layers, checks, grade = raw.get("layer", []), raw.get("check", []), raw.get("grade", {})
    clauses = raw.get("clause", [])
    if not isinstance(grade, dict):
        yield "grade", 0, "grade", "[grade]"
    else:
        for key, value in grade.items():
            if key not in _GRADE_KEYS:
                yield "grade", 0, key, " | ".join(_GRADE_KEYS)
            elif not _is_number(value) or value < 0:
                yield "grade", 0, key, "0 …"
    for name, tables in (("clause", clauses), ("layer", layers), ("check", checks)):
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            yield name, 0, name, f"[[{name}]]"
            return
    yield from _wrong_in_clauses(raw, clauses)
    for number, table in enumerate(layers):
        for key, form in _wrong_in_layer(table, catalogue):
            yield "layer", number, key, form
    codes = {one.get("code") for one in layers if isinstance(one.get("code"), str)}
    codes |= _codes_of_folders(raw)
    for number, table in enumerate(checks):
        for key, form in _wrong_in_check(table, codes):
            yield "check", number, key, form


def _wrong_in_clauses(raw: Mapping[str, Any], clauses: Sequence[Mapping[str, Any]]) -> Iterator[_Wrong]:
    """The errors in the clauses, and in the names of clauses."""
    for number, item in enumerate(clauses):
        for key in dict.fromkeys((*item, *_CLAUSE_KEYS)):
            if key not in _CLAUSE_KEYS:
                yield "clause", number, key, " | ".join(_CLAUSE_KEYS)
            elif not isinstance(item.get(key), str) or not item[key].strip():
                yield "clause", number, key, f'{key} = "…"'
            elif key == "id" and item[key] in [one.get("id") for one in clauses[:number]]:
                yield "clause", number, key, f'id ≠ "{item[key]}"'
        if item.get("confidence", "U") not in _CONFIDENCES:
            yield "clause", number, "confidence", " | ".join(_CONFIDENCES)
    clause_ids = [one.get("id") for one in clauses]
    for table in _CLAUSED:
        for number, item in enumerate(raw.get(table, ())):
            if "clause" in item and item["clause"] not in clause_ids:
                yield table, number, "clause", " | ".join(map(str, clause_ids)) or "[[clause]]"


def _codes_of_folders(raw: Mapping[str, Any]) -> set[Any]:
    folders = raw.get("folder", [])
    if not isinstance(folders, list):
        return set()
    items = [
        item
        for folder in folders
        if isinstance(folder, dict)
        for kind in ("tables", "vectors")
        if isinstance(folder.get(kind), list)
        for item in folder[kind]
        if isinstance(item, dict) and isinstance(item.get("layers"), list)
    ]
    return {code for item in items for code in item["layers"] if isinstance(code, str)}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong_in_layer(layer_table: Mapping[str, Any], catalogue: Mapping[str, LayerEntry]) -> Iterator[tuple[str, str]]:
    for key, value in layer_table.items():
        if key not in _LAYER_KEYS:
            yield key, " | ".join(_LAYER_KEYS)
        elif type(value) is not _LAYER_KEYS[key]:
            yield key, str(getattr(_LAYER_KEYS[key], "__name__", ""))
        elif isinstance(value, list) and key != "fields" and not all(isinstance(one, str) and one for one in value):
            yield key, '["BSM"]'
    code = layer_table.get("code")
    if not isinstance(code, str) or not is_code(code):
        yield "code", 'code = "DLTB"'
        return
    if layer_table.get("geometry", GEOMETRIES[0]) not in GEOMETRIES:
        yield "geometry", " | ".join(GEOMETRIES)
    elif code not in catalogue and "geometry" not in layer_table:
        yield "geometry", "geometry = …"
    if layer_table.get("confidence", "U") not in _CONFIDENCES:
        yield "confidence", " | ".join(_CONFIDENCES)
    fields = layer_table.get("fields", [])
    for one in fields if isinstance(fields, list) else ():
        yield from _wrong_in_field(one)
    yield from _wrong_in_limits(layer_table)


def _wrong_in_field(one: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        yield "fields", '{ name = "BSM", type = "text", length = 18 }'
        return
    for key, value in one.items():
        if key not in _FIELD_KEYS or type(value) is not _FIELD_KEYS[key]:
            yield "fields", f"{one['name']}: {' | '.join(_FIELD_KEYS)}"
    if one.get("type", "text") not in FIELD_TYPES:
        yield "fields", f"{one['name']}: {' | '.join(FIELD_TYPES)}"
    if "codes" in one and one["codes"] not in table_names():
        yield "fields", f"{one['name']}: {' | '.join(table_names())}"


def _wrong_in_limits(layer_table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The errors in decimals, ranges and forms."""
    decimals, ranges, forms = (layer_table.get(key, {}) for key in ("decimals", "ranges", "forms"))
    if isinstance(decimals, dict) and not all(type(count) is int and 0 <= count <= 12 for count in decimals.values()):
        yield "decimals", "{ MJ = 2 }"
    pairs = ranges.values() if isinstance(ranges, dict) else ()
    if not all(
        isinstance(pair, list) and len(pair) == 2 and all(_is_number(one) or one == "" for one in pair)
        for pair in pairs
    ):
        yield "ranges", '{ KCXS = [0, 1], MJ = [0, ""] }'
    for pattern in forms.values() if isinstance(forms, dict) else ():
        try:
            re.compile(pattern)
        except (re.error, TypeError):
            yield "forms", '{ BHKSSJ = "[0-9]{8}" }'


def _wrong_in_check(check_table: Mapping[str, Any], layers: set[Any]) -> Iterator[tuple[str, str]]:
    kind = KINDS.get(check_table["kind"]) if isinstance(check_table.get("kind"), str) else None
    if kind is None or kind.is_implied:
        yield "kind", " | ".join(name for name, one in KINDS.items() if not one.is_implied)
        return
    if check_table.get("severity", SEVERITIES[0]) not in SEVERITIES:
        yield "severity", " | ".join(SEVERITIES)
    if check_table.get("confidence", "U") not in _CONFIDENCES:
        yield "confidence", " | ".join(_CONFIDENCES)
    title = check_table.get("title", {})
    if not isinstance(title, dict) or not all(isinstance(one, str) for one in title.values()):
        yield "title", '{ zh = "…", en = "…" }'
    if kind.by_layer and check_table.get("layer") not in layers:
        yield "layer", " | ".join(sorted(map(str, layers)))
    for key in kind.needed:
        if key not in check_table:
            yield key, f"{key} = …"
    for key, value in check_table.items():
        if key not in _CHECK_KEYS:
            yield from _wrong_value(kind, key, value, layers)
    if check_table["kind"] == "units" and not (
        "codes" in check_table or ("other" in check_table and "other_field" in check_table)
    ):
        yield "codes", "codes = […] | other = …, other_field = …"


def _wrong_value(kind: CheckKind, key: str, value: Any, layers: set[Any]) -> Iterator[tuple[str, str]]:
    form = kind.keys.get(key)
    if form is None:
        yield key, " | ".join(("kind", "layer", *kind.keys))
    elif form == NUMBER and not (_is_number(value) and value >= 0):
        yield key, "0 …"
    elif form in (TEXT, CONDITION) and not (isinstance(value, str) and value.strip()):
        yield key, '"…"'
    elif form == TEXTS and not (isinstance(value, list) and value and all(isinstance(one, str) for one in value)):
        yield key, '["…"]'
    elif form == LAYER and value not in layers:
        yield key, " | ".join(sorted(map(str, layers)))
    elif form == CONDITION:
        try:
            parse_condition(value)
        except ConditionError as error:
            yield key, error.reason["zh"]
    elif key == "unit" and value not in UNITS_M2:
        yield key, " | ".join(UNITS_M2)
    elif key == "measured" and value not in MEASURES:
        yield key, " | ".join(MEASURES)
