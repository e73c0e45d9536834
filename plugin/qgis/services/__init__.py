"""Web services: registered, asked, shown on the map."""
