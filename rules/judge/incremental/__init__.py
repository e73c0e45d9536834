"""A check against an earlier run: only what changed is computed."""
