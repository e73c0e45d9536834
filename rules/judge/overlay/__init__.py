"""Who meets whom and in what ground: areas, candidate pairs, subdivision, and the proof of each area."""
