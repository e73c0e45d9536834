"""A rule pack in the dock: its rules and values, its proof, the verdicts it would change, and putting it in force."""
