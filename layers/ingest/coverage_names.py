"""For which ground a new version speaks, by name: what --covers takes beside a file."""

DISTRICT, EXTENT, FEATURES, FILE = "district", "extent", "features", "file"
COVERAGES = (DISTRICT, FEATURES, EXTENT)
