"""The look of a layer in QGIS: symbols, labels, names of its fields and of their codes, and map tips.

It is the same for a layer in the dock and in a published project: a style in QGIS's own format.
"""

import re
from collections.abc import Collection
from html import escape

from onemap.layers.catalogue.code_tables import code_table
from onemap.layers.catalogue.feature_names import name_field
from onemap.layers.catalogue.schema import Field, LayerEntry
from onemap.layers.catalogue.style_table import label_of, style_of
from onemap.layers.messages import phrase
from onemap.layers.publishing.layer_labels import labeling_of
from onemap.layers.publishing.project_symbols import renderer_of
from onemap.layers.publishing.xml_text import add_text, clean
from onemap.layers.xml_elements import Element, SubElement, tostring

_SHAPES = ("polygon", "line", "point")
_BASE_LENGTH = 4  # of the codes that a letter may follow
_MOST_TIP_ROWS = 12
_UNTOLD = ("BSM", "YSDM")  # numbers that say nothing to a reader of the map
_UNIT = re.compile(r", (%|ha|kV|mm?|m²)$")  # as the schema's English titles name it
_TIP_CSS = "margin:0;font-size:9pt"
# On the ellipsoid, in m², everywhere: QGIS's $area is in the project's unit, whatever that is, and planar on a server.
# EPSG:6933 keeps areas, and the edges' way: straight in longitude, as TD/T 1055 has them.
_AREA_TEXT = (
    "with_variable('m2', area(transform($geometry, @layer_crs, 'EPSG:6933')),"
    " format_number(@m2, if(@m2 < 10, 1, 0)) || ' m²')"
)


def look_text(entry: LayerEntry, fields: Collection[str], language: str) -> str:
    """Return a layer's style as a document that QGIS reads; empty for a table and for a raster.

    fields: the columns of the version to be drawn.
    """
    if entry.geometry not in _SHAPES:
        return ""
    root = Element("qgis", version="3.40.0", labelsEnabled=labels_enabled(entry, fields))
    add_look(root, entry, fields, language)
    clean(root)
    text: str = tostring(root, encoding="unicode")
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + text


def labels_enabled(entry: LayerEntry, fields: Collection[str]) -> str:
    """Return whether a layer is labelled, as QGIS writes it."""
    return str(int(_label_expression(entry, fields) is not None))


def add_look(parent: Element, entry: LayerEntry, fields: Collection[str], language: str) -> None:
    """Add everything that decides a layer's look to its element, or to a style's."""
    other = phrase("published.other", language)
    parent.append(renderer_of(style_of(entry), entry.geometry, fields, language, other))
    expression, label = _label_expression(entry, fields), label_of(entry)
    if expression is not None and label is not None:
        parent.append(labeling_of(label, expression, entry.geometry))
    schema_fields = [field for name in fields if (field := entry.field_named(name)) is not None]
    configured, aliases = SubElement(parent, "fieldConfiguration"), Element("aliases")
    for field in schema_fields:
        _add_code_names(configured, field, language)
        alias = _alias(field, language)
        if alias != field.name:
            SubElement(aliases, "alias", field=field.name, name=alias)
    parent.append(aliases)
    add_text(parent, "previewExpression", _feature_title(entry, fields, language))
    add_text(parent, "mapTip", _tip(entry, schema_fields, language), enabled="1")


def _add_code_names(parent: Element, field: Field, language: str) -> None:
    """Add the titles of a field's codes, so that QGIS shows `0101 水田` for 0101."""
    names = code_names(field, language)
    if not names:
        return
    widget = SubElement(SubElement(parent, "field", name=field.name), "editWidget", type="ValueMap")
    options = SubElement(SubElement(widget, "config"), "Option", type="Map")
    code_list = SubElement(options, "Option", name="map", type="List")
    for code, name in names.items():
        one = SubElement(code_list, "Option", type="Map")
        SubElement(one, "Option", name=name, value=code, type="QString")


def _alias(field: Field, language: str) -> str:
    """The name of a field, with the unit of its numbers."""
    title, unit = dict(field.title).get(language) or field.name, _unit_of(field)
    has_unit = not unit or title.endswith((unit, "）"))
    return title if has_unit else phrase("published.in_unit", language, title=title, unit=unit)


def _unit_of(field: Field) -> str:
    """The unit of a field's numbers; empty where none is stated."""
    match = _UNIT.search(dict(field.title).get("en") or "")
    return match[1] if match else "m²" if field.area or field.net else ""


def code_names(field: Field, language: str) -> dict[str, str]:
    """Return code → code and name, from all tables that a field may use, the first table first."""
    names: dict[str, str] = {}
    for table in map(code_table, field.codes):
        first = {code: titles for code, titles in table.first.items() if code not in table.classes}
        for code, titles in {**table.classes, **first}.items():
            name = titles.get(language) or titles["zh"]
            names.setdefault(code, f"{code} {name}")
            if len(code) == _BASE_LENGTH:
                for suffix in table.suffixes:
                    names.setdefault(code + suffix, f"{code}{suffix} {name}")
    return names


def _label_expression(entry: LayerEntry, fields: Collection[str]) -> str | None:
    """Return the expression of a feature's label; None if its layer has neither name nor class."""
    label = label_of(entry)
    if label is None:
        return None
    coded = _coded_class(entry, fields)
    name = name_field(entry, fields)
    if coded is not None and label["text"] in ("use", "code_and_use"):
        return _use_expression(entry, coded, fields, label["text"] == "code_and_use")
    if name is None:
        return None
    return _column(name)


def _use_expression(entry: LayerEntry, coded: Field, fields: Collection[str], with_code: bool) -> str:
    """The expression of a plot's class: by the code tables, else by its own field, else its code."""
    code = _column(coded.name)
    own = next((f.name for f in entry.fields if f.name_of == coded.name and f.name in fields), None)
    own_name = f"coalesce(nullif({_column(own)}, ''), {code})" if own else code
    table_name = (
        "regexp_replace(@use, '^(\\\\S+) ', '\\\\1\n')" if with_code else "regexp_replace(@use, '^\\\\S+ ', '')"
    )
    return f"with_variable('use', represent_value({code}), if(left(@use, 1) = '(', {own_name}, {table_name}))"


def _coded_class(entry: LayerEntry, fields: Collection[str]) -> Field | None:
    """The class field of a layer, if the code tables name its codes."""
    is_there = entry.class_field is not None and entry.class_field in fields
    field = entry.field_named(str(entry.class_field)) if is_there else None
    return field if field is not None and field.codes else None


def _feature_title(entry: LayerEntry, fields: Collection[str], language: str) -> str:
    """Return the expression for a feature's name in QGIS's lists."""
    name, coded = name_field(entry, fields), _coded_class(entry, fields)
    parts = [f"nullif({_column(name)}, '')"] if name is not None else []
    parts += [_code_and_name(_column(coded.name))] if coded is not None else []
    parts += [f"nullif({_column(entry.key)}, '')"] if entry.key in fields and entry.key else []
    title = entry.title_in(language).replace("'", "''")
    choices = ", ".join([*parts, f"'{title}'"])
    return f"coalesce({choices})"


def _tip(entry: LayerEntry, schema_fields: list[Field], language: str) -> str:
    """Return QGIS's tip for a feature under the pointer: the layer, then titles and values, codes with names."""
    tip_fields = [field for field in schema_fields if field.name not in _UNTOLD]
    rows = "".join(_tip_row(field, _alias(field, language)) for field in tip_fields[:_MOST_TIP_ROWS])
    size = phrase("published.size", language)
    if entry.geometry == "polygon":
        rows += f"<tr><td>{escape(size)}&nbsp;</td><td>[% {_AREA_TEXT} %]</td></tr>"
    return f'<p style="{_TIP_CSS}"><b>[% @layer_name %]</b></p><table style="{_TIP_CSS}">{rows}</table>'


def _code_and_name(column: str) -> str:
    """Return the expression of a code with its name; of an unknown code, which QGIS brackets, the code alone."""
    name_expression = f"represent_value({column})"
    return f"if(left({name_expression}, 1) = '(', nullif(to_string({column}), ''), {name_expression})"


def _tip_row(field: Field, title: str) -> str:
    """Return one row, left out if the field is empty; a value is shown unchanged, never as HTML."""
    column = _column(field.name)
    signs = "map('&', '&amp;', '<', '&lt;', '>', '&gt;')"
    expression = _code_and_name(column) if field.codes else f"represent_value({column})"
    if _unit_of(field) == "m²":  # as it was stated, with its decimals
        expression = f"coalesce(format_number(try(to_real({column})), 2), {expression})"
    value = f"replace({expression}, {signs})"
    start = f"<tr><td>{escape(title)}&nbsp;</td><td>".replace("'", "''")
    text = f"'{start}' || {value} || '</td></tr>'"
    return f"[% if(coalesce(to_string({column}), '') = '', '', {text}) %]"


def _column(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
