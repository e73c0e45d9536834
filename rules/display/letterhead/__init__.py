"""The first page of a document: sender and addressee after GB/T 9704, its title in lines, and its result."""
