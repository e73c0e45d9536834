"""The core's words for an algorithm's log in Processing, which the dock may not have read yet."""

from __future__ import annotations

from onemap.plugin.connection.verb_runs import run_verb
from onemap.plugin.words.core_words import are_known, learn


def learn_words() -> None:
    """Ask the core for its words, unless the dock has done so. Raises Refusal."""
    if not are_known():
        learn(run_verb("words", {})[0])
