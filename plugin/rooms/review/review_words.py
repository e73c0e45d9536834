"""The words of the review: states, steps and marks; the core's verbs are replaced by the buttons' names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from qgis.PyQt.QtGui import QAction
from qgis.PyQt.QtWidgets import QAbstractButton

from onemap.plugin.desk.library.layer_list import DEPARTMENTS
from onemap.plugin.widgets.buttons import offer
from onemap.plugin.words.core_words import word
from onemap.plugin.words.option_names import dock_controls, in_quotes, name_controls
from onemap.plugin.words.translation import name_list, tr

OVERDUE, STALE, UNSEEN = "!", "◐", "●"
_STEP = re.compile(
    r" ?review (show|open|circulate|opine|sign|return|override|extend|revise|recheck|consolidate|issue|withdraw"
    r"|notice|comments|respond|close|erase)\b ?"
)
_CODES = "|".join(DEPARTMENTS)
_CODE = re.compile(rf"（(?:{_CODES})）| \((?:{_CODES})\)")  # behind the name of a department


def state_word(state: str) -> str:
    """The name of a case's state."""
    return word("case_states", state)


def conclusion_word(conclusion: str) -> str:
    """The name of a conclusion; a dash for none."""
    return word("conclusions", conclusion) if conclusion else "–"


def step_word(step: str) -> str:
    """The name of a step."""
    return word("review_steps", step)


def department_words(departments: Iterable[str]) -> str:
    """The departments' names, separated by commas."""
    return name_list(word("departments", department) for department in departments)


def name_buttons(text: str) -> str:
    """A text of the core, with verbs, options and codes of departments replaced by the names of buttons and fields."""

    def button_name(match: re.Match[str]) -> str:
        own = {"show": tr("Read again"), "comments": tr("Public notice")}
        return in_quotes(own.get(match[1]) or step_word(match[1]), match)

    return name_controls(_STEP.sub(button_name, _CODE.sub("", text)), review_controls())


def offer_step(control: QAction | QAbstractButton, why_not: str | None, is_ready: bool) -> None:
    """Enable the control of a step, unless a reason why it is not allowed is given, which is then its hint."""
    offer(control, name_buttons(why_not) if why_not else "", is_ready)


def review_controls() -> dict[str, str]:
    """The controls of the tab, by the option of the review's verbs that each sets."""
    return {
        **dock_controls(),
        "--answer": tr("your answer"),
        "--attach": tr("Files"),
        "--basis": tr("Basis"),
        "--by": tr("Your name…"),
        "--conclusion": tr("Conclusion"),
        "--data": tr("Facts"),
        "--days": tr("More working days"),
        "--department": tr("Department"),
        "--notice": tr("Public notice"),
        "--project": tr("Project"),
        "--reason": tr("Reason"),
        "--reply": tr("Import a reply file…"),
        "--text": tr("Opinion"),
        "--unanswered": tr("Why they stay open"),
        "--verdict": tr("Verdict instead"),
    }
