"""Pairs of parcels and features and their common ground: areas, candidates, subdivision, and the proof of each area."""
