"""The rows of an answer's `view`, as the core makes them: a tree of names and values, or a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QTreeWidget, QTreeWidgetItem

from onemap.plugin.desk.answers.name_delegate import fit_columns, wrap_names
from onemap.plugin.profile import settings
from onemap.plugin.widgets.alignment import LEFT, RIGHT
from onemap.plugin.words.number_format import (
    M2_PER_HECTARE,
    area_text,
    large_area_text,
    large_unit,
    length_text,
    local_times,
    share_text,
)
from onemap.plugin.words.translation import with_label
from onemap.plugin.words.verdicts import LOOKS, sign_icon

NAME, VALUE = 0, 1
ROLE_ROW = Qt.ItemDataRole.UserRole
HECTARE = "ha"
_AMOUNTS = {
    "m2": area_text,
    "m": length_text,
    "km": lambda value: f"{value:,.3f} km",
    "share": share_text,
    "count": "{:,}".format,
    HECTARE: lambda value: large_area_text(value * M2_PER_HECTARE, 4),
}


def remarks_in(answer: dict[str, Any]) -> list[str]:
    """The sentences in an answer's `view` beside its tables and lists, such as on a coverage that nobody stated."""
    return [str(part["name"]) for part in answer.get("view") or () if "columns" not in part and not part["rows"]]


class _Row(dict):
    """A row as the core made it. Qt would copy a plain dict, with all rows below it, at each access."""


class AnswerTree(QTreeWidget):
    """Rows of one answer; areas follow the unit of the settings."""

    def __init__(self, name: str, heads: Sequence[str] = (), has_numbers: bool = False, is_flat: bool = False) -> None:
        """Make an empty tree. name: for screen readers; heads: titles of the columns; a table brings its own.

        has_numbers: whether the values are aligned right; is_flat: no row has rows below it.
        """
        super().__init__()
        self._columns: list[dict[str, Any]] = [
            {"title": head, "unit": "", "is_number": has_numbers and at > NAME} for at, head in enumerate(heads)
        ]
        self._further_columns: list[dict[str, Any]] = []  # columns of a table that have no room
        self.setAccessibleName(name)
        self.setIndentation(12)
        self.setRootIsDecorated(not is_flat)
        self._show_heads()
        fit_columns(self)
        wrap_names(self)
        settings.changes.area_unit.connect(self._write)

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Show the rows of an answer's `view` in place of the former ones; open rows at the top are bold headings."""
        self.clear()
        self._show_heads()
        items = [self._item(row) for row in rows]  # before they are in the tree: there Qt measures at each text
        for item, row in zip(items, rows):
            if row["rows"] and row["is_open"]:
                set_bold(item, True)
        self.insertTopLevelItems(0, items)
        whole = items_of(self)
        for item in whole:
            item.setExpanded(self.row_of(item)["is_open"])
        for item in whole:  # once all are open: Qt lays the tree out for it
            self._span(item)
        self.scheduleDelayedItemsLayout()  # a name that spans all columns is lower than it was measured before

    def show_table(self, table: dict[str, Any], columns: int | None = None) -> None:
        """Show a table of an answer's `view` under its own heads.

        columns: show only this many columns, if room is short; the tooltip of a row has the others.
        """
        self._columns = table["columns"][:columns]
        self._further_columns = table["columns"][len(self._columns) :]
        self._show_heads()
        fit_columns(self)
        self.show_rows(table["rows"])

    def hide_columns(self, first: int, is_narrow: bool) -> None:
        """Hide all columns from `first` on if there is no room; the tooltip of a row shows them."""
        columns = range(first, self.columnCount())
        if any(self.isColumnHidden(column) != is_narrow for column in columns):
            for column in columns:
                self.setColumnHidden(column, is_narrow)
            self._write()

    def row_of(self, item: QTreeWidgetItem | None) -> dict[str, Any]:
        """The row of an item, as the core made it; empty for no item."""
        return {} if item is None else item.data(NAME, ROLE_ROW)

    def about(self, item: QTreeWidgetItem | None) -> dict[str, Any] | None:
        """The subject of a row, or of the nearest row above it that has one."""
        while item is not None and not self.row_of(item)["about"]:
            item = item.parent()
        return None if item is None else self.row_of(item)["about"]

    @property
    def current_about(self) -> dict[str, Any]:
        """The subject of the current row; empty for none."""
        return self.about(self.currentItem()) or {}

    @property
    def tops(self) -> list[QTreeWidgetItem]:
        """The rows at the top."""
        return tops_of(self)

    def choose(self, about: dict[str, Any]) -> None:
        """Make the first row current that is about this."""
        for item in items_of(self):
            its = self.row_of(item)["about"] or {}
            if all(its.get(name) == value for name, value in about.items()):
                self.setCurrentItem(item)
                return

    def scroll_to_current(self) -> None:
        """Bring the current row into sight."""
        if self.currentItem() is not None:
            self.scrollToItem(self.currentItem())

    def icon_of(self, sign: str) -> QIcon | None:
        """The icon of a sign: that of a verdict, unless a subclass has others."""
        return sign_icon(sign, self.palette()) if sign in LOOKS else None

    def _item(self, row: dict[str, Any]) -> QTreeWidgetItem:
        """A row with its texts and the rows below it, not yet in the tree."""
        item = QTreeWidgetItem()
        item.setData(NAME, ROLE_ROW, _Row(row))
        icon = self.icon_of(row["sign"])
        if icon is not None:
            item.setIcon(NAME, icon)
        self._write_row(item)
        item.addChildren([self._item(below) for below in row["rows"]])
        return item

    def _show_heads(self) -> None:
        self._units = [self._unit(one) for one in self._columns]  # to read a setting for each cell would take longest
        columns_and_units = zip(self._columns, self._units)
        heads = [f"{one['title'][:1].upper()}{one['title'][1:]} {unit}".strip() for one, unit in columns_and_units]
        self.setHeaderLabels(heads)
        self.setColumnCount(len(heads))
        for column, one in enumerate(self._columns):
            self.headerItem().setTextAlignment(column, RIGHT if one["unit"] or one["is_number"] else LEFT)

    def _write(self, _unit: str = "") -> None:
        """Write the texts of all rows again, with amounts in the unit of the settings."""
        self._show_heads()
        for item in items_of(self):
            self._write_row(item)
            self._span(item)
        self.scheduleDelayedItemsLayout()

    def _write_row(self, item: QTreeWidgetItem) -> None:
        row = self.row_of(item)
        words = [word_text(word) for word in (row["name"], *row["values"])]
        texts = [
            (word.removesuffix(f" {self._units[at]}") if self._units[at] else word)
            for at, word in enumerate(words[: len(self._columns)])
        ]
        for column, text in enumerate(texts):
            item.setText(column, text)
            item.setToolTip(column, text)
            is_right = column > NAME and (self._columns[column]["unit"] or self._columns[column]["is_number"])
            item.setTextAlignment(column, RIGHT if is_right else LEFT)
        item.setToolTip(NAME, "\n".join(filter(None, (texts[NAME], *self._hidden_texts(words), row["hint"]))))

    def _span(self, item: QTreeWidgetItem) -> None:
        """Let a name span the whole line if there is nothing beside it."""
        item.setFirstColumnSpanned(not any(item.text(column) for column in range(1, len(self._columns))))

    def _hidden_texts(self, words: Sequence[str]) -> Iterator[str]:
        """The texts of the columns that are hidden or left out, each with its head."""
        for at, (column, text) in enumerate(zip([*self._columns, *self._further_columns], words)):
            if at > NAME and text and (at >= len(self._columns) or self.isColumnHidden(at)):
                yield with_label(f"{column['title'][:1].upper()}{column['title'][1:]}", text)

    @staticmethod
    def _unit(column: dict[str, Any]) -> str:
        return large_unit() if column["unit"] == HECTARE else column["unit"]


def tops_of(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    """The rows at the top of a tree."""
    return [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]


def below(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """The rows right below a row."""
    return [item.child(row) for row in range(item.childCount())]


def items_of(tree: QTreeWidget) -> list[QTreeWidgetItem]:
    """Every row of a tree, from above."""
    items, waiting = [], tops_of(tree)[::-1]
    while waiting:
        items.append(waiting.pop())
        waiting += below(items[-1])[::-1]
    return items


def set_bold(item: QTreeWidgetItem, is_bold: bool, *columns: int) -> None:
    """Make the name of a row bold, or some of its columns, or make them normal again."""
    for column in columns or (NAME,):
        font = item.font(column)
        font.setBold(is_bold)
        item.setFont(column, font)


def word_text(word: str | dict[str, Any]) -> str:
    """A word or an amount of a row as text: areas in the unit of the settings, moments in local time."""
    return local_times(word) if isinstance(word, str) else _AMOUNTS[word["measure"]](word["value"])
