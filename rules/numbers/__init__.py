"""Indicators of the city with their targets, and warnings that somebody has to see to."""
