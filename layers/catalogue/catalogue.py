"""The layers that may exist: those that ship with One Map, a city's own file of them, and `--define`."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from onemap.layers.catalogue.catalogue_files import parsed_catalogue, read_catalogue
from onemap.layers.catalogue.schema import (
    CODE_PATTERN,
    DEPARTMENTS,
    GEOMETRIES,
    KINDS,
    LIBRARIES,
    Field,
    LayerEntry,
    is_code,
)
from onemap.layers.catalogue.toml_text import toml_content, toml_reason
from onemap.layers.errors import OneMapError, Problem, UsageError
from onemap.layers.shipped_files import RESOURCES, shipped_table

__all__ = [
    "CODE_PATTERN",
    "DEPARTMENTS",
    "GEOMETRIES",
    "KINDS",
    "LIBRARIES",
    "Field",
    "LayerEntry",
    "defined_entry",
    "named_groups",
    "own_catalogue",
    "shipped_catalogue",
]


@lru_cache(maxsize=1)
def shipped_catalogue() -> dict[str, LayerEntry]:
    """The catalogue that comes with One Map, by code, in the files' order. Raises OneMapError catalogue.…."""
    entries: dict[str, LayerEntry] = {}
    for path in sorted((RESOURCES / "catalogue").glob("layers-*.toml")):
        entries.update(read_catalogue(path, {}))
    return entries


OWN_FILES = ("catalogue", "calendar", "profile")  # what a city may lay beside its library


def layer_title(code: str, catalogue: Mapping[str, LayerEntry], language: str) -> str:
    """The title of a layer; its code if the catalogue has no such layer, or no title for it."""
    return catalogue[code].title_in(language) if code in catalogue else code


def own_file_path(library: Path, kind: str) -> Path:
    """Return the path of one of the city's own files: city.catalogue.toml beside city.gpkg."""
    return library.with_suffix(f".{kind}.toml")


def own_catalogue(library: Path | None) -> dict[str, LayerEntry]:
    """Return the shipped catalogue with the layers and aliases of the file beside a library, if there is one.

    library: its file, None on a server.

    Raises OneMapError catalogue.… that names file, layer and key.
    """
    if library is None:
        return dict(shipped_catalogue())
    path = own_file_path(library, "catalogue")
    try:
        state = path.stat()
    except OSError:
        return dict(shipped_catalogue())
    return dict(_own_catalogue(path, state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=8)
def _catalogue_of(text: str, file: str) -> dict[str, LayerEntry]:
    return {**shipped_catalogue(), **parsed_catalogue(text, file, shipped_catalogue())}


def catalogue_of(text: str, file: str) -> dict[str, LayerEntry]:
    """The shipped catalogue with the layers and aliases of a text. Raises OneMapError catalogue.…."""
    return dict(_catalogue_of(text, file))


@lru_cache(maxsize=8)
def _own_catalogue(path: Path, _changed: int, _size: int) -> dict[str, LayerEntry]:
    return {**shipped_catalogue(), **read_catalogue(path, shipped_catalogue())}


@lru_cache(maxsize=1)
def named_groups() -> dict[str, dict[str, dict[str, str]]]:
    """Departments, libraries and kinds of data: code → title in both languages."""
    return {
        group: {code: entry["title"] for code, entry in shipped_table(f"catalogue/{group}.toml").items()}
        for group in ("departments", "libraries", "kinds")
    }


def codes_like(catalogue: Iterable[str], code: str) -> list[str]:
    """Return the known codes that differ from a code only in case, as suggestions for a mistyped one."""
    return [own_code for own_code in catalogue if own_code.lower() == code.lower()]


def defined_entry(code: str, definition: str) -> LayerEntry:
    """Return a layer that a city adds with `--define name=…,department=…,library=…,kind=…,geometry=…[,key=…]`.

    `--define FILE.toml` has the same keys under the layer's code. Raises OneMapError define.… for an unknown key, a
    missing one, a repeated one, or a value that does not exist.
    """
    if definition.lower().endswith(".toml"):
        entries = defined_entries(Path(definition))
        if code not in entries:
            raise OneMapError("define.code_missing", file=Path(definition).name, layer=code, names=list(entries))
        return entries[code]
    keys: dict[str, str] = {}
    for part in definition.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise OneMapError("define.syntax", field="--define", text=part)
        if name.strip() in keys:
            raise UsageError("define.twice", field="--define", name=name.strip())
        keys[name.strip()] = value.strip()
    return _entry_of(code, keys)


def defined_entries(path: Path) -> dict[str, LayerEntry]:
    """Return the layers of a file: a table for each code, with the keys of --define.

    Raises OneMapError define.file, define.…, with every problem of every layer.
    """
    try:
        content = toml_content(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise OneMapError("define.file", file=path.name, reason=toml_reason(error)) from None
    entries: dict[str, LayerEntry] = {}
    problems: list[Problem] = []
    for code, keys in content.items():
        is_table = isinstance(keys, dict) and all(isinstance(value, str) for value in keys.values())
        try:
            if not is_table:
                raise OneMapError("define.file", reason=code)
            entries[code] = _entry_of(code, keys)
        except OneMapError as error:
            problems += [Problem(one.code, {**one.facts, "file": path.name, "layer": code}) for one in error.problems]
    if problems or not entries:
        raise OneMapError.of(problems or [Problem("define.file", {"file": path.name, "reason": "[CODE]"})])
    return entries


def _entry_of(code: str, keys: Mapping[str, str]) -> LayerEntry:
    """Return a layer from its keys. Raises OneMapError define.key, define.missing, define.value, define.code."""
    legal = {"department": DEPARTMENTS, "library": LIBRARIES, "kind": KINDS, "geometry": GEOMETRIES}
    problems = [
        Problem("define.key", {"field": "--define", "name": name})
        for name in keys
        if name not in {"name", "key", *legal}
    ]
    problems += [
        Problem("define.missing", {"field": "--define", "name": name})
        for name in ("name", *legal)
        if not keys.get(name)
    ]
    problems += [
        Problem("define.value", {"field": "--define", "name": name, "value": keys[name], "allowed": allowed})
        for name, allowed in legal.items()
        if keys.get(name) and keys[name] not in allowed
    ]
    if not is_code(code):
        problems.append(Problem("define.code", {"layer": code}))
    if problems:
        raise OneMapError.of(problems)
    return LayerEntry(
        code=code,
        title={"zh": keys["name"], "en": keys["name"]},
        department=keys["department"],
        library=keys["library"],
        kind=keys["kind"],
        geometry=keys["geometry"],
        key=keys.get("key") or None,
        standard="library",
    )
