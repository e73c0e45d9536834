"""Answers of the core as rows: one tree for all of them, with names that wrap."""
