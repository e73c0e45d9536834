"""The parallel pre-review: from findings to opinions that people sign, and one conclusion."""
