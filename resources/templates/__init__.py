"""Templates of the documents, their fixed words, and the maker of the Word templates that One Map ships."""
