"""Names of coverages that --covers accepts besides a file."""

DISTRICT, EXTENT, FEATURES, FILE = "district", "extent", "features", "file"
COVERAGES = (DISTRICT, FEATURES, EXTENT)
