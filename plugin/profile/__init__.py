"""What lies in the QGIS profile: settings and folders."""
