"""Answers as people read them: rows and tables, and the plain text and JSON that are made of them."""
