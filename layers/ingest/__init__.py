"""How a file becomes a new version of a layer: inspected, normalised, checked, written whole or not at all."""
