"""Rounds side by side: what each department said then and says now; older opinions stay readable."""

from __future__ import annotations

from html import escape
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QHeaderView,
    QLabel,
    QSplitter,
    QTextBrowser,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.review.review_cases import Case, Opinion, opinions_in
from onemap.plugin.review.review_words import conclusion_word, who_wrote
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr, with_label

CHANGED = "≠"
DEPARTMENT = Qt.ItemDataRole.UserRole


class RoundsView(QWidget):
    """A column for each round, a row for each department; below, one department's words round by round."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds: list[tuple[dict[str, Any], tuple[Opinion, ...]]] = []
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Rounds"))
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.currentItemChanged.connect(lambda *_: self._show_words())
        self.words = QTextBrowser()
        self.words.setFrameShape(QTextBrowser.Shape.NoFrame)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        split.addWidget(self.words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.said)
        layout.addWidget(split, 1)

    def show_case(self, case: Case) -> None:
        """Show a case's rounds."""
        kept = self._department
        self._rounds = [(one, opinions_in(one["opinions"])) for one in case.rounds]
        self.tree.clear()
        self.tree.setHeaderLabels(
            [tr("Department"), *(tr("Round {round}").format(round=one["round"]) for one, _ in self._rounds)]
        )
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(self._rounds) + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        changed = 0
        for place, opinion in enumerate(case.opinions):
            item = QTreeWidgetItem([word("departments", opinion.department)])
            item.setData(0, DEPARTMENT, opinion.department)
            for column, (_one, opinions) in enumerate(self._rounds, start=1):
                before = self._rounds[column - 2][1][place].conclusion if column > 1 else ""
                now = opinions[place].conclusion
                is_other = bool(before) and before != now
                item.setText(column, conclusion_word(now) + (f" {CHANGED}" if is_other else ""))
                item.setToolTip(column, who_wrote(opinions[place]))
                if is_other:
                    font = item.font(column)
                    font.setBold(True)
                    item.setFont(column, font)
                changed += is_other and column == len(self._rounds)
            self.tree.addTopLevelItem(item)
        if len(self._rounds) > 1:
            text = tr("{count} departments conclude otherwise than in the round before ({sign}). Choose one to read.")
            self.said.setText(text.format(count=changed, sign=CHANGED))
        else:
            self.said.setText(tr("This is the first round. A revised case has a column for each round."))
        for row in range(self.tree.topLevelItemCount()):
            if self.tree.topLevelItem(row).data(0, DEPARTMENT) == kept:
                self.tree.setCurrentItem(self.tree.topLevelItem(row))
        self._show_words()

    def choose(self, department: str) -> None:
        """Read one department's words."""
        for row in range(self.tree.topLevelItemCount()):
            if self.tree.topLevelItem(row).data(0, DEPARTMENT) == department:
                self.tree.setCurrentItem(self.tree.topLevelItem(row))

    @property
    def _department(self) -> str:
        return self.tree.currentItem().data(0, DEPARTMENT) if self.tree.currentItem() is not None else ""

    def _show_words(self) -> None:
        parts = []
        for one, opinions in reversed(self._rounds):
            opinion = next((each for each in opinions if each.department == self._department), None)
            if opinion is None:
                continue
            title = tr("Round {round}").format(round=one["round"])
            head = with_label(title, f"{conclusion_word(opinion.conclusion)} · {word('opinion_states', opinion.state)}")
            parts.append(f"<p><b>{escape(head)}</b><br><small>{escape(who_wrote(opinion))}</small></p>")
            parts.append(f"<p>{escape(opinion.text).replace(chr(10), '<br>')}</p>")
            if opinion.basis:
                parts.append("<p>" + escape(tr("Basis: {basis}").format(basis=opinion.basis)) + "</p>")
        self.words.setHtml("".join(parts))
