"""The names that the plugin gave to layers and groups: they may be replaced, names that a person gave may not."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsMapLayer

PROPERTY_NAME = "onemap/name"  # on layers and groups: what the plugin called them


def give_name(named: QgsMapLayer | QgsLayerTreeGroup, name: str) -> None:
    """Name a layer or a group, and record that the name is the plugin's."""
    named.setName(name)
    named.setCustomProperty(PROPERTY_NAME, name)


def rename(named: QgsMapLayer | QgsLayerTreeGroup, name: str) -> bool:
    """Replace a name that the plugin gave; return whether the plugin had given a different one.

    A name that a person has given stays.
    """
    given = str(named.customProperty(PROPERTY_NAME) or "")
    if not given or given == name:
        return False
    if named.name() == given:
        named.setName(name)
    named.setCustomProperty(PROPERTY_NAME, name)
    return True
