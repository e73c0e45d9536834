"""VCT, the exchange format of the land survey."""
