"""How people are shown it: rows of answers, blocks of documents, maps, charts, heads of letters, files."""
