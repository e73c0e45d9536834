"""The language of the map: names that the plugin gave in a project saved in the other language are translated.

Names that a person has given stay, and so do colours and lines that a person has chosen.
"""

from __future__ import annotations

from qgis.core import QgsMapLayer, QgsRuleBasedRenderer, QgsVectorLayer
from qgis.PyQt.QtXml import QDomDocument

from onemap.plugin.desk.library.layer_list import CatalogueLayer, Version
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.map.map_groups import rename, rename_groups
from onemap.plugin.desk.map.map_layers import PROPERTY_CODE, PROPERTY_TABLE, layers_of_library, open_version
from onemap.plugin.desk.map.map_themes import rename_themes

# What of a style is in words: names of fields, names of codes, and what is shown where the pointer rests.
WORDS = QgsMapLayer.StyleCategory.Fields | QgsMapLayer.StyleCategory.Forms | QgsMapLayer.StyleCategory.MapTips


def translate_map(library: OpenLibrary) -> None:
    """Name a library's layers, groups, legends and themes in the current language."""
    for layer in layers_of_library(library):
        entry = library.entry(str(layer.customProperty(PROPERTY_CODE)))
        table = layer.customProperty(PROPERTY_TABLE)
        version = next((one for one in entry.versions if one.table == table), None) if entry is not None else None
        if entry is None or version is None or not rename(layer, f"{entry.title} {version.label}"):
            continue
        if isinstance(layer, QgsVectorLayer):
            _translate_look(layer, library, entry, version)
    rename_groups(library)
    rename_themes(library)


def _translate_look(layer: QgsVectorLayer, library: OpenLibrary, entry: CatalogueLayer, version: Version) -> None:
    """Translate the names of fields, the codes and the legend; the symbols stay as they are."""
    document = QDomDocument()
    if entry.look and document.setContent(entry.look):
        layer.importNamedStyle(document, WORDS)
    fresh = open_version(library, entry, version)
    renderer, fresh_renderer = layer.renderer(), fresh.renderer() if fresh.isValid() else None
    if not (isinstance(renderer, QgsRuleBasedRenderer) and isinstance(fresh_renderer, QgsRuleBasedRenderer)):
        return
    labels = {rule.filterExpression(): rule.label() for rule in fresh_renderer.rootRule().descendants()}
    for rule in renderer.rootRule().descendants():
        rule.setLabel(labels.get(rule.filterExpression(), rule.label()))
    layer.legendChanged.emit()
