"""The overlay of polygons: candidate pairs, common ground, areas and their proof, subdivision."""
