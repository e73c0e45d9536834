"""Direction marks in the core's texts are shown as ⟨U+202E⟩, and sent back as they were.

Qt would obey them, so a foreign name could reverse the text around it.
"""

from __future__ import annotations

import re

_MARK = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHOWN = re.compile("⟨U\\+(061C|200E|200F|202[A-E]|206[6-9])⟩")


def with_visible_marks(text: str) -> str:
    """A line from the core as it is shown."""
    return _MARK.sub(lambda mark: f"⟨U+{ord(mark[0]):04X}⟩", text)


def with_own_marks(text: str) -> str:
    """A line for the core, with the direction marks that were made visible restored."""
    return _SHOWN.sub(lambda mark: chr(int(mark[1], 16)), text)
