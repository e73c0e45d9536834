"""The content as it is printed: every number, share and date of it as text, in the same shape."""

import re
from collections.abc import Callable
from typing import Any

from onemap.rules.kinds import KINDS
from onemap.rules.remedy.departments import MEASURES
from onemap.rules.statement.land_areas import COLUMNS
from onemap.rules.statement.sentences import sentences

NOT_MEASURED = "–"
# What XML forbids: a name with such a sign in it must not break a document.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printed(content: dict[str, Any]) -> dict[str, Any]:
    """The same content for templates: numbers as text, "–" for what was not measured, "" for a text that is not there.

    True and false stay, so that a template can ask them. One more key, `sentences`, has what is said in words.
    """
    texts = {name: _printed(name, value) for name, value in content.items()}
    return {**texts, "sentences": sentences(texts)}


def _printed(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        texts = {key: _printed(key, item) for key, item in value.items()}
        if "length_m" not in value:
            return texts
        if isinstance(value["value"], float):
            texts["value"] = f"{value['value']:,.{KINDS[value['kind']].value_places}f}"
        return {**texts, **_extent(texts)}
    if isinstance(value, list):
        return [_printed(name, item) for item in value]
    if isinstance(value, bool):
        return value
    if name in _FORMS:
        return NOT_MEASURED if value is None else _FORMS[name](value)
    if value is None:
        return ""
    return _FORBIDDEN.sub("", str(value))


def _extent(row: dict[str, Any]) -> dict[str, str]:
    """How much of a finding there is, in two lines: area and hectares, else length or value."""
    if row["hectares"] != NOT_MEASURED:
        return {"area_text": f"{row['area_ellipsoidal_m2']} m²", "hectares_text": f"{row['hectares']} ha"}
    measures = (f"{row['length_m']} m" if row["length_m"] != NOT_MEASURED else "", row["value"].strip(NOT_MEASURED))
    return {"area_text": "; ".join(filter(None, measures)) or NOT_MEASURED, "hectares_text": ""}


def square_metres(value: float) -> str:
    """Thousands, and no decimals from 10 m²; one below."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def share(value: float) -> str:
    """Per cent with one decimal; what is less than the least shown says so."""
    return "< 0.1%" if 0 < value < 0.001 else f"{100 * value:.1f}%"


def _hectares(value: float) -> str:
    return f"{value:,.4f}"


def _metres(value: float) -> str:
    return f"{value:,.1f}"


_FORMS: dict[str, Callable[[Any], str]] = {
    "hectares": _hectares,
    **dict.fromkeys(COLUMNS, _hectares),
    **dict.fromkeys((f"{name.removesuffix('_m2')}_hectares" for name in MEASURES), _hectares),
    "mu": lambda value: f"{value:,.2f}",
    "area_m2": square_metres,
    "area_ellipsoidal_m2": square_metres,
    "survey_area_m2": square_metres,
    "share": share,
    "length_m": _metres,
    "distance_m": _metres,
    "moved_m": _metres,
    "turned_deg": _metres,
    "value": lambda value: _FORBIDDEN.sub("", str(value)),
    "north_m": lambda value: f"{value:.3f}",
    "east_m": lambda value: f"{value:.3f}",
    "features": lambda value: f"{value:,}",
    "figure": str,
}
