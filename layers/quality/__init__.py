"""The checks of a whole layer before it becomes a version."""
