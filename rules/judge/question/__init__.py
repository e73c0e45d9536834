"""The question of a check: options, the question of a run, and the plan."""
