"""One published layer as QGIS keeps it in a project: source, names, system, metadata, aliases, look."""

from collections.abc import Mapping

import pyproj

from onemap.layers.area_units import M2_PER_HECTARE
from onemap.layers.catalogue.catalogue import named_groups
from onemap.layers.messages import phrase
from onemap.layers.publishing.layer_choice import PublishedLayer
from onemap.layers.publishing.layer_locations import provider_of, wkb_type
from onemap.layers.publishing.layer_look import add_look, labels_enabled
from onemap.layers.publishing.raster_pictures import pipe_of
from onemap.layers.publishing.xml_text import add_crs, add_text
from onemap.layers.xml_elements import Element, SubElement

_SHAPES = {"polygon": "Polygon", "line": "Line", "point": "Point"}
_FLAGS = {"Identifiable": 1, "Removable": 1, "Searchable": 1, "Private": 0}
_ALL_SCALES = {"hasScaleBasedVisibilityFlag": "0", "minScale": "1e+08", "maxScale": "0"}


def title_of(layer: PublishedLayer, language: str) -> str:
    """The name of a layer, with its version, as in the dock."""
    return f"{layer.entry.title_in(language)} {layer.version.label}"


def abstract_of(layer: PublishedLayer, language: str) -> str:
    """The abstract of a version: its valid time, its coverage, its source."""
    version = layer.version
    return phrase(
        "published.layer",
        language,
        title=layer.entry.title_in(language),
        code=layer.entry.code,
        label=version.label,
        since=version.valid_from or "…",
        until=version.valid_to or "…",
        coverage=phrase(f"coverage.{version.coverage_kind}", language),
        area_ha=f"{version.coverage_m2 / M2_PER_HECTARE:,.4f}",
        count=version.count,
        source=layer.source,
        hash=version.hash,
        recorded=version.recorded_at,
    )


def keywords_of(layer: PublishedLayer, language: str, departments: Mapping[str, str]) -> list[str]:
    """Return the keywords of a layer: its code, and its owners. departments: their names by code."""
    groups, entry = named_groups(), layer.entry
    group_codes = (("libraries", entry.library), ("kinds", entry.kind))
    return [entry.code, departments[entry.department], *(groups[group][code][language] for group, code in group_codes)]


def map_layer(
    layer: PublishedLayer, source: str, crs: pyproj.CRS, language: str, departments: Mapping[str, str]
) -> Element:
    """A layer's element. crs: the library's; a raster has its own; departments: their names by code."""
    shape = _SHAPES.get(layer.entry.geometry, "No geometry")
    if layer.picture is not None:
        element = Element("maplayer", {"type": "raster", **_ALL_SCALES})
    else:
        labelled = "0" if shape == "No geometry" else labels_enabled(layer.entry, layer.fields)
        kinds = {"type": "vector", "geometry": shape, "wkbType": wkb_type(layer.entry.geometry)}
        element = Element("maplayer", {**kinds, "readOnly": "1", "labelsEnabled": labelled, **_ALL_SCALES})
    title, abstract = title_of(layer, language), abstract_of(layer, language)
    keywords = keywords_of(layer, language, departments)
    add_text(element, "id", layer.id)
    add_text(element, "datasource", source)
    add_text(element, "shortname", layer.entry.code)
    add_text(element, "title", title)
    add_text(element, "abstract", abstract)
    words = SubElement(element, "keywordList")
    for word in keywords:
        add_text(words, "value", word)
    add_text(element, "layername", title)
    is_table = layer.picture is None and layer.entry.geometry not in _SHAPES
    own_crs = crs if layer.picture is None else layer.picture.crs
    if not is_table:
        add_crs(SubElement(element, "srs"), own_crs)
    element.append(_metadata(layer, title, abstract, keywords, None if is_table else own_crs))
    if layer.picture is not None:
        add_text(element, "provider", "gdal")
    else:
        add_text(element, "provider", provider_of(source))
    flags = SubElement(element, "flags")
    for name, value in _FLAGS.items():
        add_text(flags, name, value)
    if layer.picture is not None:
        element.append(pipe_of(layer.picture))
        return element
    if not is_table:
        add_look(element, layer.entry, layer.fields, language)
    return element


def _metadata(layer: PublishedLayer, title: str, abstract: str, keywords: list[str], crs: pyproj.CRS | None) -> Element:
    metadata = Element("resourceMetadata")
    add_text(metadata, "identifier", layer.version.table)
    add_text(metadata, "type", "dataset")
    add_text(metadata, "title", title)
    add_text(metadata, "abstract", abstract)
    words = SubElement(metadata, "keywords", vocabulary="One Map")
    for word in keywords:
        add_text(words, "keyword", word)
    if crs is not None:
        add_crs(SubElement(metadata, "crs"), crs)
    return metadata
