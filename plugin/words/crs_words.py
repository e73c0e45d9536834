"""Names of coordinate systems: the core's names for those of China's data, QGIS's names for all others."""

from __future__ import annotations

from qgis.core import QgsCoordinateReferenceSystem

from onemap.plugin.words.core_words import word


def crs_title(crs: QgsCoordinateReferenceSystem) -> str:
    """The name with the code, such as EPSG:4490; empty for no system."""
    if not crs.isValid():
        return ""
    name = word("systems", crs.authid())
    return crs.userFriendlyIdentifier() if name == crs.authid() else f"{crs.authid()} - {name}"
