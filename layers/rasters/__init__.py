"""Rasters of a library."""
