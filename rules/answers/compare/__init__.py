"""Plan against plan: where two plans disagree, of what kind, how much, and what is to become of it."""
