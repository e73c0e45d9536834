"""The tab Numbers: indicators by area unit, on the map and in words, and what somebody has to look at."""
