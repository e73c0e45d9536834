"""The steps of a case, the last first; steps of others that the user has not seen are marked."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from onemap.plugin.answers.name_delegate import wrap_names
from onemap.plugin.review.review_cases import Case
from onemap.plugin.review.review_words import (
    UNSEEN,
    conclusion_word,
    department_words,
    done_word,
    late_text,
    state_word,
)
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import Count, tr

DAY, WHO, STEP = 0, 1, 2


class HistoryView(QTreeWidget):
    """One row for each step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("History"))
        self.setRootIsDecorated(False)
        wrap_names(self, column=STEP)
        self.setHeaderLabels([tr("Day"), tr("Who"), tr("What")])
        header = self.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(DAY, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(WHO, QHeaderView.ResizeMode.ResizeToContents)

    def show_case(self, case: Case, seen_revision: int, user: str) -> None:
        """Show a case's steps.

        seen_revision: the revision that the user has seen; later steps of others are marked.
        user: the user's name.
        """
        self.clear()
        unseen = unseen_entries(case, seen_revision, user)
        for entry in reversed(case.entries):
            is_new = entry in unseen
            day = entry["on"] + late_text(str(entry.get("entered_on") or "")).replace(" ", "\n", 1)
            item = QTreeWidgetItem([day, entry["by"], (f"{UNSEEN} " if is_new else "") + entry_text(entry)])
            for column in (DAY, WHO, STEP):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignVCenter)  # Chinese and figures on one line
                item.setToolTip(column, f"{moment_text(str(entry.get('at') or ''))}\n{entry_text(entry)}")
                if is_new:
                    font = item.font(column)
                    font.setBold(True)
                    item.setFont(column, font)
            self.addTopLevelItem(item)


def entry_text(entry: dict[str, Any]) -> str:
    """The action, the outcome and the reason of a step."""
    detail = entry.get("detail") or {}
    department_name = word("departments", entry["department"]) if entry.get("department") else ""
    parts = [" · ".join(part for part in (done_word(entry["action"]), department_name) if part)]
    if entry["action"] == "override":
        text = tr("{parcel}, {rule}: {before} → {after}")
        before, after = (word("verdicts", str(detail.get(name) or "")) for name in ("before", "verdict"))
        rule = detail.get("rule_title") or detail.get("rule")
        parts.append(text.format(parcel=detail.get("parcel"), rule=rule, before=before, after=after))
    elif entry["action"] == "extend":
        parts.append(tr("{days:# working day|# working days} more").format(days=Count(detail.get("days") or 0)))
    elif detail.get("conclusion"):
        parts.append(conclusion_word(str(detail["conclusion"])))
    if detail.get("document"):
        parts.append(str(detail["document"]))
    if detail.get("written_by"):
        text = tr("reply by {name}, {day}")
        parts.append(text.format(name=detail["written_by"], day=detail.get("written_on") or "–"))
    if detail.get("unanswered"):
        parts.append(tr("Unanswered: {reason}").format(reason=detail["unanswered"]))
    if detail.get("reason"):
        parts.append(tr("Reason: {reason}").format(reason=detail["reason"]))
    return "\n".join([parts[0], " · ".join(parts[1:])]) if parts[1:] else parts[0]


def unseen_entries(case: Case, seen_revision: int, user: str) -> list[dict[str, Any]]:
    """The steps of others since a revision; none for a case that was never opened, where all is new."""
    return [entry for entry in case.entries if int(entry["revision"]) > seen_revision > 0 and entry["by"] != user]


def unseen_text(case: Case, seen_revision: int, user: str) -> str:
    """The unseen steps in one sentence; empty for none."""
    unseen = unseen_entries(case, seen_revision, user)
    if not unseen:
        return ""
    departments = [entry["department"] for entry in unseen if entry.get("department")]
    steps = [done_word(entry["action"]) for entry in unseen if not entry.get("department")]
    summary = [department_words(list(dict.fromkeys(departments)))] if departments else []
    summary += list(dict.fromkeys(steps))
    text = tr("{count:# step|# steps} since you looked: {what}. It is now: {state}.")
    return f"{UNSEEN} " + text.format(count=Count(len(unseen)), what=" · ".join(summary), state=state_word(case.state))
