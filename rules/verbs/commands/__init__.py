"""The command line and `serve`: the declarations of all verbs, their texts, their cancellation, and the reference."""
