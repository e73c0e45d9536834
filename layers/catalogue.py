"""The layers that may exist: codes, names, departments, libraries, schemas (resources/catalogue)."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import RESOURCES

DEPARTMENTS = (
    "reform",
    "planning",
    "land",
    "environment",
    "construction",
    "transport",
    "municipal",
    "forestry",
    "agriculture",
    "water",
)
LIBRARIES = ("base", "integrated", "department", "approval", "project", "opinion")
KINDS = ("vector", "imagery", "placename", "threed", "census", "history", "longterm", "iot")
GEOMETRIES = ("polygon", "line", "point", "raster", "table")
CODE_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Field:
    """One field of a layer's schema."""

    name: str
    type: str = "text"
    length: int | None = None
    title: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class LayerEntry:
    """One catalogue entry: what a layer is called, whose it is, and what it holds."""

    code: str
    title: dict[str, str]
    department: str
    library: str
    kind: str
    geometry: str
    key: str | None = None
    fields: tuple[Field, ...] = ()
    class_field: str | None = None
    standard: str = ""

    def __hash__(self) -> int:
        return hash(self.code)

    def field_named(self, name: str) -> Field | None:
        """The schema field of that exact name."""
        return next((field for field in self.fields if field.name == name), None)


def _entry(code: str, raw: dict[str, Any]) -> LayerEntry:
    fields = tuple(
        Field(
            name=item["name"],
            type=item.get("type", "text"),
            length=item.get("length"),
            title=tuple(item.get("title", {}).items()),
            aliases=tuple(item.get("aliases", ())),
            values=tuple(item.get("values", ())),
        )
        for item in raw.get("fields", ())
    )
    return LayerEntry(
        code=code,
        title=dict(raw["title"]),
        department=raw["department"],
        library=raw["library"],
        kind=raw["kind"],
        geometry=raw["geometry"],
        key=raw.get("key"),
        fields=fields,
        class_field=raw.get("class_field"),
        standard=raw.get("standard", ""),
    )


@lru_cache(maxsize=1)
def shipped_catalogue() -> dict[str, LayerEntry]:
    """The catalogue that comes with One Map, by code, in the files' order."""
    entries: dict[str, LayerEntry] = {}
    for path in sorted((RESOURCES / "catalogue").glob("layers-*.toml")):
        with path.open("rb") as file:
            for code, raw in tomllib.load(file).items():
                entries[code] = _entry(code, raw)
    return entries


@lru_cache(maxsize=1)
def named_groups() -> dict[str, dict[str, dict[str, str]]]:
    """Departments, libraries and kinds of data: code → title in both languages."""
    groups = {}
    for group in ("departments", "libraries", "kinds"):
        with (RESOURCES / "catalogue" / f"{group}.toml").open("rb") as content:
            groups[group] = {code: dict(entry["title"]) for code, entry in tomllib.load(content).items()}
    return groups


def defined_entry(code: str, definition: str) -> LayerEntry:
    """A layer that a city adds with `--define name=…,department=…,library=…,kind=…,geometry=…[,key=…]`.

    Raises OneMapError define.… for an unknown key, a missing one, or a value that does not exist.
    """
    given: dict[str, str] = {}
    for part in definition.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise OneMapError("define.syntax", field="--define", text=part)
        given[name.strip()] = value.strip()
    legal = {"department": DEPARTMENTS, "library": LIBRARIES, "kind": KINDS, "geometry": GEOMETRIES}
    problems = [
        Problem("define.key", {"field": "--define", "name": name})
        for name in given
        if name not in {"name", "key", *legal}
    ]
    problems += [
        Problem("define.missing", {"field": "--define", "name": name})
        for name in ("name", *legal)
        if not given.get(name)
    ]
    problems += [
        Problem("define.value", {"field": "--define", "name": name, "value": given[name], "allowed": allowed})
        for name, allowed in legal.items()
        if given.get(name) and given[name] not in allowed
    ]
    # Versions are tables CODE__N, so a code may not look like one.
    if (
        not CODE_PATTERN.fullmatch(code)
        or "__" in code
        or code.lower().startswith(("onemap_", "gpkg_", "rtree_", "sqlite_"))
    ):
        problems.append(Problem("define.code", {"layer": code}))
    if problems:
        raise OneMapError.of(problems)
    return LayerEntry(
        code=code,
        title={"zh": given["name"], "en": given["name"]},
        department=given["department"],
        library=given["library"],
        kind=given["kind"],
        geometry=given["geometry"],
        key=given.get("key") or None,
        standard="library",
    )
