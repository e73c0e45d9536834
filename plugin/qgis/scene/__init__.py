"""The library in three dimensions: the terrain, buildings, plots by their permitted height, and height limits."""
