"""Why a text is not valid TOML, in the reader's language: the place, and the mistake there."""

import re

from onemap.layers.errors import Problem
from onemap.layers.system_reasons import text_reason

_PLACED = re.compile(r"(.+) \(at line (\d+), column (\d+)\)", re.DOTALL)
_AT_END = re.compile(r"(.+) \(at end of document\)", re.DOTALL)
# What the parser says, by the code under which it is said in either language; what else it says is quoted.
_KNOWN = {
    "toml.more": "Expected newline or end of document after a statement",
    "toml.equals": "Expected '=' after a key in a key/value pair",
    "toml.value": "Invalid value",
    "toml.statement": "Invalid statement|Invalid initial character for a key part",
    "toml.quote": "Unterminated string",
    "toml.bracket": r"Unclosed (?:array|inline table)|Expected '\]+' at the end of .+",
    "toml.twice": "Cannot overwrite a value|Cannot declare .+ twice|Duplicate inline table key .+",
    "toml.sign": r"Illegal character .+|Found invalid character .+|Unescaped '\\' in a string",
}


def toml_reason(error: ValueError | OSError | RecursionError) -> Problem | str:
    """A parser's error as a fact that is shown in either language; the error's text where it names no place."""
    if isinstance(error, (OSError, UnicodeDecodeError)):
        return text_reason(error)
    text = str(error)
    if placed := _PLACED.fullmatch(text):
        words, line, column = placed.groups()
        return Problem("toml.place", {"words": _parser_words(words), "line": line, "column": column})
    if at_end := _AT_END.fullmatch(text):
        return Problem("toml.end", {"words": _parser_words(at_end.group(1))})
    return text


def _parser_words(words: str) -> Problem:
    """The parser's message, as a fact of a problem."""
    known = next((code for code, form in _KNOWN.items() if re.fullmatch(form, words, re.DOTALL)), None)
    return Problem(known) if known else Problem("toml.unknown", {"words": words})
