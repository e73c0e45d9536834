"""The layers of the open library, as the core's verb `layers` lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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
SHORTEST_CHINESE = 4
_hints: list[str] = []


@dataclass(frozen=True)
class Version:
    """One dated state of a layer. coverage: district, file, or extent (then assumed).

    unreadable: what was added is there no more, such as a raster's file that is gone or another.
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


@dataclass(frozen=True)
class SchemaField:
    """One field that a layer may have. required: without it the layer is refused."""

    name: str
    title: str = ""
    aliases: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class CatalogueLayer:
    """One layer that the library may hold, with the versions that it does."""

    code: str
    title: str
    department: str
    library: str
    kind: str
    geometry: str
    versions: tuple[Version, ...] = field(default=())
    fields: tuple[SchemaField, ...] = field(default=())
    key: str = ""
    names: tuple[str, ...] = ()  # its code, and its titles in every language

    @property
    def place(self) -> tuple[int, int, bool]:
        """Where it stands in a list: by library, by department, what is there before what is missing."""
        return _rank(LIBRARIES, self.library), _rank(DEPARTMENTS, self.department), not self.versions

    @property
    def in_force(self) -> Version | None:
        """The version that counts on the day asked for."""
        return next((version for version in self.versions if version.in_force), None)


def layers_in(answer: dict[str, Any]) -> list[CatalogueLayer]:
    """The layers in an answer of the core."""
    return [
        CatalogueLayer(
            layer["code"],
            title_of(layer.get("title"), layer["code"]),
            layer.get("department", ""),
            layer.get("library", ""),
            layer.get("kind", ""),
            layer.get("geometry", ""),
            tuple(_version(version) for version in layer.get("versions", [])),
            _fields(layer),
            str(layer.get("key") or ""),
            (layer["code"], *_titles(layer.get("title"))),
        )
        for layer in answer.get("layers", [])
    ]


def title_of(title: Any, code: str) -> str:
    """A title in the user's language; titles come in both, or as plain text."""
    if isinstance(title, dict):
        return title.get(language()) or title.get("en") or code
    return str(title or code)


def called(name: str, layers: Iterable[CatalogueLayer]) -> CatalogueLayer | None:
    """The one layer that a file, or a layer in it, is called after: by its whole name, else by the longest part of it.

    `DLTB` and `地类图斑` are the whole name of one; `生态保护红线2023` holds that of another.
    """
    lower, entries = name.strip().lower(), list(layers)
    whole = [entry for entry in entries if lower in [one.lower() for one in entry.names]]
    if whole:
        return whole[0] if len(whole) == 1 else None
    held = [(len(one), entry) for entry in entries for one in entry.names if _is_telling(one) and one.lower() in lower]
    longest = [entry for length, entry in held if length == max(length for length, _ in held)]
    return longest[0] if len({entry.code for entry in longest}) == 1 else None


def _is_telling(name: str) -> bool:
    """Whether a name is long enough to mean something inside a longer one: four signs of Chinese, or two words."""
    return len(name) >= SHORTEST_CHINESE if not name.isascii() else " " in name


def _titles(title: Any) -> list[str]:
    texts = title.values() if isinstance(title, dict) else [title]
    return [str(text) for text in texts if text]


def state_of(version: Version | None) -> str:
    """What to show of a version: missing, unreadable, old, assumed, partial or in_force, as the core has said."""
    if version is None:
        return "missing"
    if version.unreadable:
        return "unreadable"
    if not version.in_force:
        return "old"
    return {"extent": "assumed", "file": "partial"}.get(version.coverage, "in_force")


def keep_hints(layers: Iterable[CatalogueLayer]) -> None:
    """Remember the codes that a library knows, for the dialog that asks for one."""
    _hints[:] = [f"{layer.code} {layer.title}" for layer in layers]


def code_hints() -> list[str]:
    """Codes with their titles, as the last open library listed them."""
    return list(_hints)


def code_of_hint(text: str) -> str:
    """The code in what was chosen or typed."""
    return text.strip().split(" ")[0]


def _rank(order: tuple[str, ...], code: str) -> int:
    return order.index(code) if code in order else len(order)


def _fields(layer: dict[str, Any]) -> tuple[SchemaField, ...]:
    """The schema as the core lists it; from a core that does not, the key and the field that rules look at."""
    if not layer.get("fields"):
        names = dict.fromkeys(name for name in (layer.get("key"), layer.get("class_field")) if name)
        return tuple(SchemaField(name, required=name == layer.get("key")) for name in names)
    return tuple(
        SchemaField(
            one["name"],
            title_of(one.get("title"), ""),
            tuple(one.get("aliases") or ()),
            bool(one.get("required")),
        )
        for one in layer["fields"]
    )


def _version(version: dict[str, Any]) -> Version:
    return Version(
        str(version["label"]),
        str(version.get("table", "")),
        str(version.get("valid_from") or ""),
        str(version.get("valid_to") or ""),
        str(version.get("recorded_at") or ""),
        int(version.get("count") or 0),
        str(version.get("coverage") or ""),
        bool(version.get("in_force")),
        bool(version.get("unreadable")),
    )
