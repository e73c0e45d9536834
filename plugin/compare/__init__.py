"""The tab Compare: two plans, where they differ, and what is to become of it."""
