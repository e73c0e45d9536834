"""Answers of the core as it puts them into rows: one tree, with names that wrap."""
