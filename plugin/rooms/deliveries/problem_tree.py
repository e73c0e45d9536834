"""The problems of a delivery by class, the most severe first, and the steps from one problem to the next."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QTreeWidgetItem

from onemap.plugin.desk.answers.answer_tree import AnswerTree, items_of
from onemap.plugin.words.translation import tr

LEAST_LINES = 8


class ProblemTree(AnswerTree):
    """The core's rows of a proof."""

    chosen = pyqtSignal(dict)  # what the chosen row is about; empty for none

    def __init__(self) -> None:
        super().__init__(tr("Problems of the delivery"), (tr("Problem"), tr("Severity")))
        self.setMinimumHeight(LEAST_LINES * (self.fontMetrics().lineSpacing() + 4))
        self.currentItemChanged.connect(lambda item, _before: self.chosen.emit(self.about_row(item)))

    def about_row(self, item: QTreeWidgetItem | None = None) -> dict[str, Any]:
        """The subject of a row itself, not of the rows above it; by default of the current row."""
        return self.row_of(item or self.currentItem()).get("about") or {}

    @property
    def sign(self) -> str:
        """The sign of the current row, which is a verdict's, and gives the style of its ground."""
        return str(self.row_of(self.currentItem()).get("sign") or "")

    def step(self, way: int) -> bool:
        """Go to the next problem (1) or the one before (-1), and from the last to the first. False: there are none."""
        items = self._problems()
        if not items:
            return False
        current = self.currentItem()
        numbers = [self.about_row(item)["number"] for item in items]
        number = self.about_row(current).get("number") if current is not None else None
        if number in numbers:
            place = (numbers.index(number) + way) % len(items)
        elif current is not None and current.childCount() and current.child(0) in items:
            place = (items.index(current.child(0)) + min(way, 0)) % len(items)
        else:
            place = 0 if way > 0 else len(items) - 1
        self.setCurrentItem(items[place])
        self.scrollToItem(items[place])
        return True

    def choose_hash(self, hash_: str) -> bool:
        """Select the problem with a hash; return whether it still exists."""
        for item in self._problems():
            if self.about_row(item).get("hash") == hash_:
                self.setCurrentItem(item)
                return True
        return False

    def _problems(self) -> list[QTreeWidgetItem]:
        """The rows of problems, from above."""
        return [item for item in items_of(self) if "number" in self.about_row(item)]
