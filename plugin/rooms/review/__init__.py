"""The tab Review: cases, opinions, rounds, documents."""
