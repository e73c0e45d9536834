"""Templates of deliveries, read from TOML: the folders in order, with the files they hold and their names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.toml_lines import line_of
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem

FILES, TABLES, VECTORS, METADATA = "files", "tables", "vectors", "metadata"
ITEM_KINDS = (FILES, TABLES, VECTORS, METADATA)
_HEAD = {
    **dict.fromkeys(("id", "version", "root", "list", "source", "confidence"), str),
    "title": dict,
    "crs": list,
}
_NEEDED, _NEEDED_BY_FOLDERS = ("id", "title"), ("root", "list")
_OF_PROOF = ("clause", "layer", "check", "grade")  # tables that say what is proved of the content
_ITEM_KEYS: Mapping[str, Mapping[str, type]] = {
    FILES: {"name": str, "required": bool, "dpi": int, "text": bool, "versions": list, "also": list},
    TABLES: {"name": str, "layers": list, "required": list, "also": list},
    VECTORS: {"name": str, "layers": list, "required": list, "also": list},
    METADATA: {"name": str},
}
_TEXT_LISTS = ("versions", "also")
_SUFFIXES = {
    FILES: (".pdf", ".jpg", ".docx", ".xlsx"),
    TABLES: (".gdb", ".gpkg", ".xlsx"),
    VECTORS: (".gdb", ".gpkg"),
    METADATA: (".xml",),
}
_PLACES = {"code", "name", "number", "title", "layer"}
_PLACE = re.compile(r"\{([^{}]*)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_Wrong = tuple[str, str]  # key, what is expected


@dataclass(frozen=True)
class TemplateItem:
    """One kind of file in a folder.

    name: with placeholders; layers, required: codes; is_required: of files; dpi: the least resolution; has_text: a
    program must be able to read its text; versions: the allowed versions of PDF; also: further suffixes that are
    accepted, such as .mdb.
    """

    kind: str
    name: str
    layers: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_required: bool = False
    dpi: int | None = None
    has_text: bool = False
    versions: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def must_be_there(self) -> bool:
        """Whether a delivery without such a file is incomplete."""
        return self.is_required or bool(self.required)

    @property
    def suffix(self) -> str:
        """The suffix of its name, in lower case."""
        return f".{self.name.rpartition('.')[2].lower()}"

    def name_with(self, **values: str) -> str:
        """Return the name with its placeholders filled."""
        return _PLACE.sub(lambda place: values.get(place.group(1), place.group(0)), self.name)

    def example_name(self, **values: str) -> str:
        """Return an example of a file's name for people: the first number, and … where any title may stand."""
        return self.name_with(**{"number": "01", "title": "…", "layer": "…", **values})

    def pattern(self, **values: str) -> re.Pattern[str]:
        """Return a pattern for names of this kind: the number as a group, any title, any suffix of `also`.

        values: of its placeholders; one without a value may be any text.
        """
        parts = {"number": r"(?P<number>\d{2})", "title": r".+"} | {
            key: re.escape(text) for key, text in values.items()
        }
        stem = self.name[: len(self.name) - len(self.suffix)]
        text = "".join(parts.get(piece, ".*") if place else re.escape(piece) for place, piece in enumerate_places(stem))
        endings = "|".join(map(re.escape, (self.suffix, *self.also)))
        return re.compile(f"{text}(?:{endings})", re.IGNORECASE)


@dataclass(frozen=True)
class TemplateFolder:
    """One folder with its items, in the order of the template."""

    name: str
    items: tuple[TemplateItem, ...]


@dataclass(frozen=True)
class FolderTemplate:
    """A template. root: the name of the outermost folder, list: of the list of all files; both with placeholders.

    crs: the coordinate systems that its layers may have, empty for any; source, confidence: of its contents.
    A template without folders proves layers, wherever they lie.
    """

    id: str
    title: Mapping[str, str]
    root: str
    list: str
    folders: tuple[TemplateFolder, ...]
    crs: tuple[str, ...] = ()
    source: str = ""
    confidence: str = "U"

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that it names, once."""
        return tuple(dict.fromkeys(code for folder in self.folders for item in folder.items for code in item.layers))

    @property
    def required_layers(self) -> frozenset[str]:
        """Layers that must be there."""
        return frozenset(code for folder in self.folders for item in folder.items for code in item.required)


def enumerate_places(name: str) -> Iterator[tuple[bool, str]]:
    """Yield the pieces of a name in order, each with whether it is a placeholder."""
    at = 0
    for place in _PLACE.finditer(name):
        yield False, name[at : place.start()]
        yield True, place.group(1)
        at = place.end()
    yield False, name[at:]


def folder_template(text: str, source: str, catalogue: Mapping[str, LayerEntry]) -> FolderTemplate:
    """Return a template from its TOML text. Raises OneMapError template.syntax, template.key with every problem."""
    raw = toml_or_refusal(text, "template.syntax", source)
    problems = [key_problem(text, source, *wrong) for wrong in _wrong(raw, catalogue)]
    if problems:
        raise OneMapError.of(problems)
    head = raw["template"]
    folders = tuple(TemplateFolder(one["name"], tuple(_items(one))) for one in raw.get("folder", ()))
    return FolderTemplate(
        id=head["id"],
        title=head["title"],
        root=head.get("root", ""),
        list=head.get("list", ""),
        folders=folders,
        crs=tuple(head.get("crs", ())),
        source=head.get("source", ""),
        confidence=head.get("confidence", "U"),
    )


def key_problem(text: str, source: str, table: str, number: int, key: str, form: str) -> Problem:
    """Return the problem that a key is wrong in a template's table (number: from 0). form: what is expected."""
    line = line_of(text, table, number, key.partition(".")[0])
    facts = {"file": source, "field": key, "key": key, "table": table, "line": line, "form": form}
    return Problem("template.key", facts)


def _items(folder: Mapping[str, Any]) -> Iterator[TemplateItem]:
    for kind in ITEM_KINDS:
        for item in folder.get(kind, ()):
            required = item.get("required", ())
            is_flag = isinstance(required, bool)
            yield TemplateItem(
                kind=kind,
                name=item["name"],
                layers=tuple(item.get("layers", ())),
                required=() if is_flag else tuple(required),
                is_required=is_flag and required,
                dpi=item.get("dpi"),
                has_text=item.get("text", False),
                versions=tuple(item.get("versions", ())),
                also=tuple(end.lower() for end in item.get("also", ())),
            )


def _wrong(raw: Mapping[str, Any], catalogue: Mapping[str, LayerEntry]) -> Iterator[tuple[str, int, str, str]]:
    """Yield the errors of a template: table, its number, key, and what is expected there."""
    for name in raw:
        if name not in ("template", "folder", *_OF_PROOF):
            yield name, 0, name, "[template] | [[folder]] | [[clause]] | [[layer]] | [[check]] | [grade]"
    head, folders = raw.get("template"), raw.get("folder")
    if not isinstance(head, dict):
        yield "template", 0, "template", "[template]"
        return
    for key, value in head.items():
        if key not in _HEAD or not isinstance(value, _HEAD[key]) or not value:
            yield "template", 0, key, " | ".join(_HEAD) if key not in _HEAD else _HEAD[key].__name__
    for key in (*_NEEDED, *(_NEEDED_BY_FOLDERS if "folder" in raw or "layer" not in raw else ())):
        if key not in head:
            yield "template", 0, key, f"{key} = …"
        elif key in ("root", "list") and isinstance(head[key], str) and not _is_name(head[key], {"code", "name"}):
            yield "template", 0, key, "{code}{name}"
    if not all(isinstance(one, str) for one in head.get("crs", ())):
        yield "template", 0, "crs", '["EPSG:4547"]'
    if folders is None and "layer" in raw:
        return
    if not isinstance(folders, list) or not all(isinstance(one, dict) for one in folders) or not folders:
        yield "folder", 0, "folder", "[[folder]]"
        return
    for number, folder in enumerate(folders):
        for key, form in _wrong_in_folder(folder, catalogue):
            yield "folder", number, key, form


def _wrong_in_folder(folder: Mapping[str, Any], catalogue: Mapping[str, LayerEntry]) -> Iterator[_Wrong]:
    name = folder.get("name")
    if not isinstance(name, str) or not _is_name(name, {"code", "name"}):
        yield "name", 'name = "1文本"'
    for key, items in folder.items():
        if key == "name":
            continue
        if key not in ITEM_KINDS:
            yield key, " | ".join(("name", *ITEM_KINDS))
        elif not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            yield key, '[{ name = "…" }]'
        else:
            for item in items:
                yield from _wrong_in_item(key, item, catalogue)


def _wrong_in_item(kind: str, item: Mapping[str, Any], catalogue: Mapping[str, LayerEntry]) -> Iterator[_Wrong]:
    keys = _ITEM_KEYS[kind]
    for key, value in item.items():
        if key not in keys or type(value) is not keys[key]:
            yield f"{kind}.{key}", " | ".join(keys) if key not in keys else keys[key].__name__
            return
        if key in _TEXT_LISTS and isinstance(value, list) and not all(isinstance(one, str) and one for one in value):
            yield f"{kind}.{key}", '["1.7"]' if key == "versions" else '[".mdb"]'
            return
    name = item.get("name")
    if not isinstance(name, str) or not _is_name(name, _PLACES) or not name.lower().endswith(_SUFFIXES[kind]):
        yield f"{kind}.name", " | ".join(_SUFFIXES[kind])
        return
    geometries = {TABLES: ("table",), VECTORS: ("polygon", "line", "point")}.get(kind, ())
    for code in (*item.get("layers", ()), *(item.get("required", ()) if kind in (TABLES, VECTORS) else ())):
        if not isinstance(code, str) or code not in catalogue or catalogue[code].geometry not in geometries:
            yield f"{kind}.layers", f"{code}: {' | '.join(geometries)}"
    if kind in (TABLES, VECTORS) and not set(item.get("required", ())) <= set(item.get("layers", ())):
        yield f"{kind}.required", "layers"


def is_file_name(text: str) -> bool:
    """Whether a text may be part of a file's name on every system."""
    return bool(text.strip(" .")) and text == text.strip() and not _FORBIDDEN.search(text) and "{" not in text


def _is_name(text: str, places: set[str]) -> bool:
    """Whether every system accepts a name, and it has no placeholders but these."""
    pieces = list(enumerate_places(text))
    fits = all(piece in places if is_place else not _FORBIDDEN.search(piece) for is_place, piece in pieces)
    return bool(text.strip()) and fits and "{" not in "".join(piece for is_place, piece in pieces if not is_place)
