"""The room Proof: a delivery compared with a template, its problems on the map, exceptions, what was mended."""
