"""One value of a rule pack: a number, a choice, classes to tick, or a sentence; the core says which are allowed."""

from __future__ import annotations

import json
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QLabel, QLineEdit, QListWidget, QListWidgetItem, QPlainTextEdit, QWidget

from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.form_fields import choice_box, shrink
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.widgets.tick_delegate import TickDelegate

SENTENCE_LINES, LIST_ROWS = 3, 5


class PackField(QWidget):
    """The control of a value, and below it the problem that the core finds in it."""

    changed = pyqtSignal()

    def __init__(self, pack_value: dict[str, Any]) -> None:
        """Take what the core tells of a value."""
        super().__init__()
        title = str(pack_value["title"])
        self.place, self.title, self._form = (
            str(pack_value["place"]),
            f"{title[:1].upper()}{title[1:]}",
            str(pack_value["form"]),
        )
        self._field = pack_value
        self.control = self._make()
        self.control.setAccessibleName(self.title)
        self.control.setToolTip(str(pack_value.get("hint") or ""))
        self.error = FieldError(self.control)
        self.changed.connect(self.error.clear)
        unit = QLabel(str(pack_value.get("unit") or ""))
        unit.setVisible(bool(unit.text()))
        column_of(row_of((self.control, 1), unit), self.error, inside=self, is_tight=True, spacing=1)
        self.setFocusProxy(self.control)
        self.first = self.text  # as the pack has it

    @property
    def text(self) -> str:
        """The value as the core takes it; empty for none."""
        control = self.control
        if isinstance(control, QComboBox):
            return str(control.currentData() or "")
        if isinstance(control, TickBox):
            return "true" if control.isChecked() else ""
        if isinstance(control, QListWidget):
            items = [control.item(row) for row in range(control.count())]
            ticked = [
                item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked
            ]
            return json.dumps(ticked, ensure_ascii=False) if ticked else ""
        return control.toPlainText().strip() if isinstance(control, QPlainTextEdit) else control.text().strip()

    def set_open(self, is_open: bool) -> None:
        """Allow the value to be changed, or only to be read."""
        control = self.control
        if isinstance(control, (QLineEdit, QPlainTextEdit)):
            control.setReadOnly(not is_open)
        elif isinstance(control, QListWidget):
            for row in range(control.count()):
                item, mark = control.item(row), Qt.ItemFlag.ItemIsUserCheckable
                item.setFlags(item.flags() | mark if is_open else item.flags() & ~mark)
        else:
            control.setEnabled(is_open)

    def set_text(self, text: str) -> None:
        """Show a value that was typed before."""
        control = self.control
        if isinstance(control, QComboBox):
            control.setCurrentIndex(max(0, control.findData(text)))
        elif isinstance(control, TickBox):
            control.setChecked(text == "true")
        elif isinstance(control, QListWidget):
            chosen_names = json.loads(text) if text else []
            for row in range(control.count()):
                item = control.item(row)
                is_chosen = item.data(Qt.ItemDataRole.UserRole) in chosen_names
                item.setCheckState(Qt.CheckState.Checked if is_chosen else Qt.CheckState.Unchecked)
        elif isinstance(control, QPlainTextEdit):
            control.setPlainText(text)
        else:
            control.setText(text)

    def _make(self) -> QWidget:
        value = self._field["value"]
        if self._form == "choice":
            return self._make_choice(str(value))
        if self._form == "flag":
            box = TickBox(self.title)
            box.setChecked(value is True)
            box.toggled.connect(lambda _is_on: self.changed.emit())
            return box
        if self._form == "list":
            return self._make_list(value or [])
        if self._form == "sentence":
            edit = QPlainTextEdit(str(value), tabChangesFocus=True)
            edit.setFixedHeight(edit.fontMetrics().lineSpacing() * SENTENCE_LINES + 12)
            edit.textChanged.connect(self.changed)
            return edit
        line = QLineEdit(str(value), placeholderText=str(self._field.get("default") or ""))
        line.setCursorPosition(0)
        line.textChanged.connect(lambda _text: self.changed.emit())
        return line

    def _make_choice(self, value: str) -> QComboBox:
        choices = {one["value"]: one["title"] for one in self._field["choices"]}
        default = self._field.get("default")
        first = [(str(choices.get(default, "–")), "")] if default or not value else []
        others = ((title, choice) for choice, title in choices.items() if choice != default or value == default)
        box = choice_box([*first, *others], value)
        shrink(box)
        box.view().setAccessibleName(self.title)
        box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        return box

    def _make_list(self, chosen_names: list[str]) -> QListWidget:
        tick_list = QListWidget()
        titles = {one["value"]: one["title"] for one in self._field["choices"]}
        # What the pack names stands first, also where another pack has the class.
        for name in dict.fromkeys([*chosen_names, *titles]):
            item = QListWidgetItem(str(titles.get(name, name)))
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setToolTip(name)
            item.setCheckState(Qt.CheckState.Checked if name in chosen_names else Qt.CheckState.Unchecked)
            tick_list.addItem(item)
        tick_list.setItemDelegate(TickDelegate(tick_list))
        tick_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tick_list.setFixedHeight(tick_list.fontMetrics().lineSpacing() * LIST_ROWS + 16)
        tick_list.itemChanged.connect(lambda _item: self.changed.emit())
        return tick_list
