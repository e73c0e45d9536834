"""Which parcels, by which rules, on which ground."""
