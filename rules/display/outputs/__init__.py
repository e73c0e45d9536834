"""Tables as files: GeoPackage, GeoParquet, sheets."""
