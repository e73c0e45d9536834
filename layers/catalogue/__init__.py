"""The layers that may exist, the codes that their fields may hold, and how they look."""
