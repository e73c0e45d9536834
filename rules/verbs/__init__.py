"""The command line, `serve`, the site and other ways to ask the core, and the work of each verb."""
