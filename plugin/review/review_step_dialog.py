"""The small dialog before a step: what is confirmed, and its reason, days, conclusion or verdict."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.PyQt.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.words.translation import tr

USUAL_PX = 380
REASON_LINES = 4
MOST_DAYS = 250


@dataclass(frozen=True)
class Question:
    """What is asked before a step. choices: (code, word) pairs under the name `choice`; chosen: proposed among them.

    days: how many working days are proposed, 0 where none are asked. reason: whether one is asked at all; needs: it
    must be given, `always`, or when another than the proposed choice is made, `other`, else never.
    """

    title: str
    text: str
    button: str
    choice: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    chosen: str = ""
    days: int = 0
    reason: bool = True
    needs: str = ""


class AskDialog(QDialog):
    """Asks one question."""

    def __init__(self, question: Question, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._question = question
        self.setWindowTitle(question.title)
        said = QLabel(question.text)
        said.setWordWrap(True)
        self.choice = QComboBox()
        for code, word in question.choices:
            self.choice.addItem(word, code)
        self.choice.setCurrentIndex(max(0, self.choice.findData(question.chosen)))
        self.days = QSpinBox()
        self.days.setRange(1, MOST_DAYS)
        self.days.setValue(question.days or 1)
        self.reason = QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.reason.setFixedHeight(REASON_LINES * self.fontMetrics().lineSpacing() + 12)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.ok = self.buttons.addButton(question.button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        if question.choices:
            form.addRow(question.choice, self.choice)
        if question.days:
            form.addRow(tr("Working days more"), self.days)
        if question.reason:
            form.addRow(tr("Reason"), self.reason)
        layout = QVBoxLayout(self)
        layout.addWidget(said)
        layout.addLayout(form)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(USUAL_PX)
        self.choice.currentIndexChanged.connect(lambda _index: self._enable())
        self.reason.textChanged.connect(self._enable)
        self._enable()

    @property
    def chosen(self) -> str:
        """The code that is chosen; empty where nothing is to choose."""
        return self.choice.currentData() or ""

    @property
    def reason_text(self) -> str:
        """The reason; empty for none."""
        return self.reason.toPlainText().strip()

    def _enable(self) -> None:
        """A step that the core would refuse for want of a reason is not sent."""
        is_other = bool(self._question.choices) and self.chosen != self._question.chosen
        needs = self._question.needs == "always" or (self._question.needs == "other" and is_other)
        self.ok.setEnabled(bool(self.reason_text) or not needs)
        self.reason.setPlaceholderText(tr("needed") if needs else tr("may be left empty"))
