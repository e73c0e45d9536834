"""Geometry on whole arrays: areas, rings, parts, validity."""
