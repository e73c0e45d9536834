"""The pictures of the picture book: the dock, its states and dialogs; run with QGIS's Python."""
