"""Themes: named lists of layers, tables and indicators, such as agriculture or housing, read from TOML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry
from onemap.layers.catalogue.toml_reason import toml_reason
from onemap.layers.catalogue.toml_text import toml_content
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import RESOURCES
from onemap.rules.packs.rule_problems import is_title

FOLDER = RESOURCES / "themes"
_LISTS = ("layers", "tables", "indicators")
_SHAPES: Mapping[str, str] = {
    "id": '"agriculture"',
    "title": '{ zh = "…", en = "…" }',
    **dict.fromkeys(("layers", "tables"), '["CODE"]'),
    "indicators": '["farmland.arable"]',
}


@dataclass(frozen=True)
class Theme:
    """One theme: codes of layers with ground and of tables, and ids of indicators, each in the order of the file."""

    id: str
    title: Mapping[str, str]
    layers: tuple[str, ...]
    tables: tuple[str, ...]
    indicators: tuple[str, ...]


def themes(files: Sequence[str], catalogue: Mapping[str, LayerEntry], indicators: Sequence[str]) -> list[Theme]:
    """The themes that come along, then those of files; a file's takes the place of one of the same id.

    indicators: the ids that the packs know. Raises OneMapError theme.missing, theme.encoding, theme.syntax, theme.key,
    theme.name with every problem of a file.
    """
    found: dict[str, Theme] = {}
    for path in (*sorted(FOLDER.glob("*.toml")), *map(Path, files)):
        if not path.is_file():
            raise OneMapError("theme.missing", file=str(path), field="--theme")
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise OneMapError("theme.encoding", file=path.name) from None
        is_shipped = path.parent == FOLDER
        theme = parse_theme(text, path.name, catalogue, None if is_shipped else indicators)
        found[theme.id] = theme
    return list(found.values())


def parse_theme(text: str, source: str, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str] | None) -> Theme:
    """One theme from its TOML text; `source` names it in errors.

    indicators: the ids that there are; None does not ask, since a shipped theme is read beside a pack of one's own.
    Raises OneMapError theme.syntax, theme.key, theme.name.
    """
    try:
        raw = toml_content(text.replace("\r\n", "\n"))
    except ValueError as error:
        raise OneMapError("theme.syntax", file=source, reason=toml_reason(error)) from None
    problems = [Problem(code, {"file": source, "field": key, "key": key, **facts}) for code, key, facts in _wrong(raw)]
    problems = problems or list(_unknown_names(raw, source, catalogue, indicators))
    if problems:
        raise OneMapError.of(problems)
    return Theme(raw["id"], raw["title"], *(tuple(raw[key]) for key in _LISTS))


def _wrong(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Keys that are missing, not written as they must be, or do not belong there."""
    for key in raw:
        if key not in _SHAPES:
            yield "theme.key_unknown", key, {"known": list(_SHAPES)}
    for key, shape in _SHAPES.items():
        value = raw.get(key)
        is_names = isinstance(value, list) and all(isinstance(name, str) for name in value)
        is_text = isinstance(value, str) and bool(value)
        is_named = is_title(value) and {"zh", "en"} <= set(value or ())
        if not (is_names if key in _LISTS else is_text if key == "id" else is_named):
            yield "theme.key", key, {"known": shape}


def _unknown_names(
    raw: Mapping[str, Any], source: str, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str] | None
) -> Iterator[Problem]:
    """Layers that the catalogue does not have, or has as a table; tables that are none; indicators of no pack."""
    grounds = [code for code, entry in catalogue.items() if entry.geometry != "table"]
    tables = [code for code, entry in catalogue.items() if entry.geometry == "table"]
    for key, known in zip(_LISTS, (grounds, tables, indicators), strict=True):
        for name in raw[key]:
            if known is not None and name not in known:
                yield Problem("theme.name", {"file": source, "field": key, "key": key, "value": name})
