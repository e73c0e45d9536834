"""One adapter per family of formats: a path becomes a raw frame and its problems."""
