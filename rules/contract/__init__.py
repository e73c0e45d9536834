"""How a verb and its parameters are declared."""
