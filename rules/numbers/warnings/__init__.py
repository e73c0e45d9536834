"""What in a city somebody has to look at, and how it stands: opened once, notified, explained or mended, closed."""
