"""Indicators: the content of a pack, its terms measured in area units, its formulas, targets and status."""
