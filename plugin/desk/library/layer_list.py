"""The layers of the open library, as the core's verb `layers` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from onemap.plugin.connection.row_records import record_of
from onemap.plugin.profile.settings import language

LIBRARIES = ("base", "integrated", "department", "approval", "project", "opinion")
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
_listed: dict[str, list[CatalogueLayer]] = {}


@dataclass(frozen=True)
class Version:
    """One dated state of a layer.

    coverage: district, file, or extent (then assumed).
    is_short: it should cover the whole district, and leaves a part of it out.
    upcoming: it is valid only from a later day on.
    undated: it has no first day, and is not in force because another version has one.
    retired: it was added by mistake, and is in force on no day.
    today: its state today, whatever day the library shows: in_force, upcoming, undated, past or retired.
    day: the first day on which it is in force; empty if there is none.
    unreadable: the source is missing or replaced, such as a raster's file.
    """

    label: str
    table: str
    valid_from: str
    valid_to: str
    recorded_at: str
    count: int
    coverage: str
    in_force: bool
    unreadable: bool = False
    upcoming: bool = False
    today: str = ""
    day: str = ""
    undated: bool = False
    retired: bool = False
    is_short: bool = False


@dataclass(frozen=True)
class MapTheme:
    """A map that a click shows: the codes of its layers.

    department: the department of the layers; empty for a theme of several departments.
    """

    id: str
    title: str
    department: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class SchemaField:
    """One field that a layer may have.

    required: the layer is refused without it.
    """

    name: str
    title: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class CatalogueLayer:
    """One layer that the library may hold, with its versions."""

    code: str
    title: str
    department: str
    library: str
    kind: str
    geometry: str
    versions: tuple[Version, ...] = field(default=())
    fields: tuple[SchemaField, ...] = field(default=())
    key: str = ""
    stratum: str = ""  # its group on the map
    map_place: int = 0  # from the uppermost layer
    look: str = ""  # its style in QGIS's format
    class_field: str = ""  # the field of its features' classes
    withheld: bool = False  # it is published only if someone asks for it

    @property
    def place(self) -> tuple[int, int, bool]:
        """The sort key: library, department, layers with data before those without."""
        return _rank(LIBRARIES, self.library), _rank(DEPARTMENTS, self.department), not self.versions

    @property
    def in_force(self) -> Version | None:
        """The version in force on the library's day."""
        return next((version for version in self.versions if version.in_force), None)


def layers_in(answer: dict[str, Any]) -> list[CatalogueLayer]:
    """The layers of an answer of the core."""
    own_language = language()
    return [
        record_of(
            CatalogueLayer,
            layer,
            title=title_of(layer.get("title"), layer["code"], own_language),
            versions=tuple(map(_version, layer.get("versions", ()))),
            fields=_fields(layer, own_language),
            map_place=int(layer.get("place") or 0),
        )
        for layer in answer.get("layers", [])
    ]


def strata_in(answer: dict[str, Any]) -> dict[str, str]:
    """The titles, by id, of the map's groups in an answer of the core, from the uppermost group down."""
    return {stratum["id"]: title_of(stratum["title"], stratum["id"]) for stratum in answer.get("strata") or []}


def themes_in(answer: dict[str, Any]) -> list[MapTheme]:
    """The map themes in an answer of the core; a department's theme has no title of its own."""
    return [
        record_of(MapTheme, theme, title=title_of(theme.get("title"), ""), codes=tuple(theme["layers"]))
        for theme in answer.get("themes") or []
    ]


def title_of(title: Any, code: str, wanted_language: str = "") -> str:
    """A title in the user's language; a title comes in both languages, or as plain text.

    wanted_language: the language, if the caller knows it: QGIS looks it up in its settings each time.
    """
    if isinstance(title, dict):
        return title.get(wanted_language or language()) or title.get("en") or code
    return str(title or code)


def state_of(version: Version | None) -> str:
    """The state of a version: missing, unreadable, retired, upcoming, undated, old, assumed, partial or in_force."""
    if version is None:
        return "missing"
    if version.unreadable:
        return "unreadable"
    if version.retired:
        return "retired"
    if not version.in_force:
        return "upcoming" if version.upcoming else "undated" if version.undated else "old"
    if version.is_short:
        return "partial"
    return {"extent": "assumed", "file": "partial"}.get(version.coverage, "in_force")


def store_layers(library: str, layers: Iterable[CatalogueLayer]) -> None:
    """Store the layers that the dock lists, for dialogs that ask for the code of a layer."""
    _listed.clear()
    _listed[library] = list(layers)


def stored_layers(library: str) -> list[CatalogueLayer]:
    """The layers of a library as the dock listed them; none if the library is not open in the dock."""
    return list(_listed.get(library, ()))


def _rank(order: tuple[str, ...], code: str) -> int:
    return order.index(code) if code in order else len(order)


def _fields(layer: dict[str, Any], wanted_language: str) -> tuple[SchemaField, ...]:
    """The schema in an answer, in the wanted language; if the core sends none, only the key and the class field."""
    if not layer.get("fields"):
        names = dict.fromkeys(name for name in (layer.get("key"), layer.get("class_field")) if name)
        return tuple(SchemaField(name, required=name == layer.get("key")) for name in names)
    return tuple(
        record_of(
            SchemaField,
            row,
            title=title_of(row.get("title"), "", wanted_language),
            aliases=tuple(row.get("aliases") or ()),
        )
        for row in layer["fields"]
    )


def _version(version: dict[str, Any]) -> Version:
    return record_of(Version, version, count=int(version.get("count") or 0), is_short=bool(version.get("missing_m2")))
