"""The looks of a layer's features on a drawn map, and their names in the legend, by the table in resources/styles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.style_table import FAINT, HATCH_MM, OTHER_COLOUR, style_of
from onemap.rules.contract.verdict import Verdict
from onemap.rules.display.maps.svg_text import as_attribute
from onemap.rules.display.maps.verdict_words import verdict_words

_DASHES = {
    "dash": (4.0, 2.0),
    "dot": (1.0, 1.6),
    "dash dot": (5.0, 1.5, 1.0, 1.5),
    "dash dot dot": (5.0, 1.5, 1.0, 1.5, 1.0, 1.5),
}


@dataclass(frozen=True)
class Symbol:
    """One look: outline, fill and hatch, with widths in mm; `hatch` is (angle in degrees, distance in mm, width)."""

    title: str
    stroke: str | None = None
    stroke_mm: float = 0.3
    dash: tuple[float, ...] = ()
    fill: str | None = None
    fill_opacity: float = 1.0
    hatch: tuple[float, float, float] | None = None
    dots: float | None = None  # distance of dots in mm

    @property
    def hides(self) -> bool:
        """Whether it covers the features below, so that it has to be drawn first."""
        return self.fill is not None and self.fill_opacity > FAINT


PARCEL = Symbol("", stroke="#E60012", stroke_mm=0.7)
_VERDICTS: Mapping[str, Symbol] = {
    Verdict.PROHIBITED: Symbol("", "#B2182B", 0.7, fill="#B2182B", fill_opacity=0.1, hatch=(45, 1.1, 0.28)),
    Verdict.RESTRICTED: Symbol("", "#E66101", 0.5, fill="#E66101", fill_opacity=0.06, hatch=(45, 2.6, 0.28)),
    Verdict.UNKNOWN: Symbol("", "#6B6B6B", 0.4, dash=(1.6, 1.0), dots=1.3),
    Verdict.CONSULT: Symbol("", "#B8860B", 0.4, fill="#B8860B", fill_opacity=0.25),
    Verdict.NOTICE: Symbol("", "#2B6CB0", 0.4),
    Verdict.CLEAR: Symbol("", "#1A7F37", 0.2),
}


def verdict_symbol(verdict: str, language: str) -> Symbol:
    """The look of a piece of conflict, told apart by pattern as well as by colour."""
    return Symbol(**{**_VERDICTS[verdict].__dict__, "title": verdict_words(verdict, language)})


def symbols_of(
    entry: LayerEntry, attributes: pd.DataFrame, language: str, *, faint: bool = False
) -> tuple[list[Symbol], np.ndarray]:
    """The looks of a layer's features, and for each of the n features the index of its look.

    faint: as a background that does not distract from the features above it.
    """
    style = style_of(entry)
    name = entry.title_in(language)
    field = style.get("field")
    if field is None or field not in attributes.columns:
        plain = {key: value for key, value in style.items() if key not in ("field", "prefixes", "values")}
        return [styled_symbol(plain, name, faint=faint)], np.zeros(len(attributes), dtype=int)
    rest = styled_symbol({key: style.get(key) for key in ("stroke", "stroke_mm", "dash")}, name, faint=faint)
    keys = [_class_of(value, style) for value in attributes[field].tolist()]
    classes = sorted(set(filter(None, keys)))  # the legend lists them as the code table does
    class_styles, colon = {**style.get("prefixes", {}), **style.get("values", {})}, "：" if language == "zh" else ": "
    titles = [f"{name}{colon}{_class_title(class_styles[key], key, language)}" for key in classes]
    looks = [
        styled_symbol({**style, **class_styles[key]}, title, faint=faint)
        for key, title in zip(classes, titles, strict=True)
    ]
    place = {None: 0} | {key: number for number, key in enumerate(classes, start=1)}
    return [rest, *looks], np.array([place[key] for key in keys], dtype=int)


def _class_of(value: Any, style: Mapping[str, Any]) -> str | None:
    text = str(value) if value is not None else ""
    if text in style.get("values", {}):
        return text
    prefixes = [prefix for prefix in style.get("prefixes", {}) if text.startswith(prefix)]
    return max(prefixes, key=len) if prefixes else None


def _class_title(look: Mapping[str, Any], key: str, language: str) -> str:
    title = look.get("title")
    if not title:
        return key
    return f"{key} {title.get(language) or ''}".strip() if key[:1].isdigit() else str(title.get(language) or key)


def styled_symbol(style: Mapping[str, Any], title: str = "", *, faint: bool = False) -> Symbol:
    """The look that a style of the tables describes, as QGIS draws it too: stroke, fill, dash, hatch."""
    stroke = style.get("stroke") or OTHER_COLOUR
    width = float(style.get("stroke_mm") or 0.3)
    hatch = style.get("hatch")
    opacity = float(style.get("fill_opacity", 1.0))
    return Symbol(
        title,
        stroke=stroke,
        stroke_mm=width * (0.6 if faint else 1.0),
        dash=tuple(width * part for part in _DASHES.get(style.get("dash", ""), ())),
        fill=style.get("fill"),
        fill_opacity=opacity * (0.45 if faint else 1.0),
        hatch=(
            (float(hatch["angle"]), float(hatch["distance_mm"]), float(hatch.get("width_mm", HATCH_MM)))
            if hatch
            else None
        ),
    )


def pattern_of(symbol: Symbol, identifier: str) -> str:
    """The SVG pattern of a symbol's hatch or dots, or nothing."""
    name = as_attribute(identifier)
    if symbol.hatch:
        angle, distance, width = symbol.hatch
        return (
            f'<pattern id={name} width="{distance:g}" height="{distance:g}" patternUnits="userSpaceOnUse"'
            f' patternTransform="rotate({-angle:g})"><path d="M0 {distance / 2:g}H{distance:g}"'
            f' stroke="{symbol.stroke}" stroke-width="{width:g}"/></pattern>'
        )
    if symbol.dots:
        half = symbol.dots / 2
        return (
            f'<pattern id={name} width="{symbol.dots:g}" height="{symbol.dots:g}" patternUnits="userSpaceOnUse">'
            f'<circle cx="{half:g}" cy="{half:g}" r="0.22" fill="{symbol.stroke}"/></pattern>'
        )
    return ""


def outline_attributes(symbol: Symbol) -> str:
    """The attributes that stroke a path with a symbol."""
    look = f'fill="none" stroke="{symbol.stroke}" stroke-width="{symbol.stroke_mm:g}" stroke-linejoin="round"'
    if symbol.dash:
        look += f' stroke-dasharray="{" ".join(f"{part:g}" for part in symbol.dash)}"'
    return look


def fill_attributes(symbol: Symbol, pattern: str) -> Sequence[str]:
    """The attributes that paint each fill of a symbol: first the colour, then the pattern of that name."""
    fills = []
    if symbol.fill:
        opacity = f' fill-opacity="{symbol.fill_opacity:.3g}"' if symbol.fill_opacity < 1 else ""
        fills.append(f'fill="{symbol.fill}"{opacity}')
    if symbol.hatch or symbol.dots:
        fills.append(f'fill="url(#{pattern})"')
    return fills
