"""What was answered once of the layers that departments send: shown, changed in its cell, forgotten."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.coverage_choice import coverage_titles
from onemap.plugin.desk.guide.help_key import HelpKey
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.accessible_names import name_accessibly
from onemap.plugin.widgets.alignment import lay_headings_left
from onemap.plugin.widgets.notice import Notice
from onemap.plugin.widgets.readable_choice import keep_choice_readable
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr

SIZE_PX = (760, 420)
LAYER, NAME, VALUE, SINCE = range(4)
SHOWN_HASH = 12  # signs of a hash, by which a person tells two apart
ROLE_ANSWER = Qt.ItemDataRole.UserRole  # (code, name of the answer)


class AnswersDialog(WorkingDialog):
    """A row for each answer; the core keeps them, and says what it cannot take."""

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, parent, is_writing=True)
        self.setWindowTitle(tr("Remembered answers"))
        self._library = library
        self._layers: list[dict[str, Any]] = []
        self.notice = Notice(add_controls())
        self.table = QTableWidget(0, 4)
        self.table.setHorizontalHeaderLabels([tr("Layer"), tr("What"), tr("Answer"), tr("Since version")])
        self.table.setAccessibleName(tr("Remembered answers"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        lay_headings_left(self.table.horizontalHeader())
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in (LAYER, VALUE):
            self.table.horizontalHeader().setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.itemChanged.connect(self._change)
        self.table.itemSelectionChanged.connect(self._enable)
        self.hint = QLabel(tr("They are taken for the next delivery where its files leave the same open."))
        self.hint.setWordWrap(True)
        self.forget_button = QPushButton(tr("Forget"))
        self.forget_button.setAutoDefault(False)
        self.forget_button.clicked.connect(self.forget)
        self._build()
        name_accessibly(self)
        HelpKey(self)
        keep_choice_readable(self)
        self._enable()

    def begin(self) -> None:
        """Show the dialog with what the library remembers."""
        self.show()
        self.raise_()
        self._ask({}, tr("Reading the answers…"))

    def forget(self) -> None:
        """Forget the chosen answer: the next delivery asks again."""
        row = self.table.currentRow()
        if self.forget_button.isEnabled() and row >= 0:
            code, name = self.table.item(row, NAME).data(ROLE_ANSWER)
            self._ask({"code": code, "forget": name}, tr("Forgetting…"))

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal, and what is remembered as it is."""
        self._fill()
        self.notice.refuse(refusal)

    def _build(self) -> None:
        close = QPushButton(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self.forget_button)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.hint)
        layout.addWidget(self.notice)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.work)
        layout.addLayout(buttons)
        resize_on_screen(self, *SIZE_PX)

    def _ask(self, params: dict[str, Any], step: str) -> None:
        """Ask for all answers, or change some first and then ask for all."""
        if self.is_working:
            return
        self.notice.hide()
        params = {"library": self._library.path, **params}
        on_answer = self._show_all if "code" not in params else lambda _answer: self._ask({}, step)
        self._ask_core("answers", params, step, on_answer)

    def _show_all(self, answer: dict[str, Any]) -> None:
        self._layers = answer.get("answers") or []
        self._fill()

    def _fill(self) -> None:
        rows = [(layer, name, text) for layer in self._layers for name, text in _texts(layer)]
        self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        for number, (layer, name, text) in enumerate(rows):
            text = _titles(name).get(text, text)
            changed = (layer.get("changed") or {}).get(name)
            since = tr("changed by {who}").format(who=changed["who"]) if changed else layer["since"][name]
            for column, shown in enumerate((f"{layer['title']} · {layer['code']}", _words()[name], text, since)):
                item = QTableWidgetItem(str(shown))
                item.setData(ROLE_ANSWER, (layer["code"], name))
                if column != VALUE or name == "transform":
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                self.table.setItem(number, column, item)
        self.table.blockSignals(False)
        if not rows:
            self.notice.say(tr("Nothing is remembered yet: it comes with the first version of a layer."))
        self._enable()

    def _change(self, item: QTableWidgetItem) -> None:
        code, name = item.data(ROLE_ANSWER)
        text = item.text().strip()
        text = next((code for code, title in _titles(name).items() if title == text), text)
        wish = {"set": [f"{name}={text}"]} if text else {"forget": name}
        self._ask({"code": code, **wish}, tr("Changing the answer…"))

    def _enable(self) -> None:
        self.table.setEnabled(not self.is_working)
        self.forget_button.setEnabled(not self.is_working and bool(self.table.selectionModel().selectedRows()))


def _words() -> dict[str, str]:
    """What the answers are called."""
    return {
        "fields": tr("Fields"),
        "covers": tr("Speaks for"),
        "crs": tr("Coordinate system"),
        "encoding": tr("Encoding"),
        "transform": tr("Change of datum"),
    }


def _titles(name: str) -> dict[str, str]:
    """What an answer that is one of the core's words is called."""
    return coverage_titles() if name == "covers" else {}


def _texts(layer: dict[str, Any]) -> list[tuple[str, str]]:
    """The answers of a layer as texts, which the core takes again; of a change of datum its file and hash."""
    texts = {name: layer.get(name) or "" for name in ("covers", "crs", "encoding")}
    texts["fields"] = ",".join(f"{target}={source}" for target, source in (layer.get("fields") or {}).items())
    change = layer.get("transform")
    if change:
        texts["transform"] = " ".join(filter(None, (change.get("file"), change["hash"][:SHOWN_HASH])))
    return [(name, str(text)) for name, text in texts.items() if text]
