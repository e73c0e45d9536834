"""The printed atlas of a comparison."""
