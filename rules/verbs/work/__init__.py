"""What each verb does with its values: requests in, results out. The doors of `commands/` call them by name."""
