"""What lies here: a click on the map, and what the core says of every layer at that place."""
