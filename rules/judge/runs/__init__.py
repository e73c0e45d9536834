"""A run as it is stored, compared and explained."""
