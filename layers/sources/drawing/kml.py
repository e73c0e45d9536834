"""KML and KMZ: every placemark of every folder, and the parts that cannot be read.

GDAL skips placemarks with broken coordinates, so a file is read here, element by element.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from defusedxml.ElementTree import iterparse

from onemap.layers.errors import OneMapError, Problem, ProblemPlace
from onemap.layers.files.first_bytes import points_elsewhere
from onemap.layers.files.text_encodings import decode_text
from onemap.layers.frames.frames import RawFrame
from onemap.layers.sources.drawing.kml_shapes import Unreadable, local, shape_of
from onemap.layers.xml_elements import Element, ParseError

_CONTAINERS = {"Document", "Folder"}
_ROOTS = {"kml", "Placemark", *_CONTAINERS}  # some programs leave the outermost out
_ASIDE = {"NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Tour"}
_NUMBERS = {"int": int, "uint": int, "short": int, "ushort": int, "float": float, "double": float}
_PROLOGUE = re.compile(rb"""^[\s\xef\xbb\xbf]*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")
_MOST_PACKED = 1 << 30


@dataclass
class _Folder:
    """A document or folder: its placemarks as (attributes, geometry or the reason for none, whether it has heights)."""

    name: str
    above: "_Folder | None"
    marks: list[tuple[dict[str, Any], shapely.Geometry | str, bool]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The names of the folders from the outermost on."""
        return self.name if self.above is None else f"{self.above.path}/{self.name}".strip("/")


@dataclass(frozen=True)
class _Content:
    """The content of a file: its folders with placemarks by layer name, its encoding, and other objects."""

    folders: dict[str, _Folder]
    encoding: str
    aside: dict[str, int]


def kml_layers(path: Path) -> list[str]:
    """Return the folders that hold placemarks, by name, or by path if two have the same name.

    Raises OneMapError source.damaged, source.indirect, encoding.….
    """
    return list(_content(path, None).folders)


def read_kml(path: Path, layer: str, encoding: str | None) -> RawFrame:
    """Read the placemarks of one folder. Raises OneMapError source.damaged, source.indirect, encoding.…."""
    content = _content(path, encoding)
    marks = content.folders[layer].marks
    place = ProblemPlace(file=path.name, layer=layer)
    geometries = np.array([None if isinstance(shape, str) else shape for _, shape, _ in marks], dtype=object)
    problems = [
        Problem("geometry.unreadable", {**place, "feature": row, "reason": shape})
        for row, (_, shape, _) in enumerate(marks, start=1)
        if isinstance(shape, str) and shape
    ]
    if any(has_heights for _, _, has_heights in marks):
        problems.append(Problem("geometry.z_dropped", dict(place)))
    if content.aside:
        names = [f"{name} × {count}" for name, count in content.aside.items()]
        problems.append(Problem("source.aside", {**place, "names": names}))
    return RawFrame(
        path=path,
        layer=layer,
        format=path.suffix[1:].upper(),
        shapes=geometries,
        attributes=_table([attributes for attributes, _, _ in marks]),
        crs=pyproj.CRS.from_epsg(4326),
        encoding=content.encoding,
        problems=tuple(problems),
    )


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return pd.DataFrame(columns, index=range(len(rows)), dtype=object)


def _content(path: Path, encoding: str | None) -> _Content:
    state = path.stat()
    return _read(path, encoding, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1)  # names and rows are asked for one after the other
def _read(path: Path, encoding: str | None, size: int, changed_ns: int) -> _Content:
    documents = _unzip_documents(path) if path.suffix.lower() == ".kmz" else [(path.stem, path.read_bytes())]
    folders: list[_Folder] = []
    aside: Counter[str] = Counter()
    encodings = []
    for name, content in documents:
        claim = _PROLOGUE.match(content)
        text, used_encoding = decode_text(
            content, path.name, encoding, claim.group(1).decode("ascii") if claim else None
        )
        encodings.append(used_encoding)
        reader = _Reader(name)
        try:
            for event, element in iterparse(io.StringIO(text), ("start", "end")):
                if not reader.has_begun:
                    _check_root(path, element, content)
                reader.take_element(event, element)
        except (ParseError, ValueError) as error:
            raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from None
        folders += reader.folders
        aside.update(reader.aside)
    return _Content(_folders_by_name(folders), encodings[0], dict(aside))


def _check_root(path: Path, root: Element, content: bytes) -> None:
    """Refuse XML of another kind. Raises OneMapError source.indirect, source.damaged."""
    if local(root) in _ROOTS:
        return
    if points_elsewhere(content):
        raise OneMapError("source.indirect", file=path.name)
    raise OneMapError("source.damaged", file=path.name, reason=Problem("system.other_format", {"suffix": path.suffix}))


def _unzip_documents(path: Path) -> list[tuple[str, bytes]]:
    """Return the documents of a KMZ with their names, the main one first and named like the file.

    The main one is doc.kml, else the first in the archive; others may be linked from it, or be independent.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if _is_document(one.filename)]
            if not members:
                raise OneMapError("source.nothing_inside", file=path.name)
            main = next((member for member in members if member.filename.lower() == "doc.kml"), members[0])
            documents, room = [], _MOST_PACKED
            for member in [main, *(one for one in members if one is not main)]:
                with archive.open(member) as source:
                    content = source.read(room + 1)
                room -= len(content)
                if room < 0:
                    raise OneMapError("source.damaged", file=path.name, reason=f"> {_MOST_PACKED} bytes")
                documents.append((path.stem if member is main else Path(member.filename).stem, content))
            return documents
    except PermissionError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise OneMapError("source.damaged", file=path.name, reason=str(error)[:200]) from None


def _is_document(member: str) -> bool:
    """Whether a file in a KMZ is a document, and not one that macOS puts beside it."""
    return member.lower().endswith(".kml") and not member.rpartition("/")[2].startswith("._")


def _folders_by_name(folders: list[_Folder]) -> dict[str, _Folder]:
    filled_folders = [folder for folder in folders if folder.marks] or folders[:1]
    names = [folder.name for folder in filled_folders]
    by_name: dict[str, _Folder] = {}
    for folder in filled_folders:
        name = folder.name if names.count(folder.name) == 1 else folder.path
        number = 2
        while name in by_name:
            name, number = f"{folder.path} ({number})", number + 1
        by_name[name] = folder
    return by_name


class _Reader:
    """Handles the begins and ends of elements."""

    def __init__(self, stem: str) -> None:
        self.folders = [_Folder(stem, None)]
        self.aside: dict[str, int] = {}
        self.open_folders = [self.folders[0]]
        self.parents: list[Element] = []
        self.types: dict[str, dict[str, str]] = {}
        self.has_begun = False

    def take_element(self, event: str, element: Element) -> None:
        """Handle the "start" or "end" of one element."""
        self.has_begun = True
        (self._begin_element if event == "start" else self._end_element)(element)

    def _begin_element(self, element: Element) -> None:
        if local(element) in _CONTAINERS:
            # The outermost document is the file itself.
            outer = self.open_folders[-1] if len(self.open_folders) > 1 else None
            folder = _Folder(self.open_folders[-1].name if outer is None else local(element), outer)
            self.folders.append(folder)
            self.open_folders.append(folder)
        self.parents.append(element)

    def _end_element(self, element: Element) -> None:
        self.parents.pop()
        parent = self.parents[-1] if self.parents else None
        kind = local(element)
        if kind in _CONTAINERS:
            self.open_folders.pop()
        elif kind == "name" and parent is not None and local(parent) in _CONTAINERS:
            self.open_folders[-1].name = " ".join((element.text or "").split()) or self.open_folders[-1].name
        elif kind == "Schema":
            field_types = {part.get("name", ""): part.get("type", "") for part in element}
            self.types[element.get("id") or element.get("name") or ""] = field_types
        elif kind == "Placemark":
            self.open_folders[-1].marks.append((_attributes(element, self.types), *_shape(element)))
        elif kind in _ASIDE:
            self.aside[kind] = self.aside.get(kind, 0) + 1
        else:
            return
        if parent is not None and kind != "name":
            parent.remove(element)  # a file of a million placemarks is not kept as a tree


def _shape(mark: Element) -> tuple[shapely.Geometry | str, bool]:
    try:
        return shape_of(mark)
    except Unreadable as error:
        return str(error), False


def _attributes(mark: Element, types: dict[str, dict[str, str]]) -> dict[str, Any]:
    attributes: dict[str, Any] = {"id": mark.get("id")} if mark.get("id") else {}
    for child in mark:
        kind, text = local(child), (child.text or "").strip()
        if kind == "name":
            attributes["Name"] = text
        elif kind in ("description", "address", "phoneNumber") and text:
            attributes[kind] = text
        elif kind in ("TimeStamp", "TimeSpan"):
            attributes.update({local(part): (part.text or "").strip() for part in child})
    for name, value in _extended_data(mark, types):
        attributes[name if name not in attributes else f"{name}_"] = value
    return attributes


def _extended_data(mark: Element, types: dict[str, dict[str, str]]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for data in (part for child in mark if local(child) == "ExtendedData" for part in child):
        if local(data) == "SchemaData":
            field_types = types.get(data.get("schemaUrl", "").rpartition("#")[2], {})
            pairs += [
                (
                    part.get("name", ""),
                    _typed_value((part.text or "").strip(), field_types.get(part.get("name", ""), "")),
                )
                for part in data
                if local(part) == "SimpleData"
            ]
        elif local(data) == "Data":
            value = next((part.text for part in data if local(part) == "value"), None)
            pairs.append((data.get("name", ""), (value or "").strip() or None))
        elif not len(data):
            pairs.append((local(data), (data.text or "").strip() or None))
    return [(name, value) for name, value in pairs if name]


def _typed_value(text: str, field_type: str) -> Any:
    """Return a value of its declared type; the text if it is not of that type."""
    if not text:
        return None
    try:
        return _NUMBERS[field_type](text) if field_type in _NUMBERS else text
    except ValueError:
        return text
