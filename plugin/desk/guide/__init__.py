"""The user guide inside QGIS, and the key that opens it at the topic of the focused control."""
