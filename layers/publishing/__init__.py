"""The one map as a QGIS project."""
