"""The tab Compare: two plans, their differences, and the decisions on them."""
