"""The plain values that travel between reading, checking and the library."""
