"""The expression functions, and the core that answers them."""
