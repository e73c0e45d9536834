"""The rounds side by side: each department's conclusion in every round; older opinions stay readable."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QSplitter, QTextBrowser, QWidget

from onemap.plugin.desk.answers.answer_tree import AnswerTree, set_bold
from onemap.plugin.rooms.review.review_cases import Case
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import Count, tr, with_label

CHANGED = "≠"


class RoundsView(QWidget):
    """A column for each round and a row for each department; below, one department's opinions by round."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds: list[dict[str, Any]] = []
        self.summary = wrapped_label()
        self.tree = AnswerTree(tr("Rounds"), is_flat=True)
        self.tree.currentItemChanged.connect(lambda *_: self._show_text())
        self.text = QTextBrowser(accessibleName=tr("Details"))
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.setTextInteractionFlags(  # with a cursor, so that it shows where the keyboard is
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        split.addWidget(self.text)
        column_of(self.summary, (split, 1), inside=self).setContentsMargins(0, 4, 0, 0)

    def show_case(self, case: Case) -> None:
        """Show a case's rounds."""
        chosen_department = self._department
        self._rounds = case.round_rows
        heads = [tr("Department"), *(one["name"] for one in self._rounds)]
        table = {"columns": [{"title": head, "unit": "", "is_number": False} for head in heads]}
        table["rows"] = [_row(list(opinions)) for opinions in zip(*(one["rows"] for one in self._rounds))]
        self.tree.show_table(table)
        changed_count = 0
        for item, row in zip(self.tree.tops, table["rows"]):
            for column, value in enumerate(row["values"], start=1):
                item.setToolTip(column, row["authors"][column - 1])
                set_bold(item, value.endswith(CHANGED), column)
            changed_count += row["values"][-1].endswith(CHANGED)
        if len(self._rounds) > 1:
            text = tr(
                "{count:# department concludes|# departments conclude} otherwise than in the round before "
                "({sign}). Choose one to read."
            )
            self.summary.setText(text.format(count=Count(changed_count), sign=CHANGED))
        else:
            self.summary.setText(tr("This is the first round. A revised case has a column for each round."))
        if chosen_department:
            self.choose(chosen_department)
        self._show_text()

    def choose(self, department: str) -> None:
        """Show one department's opinions."""
        self.tree.choose({"department": department})

    @property
    def _department(self) -> str:
        return str(self.tree.current_about.get("department", ""))

    def _show_text(self) -> None:
        parts = []
        for one in reversed(self._rounds):
            opinion = next((row for row in one["rows"] if row["about"]["department"] == self._department), None)
            if opinion is None:
                continue
            author, *texts = (below["name"] for below in opinion["rows"])
            heading = with_label(one["name"], opinion["values"][0])
            parts.append(f"<p><b>{escape(heading)}</b><br><small>{escape(author)}</small></p>")
            parts += [f"<p>{escape(text).replace(chr(10), '<br>')}</p>" for text in texts]
        self.text.setHtml("".join(parts))


def _row(opinions: list[dict[str, Any]]) -> dict[str, Any]:
    """The conclusions of one department by round, with a mark where one differs from the round before."""
    conclusions = [one["values"][0] for one in opinions]
    marks = ["", *(f" {CHANGED}" if one != before else "" for before, one in zip(conclusions, conclusions[1:]))]
    values = [f"{conclusion}{mark}" for conclusion, mark in zip(conclusions, marks)]
    return {**opinions[-1], "values": values, "rows": [], "authors": [one["rows"][0]["name"] for one in opinions]}
