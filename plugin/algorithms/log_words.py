"""What an algorithm writes into Processing's log in the words of the field, which the dock may not have learnt yet."""

from __future__ import annotations

from collections.abc import Mapping

from qgis.core import QgsProcessingFeedback

from onemap.plugin.connection.verb_runs import run_verb
from onemap.plugin.words.core_words import are_known, learn, word


def learn_words(feedback: QgsProcessingFeedback) -> None:
    """Ask the core for its words, unless the dock has done so."""
    if not are_known():
        learn(run_verb("words", {}, feedback)[0])


def write_counts(subject: str, counts: Mapping[str, int], feedback: QgsProcessingFeedback) -> None:
    """A line for each code of a subject with its count, such as parcels by verdict."""
    learn_words(feedback)
    for code, count in counts.items():
        feedback.pushInfo(f"{count:>8,}  {word(subject, code)}")
