"""Find the line of a TOML text with a key, so that a refusal can name it."""

import re

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]\s]+)\s*\]\]?\s*(?:#.*)?")


def line_of(text: str, table: str, number: int, key: str | None = None) -> int:
    """Return the line, from 1, of a key in the number-th table (from 0) of a name; without a key that of its head.

    A missing key gives the line of the head; if nothing is found, line 1.
    """
    count, head = -1, 0
    for place, line in enumerate(text.splitlines(), 1):
        header = _HEADER.fullmatch(line)
        if header is not None:
            if head:
                break
            count += header.group(2) == table
            if count == number and header.group(2) == table:
                head = place
                if key is None:
                    break
        elif head and key is not None and re.match(rf"\s*(?:\"{re.escape(key)}\"|{re.escape(key)})\s*=", line):
            return place
    return head or 1
