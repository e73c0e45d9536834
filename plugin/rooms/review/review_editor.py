"""The editor of one department's opinion: the draft in the rules' wording; to be edited, signed or returned."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QFormLayout,
    QFrame,
    QGridLayout,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from onemap.plugin.rooms.review.review_cases import CONCLUSIONS, OPEN, Case, Opinion
from onemap.plugin.rooms.review.review_person import PersonButton
from onemap.plugin.rooms.review.review_unsent_text import UNKNOWN_ROUND, OpinionKey, UnsentText, UnsentTexts
from onemap.plugin.rooms.review.review_words import conclusion_word, name_buttons, offer_step, step_word
from onemap.plugin.widgets.buttons import menu_button, show_text, wrapped_label
from onemap.plugin.widgets.elided_label import ElidedLabel
from onemap.plugin.widgets.form_fields import choice_box, fill_form
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import RoomArea
from onemap.plugin.words.core_words import word
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import tr, with_label

TEXT_LINES, BASIS_LINES = 6, 2
VISIBLE_LINES = 11  # of all above the buttons, which stay in sight where the dock is 640 px high


class OpinionEditor(QWidget):
    """One department's opinion. Typed text stays until it is sent or dropped."""

    step_requested = pyqtSignal(str)  # opine, sign, return, extend
    typed_changed = pyqtSignal()

    def __init__(self, unsent_texts: UnsentTexts, person: PersonButton) -> None:
        super().__init__()
        self._unsent_texts, self._person = unsent_texts, person
        self._case: Case | None = None
        self._opinion: Opinion | None = None
        self._is_filling = False
        self._is_busy = False
        self._bases: list[str] = []
        self.title = wrapped_label()
        self.author_label = wrapped_label()
        self.by_label = ElidedLabel()  # who writes and signs, said before the buttons
        self.sign_label = wrapped_label()  # why who looks may not sign it: a grey button says it to the mouse alone
        self.conflict_label = wrapped_label(  # what others wrote meanwhile, beside what is typed here
            frameShape=QFrame.Shape.StyledPanel, textInteractionFlags=Qt.TextInteractionFlag.TextSelectableByMouse
        )
        self.conflict_label.setContentsMargins(4, 4, 4, 4)
        self._make_inputs()
        self.answers: dict[str, QLineEdit] = {}
        self._items: list[dict[str, Any]] = []
        self.items = QWidget()
        self._items_layout = column_of(inside=self.items, is_tight=True, spacing=3)
        self._make_buttons()
        self._build()
        person.changed.connect(self._enable)

    def _make_inputs(self) -> None:
        self.conclusion = choice_box((code, code) for code in CONCLUSIONS)
        self.conclusion.currentIndexChanged.connect(lambda _index: self._store_typed())
        self.text = QPlainTextEdit(
            accessibleName=tr("Text of the opinion"),
            tabChangesFocus=True,
            minimumHeight=TEXT_LINES * self.fontMetrics().lineSpacing(),
        )
        self.text.textChanged.connect(self._store_typed)
        hint = tr("law and article; needed to disagree")
        self.basis = QPlainTextEdit(tabChangesFocus=True, placeholderText=hint)
        self.basis.setFixedHeight(BASIS_LINES * self.fontMetrics().lineSpacing() + 14)
        self.basis.textChanged.connect(self._store_typed)
        self.bases = QMenu(self)
        hint = tr("Add the basis of a rule whose finding concerns this department")
        self.bases_button = menu_button(self.bases, hint, "+", is_flat=False)

    def _make_buttons(self) -> None:
        self.buttons = {
            "opine": QPushButton(icon("document"), ""),
            "sign": QPushButton(icon("sign"), ""),
            "return": QPushButton(),
            "extend": QPushButton(),
        }
        for step, button in self.buttons.items():
            button.clicked.connect(lambda _checked=False, chosen_step=step: self.step_requested.emit(chosen_step))
        self.drop_button = QToolButton(text=tr("Discard what is typed"), autoRaise=True, clicked=self.drop_typed)

    @property
    def department(self) -> str:
        """The department of the opinion; empty for none."""
        return self._opinion.department if self._opinion is not None else ""

    @property
    def is_typed(self) -> bool:
        """Whether text is typed and not sent."""
        return self._key is not None and self._unsent_texts.of(self._key) is not None

    def show_opinion(self, case: Case, department: str, bases: list[str]) -> None:
        """Show a department's opinion.

        bases: the legal bases of the rules whose findings concern the department.
        """
        self._case, self._opinion = case, case.opinion(department)
        opinion, items = self._opinion, case.items(department)
        unsent = self._unsent_texts.of((case.id, department))
        if unsent is not None:
            unsent = unsent.follow(opinion.words, _stored_answers(items))
            self._unsent_texts.keep((case.id, department), unsent)
        self.title.setText(f"<b>{word('departments', department)}</b> · {opinion.why}")
        row = next(one for one in case.rows("opinions") if one["about"]["department"] == department)
        author = row["rows"][0]["name"]
        parts = (*row["values"][:2], author, *self._return_words())
        self.author_label.setText(" · ".join(parts))
        show_text(self.conflict_label, self._conflict_text(unsent, author, items))
        content = unsent or UnsentText(*opinion.words)
        self._is_filling = True
        for index, code in enumerate(CONCLUSIONS):
            self.conclusion.setItemText(index, conclusion_word(code))
        # An open draft proposes nothing, and neither does the field.
        self.conclusion.setPlaceholderText(conclusion_word(OPEN))
        self.conclusion.setCurrentIndex(self.conclusion.findData(content.conclusion))
        for field, text in ((self.text, content.text), (self.basis, content.basis)):
            if field.toPlainText() != text:  # else whoever writes there would lose the place
                field.setPlainText(text)
        self._offer_bases(bases)
        self._show_items(items, {**_stored_answers(items), **content.answers})
        self._is_filling = False
        self._enable()

    def params(self) -> dict[str, Any]:
        """The opinion as parameters of `review opine`."""
        answers = [f"{item}={edit.text().strip()}" for item, edit in self.answers.items() if edit.text().strip()]
        return {
            "conclusion": self.conclusion.currentData(),
            "text": self.text.toPlainText(),
            "basis": self.basis.toPlainText().strip(),
            "answer": answers or None,
        }

    def drop_typed(self) -> None:
        """Drop the typed text, and show the opinion as it is stored."""
        if self._key is not None:
            self._unsent_texts.drop(self._key)
            self.show_opinion(self._case, self.department, self._bases)
            self.typed_changed.emit()

    def set_busy(self, is_busy: bool) -> None:
        """Disable the steps while the core is working."""
        self._is_busy = is_busy
        self._enable()

    @property
    def _key(self) -> OpinionKey | None:
        return (self._case.id, self.department) if self._opinion is not None else None

    def _build(self) -> None:
        body = QWidget()
        self.conclusion.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = row_of((self.basis, 1), self.bases_button)
        row.setAlignment(self.bases_button, Qt.AlignmentFlag.AlignTop)
        form = fill_form(QFormLayout(), (tr("Conclusion"), self.conclusion), (tr("Basis"), row))
        labels = (self.title, self.author_label, self.sign_label, self.conflict_label)
        column_of(*labels, form, (self.text, 1), self.items, inside=body).setContentsMargins(2, 4, 2, 2)
        area = RoomArea(body)
        area.setMinimumHeight(VISIBLE_LINES * self.fontMetrics().lineSpacing())
        grid = QGridLayout()
        for place, button in enumerate(self.buttons.values()):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            grid.addWidget(button, place // 2, place % 2)
        column_of((area, 1), row_of((self.by_label, 1), self.drop_button), grid, inside=self, is_tight=True)

    def _return_words(self) -> list[str]:
        """Who has returned the opinion and why, while it waits to be written again."""
        if self._opinion.state != "returned":
            return []
        of_department = (one for one in reversed(self._case.entries) if one["department"] == self.department)
        entry = next(one for one in of_department if one["action"] == "return")
        text = tr("returned by {name}, {day}: {reason}")
        return [text.format(name=entry["by"], day=entry["on"], reason=(entry["detail"] or {}).get("reason") or "–")]

    def _conflict_text(self, unsent: UnsentText | None, author: str, items: list[dict[str, Any]]) -> str:
        """How the opinion stands, where it is not the one that the typed text was begun on; else empty."""
        opinion = self._opinion
        if unsent is None:
            return ""
        others_answers = _others_answers(unsent, items)
        has_other_words = unsent.base != opinion.words[: len(unsent.base)]
        if unsent.round not in (UNKNOWN_ROUND, self._case.round):
            text = tr(
                "This was typed in round {round}, and the parcels are others now. It now stands: {conclusion}, {who}"
            )
        elif others_answers or has_other_words:
            text = tr("Somebody changed this opinion since you began to write. It now stands: {conclusion}, {who}")
        elif opinion.steps.get("opine") is not None:  # else what is typed would read as what was signed
            text = tr("What is typed here was not saved. The opinion stands: {conclusion}, {who}")
        else:
            return ""
        text = text.format(round=unsent.round, conclusion=conclusion_word(opinion.conclusion), who=author)
        basis = [with_label(tr("Basis"), opinion.basis)] if unsent.base[2:] not in ((), (opinion.basis,)) else []
        return "\n".join([text, opinion.text, *basis, *others_answers])

    def _show_items(self, items: list[dict[str, Any]], answers: dict[str, str]) -> None:
        title_by_item = {item["item"]: _item_title(item) for item in items}
        self._items = items
        if title_by_item != {item: edit.accessibleName() for item, edit in self.answers.items()}:
            self._make_items(title_by_item)
        for item in items:
            edit, text = self.answers[item["item"]], answers[item["item"]]
            if edit.text() != text:  # else whoever writes there would lose the place
                edit.setText(text)
            edit.setToolTip(f"{item['answered_by']}, {item['answered_on']}" if item.get("answered_by") else "")

    def _make_items(self, title_by_item: dict[str, str]) -> None:
        while self._items_layout.count():
            self._items_layout.takeAt(0).widget().deleteLater()
        self.answers = {}
        for item, title in title_by_item.items():
            edit = QLineEdit(placeholderText=tr("your answer"), accessibleName=title)
            edit.textChanged.connect(lambda _text: self._store_typed())
            self.answers[item] = edit
            for widget in (wrapped_label(title), edit):
                self._items_layout.addWidget(widget)
        self.items.setVisible(bool(title_by_item))

    def _offer_bases(self, bases: list[str]) -> None:
        self._bases = bases
        self.bases.clear()
        for basis in bases:
            self.bases.addAction(as_written(basis), lambda chosen_basis=basis: self._add_basis(chosen_basis))
        self.bases_button.setEnabled(bool(bases))

    def _add_basis(self, basis: str) -> None:
        lines = [line for line in self.basis.toPlainText().splitlines() if line.strip()]
        if basis not in lines:
            self.basis.setPlainText("\n".join([*lines, basis]))

    def _store_typed(self) -> None:
        if self._is_filling or self._key is None:
            return
        unsent = self._unsent_texts.of(self._key)
        answers = {item: edit.text() for item, edit in self.answers.items()}
        content = (self.conclusion.currentData() or OPEN, self.text.toPlainText(), self.basis.toPlainText())
        text_before = unsent or UnsentText(
            *content, {}, self._opinion.words, self._case.round, _stored_answers(self._items)
        )
        unsent_text = UnsentText(*content, answers, text_before.base, text_before.round, text_before.base_answers)
        self._unsent_texts.keep(self._key, unsent_text)
        self._enable()
        if unsent is None:
            self.typed_changed.emit()

    def _enable(self) -> None:
        if self._opinion is None:
            return
        for step, button in self.buttons.items():
            why_not = self._opinion.steps.get(step)
            asks = step != "sign" or bool(self._case.open_items(self.department))
            button.setText(tr("Save draft") if step == "opine" else step_word(step) + ("…" if asks else ""))
            if why_not is None:
                why_not = self._obstacle(step)
            offer_step(button, why_not, not self._is_busy)
        can_write = self._opinion.steps.get("opine") is None
        self.by_label.setText(self._person.acting_text)
        self.by_label.setVisible(any(why_not is None for why_not in self._opinion.steps.values()))
        self._say_why_not_signed(can_write)
        self.text.setReadOnly(not can_write)
        for widget in (self.conclusion, self.items):
            widget.setEnabled(can_write)
        self.basis.setReadOnly(not can_write)
        self.bases_button.setEnabled(can_write and bool(self._bases))
        self.drop_button.setVisible(self.is_typed)

    def _obstacle(self, step: str) -> str | None:
        """The reason why a step that the core allows cannot be taken yet; None for none."""
        if step == "opine" and self.conclusion.currentIndex() < 0:
            return tr("Choose a conclusion first: the machine proposes none.")
        if step == "opine" and self._is_answer_taken_back:
            return tr("An answer that was saved can be changed, but not be taken back.")
        if step == "sign" and self.is_typed:
            return tr("Save what is typed first, or give it up: what is signed is the saved draft.")
        return tr("No deadline is running.") if step == "extend" and not self._opinion.due else None

    @property
    def _is_answer_taken_back(self) -> bool:
        return any(item.get("answer") and not self.answers[item["item"]].text().strip() for item in self._items)

    def _say_why_not_signed(self, can_write: bool) -> None:
        """Show why a person's draft cannot be signed here, if the user could edit it."""
        why_not = self._opinion.steps.get("sign")
        is_ready = self._case.state == "circulating" and can_write and not self._opinion.by_machine
        self.sign_label.setText(name_buttons(why_not) if why_not else "")
        self.sign_label.setVisible(bool(why_not) and is_ready and not self.is_typed)


def _item_title(item: dict[str, Any]) -> str:
    """What an item of the checklist asks."""
    if not item.get("rule"):
        return str(item["title"])
    reason = word("reasons", str(item.get("reason") or ""))
    return tr("Not checked by machine: {title} ({reason})").format(title=item["title"], reason=reason)


def _stored_answers(items: list[dict[str, Any]]) -> dict[str, str]:
    """The saved answers by their items; empty where nobody has answered."""
    return {item["item"]: str(item.get("answer") or "") for item in items}


def _others_answers(unsent: UnsentText, items: list[dict[str, Any]]) -> list[str]:
    """The answers, as lines, that others have saved while somebody typed another one."""
    lines = []
    for item, stored_answer in zip(items, _stored_answers(items).values()):
        if stored_answer not in (unsent.base_answers[item["item"]], unsent.answers[item["item"]]):
            lines.append(with_label(_item_title(item), stored_answer))
    return lines
