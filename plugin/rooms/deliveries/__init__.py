"""The room Proof: a delivery compared with a template; its problems on the map, exceptions, and what was corrected."""
