"""What lies on the map: catalogue, sources, coordinate systems, versions, the library."""
