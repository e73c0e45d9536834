"""Templates of the documents, their outline, and their fixed words."""
