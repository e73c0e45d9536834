"""What is asked: options, the question of a run, and the plan of a check."""
