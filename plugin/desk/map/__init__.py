"""The layers of a library on the map, and their styles."""
