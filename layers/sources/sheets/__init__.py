"""Coordinate sheets: Excel and CSV."""
