"""Why a text is no TOML: the place in the reader's language, what is wrong there in the parser's own words."""

import re

from onemap.layers.errors import Problem
from onemap.layers.system_reasons import text_reason

_PLACED = re.compile(r"(.+) \(at line (\d+), column (\d+)\)", re.DOTALL)
_AT_END = re.compile(r"(.+) \(at end of document\)", re.DOTALL)


def toml_reason(error: ValueError | OSError | RecursionError) -> Problem | str:
    """A parser's error as a fact that is shown in either language; the error's text where it names no place."""
    if isinstance(error, (OSError, UnicodeDecodeError)):
        return text_reason(error)
    text = str(error)
    if placed := _PLACED.fullmatch(text):
        words, line, column = placed.groups()
        return Problem("toml.place", {"words": words, "line": line, "column": column})
    if at_end := _AT_END.fullmatch(text):
        return Problem("toml.end", {"words": at_end.group(1)})
    return text
