"""Data files that a planner may edit, the workshop's own parts, and the maker of the sample city."""
