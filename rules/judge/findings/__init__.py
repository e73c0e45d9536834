"""Findings, tables and thresholds: from what a kind of rule measures to the rows of a run."""
