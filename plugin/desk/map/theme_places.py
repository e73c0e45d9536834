"""Membership in QGIS's map themes: a layer that replaces another, or comes back, is shown by the same themes."""

from __future__ import annotations

from collections.abc import Iterable

from qgis.core import QgsMapLayer, QgsMapThemeCollection, QgsProject


def themes_that_show(layer: QgsMapLayer) -> list[str]:
    """The names of the project's map themes that show a layer."""
    themes = QgsProject.instance().mapThemeCollection()
    return [name for name in themes.mapThemes() if layer.id() in themes.mapThemeVisibleLayerIds(name)]


def show_in_themes(layer: QgsMapLayer, names: Iterable[str]) -> None:
    """Add a layer to map themes; a theme that was deleted is not created again."""
    themes = QgsProject.instance().mapThemeCollection()
    for name in names:
        if themes.hasMapTheme(name):
            record = themes.mapThemeState(name)
            record.addLayerRecord(theme_record(layer))
            themes.update(name, record)


def theme_record(layer: QgsMapLayer) -> QgsMapThemeCollection.MapThemeLayerRecord:
    """The record in a map theme of a layer that is visible in its current style."""
    record = QgsMapThemeCollection.MapThemeLayerRecord(layer)
    record.isVisible = True
    record.usingCurrentStyle = True
    record.currentStyle = layer.styleManager().currentStyle()
    return record
