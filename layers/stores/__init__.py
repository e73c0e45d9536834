"""The stores of a library: a GeoPackage file, or a schema of a PostGIS database, behind one interface."""
