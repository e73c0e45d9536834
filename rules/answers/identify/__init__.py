"""The verb identify: every layer at a point, along a line or in a box; and `find`, places by name."""
