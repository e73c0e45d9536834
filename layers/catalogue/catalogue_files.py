"""Read the layers of a catalogue file, checked key by key; every mistake is named by file, layer and key."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.check_levels import check_problems, settings_of
from onemap.layers.catalogue.code_tables import table_names
from onemap.layers.catalogue.schema import (
    DEPARTMENTS,
    FIELD_TYPES,
    GEOMETRIES,
    KINDS,
    LIBRARIES,
    Field,
    LayerEntry,
    is_code,
)
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem, text_reason

_CHOICES = {"department": DEPARTMENTS, "library": LIBRARIES, "kind": KINDS, "geometry": GEOMETRIES}
_LAYER_TYPES: dict[str, Any] = {
    "title": (dict, str),
    **dict.fromkeys(_CHOICES, str),
    "key": str,
    "standard": str,
    "class_field": str,
    "fields": list,
    "coverage": bool,
    "withheld": bool,
    "checks": dict,
    "rows": list,
    "unit": str,
    "complete": bool,
    "zones_of": str,
    "heights_m": list,
}
_FIELD_TYPES: dict[str, Any] = {
    "name": str,
    "type": str,
    "length": int,
    "title": (dict, str),
    "aliases": list,
    "values": list,
    "codes": (str, list),
    "name_of": str,
    "area": bool,
    "net": bool,
    "heights_m": list,
}
_NEEDED = ("title", *_CHOICES)
_OF_SHIPPED = (
    "aliases",
    "checks",
    "withheld",
    "complete",
)  # what a city's file may say of a layer that ships with One Map


def read_catalogue(path: Path, base: Mapping[str, LayerEntry]) -> dict[str, LayerEntry]:
    """Return the layers of one file, as `parsed_catalogue` does. Raises OneMapError catalogue.…."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise OneMapError("catalogue.syntax", file=path.name, reason=text_reason(error)) from None
    return parsed_catalogue(text, path.name, base)


def parsed_catalogue(text: str, file: str, base: Mapping[str, LayerEntry]) -> dict[str, LayerEntry]:
    """Return the layers of a catalogue's text; for a layer of `base` it may set only _OF_SHIPPED.

    Raises OneMapError catalogue.… with all problems at once.
    """
    content = toml_or_refusal(text, "catalogue.syntax", file)
    reader = _Reader(file, base)
    entries = {code: reader.entry(code, raw) for code, raw in content.items()}
    if reader.problems:
        raise OneMapError.of(reader.problems)
    return {code: entry for code, entry in entries.items() if entry is not None}


class _Reader:
    """Reads the entries of one file and collects their problems."""

    def __init__(self, file: str, base: Mapping[str, LayerEntry]) -> None:
        self.file = file
        self.base = base
        self.problems: list[Problem] = []
        self._code_by_lower: dict[str, str] = {code.lower(): code for code in base}

    def _wrong(self, code: str, layer: str, **facts: Any) -> None:
        self.problems.append(Problem(code, {"file": self.file, "layer": layer, **facts}))

    def entry(self, code: str, raw: Any) -> LayerEntry | None:
        """One layer, or None if it is wrong."""
        before = len(self.problems)
        if not isinstance(raw, dict):
            self._wrong("catalogue.type", code, key=code, expected="[…]")
            return None
        if code in self.base:
            return self._with_city_changes(self.base[code], raw)
        if not is_code(code):
            self._wrong("catalogue.code", code)
        elif code.lower() in self._code_by_lower:
            self._wrong("catalogue.clash", code, other=self._code_by_lower[code.lower()])
        self._code_by_lower[code.lower()] = code
        self._types(code, raw, _LAYER_TYPES, None)
        for key in _NEEDED:
            if key not in raw:
                self._wrong("catalogue.key_missing", code, key=key)
        for key, allowed in _CHOICES.items():
            self._choice(code, None, key, raw.get(key), allowed)
        if len(self.problems) > before:
            return None
        entry = LayerEntry(
            code=code,
            title=_titles(raw["title"]),
            department=raw["department"],
            library=raw["library"],
            kind=raw["kind"],
            geometry=raw["geometry"],
            key=raw.get("key"),
            fields=tuple(field for field in (self._field(code, item) for item in raw.get("fields", ())) if field),
            class_field=raw.get("class_field"),
            standard=raw.get("standard", self.file),
            coverage=raw.get("coverage", False),
            withheld=raw.get("withheld", False),
            checks=self._checks(code, raw),
            rows=tuple(raw.get("rows", ())),
            unit=raw.get("unit"),
            complete=raw.get("complete", False),
            zones_of=raw.get("zones_of"),
            heights_m=self._heights(code, "heights_m", raw.get("heights_m")),
        )
        if len(self.problems) == before:
            self._names(entry)
        return entry if len(self.problems) == before else None

    def _with_city_changes(self, entry: LayerEntry, raw: dict[str, Any]) -> LayerEntry:
        """Return a shipped layer with a city's aliases for its fields, its levels, and `withheld` and `complete`."""
        for key in raw:
            if key not in _OF_SHIPPED:
                self._wrong("catalogue.shipped", entry.code, key=key, allowed=_OF_SHIPPED)
        flags: dict[str, Any] = {"withheld": entry.withheld, "complete": entry.complete}
        for key in flags:
            flags[key] = raw.get(key, flags[key])
            if not isinstance(flags[key], bool):
                self._wrong("catalogue.type", entry.code, key=key, expected=_WORDS[bool])
        aliases = raw.get("aliases", {})
        if not isinstance(aliases, dict):
            self._wrong("catalogue.type", entry.code, key="aliases", expected='{ FIELD = ["…"] }')
            aliases = {}
        fields = {field.name: field for field in entry.fields}
        for name, field_aliases in aliases.items():
            if name not in fields:
                self._wrong("catalogue.field", entry.code, key=f"aliases.{name}", name=name, names=list(fields))
            elif self._texts(entry.code, f"aliases.{name}", field_aliases):
                fields[name] = replace(
                    fields[name], aliases=tuple(dict.fromkeys([*fields[name].aliases, *field_aliases]))
                )
        checks = {**entry.checks, **self._checks(entry.code, raw)}
        city_entry = replace(entry, fields=tuple(fields.values()), checks=checks, **flags)
        self._names(city_entry)
        return city_entry

    def _field(self, code: str, raw: Any) -> Field | None:
        if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not raw["name"].strip():
            self._wrong("catalogue.key_missing", code, key="fields.name")
            return None
        name = raw["name"]
        self._types(code, raw, _FIELD_TYPES, name)
        self._choice(code, name, "type", raw.get("type", "text"), FIELD_TYPES)
        codes = raw.get("codes", [])
        codes = [codes] if isinstance(codes, str) else codes
        for key, texts in (("aliases", raw.get("aliases", [])), ("values", raw.get("values", [])), ("codes", codes)):
            if isinstance(texts, list) and not self._texts(code, f"{name}.{key}", texts):
                return None
        for table in codes:
            self._choice(code, name, "codes", table, table_names())
        length = raw.get("length")
        return Field(
            name=name,
            type=raw.get("type", "text"),
            length=length if isinstance(length, int) else None,
            title=tuple(_titles(raw["title"]).items()) if "title" in raw else (),
            aliases=tuple(raw.get("aliases", ())),
            values=tuple(raw.get("values", ())),
            codes=tuple(codes),
            name_of=raw.get("name_of"),
            area=raw.get("area", False),
            net=raw.get("net", False),
            heights_m=self._heights(code, f"{name}.heights_m", raw.get("heights_m")),
        )

    def _checks(self, code: str, raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
        levels = raw.get("checks", {})
        if not isinstance(levels, dict):
            self._wrong("catalogue.type", code, key="checks", expected='{ "check" = "note" }')
            return {}
        settings = settings_of(levels)
        for name, key, allowed in check_problems(settings):
            self._wrong("catalogue.check", code, key=f"checks.{name}", value=key, allowed=allowed)
        return settings

    def _names(self, entry: LayerEntry) -> None:
        """Check that each name stands for only one field, and that everything an entry refers to exists."""
        owners: dict[str, str] = {}
        for field in entry.fields:
            for name in (field.name, *field.aliases):
                other = owners.setdefault(name.lower(), field.name)
                if other != field.name or (name == field.name and list(entry.fields).count(field) > 1):
                    self._wrong("catalogue.alias", entry.code, key=field.name, name=name, other=other)
        names = [field.name for field in entry.fields]
        refers = [("class_field", entry.class_field), *((f"{f.name}.name_of", f.name_of) for f in entry.fields)]
        if entry.fields:
            refers.append(("key", entry.key))
        for key, referred in refers:
            if referred is not None and referred not in names:
                self._wrong("catalogue.field", entry.code, key=key, name=referred, names=names)

    def _types(self, code: str, raw: dict[str, Any], expected: dict[str, Any], field: str | None) -> None:
        for key, value in raw.items():
            full_key = f"{field}.{key}" if field else key
            if key not in expected:
                self._wrong("catalogue.key", code, key=full_key, allowed=list(expected))
                continue
            types = expected[key] if isinstance(expected[key], tuple) else (expected[key],)
            # True is an int to Python, and no length.
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                self._wrong("catalogue.type", code, key=full_key, expected=" / ".join(_WORDS[kind] for kind in types))
            elif key == "title" and not _titles(value):
                self._wrong("catalogue.type", code, key=full_key, expected='{ zh = "…", en = "…" }')

    def _heights(self, code: str, key: str, heights: Any) -> tuple[float, float] | None:
        """The least and the greatest height; None where none are given, or no two numbers."""
        if not isinstance(heights, list):  # which `_types` has reported, if it is there
            return None
        if [type(item) in (int, float) for item in heights] == [True, True] and heights[0] < heights[1]:
            return float(heights[0]), float(heights[1])
        self._wrong("catalogue.type", code, key=key, expected="[-500, 9000]")
        return None

    def _choice(self, code: str, field: str | None, key: str, value: Any, allowed: tuple[str, ...]) -> None:
        if isinstance(value, str) and value not in allowed:
            full_key = f"{field}.{key}" if field else key
            self._wrong("catalogue.value", code, key=full_key, value=value, allowed=allowed)

    def _texts(self, code: str, key: str, texts: Any) -> bool:
        """Whether a list holds only texts; codes such as 0101 would otherwise lose their zeros."""
        if isinstance(texts, list) and all(isinstance(item, str) for item in texts):
            return True
        self._wrong("catalogue.type", code, key=key, expected='["…"]')
        return False


_WORDS = {dict: "{ … }", str: '"…"', list: "[ … ]", bool: "true / false", int: "1"}


def _titles(title: Any) -> dict[str, str]:
    """Return a title in both languages; a single text serves for both."""
    if isinstance(title, str):
        return {"zh": title, "en": title} if title.strip() else {}
    texts = {key: text for key, text in title.items() if key in ("zh", "en") and isinstance(text, str) and text.strip()}
    if not texts or len(texts) != len(title):
        return {}
    first = next(iter(texts.values()))
    return {"zh": texts.get("zh", first), "en": texts.get("en", first)}
