"""What a library is kept in: a GeoPackage file, or a schema of a PostGIS database; both behind one interface."""
