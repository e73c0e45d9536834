"""Control characters in foreign text that a screen or a page would obey are shown instead, as ⟨U+202E⟩.

A mark of direction reorders the text around it: `plan⟨U+202E⟩fdp.exe` would read `planexe.pdf`, and 01 ha would read 10
ha. For programs, as in JSON and layers, the text stays as it was sent.
"""

import re

# Marks, embeddings, overrides and isolates of direction.
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# And for a terminal what moves its cursor, colours it or renames its window; a tab and the end of a line do not.
_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible_text(text: str) -> str:
    """A text for a page, a document or a message, with its marks of direction made visible."""
    return _DIRECTIONS.sub(_sign_name, text)


def terminal_text(text: str) -> str:
    """A text for a terminal, with all signs made visible that the terminal would obey."""
    return _ORDERS.sub(_sign_name, text)


def _sign_name(sign: re.Match[str]) -> str:
    return f"⟨U+{ord(sign[0]):04X}⟩"
