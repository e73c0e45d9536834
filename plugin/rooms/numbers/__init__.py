"""The tab Numbers: indicators by area unit, on the map and in words, and alerts that a person must look at."""
