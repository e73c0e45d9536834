"""Themes: named lists of layers, tables and indicators, such as agriculture or housing, read from TOML."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from onemap.layers.catalogue.catalogue import LayerEntry, shipped_catalogue
from onemap.layers.catalogue.toml_text import toml_or_refusal
from onemap.layers.errors import OneMapError, Problem
from onemap.layers.messages import is_title
from onemap.layers.shipped_files import RESOURCES

FOLDER = RESOURCES / "themes"
_LISTS = ("layers", "tables", "indicators")
_SHAPES: Mapping[str, str] = {
    "id": '"agriculture"',
    "title": '{ zh = "…", en = "…" }',
    **dict.fromkeys(("layers", "tables"), '["CODE"]'),
    "indicators": '["farmland.arable"]',
}
_PAGE = "page"
_PAGE_SHAPES: Mapping[str, str] = {
    "about": '{ zh = "…", en = "…" }',
    "chart": '["farmland.arable"]',
}


@dataclass(frozen=True)
class Theme:
    """One theme: codes of layers with ground and of tables, and ids of indicators, each in the order of the file.

    about: the page's opening text, by language; chart: the indicators in the page's chart, all if none is named.
    file: from which it was read, None if it is shipped.
    """

    id: str
    title: Mapping[str, str]
    layers: tuple[str, ...]
    tables: tuple[str, ...]
    indicators: tuple[str, ...]
    about: Mapping[str, str] = field(default_factory=dict)
    chart: tuple[str, ...] = ()
    file: str | None = None


def themes(files: Sequence[str], catalogue: Mapping[str, LayerEntry], indicators: Sequence[str]) -> list[Theme]:
    """The shipped themes, followed by those of files; a file's theme replaces one with the same id.

    indicators: the ids that the packs define. Raises OneMapError theme.missing, theme.encoding, theme.syntax,
    theme.key, theme.name with every problem of a file.
    """
    own = [_theme_of(Path(path), catalogue, indicators) for path in files]
    return list({theme.id: theme for theme in (*shipped_themes(), *own)}.values())


@lru_cache(maxsize=1)
def shipped_themes() -> tuple[Theme, ...]:
    """The themes that are shipped, in the order of their files."""
    return tuple(_theme_of(path, shipped_catalogue(), ()) for path in sorted(FOLDER.glob("*.toml")))


def _theme_of(path: Path, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str]) -> Theme:
    if not path.is_file():
        raise OneMapError("theme.missing", file=str(path), field="--theme")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OneMapError("theme.encoding", file=path.name) from None
    is_own = path.parent != FOLDER
    theme = parse_theme(text, path.name, catalogue, indicators if is_own else None)
    return replace(theme, file=str(path)) if is_own else theme


def parse_theme(text: str, source: str, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str] | None) -> Theme:
    """Read one theme from its TOML text; `source` names it in errors.

    indicators: the known ids; None to skip the check, since a shipped theme may be used with one's own pack.
    Raises OneMapError theme.syntax, theme.key, theme.name.
    """
    raw = toml_or_refusal(text, "theme.syntax", source)
    problems = [Problem(code, {"file": source, "field": key, "key": key, **facts}) for code, key, facts in _wrong(raw)]
    problems = problems or list(_unknown_names(raw, source, catalogue, indicators))
    if problems:
        raise OneMapError.of(problems)
    page = raw.get("page", {})
    layers, tables, indicator_ids = (tuple(raw[key]) for key in _LISTS)
    about, chart = page.get("about", {}), tuple(page.get("chart", ()))
    return Theme(raw["id"], raw["title"], layers, tables, indicator_ids, about, chart)


def theme_named(name: str, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str]) -> Theme:
    """The theme with an id or a title, or of a TOML file. Raises OneMapError theme.unknown and as `themes`."""
    if name.lower().endswith(".toml"):
        return _theme_of(Path(name), catalogue, indicators)
    shipped = themes([], catalogue, indicators)
    for theme in shipped:
        if name == theme.id or name in theme.title.values():
            return theme
    raise OneMapError("theme.unknown", field="--theme", value=name, known=[theme.id for theme in shipped])


def _wrong(raw: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Problems of keys that are missing, malformed, or unknown."""
    for key in raw:
        if key not in (*_SHAPES, _PAGE):
            yield "theme.key_unknown", key, {"known": [*_SHAPES, _PAGE]}
    for key, shape in _SHAPES.items():
        value = raw.get(key)
        is_text = isinstance(value, str) and bool(value)
        if not (_is_names(value) if key in _LISTS else is_text if key == "id" else _is_named(value)):
            yield "theme.key", key, {"known": shape}
    page = raw.get(_PAGE, {})
    if not isinstance(page, dict):
        yield "theme.key", _PAGE, {"known": "[page]"}
        return
    for key, value in page.items():
        if key not in _PAGE_SHAPES:
            yield "theme.key_unknown", f"{_PAGE}.{key}", {"known": list(_PAGE_SHAPES)}
        elif not (_is_named(value) if key == "about" else _is_names(value)):
            yield "theme.key", f"{_PAGE}.{key}", {"known": _PAGE_SHAPES[key]}


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_named(value: Any) -> bool:
    return is_title(value) and {"zh", "en"} <= set(value)


def _unknown_names(
    raw: Mapping[str, Any], source: str, catalogue: Mapping[str, LayerEntry], indicators: Sequence[str] | None
) -> Iterator[Problem]:
    """Problems of layers that the catalogue lacks or has as tables, of tables that are none, of unknown indicators."""
    grounds = [code for code, entry in catalogue.items() if entry.geometry != "table"]
    tables = [code for code, entry in catalogue.items() if entry.geometry == "table"]
    for key, known_names in zip(_LISTS, (grounds, tables, indicators), strict=True):
        for name in raw[key]:
            if known_names is not None and name not in known_names:
                yield Problem("theme.name", {"file": source, "field": key, "key": key, "value": name})
    for name in raw.get(_PAGE, {}).get("chart", ()):
        if name not in raw["indicators"]:
            yield Problem("theme.name", {"file": source, "field": "page.chart", "key": "page.chart", "value": name})
