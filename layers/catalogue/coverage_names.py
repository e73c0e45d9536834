"""Names of coverages that --covers takes besides a file."""

DISTRICT, EXTENT, FEATURES, FILE = "district", "extent", "features", "file"
COVERAGES = (DISTRICT, FEATURES, EXTENT)
