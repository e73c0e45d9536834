"""Formats that GDAL reads."""
