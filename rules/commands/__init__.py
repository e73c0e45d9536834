"""The doors of the core: command line, serve, every verb with what it does and how it is cancelled, the reference."""
