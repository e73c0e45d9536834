"""The project's XML: its layers, their tree and order, its extent, and what QGIS Server offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyproj

from onemap.layers.catalogue.map_order import stratum_of
from onemap.layers.geometry.boxes import Bounds
from onemap.layers.publishing.layer_choice import PublishedLayer, project_themes
from onemap.layers.publishing.layer_locations import provider_of
from onemap.layers.publishing.layer_xml import map_layer, title_of
from onemap.layers.publishing.print_layout import SheetText, print_layouts
from onemap.layers.publishing.xml_text import add_crs, add_list, add_options, add_text, clean
from onemap.layers.xml_elements import Element, SubElement, indent, tostring

WRITTEN_FOR = "3.40.0"  # the oldest QGIS that the plugin runs in
_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_BOTTOM_LEFT, _TOP_LEFT, _TOP_RIGHT, _BOTTOM_RIGHT = "0", "1", "2", "3"  # QGIS's numbers of the corners
_PALE = "255,255,255,200"  # below the title, whose letters are dark
_USUAL_SYSTEMS = ("EPSG:4326", "EPSG:3857")  # what most clients of a map service can show


@dataclass(frozen=True)
class ProjectFacts:
    """Facts of a published project: title, abstract, the library's system, and the map's first view.

    dated: the day of the data, as the map shows it; legend: the legend's title; variables: the library and the head of
    its log.
    """

    title: str
    abstract: str
    dated: str
    legend: str
    crs: pyproj.CRS
    bounds: Bounds | None
    language: str
    variables: Mapping[str, str]
    departments: Mapping[str, str]  # what they are called, by code


def project_text(facts: ProjectFacts, layers: Sequence[PublishedLayer], sources: Mapping[str, str]) -> bytes:
    """Return a whole project. layers: the uppermost first; sources: QGIS's source for each version's table."""
    root = Element("qgis", version=WRITTEN_FOR, projectname=facts.title)
    SubElement(root, "homePath", path="")
    add_text(root, "title", facts.title)
    add_crs(SubElement(root, "projectCrs"), facts.crs)
    root.append(_tree(layers, sources, facts.language))
    if facts.bounds is not None:
        _add_canvas(root, facts)
    projected = SubElement(root, "projectlayers")
    for layer in layers:
        projected.append(map_layer(layer, sources[layer.version.table], facts.crs, facts.language, facts.departments))
    root.append(_presets(layers, facts))
    order = SubElement(root, "layerorder")
    for layer in layers:
        SubElement(order, "layer", id=layer.id)
    if facts.bounds is not None:
        system = f"{facts.crs.name} (EPSG:{facts.crs.to_epsg()})"
        sheet = SheetText(facts.title, facts.legend, f"{facts.dated}    {system}")
        root.append(print_layouts(facts.bounds, sheet))
    root.append(_properties(facts, layers))
    metadata = SubElement(root, "projectMetadata")
    add_text(metadata, "title", facts.title)
    add_text(metadata, "abstract", facts.abstract)
    if facts.bounds is not None:
        view = SubElement(root, "ProjectViewSettings", UseProjectScales="0", rotation="0")
        for tag in ("DefaultViewExtent", "PresetFullExtent"):
            names = zip(("xmin", "ymin", "xmax", "ymax"), facts.bounds, strict=True)
            add_crs(SubElement(view, tag, {name: _number(value) for name, value in names}), facts.crs)
    clean(root)
    indent(root, " ")
    text: str = tostring(root, encoding="unicode")
    return (_DOCTYPE + text + "\n").encode("utf-8")


def _tree(layers: Sequence[PublishedLayer], sources: Mapping[str, str], language: str) -> Element:
    """Return the groups of the map, as in the dock: an upper entry is drawn above."""
    tree = Element("layer-tree-group")
    groups: dict[str, Element] = {}
    for layer in layers:
        stratum = stratum_of(layer.entry)
        if stratum["id"] not in groups:
            groups[stratum["id"]] = _group(tree, stratum["title"][language], stratum["id"])
        source = sources[layer.version.table]
        SubElement(
            groups[stratum["id"]],
            "layer-tree-layer",
            id=layer.id,
            name=title_of(layer, language),
            source=source,
            providerKey="gdal" if layer.picture is not None else provider_of(source),
            checked="Qt::Checked" if layer.shown else "Qt::Unchecked",
            expanded="0",
        )
    return tree


def _presets(layers: Sequence[PublishedLayer], facts: ProjectFacts) -> Element:
    """Return the maps that a click shows, as QGIS's map themes."""
    presets = Element("visibility-presets")
    of_code = {layer.entry.code: layer for layer in layers}
    for theme in project_themes(layers):
        title = theme["title"][facts.language] if theme["title"] else facts.departments[theme["department"] or ""]
        preset = SubElement(presets, "visibility-preset", {"name": title, "has-expanded-info": "0"})
        for code in theme["layers"]:
            SubElement(preset, "layer", id=of_code[code].id, style="default", visible="1", expanded="0")
    return presets


def _group(above: Element, title: str, short_name: str) -> Element:
    group = SubElement(above, "layer-tree-group", name=title, checked="Qt::Checked", expanded="1")
    # A service's clients ask for a group by a plain name.
    add_options(SubElement(group, "customproperties"), {"wmsShortName": short_name, "wmsTitle": title})
    return group


def _add_canvas(root: Element, facts: ProjectFacts) -> None:
    """Add the map's first view when the project opens."""
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    add_text(canvas, "units", "meters")
    extent = SubElement(canvas, "extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), facts.bounds or (), strict=True):
        add_text(extent, name, _number(value))
    add_text(canvas, "rotation", "0")
    add_crs(SubElement(canvas, "destinationsrs"), facts.crs)


def _properties(facts: ProjectFacts, layers: Sequence[PublishedLayer]) -> Element:
    """Return relative paths, and what QGIS Server offers: maps of everything, features to read, none to write."""
    properties = Element("properties")
    add_text(SubElement(properties, "Paths"), "Absolute", "false", type="bool")
    measuring = SubElement(properties, "Measurement")
    add_text(measuring, "AreaUnits", "m2", type="QString")
    add_text(measuring, "DistanceUnits", "meters", type="QString")
    add_text(SubElement(properties, "SpatialRefSys"), "ProjectionsEnabled", "1", type="int")
    add_text(properties, "WMSServiceCapabilities", "true", type="bool")
    add_text(properties, "WMSServiceTitle", facts.title, type="QString")
    add_text(properties, "WMSServiceAbstract", facts.abstract, type="QString")
    add_text(properties, "WMSRootName", "onemap", type="QString")
    add_text(properties, "WMSUseLayerIDs", "false", type="bool")
    add_text(properties, "WMSAddWktGeometry", "false", type="bool")
    departments = [facts.departments[code] for code in dict.fromkeys(layer.entry.department for layer in layers)]
    add_list(properties, "WMSKeywordList", ["One Map", *departments])
    add_list(properties, "WMSCrsList", _offered_systems(facts.crs))
    _add_furniture(properties, facts)
    if facts.bounds is not None:
        add_list(properties, "WMSExtent", [_number(value) for value in facts.bounds])
    variables = SubElement(properties, "Variables")
    add_list(variables, "variableNames", list(facts.variables))
    add_list(variables, "variableValues", list(facts.variables.values()))
    add_list(properties, "WFSLayers", [layer.id for layer in layers if layer.picture is None])
    return properties


def _add_furniture(properties: Element, facts: ProjectFacts) -> None:
    """Add what every map printed from the desktop must show: its title, the date of its data, scale and north."""
    corners = {
        "TitleLabel": _TOP_LEFT,
        "CopyrightLabel": _BOTTOM_LEFT,
        "ScaleBar": _BOTTOM_RIGHT,
        "NorthArrow": _TOP_RIGHT,
    }
    labels = {"TitleLabel": facts.title, "CopyrightLabel": facts.dated}
    for name, corner in corners.items():
        item = SubElement(properties, name)
        add_text(item, "Enabled", "true", type="bool")
        add_text(item, "Placement", corner, type="int")
        if name in labels:
            add_text(item, "Label", labels[name], type="QString")
        if name == "TitleLabel":
            add_text(item, "BackgroundColor", _PALE, type="QString")


def _offered_systems(crs: pyproj.CRS) -> list[str]:
    """Return the systems that a map may be requested in: the library's, its degrees, and the two of the web."""
    geodetic = crs.geodetic_crs
    codes = [crs.to_epsg(), geodetic.to_epsg() if geodetic is not None else None]
    return list(dict.fromkeys([*(f"EPSG:{code}" for code in codes if code is not None), *_USUAL_SYSTEMS]))


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
