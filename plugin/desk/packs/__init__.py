"""A rule pack in the dock: its rules and values, what proves it, what it would turn, and putting it in force."""
