"""Check deliveries against their template before anything enters a library."""
