"""QGIS: what a person sees and clicks. Decides nothing; the core does the work in a Python of its own."""
