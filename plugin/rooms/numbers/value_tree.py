"""A list of names with a value each, as the room Numbers has them."""

from __future__ import annotations

from onemap.plugin.desk.answers.answer_tree import AnswerTree

MIN_LINES = 18  # eight rows of mostly two lines
LINE_MARGIN_PX = 4


class ValueTree(AnswerTree):
    """Two columns: names, which wrap and have the width that the values leave, and values on the right."""

    def __init__(self, name: str, heads: tuple[str, str]) -> None:
        """Take what a screen reader calls it, and the heads of its columns."""
        super().__init__(name, heads, has_numbers=True)
        self.setMinimumHeight(MIN_LINES * (self.fontMetrics().lineSpacing() + LINE_MARGIN_PX))
