"""The dialog of remembered answers for departments' layers: a person reads, changes or forgets them."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QSignalBlocker, Qt
from qgis.PyQt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.add.coverage_choice import coverage_titles
from onemap.plugin.desk.guide.help_key import equip_window
from onemap.plugin.desk.library.dialog_library import DialogLibrary
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.alignment import lay_headings_left
from onemap.plugin.widgets.buttons import close_button, push_button, wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.scroll_area import resize_on_screen
from onemap.plugin.widgets.working_dialog import WorkingDialog
from onemap.plugin.words.option_names import add_controls
from onemap.plugin.words.translation import tr

SIZE_PX = (760, 420)
LAYER, NAME, VALUE, SINCE = range(4)
ROLE_ANSWER = Qt.ItemDataRole.UserRole  # (code, name of the answer)


class AnswersDialog(WorkingDialog):
    """A row for each answer; the core stores the answers, and refuses those that are not valid."""

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library.core, tr("Remembered answers"), parent, add_controls(), is_writing=True)
        self._home = DialogLibrary(library, self, self._enable)
        self._layers: list[dict[str, Any]] = []
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
        self.hint = wrapped_label()
        self.forget_button = push_button(tr("Forget"), action=self.forget, autoDefault=False)
        self._build()
        equip_window(self)
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
        """Show a refusal, and the answers as the library has them."""
        self._fill()
        self.notice.refuse(refusal)

    def _build(self) -> None:
        buttons = row_of(self.forget_button, 0, close_button(self))
        column_of(self.hint, self.notice, (self.table, 1), self.work, buttons, inside=self)
        resize_on_screen(self, *SIZE_PX)

    def _ask(self, params: dict[str, Any], step: str) -> None:
        """Ask for all answers, or change some first and then ask for all."""
        if self.is_working:
            return
        if self._home.obstacle:
            self.refuse(Refusal(self._home.obstacle))
            return
        self.notice.hide()
        params = {"library": self._home.path, **params}
        if "code" in params:
            self._ask_core("answers", params, lambda _answer: self._ask({}, step), step)
        else:
            self._ask_core("answers", {**params, "view": True}, self._show_all, step)

    def _show_all(self, answer: dict[str, Any]) -> None:
        self._layers = answer["view"]
        self._fill()

    def _fill(self) -> None:
        rows = [(layer, row) for layer in self._layers for row in layer["rows"]]
        place, bar = (self.table.currentRow(), self.table.currentColumn()), self.table.verticalScrollBar()
        scrolled = bar.value()
        with QSignalBlocker(self.table):
            self.table.setRowCount(0)  # else each cell that is set anew has all rows measured: seconds for some hundred
            self.table.setRowCount(len(rows))
            for number, (layer, row) in enumerate(rows):
                for column, text in enumerate((layer["name"], row["name"], *row["values"])):
                    item = QTableWidgetItem(text)
                    item.setData(ROLE_ANSWER, (row["about"]["code"], row["about"]["answer"]))
                    if column != VALUE or row["about"]["answer"] == "transform":
                        item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
                    self.table.setItem(number, column, item)
            self.table.setCurrentCell(*place)
        bar.setValue(scrolled)
        if not rows:
            self.notice.say(tr("Nothing is remembered yet: it comes with the first version of a layer."))
        self._enable()

    def _change(self, item: QTableWidgetItem) -> None:
        code, name = item.data(ROLE_ANSWER)
        text = item.text().strip()
        titles = coverage_titles() if name == "covers" else {}
        text = next((code for code, title in titles.items() if title == text), text)
        wish = {"set": [f"{name}={text}"]} if text else {"forget": name}
        self._ask({"code": code, **wish}, tr("Changing the answer…"))

    def _enable(self) -> None:
        usual = tr("They are taken for the next delivery where its files leave the same open.")
        self.hint.setText(self._home.obstacle or usual)
        can_ask = not self.is_working and not self._home.obstacle
        self.table.setEnabled(can_ask)
        self.forget_button.setEnabled(can_ask and bool(self.table.selectionModel().selectedRows()))
