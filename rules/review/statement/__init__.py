"""Documents of a case: one content, made into .docx, .pdf, .html and .json."""
