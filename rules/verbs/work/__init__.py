"""The work of each verb: requests in, results out. The doors of `commands/` call it by name."""
