"""The names that the plugin gave to layers and groups: they may be given anew, those of a person may not."""

from __future__ import annotations

from qgis.core import QgsLayerTreeGroup, QgsMapLayer

PROPERTY_NAME = "onemap/name"  # on layers and groups: what the plugin called them


def give_name(named: QgsMapLayer | QgsLayerTreeGroup, name: str) -> None:
    """Name a layer or a group, and note that it is the plugin's name."""
    named.setName(name)
    named.setCustomProperty(PROPERTY_NAME, name)


def rename(named: QgsMapLayer | QgsLayerTreeGroup, name: str) -> bool:
    """Give another name in the place of the plugin's own; returns whether the plugin's was another.

    A name that a person has given stays.
    """
    given = str(named.customProperty(PROPERTY_NAME) or "")
    if not given or given == name:
        return False
    if named.name() == given:
        named.setName(name)
    named.setCustomProperty(PROPERTY_NAME, name)
    return True
