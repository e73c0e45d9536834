"""Statistics of a layer by class and by area unit: areas, lengths, counts and sums."""
