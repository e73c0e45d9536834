"""Which ground stands in conflict with which rule: parcels, packs, kinds of rules, areas, findings, runs."""
