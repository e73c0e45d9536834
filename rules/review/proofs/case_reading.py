"""Read a file of test cases of any kind: its text, the lines of its tables, and the features that it draws."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import shapely

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import LANGUAGES, list_text, phrase
from onemap.layers.records import Record
from onemap.rules.review.proofs.small_words import ShapeError, feature_shape

ENDING = ".cases.toml"
_FEATURE_KEYS = ("layer", "lies", "box", "line", "point", "wkt", "slope", "value")


@dataclass(frozen=True)
class DrawnFeature:
    """A feature of a case: its layer, shape and fields. slope, value: of a raster's cells."""

    layer: str
    shape: shapely.Geometry
    fields: Mapping[str, Any]
    slope: float | None = None
    value: float | None = None


@dataclass
class CaseReading:
    """The reading of a case file: what it refers to, and its problems so far."""

    source: str
    text: str
    catalogue: Mapping[str, LayerEntry]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, code: str, line: int, place: str, key: str = "", **facts: Any) -> None:
        """Record a problem of a table that begins on a line; with a key, on the key's own line."""
        at = line_of_key(self.text, line, key) if key else line
        self.problems.append(
            Problem(f"cases.{code}", {"file": self.source, "feature": place, "field": key, "line": at, **facts})
        )

    def unknown_name(
        self, code: str, line: int, place: str, key: str, value: Any, known_names: Collection[str]
    ) -> None:
        """Record a problem with a name that does not exist, with those known that resemble it."""
        near = difflib.get_close_matches(str(value), list(known_names), n=3, cutoff=0.4)
        self.wrong(code, line, place, key, value=str(value), known=near)

    @cached_property
    def lines_by_head(self) -> dict[str, list[int]]:
        """The lines, counted from 1, on which the file's tables begin, by their heads."""
        lines: dict[str, list[int]] = {}
        for number, line in enumerate(self.text.split("\n"), start=1):
            head = re.sub(r"\s|#.*", "", line).replace('"', "")
            if head.startswith("["):
                lines.setdefault(head, []).append(number)
        return lines

    def content(self) -> Record:
        """The file's content. Raises OneMapError cases.syntax."""
        return toml_or_refusal(self.text, "cases.syntax", self.source)

    def tables(self, name: str, content: Mapping[str, Any]) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
        """The tables of a name: number from 0, line, and content."""
        lines = self.lines_by_head.get(f"[[{name}]]", [])
        for number, item in enumerate(content.get(name, ())):
            yield number, lines[number] if number < len(lines) else 0, item

    def check_keys(self, line: int, place: str, item: Mapping[str, Any], known_keys: Collection[str]) -> None:
        """Record a problem for every unknown key of a table. place: of the table, "" for the file itself."""
        for key in item:
            if key not in known_keys:
                self.wrong("key", line, place or key, key, known=list(known_keys))

    def refuse_wrong(self) -> None:
        """Raise OneMapError cases.… with every problem, if there is one."""
        if self.problems:
            raise OneMapError.of(self.problems)


def texts_beside(path: Path, name: str) -> list[tuple[str, str]]:
    """The texts of the case files beside a file, with their names: NAME.cases.toml, then NAME.PART.cases.toml.

    name: as the file was given. Raises OneMapError cases.missing, pack.encoding.
    """
    first = path.with_name(path.stem + ENDING)
    more = sorted(one for one in path.parent.glob(f"*{ENDING}") if one.name.startswith(f"{path.stem}."))
    paths = [first] * first.is_file() + [one for one in more if one != first]
    if not paths:
        raise OneMapError("cases.missing", file=first.name, pack=name)
    return [_text_of(one) for one in paths]


def _text_of(path: Path) -> tuple[str, str]:
    try:
        return path.read_bytes().decode("utf-8-sig"), path.name
    except UnicodeDecodeError:
        raise OneMapError("pack.encoding", file=path.name) from None


def drawn_feature(
    item: Mapping[str, Any], parcel: shapely.Geometry, name: str, line: int, reading: CaseReading, key: str = "features"
) -> DrawnFeature | None:
    """Read a feature of a case beside its parcel; None if the reading recorded a problem with it.

    key: of the case that draws it.
    """
    code = item.get("layer")
    entry = reading.catalogue.get(code) if isinstance(code, str) else None
    if entry is None:
        reading.unknown_name("layer", line, name, key, code, reading.catalogue)
        return None
    fields = {column: value for column, value in item.items() if column not in _FEATURE_KEYS}
    for column in fields:
        if entry.field_named(column) is None and column != entry.key:
            field_names = [one.name for one in entry.fields]
            reading.wrong("field", line, name, key, value=column, layer=entry.code, known=field_names)
    try:
        shape = feature_shape(item, parcel, entry.geometry)
    except ShapeError as error:
        wrong_shape(error, name, line, key, reading)
        return None
    return DrawnFeature(entry.code, shape, fields, item.get("slope"), item.get("value"))


def wrong_shape(error: ShapeError, name: str, line: int, key: str, reading: CaseReading) -> None:
    """Record a problem for a shape that cannot be drawn."""
    why = {
        language: phrase(f"shape.{error.reason}", language, **_facts_in(error.facts, language))
        for language in LANGUAGES
    }
    reading.wrong("shape", line, name, key, why=why)


def _facts_in(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {name: list_text(value, language) if isinstance(value, list) else value for name, value in facts.items()}


def line_of_key(text: str, begin: int, key: str) -> int:
    """The line on which a table names a key, or the table's first line if it does not. begin: that first line."""
    for number, line in enumerate(_table_lines(text, begin), start=max(begin, 1)):
        if re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return number
    return begin


def _table_lines(text: str, begin: int) -> Iterator[str]:
    for number, line in enumerate(text.split("\n")[max(begin, 1) - 1 :]):
        if number and re.match(r"\s*\[\[?[\w\"]", line):
            return
        yield line
