"""One field in the form of a project's facts; its kind comes from the core, and an empty field is unknown."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsDateEdit
from qgis.PyQt.QtCore import QDate, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from onemap.plugin.desk.parcels.use_choice import UseChoice
from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.form_fields import choice_box, date_box, search_by_part, shrink
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import Count, tr

TEXT_LINES = 3


class FactField(QWidget):
    """The field's control, and below it the problem that the core finds in its value."""

    changed = pyqtSignal()

    def __init__(self, fact: dict[str, Any]) -> None:
        super().__init__()
        self.name, self.kind, self._hint = str(fact["name"]), str(fact["kind"]), str(fact.get("hint") or "")
        self.title = str(fact["title"])
        title_with_unit = tr("{title} ({code})").format(title=self.title, code=fact.get("unit"))
        self.label_text = title_with_unit if fact.get("unit") else self.title
        choices = [(str(one["title"]), one["value"]) for one in fact.get("choices") or ()]
        self.control = self._make(choices)
        self.control.setAccessibleName(self.label_text)
        count = len(fact.get("rules") or ())
        if count:
            rules_text = tr("{count:# rule asks|# rules ask} for it").format(count=Count(count))
            self.control.setToolTip(f"{self.label_text} · {self.name} · {rules_text}")
        self.error = FieldError(self.control)
        self.changed.connect(self.error.clear)
        self.setFocusProxy(self.control)
        column_of(self.control, self.error, inside=self, is_tight=True, spacing=1)

    @property
    def value(self) -> Any:
        """The stated value; None for nothing."""
        control = self.control
        if isinstance(control, UseChoice):
            return control.code or None
        if isinstance(control, QgsDateEdit):
            return None if control.isNull() else control.date()
        if isinstance(control, QPlainTextEdit):
            return control.toPlainText().strip() or None
        if isinstance(control, QComboBox) and not control.isEditable():
            return control.currentData()
        text = control.currentText() if isinstance(control, QComboBox) else control.text()
        return (_number(text) if self.kind == "number" else text.strip()) or (0 if text.strip() == "0" else None)

    def set_value(self, value: Any) -> None:
        """Show a value as the core has it; None for unknown."""
        control = self.control
        text = "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)
        if isinstance(control, UseChoice):
            control.choose(text)
        elif isinstance(control, QgsDateEdit):
            day = QDate.fromString(text[:10], Qt.DateFormat.ISODate)
            control.setDate(day) if day.isValid() else control.clear()
        elif isinstance(control, QPlainTextEdit):
            control.setPlainText(text)
        elif isinstance(control, QComboBox) and not control.isEditable():
            control.setCurrentIndex(max(0, control.findData(value)))
        elif isinstance(control, QComboBox):
            control.setEditText(text)
        else:
            control.setText(text)
            control.setCursorPosition(0)  # its beginning is seen
        self.changed.emit()

    def set_system(self, system: str) -> None:
        """List the uses of another system of codes."""
        if isinstance(self.control, UseChoice) and system:
            self.control.set_system(system)

    @property
    def system(self) -> str:
        """The system of the field's use code; empty if the field names no use."""
        return self.control.system if isinstance(self.control, UseChoice) and self.value else ""

    def _make(self, choices: list[tuple[str, Any]]) -> QWidget:
        if self.kind == "code" and self.name == "YDXZ":
            box = UseChoice()
            box.refresh()
            box.lineEdit().setPlaceholderText(tr("unknown"))
            box.currentTextChanged.connect(lambda _text: self.changed.emit())
            return box
        if self.kind == "date":
            day = date_box(tr("unknown"))
            day.dateChanged.connect(lambda _day: self.changed.emit())
            return day
        if self.kind == "long":
            text = QPlainTextEdit(tabChangesFocus=True, placeholderText=tr("unknown"))
            text.setFixedHeight(TEXT_LINES * text.fontMetrics().lineSpacing() + 12)
            text.textChanged.connect(self.changed)
            return text
        if self.kind in ("choice", "flag"):
            return self._make_list([(tr("yes"), True), (tr("no"), False)] if self.kind == "flag" else choices)
        if self.kind == "words":
            return self._make_words([title for title, _value in choices])
        line = QLineEdit(placeholderText=" · ".join(filter(None, (tr("unknown"), self._hint))))
        if self._hint:  # an example that is cut is none
            line.setMinimumWidth(
                line.fontMetrics().horizontalAdvance(line.placeholderText()) + line.sizeHint().height()
            )
        line.textChanged.connect(lambda _text: self.changed.emit())
        return line

    def _make_list(self, choices: list[tuple[str, Any]]) -> QComboBox:
        box = choice_box([(tr("unknown"), None), *choices])
        _narrow(box)
        box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        return box

    def _make_words(self, words: list[str]) -> QComboBox:
        box = QComboBox(editable=True)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        box.addItems(["", *words])
        box.lineEdit().setPlaceholderText(tr("unknown"))
        box.lineEdit().setClearButtonEnabled(True)
        search_by_part(box)
        _narrow(box)
        box.currentTextChanged.connect(lambda _text: self.changed.emit())
        return box


def _narrow(box: QComboBox) -> None:
    shrink(box)
    box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)


def _number(text: str) -> Any:
    """A number, or the text as typed if it is not a number, which the core then refuses."""
    plain = text.strip().replace(",", "").replace("，", "")
    try:
        number = float(plain)
    except ValueError:
        return text.strip()
    return int(number) if number.is_integer() and "." not in plain else number
