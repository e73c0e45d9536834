"""Charts as small SVG pictures in mm, the same in the dock, on pages and in documents: numbers in, a picture out."""
