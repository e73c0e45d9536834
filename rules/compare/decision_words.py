"""What may become of a difference; cheap to import, since the command line offers it."""

DECISIONS = ("keep-a", "keep-b", "change-a", "change-b", "technical", "discuss")
