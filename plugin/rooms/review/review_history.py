"""The steps of a case, the latest first; others' steps that the user has not seen are marked."""

from __future__ import annotations

from typing import Any

from onemap.plugin.desk.answers.answer_tree import AnswerTree, set_bold
from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.rooms.review.review_words import UNSEEN, department_words, state_word
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import Count, tr

DAY, WHO, STEP = 0, 1, 2


class HistoryView(AnswerTree):
    """One row for each step."""

    def __init__(self) -> None:
        super().__init__(tr("History"), (tr("Day"), tr("Who"), tr("What")), is_flat=True)
        wrap_names(self, column=STEP)
        fit_columns(self, STEP)

    def show_case(self, case: Case, seen_revision: int, user: str) -> None:
        """Show a case's steps.

        seen_revision: the revision that the user has seen; later steps of others are marked.
        user: the user's name.
        """
        unseen = {entry["revision"] for entry in unseen_entries(case, seen_revision, user)}
        self.show_rows(
            [_mark_unseen(row) if row["about"]["revision"] in unseen else row for row in case.rows("entries")]
        )
        for item in self.tops:
            set_bold(item, self.about(item)["revision"] in unseen, DAY, WHO, STEP)


def _mark_unseen(row: dict[str, Any]) -> dict[str, Any]:
    who, what = row["values"]
    return {**row, "values": [who, f"{UNSEEN} {what}"]}


def unseen_entries(case: Case, seen_revision: int, user: str) -> list[dict[str, Any]]:
    """Others' steps since a revision; none for a case that was never opened, where everything is new."""
    return [entry for entry in case.entries if int(entry["revision"]) > seen_revision > 0 and entry["by"] != user]


def unseen_text(case: Case, seen_revision: int, user: str) -> str:
    """The unseen steps in one sentence; empty for none."""
    unseen = unseen_entries(case, seen_revision, user)
    if not unseen:
        return ""
    departments = [entry["department"] for entry in unseen if entry.get("department")]
    steps = [word("review_done", entry["action"]) for entry in unseen if not entry.get("department")]
    summary = [department_words(list(dict.fromkeys(departments)))] if departments else []
    summary += list(dict.fromkeys(steps))
    text = tr("{count:# step|# steps} since you looked: {what}. It is now: {state}.")
    return f"{UNSEEN} " + text.format(count=Count(len(unseen)), what=" · ".join(summary), state=state_word(case.state))
