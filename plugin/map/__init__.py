"""What of a library is on the map, and how it looks."""
