"""A library: its versions, its log, its services, and whether it still is what was put into it."""
