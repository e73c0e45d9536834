"""The parts of a layer's entry: department, library, kind, geometry, fields, and how strictly it is checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from onemap.layers.errors import ProblemPlace

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
FIELD_TYPES = ("text", "integer", "number", "date")
CODE_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RESERVED_CODES = ("onemap_", "gpkg_", "rtree_", "sqlite_")


LONGEST_CODE = 40
_DEVICES = re.compile(r"con|prn|aux|nul|(com|lpt)[0-9]", re.IGNORECASE)  # no file of Windows may be called so


def is_code(code: str) -> bool:
    """Whether a layer may have this code: its versions are tables CODE__N and files, and must not look like others."""
    is_plain = bool(CODE_PATTERN.fullmatch(code)) and "__" not in code and len(code) <= LONGEST_CODE
    return is_plain and not code.lower().startswith(RESERVED_CODES) and not _DEVICES.fullmatch(code)


@dataclass(frozen=True)
class Field:
    """One field of a layer's schema.

    values: the codes it may hold; codes: the code tables that it may use; name_of: the field whose code it names; area:
    it states the area of its feature, in m²; net: that area without deductions, such as ridges; heights_m: it states a
    height in metres, with the least and the greatest possible.
    """

    name: str
    type: str = "text"
    length: int | None = None
    title: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    name_of: str | None = None
    area: bool = False
    net: bool = False
    heights_m: tuple[float, float] | None = None


@dataclass(frozen=True)
class LayerEntry:
    """One catalogue entry: a layer's name, its department, and its content.

    coverage: its polygons fill their ground without gap or overlap; checks: its own levels and limits, by the check's
    code; withheld: it is published only if somebody asks for its code; rows: the fields that together identify a
    table's row; unit: its field that names an area unit; complete: a missing row of the table means nothing is there,
    not that it is unknown. zones_of: the layer whose features' zones its polygons are; within its coverage they replace
    the distances that are kept from the features. heights_m: its raster holds heights in metres, with the least and the
    greatest possible.
    """

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
    coverage: bool = False
    withheld: bool = False
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    unit: str | None = None
    complete: bool = False
    zones_of: str | None = None
    heights_m: tuple[float, float] | None = None

    def __hash__(self) -> int:
        return hash(self.code)

    def place_in(self, file: str) -> ProblemPlace:
        """Return the place of a problem of the whole layer. file: the library's name."""
        return ProblemPlace(file=file, layer=self.code, title=self.title)

    def title_in(self, language: str) -> str:
        """The title; the code if there is no title."""
        return self.title.get(language) or self.code

    def field_named(self, name: str) -> Field | None:
        """Return the schema field of exactly that name."""
        return next((field for field in self.fields if field.name == name), None)

    def field_title(self, name: str, language: str) -> str | None:
        """The title of a field; None if it has no title."""
        field = self.field_named(name)
        return dict(field.title).get(language) if field is not None else None
