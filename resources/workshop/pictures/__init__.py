"""The picture book's pictures: the dock, its states and dialogs; run with QGIS's Python."""
