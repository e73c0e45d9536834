"""The name of a feature's class, from code tables, the legend or the feature itself."""

from collections.abc import Mapping
from typing import Any

from onemap.layers.catalogue.code_tables import class_titles
from onemap.layers.catalogue.schema import LayerEntry
from onemap.layers.catalogue.style_table import style_of
from onemap.layers.frames.fields import text_value


def class_code(entry: LayerEntry, values: Mapping[str, Any]) -> str | None:
    """The code of a feature's class, None if it has none. values: the feature's attributes."""
    return text_value(_value(values, entry.class_field))


def class_title(entry: LayerEntry, code: str | None, values: Mapping[str, Any], language: str) -> str | None:
    """The title of a class, from the code tables of its field, the layer's legend, or the field of class names."""
    if code is None or entry.class_field is None:
        return None
    field = entry.field_named(entry.class_field)
    titles = class_titles(field.codes, code) if field and field.codes else None
    titles = titles or _legend_title(entry, code)
    if titles:
        return in_language(titles, language)
    names = [field.name for field in entry.fields if field.name_of == entry.class_field]
    return next(filter(None, (text_value(_value(values, name)) for name in names)), None)


def in_language(titles: Mapping[str, str], language: str) -> str:
    """A title in a language, else in any language; "" if there is none."""
    return titles.get(language) or next(iter(titles.values()), "")


def _value(values: Mapping[str, Any], name: str | None) -> Any:
    """A feature's value in a field, whatever the letter case of the field's name."""
    if name is None:
        return None
    return next((value for field, value in values.items() if field.lower() == name.lower()), None)


def _legend_title(entry: LayerEntry, code: str) -> dict[str, str] | None:
    style = style_of(entry)
    if style.get("field") != entry.class_field:
        return None
    beginnings = sorted((start for start in style.get("prefixes", {}) if code.startswith(start)), key=len)
    return style["prefixes"][beginnings[-1]].get("title") if beginnings else None
