"""WHAT LIES HERE: every layer at a point, along a line or in a box, and the names by which a place is found."""
