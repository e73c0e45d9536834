"""The connection to the core: its Python, its session, its verbs, and the files that it reads."""
