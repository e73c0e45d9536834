"""The other answers about ground: what lies here, how much, what differs, what would pass."""
