"""Coordinate systems, their zones, and the parameters between datums."""
