"""The rounds side by side: each department's conclusion then and now; older opinions stay readable."""

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

from onemap.plugin.answers.name_delegate import wrap_names
from onemap.plugin.review.review_cases import Case, Opinion, opinions_in
from onemap.plugin.review.review_words import author_text, conclusion_text, conclusion_word
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import Count, tr, with_label

CHANGED = "≠"
DEPARTMENT = Qt.ItemDataRole.UserRole


class RoundsView(QWidget):
    """A column for each round, a row for each department; below, one department's opinions by round."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds: list[tuple[dict[str, Any], tuple[Opinion, ...]]] = []
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(tr("Rounds"))
        self.tree.setRootIsDecorated(False)
        wrap_names(self.tree)
        self.tree.currentItemChanged.connect(lambda *_: self._show_text())
        self.text = QTextBrowser()
        self.text.setAccessibleName(tr("Details"))
        self.text.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.text.setTextInteractionFlags(  # with a cursor, so that it shows where the keyboard is
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tree)
        split.addWidget(self.text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.addWidget(self.summary)
        layout.addWidget(split, 1)

    def show_case(self, case: Case) -> None:
        """Show a case's rounds."""
        chosen = self._department
        self._rounds = [(round_row, opinions_in(round_row["opinions"])) for round_row in case.rounds]
        self.tree.clear()
        self.tree.setHeaderLabels(
            [tr("Department"), *(tr("Round {round}").format(round=round_row["round"]) for round_row, _ in self._rounds)]
        )
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in range(1, len(self._rounds) + 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        changed = 0
        for row, opinion in enumerate(case.opinions):
            item = QTreeWidgetItem([word("departments", opinion.department)])
            item.setData(0, DEPARTMENT, opinion.department)
            for column, (_one, opinions) in enumerate(self._rounds, start=1):
                previous = self._rounds[column - 2][1][row].conclusion if column > 1 else ""
                conclusion = opinions[row].conclusion
                is_changed = bool(previous) and previous != conclusion
                item.setText(column, conclusion_word(conclusion) + (f" {CHANGED}" if is_changed else ""))
                item.setToolTip(column, author_text(opinions[row]))
                if is_changed:
                    font = item.font(column)
                    font.setBold(True)
                    item.setFont(column, font)
                changed += is_changed and column == len(self._rounds)
            self.tree.addTopLevelItem(item)
        if len(self._rounds) > 1:
            text = tr(
                "{count:# department concludes|# departments conclude} otherwise than in the round before "
                "({sign}). Choose one to read."
            )
            self.summary.setText(text.format(count=Count(changed), sign=CHANGED))
        else:
            self.summary.setText(tr("This is the first round. A revised case has a column for each round."))
        for row in range(self.tree.topLevelItemCount()):
            if self.tree.topLevelItem(row).data(0, DEPARTMENT) == chosen:
                self.tree.setCurrentItem(self.tree.topLevelItem(row))
        self._show_text()

    def choose(self, department: str) -> None:
        """Show one department's opinions."""
        for row in range(self.tree.topLevelItemCount()):
            if self.tree.topLevelItem(row).data(0, DEPARTMENT) == department:
                self.tree.setCurrentItem(self.tree.topLevelItem(row))

    @property
    def _department(self) -> str:
        return self.tree.currentItem().data(0, DEPARTMENT) if self.tree.currentItem() is not None else ""

    def _show_text(self) -> None:
        parts = []
        for round_row, opinions in reversed(self._rounds):
            opinion = next((candidate for candidate in opinions if candidate.department == self._department), None)
            if opinion is None:
                continue
            title = tr("Round {round}").format(round=round_row["round"])
            heading = with_label(title, conclusion_text(opinion))
            parts.append(f"<p><b>{escape(heading)}</b><br><small>{escape(author_text(opinion))}</small></p>")
            parts.append(f"<p>{escape(opinion.text).replace(chr(10), '<br>')}</p>")
            if opinion.basis:
                parts.append("<p>" + escape(tr("Basis: {basis}").format(basis=opinion.basis)) + "</p>")
        self.text.setHtml("".join(parts))
