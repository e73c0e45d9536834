"""The first page of a document: who speaks to whom after GB/T 9704, its title in lines, and what it comes to."""
