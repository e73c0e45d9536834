"""The results of a check: list, details, map."""
