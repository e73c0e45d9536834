"""The dialog before a step: it asks for confirmation, a reason, days, a conclusion or a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QScrollArea,
    QSpinBox,
    QWidget,
)

from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.widgets.buttons import tool_button, wrapped_label
from onemap.plugin.widgets.form_fields import choice_box, fill_form
from onemap.plugin.widgets.questions import speak_buttons
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import scroll_area
from onemap.plugin.words.translation import tr

MIN_WIDTH_PX = 380
REASON_LINES = 4
MAX_DAYS = 250
MARGIN_PX = 16  # beside the question, with a scroll bar
MOST_LINES = 12  # of a question that are seen at once
LIST_LINES = 6  # of a list of codes that are seen at once


@dataclass(frozen=True)
class StepQuestion:
    """The content of the dialog.

    choice: the label of the choices.
    choices: pairs of code and word.
    chosen_code: the proposed code.
    marks: the label of a list in which any number of codes may be ticked.
    markable: the pairs of code and word in that list.
    days: the proposed number of days; 0 asks for none.
    days_label: the label of the days; empty for added working days.
    reason: the label of the reason; empty for the usual label.
    by: says in whose name the step is taken.
    takes_files: whether papers may be attached to the step.
    needs: when a reason is required: `always`, `other` if the choice is not the proposed one, else never.
    """

    title: str
    text: str
    button: str
    choice: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    chosen_code: str = ""
    marks: str = ""
    markable: tuple[tuple[str, str], ...] = ()
    days: int = 0
    days_label: str = ""
    reason: str = ""
    by: str = ""
    takes_files: bool = False
    needs: str = ""


class StepDialog(QDialog):
    """Asks one question."""

    def __init__(self, question: StepQuestion, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question = question
        self.setWindowTitle(question.title)
        self.choice = choice_box(((word, code) for code, word in question.choices), question.chosen_code)
        self.choice.setParent(self)
        self.choice.setVisible(bool(question.choices))
        self.days = QSpinBox(self)
        self.days.setVisible(bool(question.days))
        self.days.setRange(1, MAX_DAYS)
        self.days.setValue(question.days or 1)
        self.marks = self._make_marks(question.markable) if question.markable else None
        self.reason = QPlainTextEdit(tabChangesFocus=True)
        self.reason.setFixedHeight(REASON_LINES * self.fontMetrics().lineSpacing() + 12)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = self.buttons.addButton(question.button, QDialogButtonBox.ButtonRole.AcceptRole)
        speak_buttons(self.buttons)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form = fill_form(QFormLayout())
        if question.choices:
            form.addRow(question.choice, self.choice)
        if question.days:
            form.addRow(question.days_label or tr("More working days"), self.days)
        if self.marks is not None:
            form.addRow(question.marks, self.marks)
        form.addRow(question.reason or tr("Reason"), self.reason)
        self.files: list[str] = []
        if question.takes_files:
            self.files_label = wrapped_label(tr("none"))
            attach = tool_button("file", tr("Attach files, which stay with the case"), action=self._choose_files)
            form.addRow(tr("Files"), row_of((self.files_label, 1), attach))
        self.by_label = wrapped_label(question.by)
        column_of((self._make_text(question.text), 1), form, self.by_label, self.buttons, inside=self)
        self.setMinimumWidth(MIN_WIDTH_PX)
        equip_window(self)
        self.choice.currentIndexChanged.connect(lambda _index: self._enable())
        self.reason.textChanged.connect(self._enable)
        self._enable()

    def _choose_files(self) -> None:
        paths, _filter = QFileDialog.getOpenFileNames(self, tr("Files of the step"))
        if paths:
            self.files = paths
            self.files_label.setText("\n".join(Path(path).name for path in paths))

    def _make_marks(self, markable: tuple[tuple[str, str], ...]) -> QListWidget:
        """A list of codes, shown by their words, each with a tick box."""
        marks = QListWidget(self, wordWrap=True)
        marks.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        marks.setFixedHeight(LIST_LINES * self.fontMetrics().lineSpacing() + 12)
        for code, word in markable:
            item = QListWidgetItem(word, marks)
            item.setData(Qt.ItemDataRole.UserRole, code)
            item.setCheckState(Qt.CheckState.Unchecked)
        return marks

    def _make_text(self, text: str) -> QScrollArea:
        """The question; a long one scrolls, because Qt makes no dialog higher than two thirds of the screen."""
        label = wrapped_label(text)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        area = scroll_area(label)
        height = label.heightForWidth(MIN_WIDTH_PX - 2 * MARGIN_PX) + 2
        most = MOST_LINES * self.fontMetrics().lineSpacing()
        area.setMinimumHeight(min(height, most))
        if height <= most:
            area.setMaximumHeight(height)  # Qt would leave room for three lines below
        return area

    @property
    def chosen_code(self) -> str:
        """The chosen code; empty without choices."""
        return self.choice.currentData() or ""

    @property
    def marked_codes(self) -> list[str]:
        """The codes that are ticked."""
        if self.marks is None:
            return []
        items = (self.marks.item(row) for row in range(self.marks.count()))
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked]

    @property
    def reason_text(self) -> str:
        """The reason; empty for none."""
        return self.reason.toPlainText().strip()

    def _enable(self) -> None:
        """Disable the step while its required reason is missing, because the core would refuse it."""
        is_other = bool(self._question.choices) and self.chosen_code != self._question.chosen_code
        needs = self._question.needs == "always" or (self._question.needs == "other" and is_other)
        self.ok.setEnabled(bool(self.reason_text) or not needs)
        self.reason.setPlaceholderText(tr("needed") if needs else tr("may be left empty"))
