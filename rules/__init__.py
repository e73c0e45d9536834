"""Rules: which project may not lie on which ground, by which law, and who decides."""
