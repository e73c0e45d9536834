"""Map sheets drawn as SVG: frame, legend, labels, symbols."""
