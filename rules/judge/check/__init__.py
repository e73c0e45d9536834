"""The conflict check: the one loop of parcels and rules."""
