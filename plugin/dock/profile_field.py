"""One field of the bureau's profile: a name in two languages, a list of names, a text, or a choice; may be empty."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from onemap.plugin.widgets.field_error import FieldError
from onemap.plugin.widgets.form_fields import choice_box
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.translation import tr

LIST_LINES, MIN_WIDTH_PX = 3, 80
LANGUAGES = ("zh", "en")


class ProfileField(QWidget):
    """The controls of a field, and below them the problem that the core finds in it."""

    changed = pyqtSignal()

    def __init__(self, field: dict[str, Any], forms: list[dict[str, str]]) -> None:
        """Make the controls. field: the core's description of the field; forms: the choices for a head."""
        super().__init__()
        self.name, self.kind, self.title = str(field["name"]), str(field["kind"]), str(field["title"])
        self._hint = str(field.get("hint") or "")
        self.controls = self._make(forms)
        names = {"zh": tr("in Chinese"), "en": tr("in English")}
        for place, control in enumerate(self.controls):
            name_parts = [self.title, names[LANGUAGES[place]]] if len(self.controls) > 1 else [self.title]
            control.setAccessibleName(" · ".join(name_parts))
            control.setToolTip(" · ".join([*name_parts, self._hint] if self._hint else name_parts))
            control.setMinimumWidth(MIN_WIDTH_PX)
        self.error = FieldError(self.controls[0])
        self.changed.connect(self.error.clear)
        row = row_of(*((control, 1) for control in self.controls), spacing=4)
        column_of(row, self.error, inside=self, is_tight=True, spacing=1)
        self.setFocusProxy(self.controls[0])

    @property
    def value(self) -> Any:
        """The field's value as TOML stores it; None if it is empty."""
        first = self.controls[0]
        if isinstance(first, QComboBox):
            return first.currentData()
        if self.kind == "list":
            chinese, english = ([line.strip() for line in box.toPlainText().split("\n")] for box in self.controls)
            count = max(len(chinese), len(english))
            pairs = zip(*(lines + [""] * (count - len(lines)) for lines in (chinese, english)))
            names = [name for name in (_name(*pair) for pair in pairs) if name is not None]
            return names or None
        return _name(*(control.text().strip() for control in self.controls))

    def set_value(self, value: Any) -> None:
        """Show a value as the file has it."""
        first = self.controls[0]
        if isinstance(first, QComboBox):
            first.setCurrentIndex(max(0, first.findData(value)))
        elif self.kind == "list":
            names = value if isinstance(value, list) else []
            for place, box in enumerate(self.controls):
                lines = [_shown_text(name, place) for name in names]
                box.setPlainText("\n".join(lines) if any(lines) else "")
        else:
            for place, control in enumerate(self.controls):
                control.setText(_shown_text(value, place))
                control.setCursorPosition(0)  # its beginning is seen

    def _make(self, forms: list[dict[str, str]]) -> list[QWidget]:
        if self.kind in ("head", "flag"):
            choices = [(one["title"], one["value"]) for one in forms]
            return [self._make_list(choices if self.kind == "head" else [(tr("yes"), True), (tr("no"), False)])]
        if self.kind == "list":
            return [self._make_lines(language) for language in LANGUAGES]
        return [self._make_line(language) for language in (LANGUAGES if self.kind == "name" else LANGUAGES[:1])]

    def _make_list(self, choices: list[tuple[str, Any]]) -> QComboBox:
        box = choice_box([(tr("as usual"), None), *choices])
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        return box

    def _make_line(self, language: str) -> QLineEdit:
        line = QLineEdit(placeholderText=self._hint if language == "zh" else tr("the same"))
        line.textChanged.connect(lambda _text: self.changed.emit())
        return line

    def _make_lines(self, language: str) -> QPlainTextEdit:
        box = QPlainTextEdit(tabChangesFocus=True, placeholderText=self._hint if language == "zh" else tr("the same"))
        box.setFixedHeight(LIST_LINES * box.fontMetrics().lineSpacing() + 12)
        box.textChanged.connect(self.changed)
        return box


def _name(chinese: str, english: str = "") -> Any:
    """One name for both languages, or a name for each; None for no name."""
    if chinese and english and chinese != english:
        return {"zh": chinese, "en": english}
    return chinese or english or None


def _shown_text(value: Any, place: int) -> str:
    """The text of a name in one language; a name for both languages is shown in the first only."""
    if isinstance(value, dict):
        return str(value.get(LANGUAGES[place]) or "")
    return "" if value is None or place else str(value)
