"""Readings of sensors: rows in time become means, with their share of valid readings, and a status."""
