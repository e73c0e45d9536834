"""Read TOML that a person wrote into plain values, each text read or refused; and write values as TOML.

TOML requires quotes around a key that is not in ASCII letters. People who write Chinese leave them out, and nothing
else can be meant: such keys are read as if they were quoted.
"""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import tomli

from onemap.layers.errors import OneMapError, Problem, text_reason
from onemap.layers.records import Record

MOST_SIGNS, MOST_PARTS = 8_000_000, 32  # of a text; of a dotted key, which tomli takes time and depth for
_LARGEST = 10**1000
# Strings and comments, ended or not: whatever stands in a text is gone through once. Possessive is no group, only what
# one sign repeats: a Python before 3.11.5, as Debian 12 has it, reads such groups wrongly (CPython gh-106052).
_PASSED = "|".join(
    (
        r'"""(?:[^"\\]++|\\(?:.|\Z)|"(?!""))*(?:"""|\Z)',
        r"'''(?:[^']++|'(?!''))*(?:'''|\Z)",
        r'"(?:[^"\\\n]++|\\.)*"?',
        r"'[^'\n]*+'?",
        r"#[^\n]*+",
    )
)
_BARE = r"""[^\s"'#=.,\[\]{}]++"""
_PART = rf"""(?:{_BARE}|"(?:[^"\\\n]++|\\.)*"|'[^'\n]*+')"""
_MANY_DOTS = re.compile(rf"(?m)^(?:[^\n.]*+\.){{{MOST_PARTS}}}")
_LONG_KEY = re.compile(rf"(?P<long>(?:{_PART}[ \t]*+\.[ \t]*+){{{MOST_PARTS}}})|{_PASSED}|{_BARE}", re.DOTALL)
_PIECE = re.compile(  # what stands bare is a key where =, . or ] follows
    rf"{_PASSED}|(?P<bare>{_BARE})(?=[ \t]*[=.\]])|{_BARE}", re.DOTALL
)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
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


def toml_content(text: str) -> Record:
    """Return the content of a text. Raises ValueError, as tomli does and for what no program can use.

    These are numbers too long to show, endlessly nested lists, keys of more than MOST_PARTS parts, and texts of more
    than MOST_SIGNS characters.
    """
    if len(text) > MOST_SIGNS:
        raise ValueError(f"more than {MOST_SIGNS} characters")
    if _MANY_DOTS.search(text) and any(piece["long"] for piece in _LONG_KEY.finditer(text)):
        raise ValueError(f"a key of more than {MOST_PARTS} parts")
    try:
        content = _content_of(text)
        _check_numbers(content)
    except tomli.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError("nested too deep") from None
    except ValueError:
        raise ValueError("a number of more than 1000 digits") from None
    return content


def toml_string(text: str) -> str:
    """A text as TOML writes it, in quotes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_value(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {toml_value(one)}" for key, one in value.items())
        return f"{{ {pairs} }}" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return toml_string(value)
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _key(name: str) -> str:
    """Return a key, quoted if it is not in ASCII letters."""
    return name if _BARE_KEY.fullmatch(name) else toml_string(name)


def _content_of(text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError:
        quotes: list[int] = []  # where in the text a quote is put
        for piece in _PIECE.finditer(text):
            if piece["bare"] and not piece["bare"].isascii():
                quotes += piece.span()
        if not quotes:
            raise
    escaped = '"'.join(text[start:end] for start, end in zip([0, *quotes], [*quotes, len(text)], strict=True))
    try:
        return tomli.loads(escaped)
    except tomli.TOMLDecodeError as error:
        before = sum(at + number < error.pos for number, at in enumerate(quotes))  # the quotes put before that place
        raise tomli.TOMLDecodeError(error.msg, text, error.pos - before) from None


def _check_numbers(value: Any) -> None:
    if isinstance(value, int) and not -_LARGEST < value < _LARGEST:
        raise ValueError
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            _check_numbers(item)


def toml_or_refusal(text: str, code: str, file: str) -> Record:
    """Return the content of a person's text. Raises OneMapError of the code, with file and reason, if not TOML."""
    try:
        return toml_content(text.replace("\r\n", "\n"))
    except ValueError as error:
        raise OneMapError(code, file=file, reason=toml_reason(error)) from None


def toml_reason(error: ValueError | OSError | RecursionError) -> Problem | str:
    """Return a parser's error as a fact for either language; the error's text if it names no place."""
    if isinstance(error, (OSError, UnicodeDecodeError)):
        return text_reason(error)
    text = str(error)
    if match := _PLACED.fullmatch(text):
        words, line, column = match.groups()
        return Problem("toml.place", {"words": _parser_words(words), "line": line, "column": column})
    if at_end := _AT_END.fullmatch(text):
        return Problem("toml.end", {"words": _parser_words(at_end.group(1))})
    return text


def _parser_words(words: str) -> Problem:
    """Return the parser's message as a fact of a problem."""
    message_code = next((code for code, form in _KNOWN.items() if re.fullmatch(form, words, re.DOTALL)), None)
    return Problem(message_code) if message_code else Problem("toml.unknown", {"words": words})
