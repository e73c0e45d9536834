"""Indicators: what a pack of them asks, its terms measured in area units, its formulas, targets and status."""
