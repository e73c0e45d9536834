"""The user guide inside QGIS, and the key that opens it where it speaks of what has the keyboard."""
