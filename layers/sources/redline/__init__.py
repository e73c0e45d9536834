"""Red-line coordinate TXT, read and written."""
