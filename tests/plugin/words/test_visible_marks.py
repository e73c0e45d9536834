"""Marks of direction in the core's answers are visible in the dock, and return to the core unchanged."""

from onemap.plugin.words.visible_marks import with_own_marks, with_visible_marks

MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def test_every_mark_is_shown_and_sent_back():
    line = f'{{"parcel": "DK{MARKS}1"}}'
    shown = with_visible_marks(line)
    assert not set(MARKS) & set(shown)
    assert "DK⟨U+061C⟩⟨U+200E⟩" in shown
    assert with_own_marks(shown) == line


def test_other_text_stays():
    for text in ("地块 DK-1 ⟨a⟩ ⟨U+0041⟩", "٣ العربية", "👩‍🌾", ""):
        assert with_visible_marks(text) == with_own_marks(text) == text
