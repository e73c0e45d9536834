"""Warnings of a city, and their states: opened, notified, explained or mended, closed."""
