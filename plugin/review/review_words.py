"""The words of the review: deadlines, states and marks; the core's verbs named as the buttons are."""

from __future__ import annotations

import re

from onemap.plugin.library.layer_list import DEPARTMENTS
from onemap.plugin.profile.settings import language
from onemap.plugin.review.review_cases import CaseLine, Opinion
from onemap.plugin.words.core_words import word
from onemap.plugin.words.option_names import dock_controls, name_controls
from onemap.plugin.words.translation import Count, tr

OVERDUE, STALE, UNSEEN, WRITTEN = "!", "◐", "●", "✎"
SAID_BY_AUTHOR = ("drafted", "signed")  # states of an opinion
_STEP = re.compile(
    r" ?review (show|open|circulate|opine|sign|return|override|extend|revise|recheck|consolidate|issue|withdraw)\b ?"
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


def done_word(step: str) -> str:
    """What a step is called that was taken."""
    return word("review_done", step)


def department_words(departments: tuple[str, ...] | list[str]) -> str:
    """The departments' names, separated by commas."""
    comma = "、" if language() == "zh" else ", "
    return comma.join(word("departments", department) for department in departments)


def name_buttons(text: str) -> str:
    """A text of the core with the names of buttons and fields in place of verbs, options and codes of departments."""

    def button_name(match: re.Match[str]) -> str:
        before, after = (" " if match[0].startswith(" ") else ""), (" " if match[0].endswith(" ") else "")
        name = tr("Read again") if match[1] == "show" else step_word(match[1])
        return f"“{name}”" if language() == "zh" else f"{before}“{name}”{after}"

    return name_controls(_STEP.sub(button_name, _CODE.sub("", text)), review_controls())


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
        "--project": tr("Project"),
        "--reason": tr("Reason"),
        "--reply": tr("Take in a reply file…"),
        "--text": tr("Opinion"),
        "--unanswered": tr("Why they stay open"),
        "--verdict": tr("Verdict instead"),
    }


def deadline_text(days_left: int | None, due: str, is_overdue: bool) -> str:
    """The time until a deadline, in working days as the core counted them."""
    if is_overdue and days_left is not None:
        return f"{OVERDUE} " + tr("{days:# day|# days} late").format(days=Count(abs(days_left)))
    if is_overdue:
        return f"{OVERDUE} " + tr("overdue")
    if not due:
        return ""
    if days_left is None:
        return due
    if days_left == 0:
        return tr("today")
    return tr("{days:# day|# days} left").format(days=Count(days_left))


def line_deadline(line: CaseLine) -> str:
    """The next deadline of a case."""
    return deadline_text(line.days_left, line.due, bool(line.overdue))


def opinion_state(opinion: Opinion) -> str:
    """The state of an opinion, with the time left while it waits; edited and stale ones are marked."""
    stale = f" {STALE}" if opinion.stale_because else ""
    if not opinion.routed and opinion.by_machine:
        return tr("not asked") + stale
    text = word("opinion_states", opinion.state)
    is_waiting = opinion.state in ("drafted", "returned")
    if is_waiting and opinion.stopped_on:
        text = tr("clock stopped")
    elif is_waiting and opinion.due:
        time_left = deadline_text(opinion.days_left, opinion.due, opinion.overdue)
        text = time_left if opinion.state == "drafted" else f"{text} · {time_left}"
    return text + (f" {WRITTEN}" if opinion.state == "drafted" and not opinion.by_machine else "") + stale


def late_text(entered_on: str) -> str:
    """The day on which a step was entered late, in brackets; empty for a step of its own day."""
    return " " + tr("(entered late on {day})").format(day=entered_on) if entered_on else ""


def conclusion_text(opinion: Opinion) -> str:
    """The conclusion, with the state where the line of the author does not say it."""
    state = "" if opinion.state in SAID_BY_AUTHOR else word("opinion_states", opinion.state)
    return " · ".join(part for part in (conclusion_word(opinion.conclusion), state) if part)


def author_text(opinion: Opinion) -> str:
    """The author and the signer of an opinion, in one line."""
    author = "One Map" if opinion.by_machine else opinion.drafted_by
    lines = [tr("drafted by {name}, {day}").format(name=author, day=opinion.drafted_on)]
    if opinion.signed_by:
        signed = tr("signed by {name}, {day}").format(name=opinion.signed_by, day=opinion.signed_on)
        lines.append(signed + late_text(opinion.signature_entered_on))
    if opinion.unanswered:
        lines.append(tr("Unanswered: {reason}").format(reason=opinion.unanswered))
    return " · ".join(lines)
