"""How much of what lies where: areas, lengths, counts and sums of a layer by class and by area unit."""
