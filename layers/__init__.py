"""The layers of the one map: catalogue, sources, coordinate systems, versions, the library."""
