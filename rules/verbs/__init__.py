"""The ways into the core: the command line, serve, the web; and the work of each verb."""
