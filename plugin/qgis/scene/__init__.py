"""The library in three dimensions: terrain, buildings, plots by permitted height, and height limits."""
