"""Compare two plans: where they disagree, in what way, by how much, and what was decided about it."""
