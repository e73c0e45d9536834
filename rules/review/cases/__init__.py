"""What a case is: its events, what they make of it, and what the machine says of its rounds."""
