"""The words of drafts belong to the edition of rules by which events are judged."""

import hashlib
import json

from onemap.layers.messages import LANGUAGES, sentences
from onemap.rules.judge.kinds import KINDS
from onemap.rules.review.cases.event import EDITION

SECTIONS = ("draft", "verdict", "reason")
WORDED = {1: "9611fe66770e6db2"}  # as an edition is released


def test_a_draft_is_worded_otherwise_only_in_a_new_edition():
    """Raise EDITION with the words: of an earlier edition a replay believes what the opening event says they were.

    Without that a signature under the words of before, by whoever opened the case, would have no effect any more.
    """
    kinds = {name: dict(kind.drafted) for name, kind in sorted(KINDS.items())}
    words = [[sentences(language)[section] for section in SECTIONS] for language in LANGUAGES]
    text = json.dumps([kinds, words], ensure_ascii=False, sort_keys=True)
    assert WORDED[EDITION] == hashlib.sha256(text.encode()).hexdigest()[:16]
