"""Comment on a public notice as a stranger: LIBRARY CASE TEXT NAME PLACE; runs in the core's Python."""

import sys

from onemap.layers.library.library import open_library
from onemap.rules.review.public_comments import WrittenComment, write_comment

with open_library(sys.argv[1]) as library:
    write_comment(library, sys.argv[2], 1, WrittenComment(*sys.argv[3:6]))
