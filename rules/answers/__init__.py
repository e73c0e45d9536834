"""What else a planner asks of the ground: what lies here, how much, what differs, what would pass."""
