"""The declaration of verbs and their parameters."""
