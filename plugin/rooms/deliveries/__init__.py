"""The room Proof: a delivery held against a template, its problems on the map, exceptions, what was mended."""
