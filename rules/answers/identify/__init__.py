"""The verb identify: every layer at a point, along a line or in a box; and places found by name."""
