"""A list of names with one value each, for the room Numbers."""

from __future__ import annotations

from onemap.plugin.desk.answers.answer_tree import AnswerTree

MIN_LINES = 18  # eight rows of mostly two lines
LINE_MARGIN_PX = 4


class ValueTree(AnswerTree):
    """Two columns: values on the right, and names in the remaining width, where they wrap."""

    def __init__(self, name: str, heads: tuple[str, str]) -> None:
        """Make an empty list. name: for screen readers; heads: the titles of the columns."""
        super().__init__(name, heads, has_numbers=True)
        self.setMinimumHeight(MIN_LINES * (self.fontMetrics().lineSpacing() + LINE_MARGIN_PX))
