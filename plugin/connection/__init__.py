"""The core as the plugin speaks to it: its Python, its session, its verbs, and what it is given to read."""
