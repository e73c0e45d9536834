"""The problems of a delivery by class, the most severe first; and what a person does from one to the next."""

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
        """The subject of a row itself, without the rows above it; of the current one, if none is given."""
        return self.row_of(item or self.currentItem()).get("about") or {}

    @property
    def sign(self) -> str:
        """The sign of the current row, one of a verdict, by which its ground is drawn."""
        return str(self.row_of(self.currentItem()).get("sign") or "")

    def step(self, way: int) -> bool:
        """Go to the next problem (1) or the one before it (-1); from the last to the first. False: there is none."""
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
        """Choose the problem of a hash, if it is still there."""
        for item in self._problems():
            if self.about_row(item).get("hash") == hash_:
                self.setCurrentItem(item)
                return True
        return False

    def _problems(self) -> list[QTreeWidgetItem]:
        """The rows of problems, from above."""
        return [item for item in items_of(self) if "number" in self.about_row(item)]
