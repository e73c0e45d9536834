"""The doors of the core: the command line, serve, and what each verb does."""
