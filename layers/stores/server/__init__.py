"""A library in a schema of a PostGIS database: who may do what there, and what is asked of it."""
