"""One model of a document's content, and one printer each for PDF, Word and HTML."""
