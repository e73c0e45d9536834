"""The dock, and its pages before a library is open."""
