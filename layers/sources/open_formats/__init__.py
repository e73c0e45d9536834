"""Open formats that need no GDAL: GeoParquet, GeoJSON by the line, SpatiaLite."""
