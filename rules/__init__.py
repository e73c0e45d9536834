"""What may not lie on what, by which law, and who says so."""
