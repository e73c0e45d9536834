"""Deliveries proved against their template before anything enters a library."""
