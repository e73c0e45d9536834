"""The titles of the core's choices in Processing's dialogs."""

from __future__ import annotations

from onemap.plugin.words.core_words import all_words
from onemap.plugin.words.translation import tr

_OF_CORE = ("verdicts", "decisions", "departments", "code_systems")


def titles_of(choice: str) -> dict[str, str]:
    """The titles of a choice, by its words; titles from the core are empty until it has sent them."""
    if choice in _OF_CORE:
        return {code: str(title) for code, title in all_words(choice).items()}
    titles = {
        "sheets": {"cluster": tr("cluster of spots"), "spot": tr("spot")},
        "means": {"hour": tr("hour"), "day": tr("day")},
        "documents": {
            "report": tr("Report of the findings"),
            "statement": tr("Statement of all opinions"),
            "opinion": tr("Opinion of one department"),
            "reply": tr("Reply form of one department"),
        },
        "severities": {"fatal": tr("fatal"), "major": tr("major"), "minor": tr("minor")},
        "accepted": {"shift": tr("lines beside those of the library"), "empty": tr("no features: there are none")},
    }
    return titles[choice]
