"""One model of what a document says, and a printer each for PDF, Word and a page in a browser."""
