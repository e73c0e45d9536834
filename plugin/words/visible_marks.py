"""Marks of direction in what the core sends: shown as ⟨U+202E⟩, and sent back as they were.

Qt would obey them, so that a foreign name could turn the text around it.
"""

from __future__ import annotations

import re

_MARK = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN = re.compile("⟨U\\+(061C|200E|200F|202[A-E]|206[6-9])⟩")


def with_visible_marks(text: str) -> str:
    """A line from the core as it is shown."""
    return _MARK.sub(lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", text)


def with_own_marks(text: str) -> str:
    """A line to the core, with the marks that it had shown."""
    return _SHOWN.sub(lambda mark: chr(int(mark[1], 16)), text)
