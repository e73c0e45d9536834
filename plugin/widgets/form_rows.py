"""A form whose rows come and go: Qt 5 keeps the room between rows for one that is hidden."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtWidgets import QFormLayout, QLayoutItem, QWidget


class FormRows(QFormLayout):
    """A form that takes a hidden row out, and puts it back where it stood."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: list[Any] = []  # of all rows from top to bottom: widgets and layouts
        self._labels: dict[QWidget, QWidget | None] = {}  # of the rows that are out

    def addRow(self, *row: Any) -> None:  # noqa: N802 - Qt's name
        """Add a row as Qt does, and remember its place."""
        super().addRow(*row)
        self._fields.append(row[-1])

    @property
    def rows_out(self) -> list[tuple[QWidget | None, QWidget]]:
        """The labels and fields of the rows that are out."""
        return [(label, field) for field, label in self._labels.items()]

    def show_row(self, field: QWidget, is_shown: bool) -> None:
        """Show or hide the row of a field; its label goes along."""
        if is_shown == (field not in self._labels):
            return
        if is_shown:
            label = self._labels.pop(field)
            above = self._fields[: self._fields.index(field)]
            place = sum(1 for other in above if other not in self._labels)
            if label is None:
                self.insertRow(place, field)
            else:
                self.insertRow(place, label, field)
        else:
            label = _widget_of(self.takeRow(field).labelItem)
            self._labels[field] = label
        for widget in (label, field):
            if widget is not None:
                widget.setVisible(is_shown)


def _widget_of(item: QLayoutItem | None) -> QWidget | None:
    return item.widget() if item is not None else None
