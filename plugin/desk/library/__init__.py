"""The library that is open: its layers, its services, the server that it lies on."""
