"""The plugin's part of the QGIS profile: settings and folders."""
