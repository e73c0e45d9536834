"""The dock and what it shows before a library is open."""
