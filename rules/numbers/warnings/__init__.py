"""Warnings of a city, and their states: opened once, notified, explained or mended, closed."""
