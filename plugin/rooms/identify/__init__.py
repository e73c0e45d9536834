"""Identify: a click on the map, and the core's answer for every layer at that place."""
