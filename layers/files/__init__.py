"""Files as they lie on a disk: encodings, hashes, journals of long work, outputs that appear whole."""
