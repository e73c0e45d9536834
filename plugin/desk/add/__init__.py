"""The dialog that adds a file to the one map."""
