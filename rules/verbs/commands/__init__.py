"""The doors of the core: command line, serve, every verb as declared, how it is cancelled, the reference."""
