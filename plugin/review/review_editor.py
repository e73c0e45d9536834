"""One department's opinion at hand: the draft in the rule's wording, written over, signed, returned."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.review.review_cases import CONCLUSIONS, Case, Opinion
from onemap.plugin.review.review_unsent_text import Key, Typed, TypedWords
from onemap.plugin.review.review_words import conclusion_word, in_buttons, step_word, who_wrote
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr

TEXT_LINES, BASIS_LINES = 6, 2
LINES_IN_SIGHT = 12  # of all above the buttons, before the list of departments gives way


class OpinionEditor(QWidget):
    """What a department says. Typed words stay until they are sent or given up."""

    step_requested = pyqtSignal(str)  # opine, sign, return, extend
    typed_changed = pyqtSignal()

    def __init__(self, typed: TypedWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._typed = typed
        self._case: Case | None = None
        self._opinion: Opinion | None = None
        self._is_filling = False
        self._is_busy = False
        self._bases: list[str] = []
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.who = QLabel()
        self.who.setWordWrap(True)
        self.stands = QLabel()  # what others wrote meanwhile, beside what is typed here
        self.stands.setWordWrap(True)
        self.stands.setFrameShape(QFrame.Shape.StyledPanel)
        self.stands.setContentsMargins(4, 4, 4, 4)
        self.stands.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.conclusion = QComboBox()
        for code in CONCLUSIONS:
            self.conclusion.addItem(code, code)
        self.conclusion.currentIndexChanged.connect(lambda _index: self._keep())
        self.text = QPlainTextEdit()
        self.text.setTabChangesFocus(True)
        self.text.setMinimumHeight(TEXT_LINES * self.fontMetrics().lineSpacing())
        self.text.textChanged.connect(self._keep)
        self.basis = QPlainTextEdit()
        self.basis.setTabChangesFocus(True)
        self.basis.setFixedHeight(BASIS_LINES * self.fontMetrics().lineSpacing() + 14)
        self.basis.setPlaceholderText(tr("law and article; needed to disagree"))
        self.basis.textChanged.connect(self._keep)
        self.bases_button = QToolButton()
        self.bases_button.setText("+")
        self.bases_button.setToolTip(tr("Add the basis of a rule whose finding concerns this department"))
        self.bases_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.bases_button.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.bases = QMenu(self)
        self.bases_button.setMenu(self.bases)
        self.answers: dict[str, QLineEdit] = {}
        self.items = QWidget()
        self._items_layout = QVBoxLayout(self.items)
        self._items_layout.setContentsMargins(0, 0, 0, 0)
        self._items_layout.setSpacing(3)
        self.buttons = {
            "opine": QPushButton(icon("document"), ""),
            "sign": QPushButton(icon("sign"), ""),
            "return": QPushButton(),
            "extend": QPushButton(),
        }
        for step, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, asked=step: self.step_requested.emit(asked))
        self.drop_button = QToolButton()
        self.drop_button.setText(tr("Give up what is typed"))
        self.drop_button.setAutoRaise(True)
        self.drop_button.clicked.connect(self.drop_typed)
        self._build()

    @property
    def department(self) -> str:
        """Whose opinion it is; empty for none."""
        return self._opinion.department if self._opinion is not None else ""

    @property
    def is_typed(self) -> bool:
        """Whether something is typed and not sent."""
        return self._key is not None and self._typed.of(self._key) is not None

    def show_opinion(self, case: Case, department: str, bases: list[str]) -> None:
        """Show a department's opinion. bases: of the rules whose findings concern it."""
        self._case, self._opinion = case, case.opinion(department)
        opinion, kept = self._opinion, self._typed.of((case.id, case.round, department))
        self.title.setText(f"<b>{word('departments', department)}</b> · {opinion.why}")
        self.who.setText(
            f"{conclusion_word(opinion.conclusion)} · {word('opinion_states', opinion.state)} · {who_wrote(opinion)}"
        )
        self.stands.setVisible(kept is not None and kept.base != (opinion.conclusion, opinion.text))
        said = tr("Somebody changed this opinion since you began to write. It now stands: {conclusion}, {who}")
        self.stands.setText(
            said.format(conclusion=conclusion_word(opinion.conclusion), who=who_wrote(opinion)) + "\n" + opinion.text
        )
        shown = kept or Typed(opinion.conclusion, opinion.text, opinion.basis)
        self._is_filling = True
        for index, code in enumerate(CONCLUSIONS):
            self.conclusion.setItemText(index, conclusion_word(code))
        self.conclusion.setCurrentIndex(max(0, self.conclusion.findData(shown.conclusion)))
        self.text.setPlainText(shown.text)
        self.basis.setPlainText(shown.basis)
        self._offer_bases(bases)
        self._show_items(case.items(department), shown.answers)
        self._is_filling = False
        self._enable()

    def words(self) -> dict[str, Any]:
        """What is to be sent, as parameters of `review opine`."""
        answers = [f"{item}={edit.text().strip()}" for item, edit in self.answers.items() if edit.text().strip()]
        return {
            "conclusion": self.conclusion.currentData(),
            "text": self.text.toPlainText(),
            "basis": self.basis.toPlainText().strip(),
            "answer": answers or None,
        }

    def drop_typed(self) -> None:
        """Give up what is typed, and show the opinion as it stands."""
        if self._key is not None:
            self._typed.drop(self._key)
            self.show_opinion(self._case, self.department, self._bases)
            self.typed_changed.emit()

    def set_busy(self, is_busy: bool) -> None:
        """While the core is at work no step is asked."""
        self._is_busy = is_busy
        self._enable()

    @property
    def _key(self) -> Key | None:
        return (self._case.id, self._case.round, self.department) if self._opinion is not None else None

    def _build(self) -> None:
        body = QWidget()
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.conclusion.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        form.addRow(tr("Conclusion"), self.conclusion)
        row = QHBoxLayout()
        row.addWidget(self.basis, 1)
        row.addWidget(self.bases_button, 0, Qt.AlignmentFlag.AlignTop)
        form.addRow(tr("Basis"), row)
        inner = QVBoxLayout(body)
        inner.setContentsMargins(2, 4, 2, 2)
        for widget in (self.title, self.who, self.stands):
            inner.addWidget(widget)
        inner.addLayout(form)
        inner.addWidget(self.text, 1)
        inner.addWidget(self.items)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumHeight(LINES_IN_SIGHT * self.fontMetrics().lineSpacing())
        grid = QGridLayout()
        for place, button in enumerate(self.buttons.values()):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(button, place // 2, place % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area, 1)
        layout.addWidget(self.drop_button, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(grid)

    def _show_items(self, items: list[dict[str, Any]], typed: dict[str, str]) -> None:
        while self._items_layout.count():
            self._items_layout.takeAt(0).widget().deleteLater()
        self.answers = {}
        for item in items:
            title = str(item["title"])
            if item.get("rule"):
                reason = word("reasons", str(item.get("reason") or ""))
                title = tr("Not checked by machine: {title} ({reason})").format(title=title, reason=reason)
            label = QLabel(title)
            label.setWordWrap(True)
            edit = QLineEdit(typed.get(item["item"], str(item.get("answer") or "")))
            edit.setPlaceholderText(tr("your answer"))
            edit.setAccessibleName(title)
            if item.get("answered_by"):
                edit.setToolTip(f"{item['answered_by']}, {item['answered_on']}")
            edit.textChanged.connect(lambda _text: self._keep())
            self.answers[item["item"]] = edit
            self._items_layout.addWidget(label)
            self._items_layout.addWidget(edit)
        self.items.setVisible(bool(items))

    def _offer_bases(self, bases: list[str]) -> None:
        self._bases = bases
        self.bases.clear()
        for basis in bases:
            self.bases.addAction(basis, lambda chosen=basis: self._add_basis(chosen))
        self.bases_button.setEnabled(bool(bases))

    def _add_basis(self, basis: str) -> None:
        lines = [line for line in self.basis.toPlainText().splitlines() if line.strip()]
        if basis not in lines:
            self.basis.setPlainText("\n".join([*lines, basis]))

    def _keep(self) -> None:
        if self._is_filling or self._key is None:
            return
        kept = self._typed.of(self._key)
        answers = {item: edit.text() for item, edit in self.answers.items()}
        said = (self.conclusion.currentData(), self.text.toPlainText(), self.basis.toPlainText())
        base = kept.base if kept else (self._opinion.conclusion, self._opinion.text)
        self._typed.keep(self._key, Typed(*said, answers, base))
        self._enable()
        if kept is None:
            self.typed_changed.emit()

    def _enable(self) -> None:
        if self._opinion is None:
            return
        for step, button in self.buttons.items():
            why_not = self._opinion.steps.get(step)
            button.setText(tr("Save draft") if step == "opine" else step_word(step) + ("…" if step != "sign" else ""))
            if step == "sign" and why_not is None and self.is_typed:
                why_not = tr("Save what is typed first, or give it up: what is signed is the saved draft.")
            if step == "extend" and why_not is None and not self._opinion.due:
                why_not = tr("No clock runs.")
            button.setEnabled(why_not is None and not self._is_busy)
            button.setToolTip(in_buttons(why_not) if why_not else "")
        can_write = self._opinion.steps.get("opine") is None
        self.text.setReadOnly(not can_write)
        for widget in (self.conclusion, self.items):
            widget.setEnabled(can_write)
        self.basis.setReadOnly(not can_write)
        self.bases_button.setEnabled(can_write and bool(self._bases))
        self.drop_button.setVisible(self.is_typed)
