"""The checks that a library keeps: open one again, compare two, give one a name, delete one."""

from __future__ import annotations

from functools import partial
from typing import Any

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.answers.name_delegate import wrap_names
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.library.library_follower import LibraryFollower
from onemap.plugin.library.open_library import OpenLibrary
from onemap.plugin.library.verb_view import VerbView
from onemap.plugin.widgets.alignment import RIGHT
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.questions import ask_text, is_confirmed
from onemap.plugin.words.core_words import word
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr, with_label
from onemap.plugin.words.verdicts import SEVERITY, sign_icon

NAME, WHEN, COUNT = 0, 1, 2
ROLE_RUN = Qt.ItemDataRole.UserRole


class PastChecks(VerbView):
    """The list, the newest first, and what can be done with one of them."""

    open_requested = pyqtSignal(str)  # the id of a run
    compare_requested = pyqtSignal(str, str)  # the id of a run, and what it is called
    back_requested = pyqtSignal()

    def __init__(self, library: OpenLibrary, parent: QWidget | None = None) -> None:
        super().__init__(library, parent)
        self.displayed = ""  # the id of the run on display
        self.empty = QLabel(tr("This library keeps no checks yet."))
        self.empty.setWordWrap(True)
        self.tree = self._make_tree()
        self.open_button = QPushButton(icon("check"), tr("Open"))
        self.open_button.clicked.connect(self.open_current)
        self.compare_button = QPushButton(icon("compare"), tr("Compare"))
        self.compare_button.setToolTip(tr("Which parcels have another verdict in the check that was open before"))
        self.compare_button.clicked.connect(self._compare)
        self.name_button = QPushButton(tr("Name…"))
        self.name_button.clicked.connect(self._ask_name)
        self.delete_button = QPushButton(tr("Delete…"))
        self.delete_button.clicked.connect(self._ask_to_delete)
        back_button = QPushButton(icon("back"), tr("Back to the check"))
        back_button.clicked.connect(self.back_requested)
        buttons = QGridLayout()
        for position, button in enumerate(
            (self.open_button, self.compare_button, self.name_button, self.delete_button)
        ):
            buttons.addWidget(button, position // 2, position % 2)
        buttons.addWidget(back_button, 2, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.empty)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.work)
        layout.addLayout(buttons)
        self._runs: list[dict[str, Any]] = []  # as listed
        self.follower = LibraryFollower(library, "runs", self._list_params, self)
        self.follower.answered.connect(self._follow_others)
        self._enable()

    def showEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Look at what others do, while somebody looks at the list."""
        super().showEvent(event)
        self.follower.follow(True)

    def hideEvent(self, event) -> None:  # noqa: N802, ANN001 - Qt's name
        """Look no longer."""
        super().hideEvent(event)
        self.follower.follow(False)

    def _list_params(self) -> dict[str, Any]:
        return {"library": self._library.path, "kind": "check"}

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setAccessibleName(tr("Past checks"))
        tree.setHeaderLabels([tr("Check"), tr("When"), tr("Parcels")])
        tree.headerItem().setTextAlignment(COUNT, RIGHT)
        tree.setRootIsDecorated(False)
        wrap_names(tree)  # the name that a person gave a check
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(WHEN, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COUNT, QHeaderView.ResizeMode.ResizeToContents)
        tree.itemActivated.connect(lambda _item, _column: self.open_current())
        tree.currentItemChanged.connect(lambda _item, _before: self._enable())
        return tree

    def refresh(self) -> None:
        """Ask the core for the list."""
        if self._library.path and not self.is_working:
            self._ask_core("runs", self._list_params(), self._list)

    def clear(self) -> None:
        """Clear the list: it is of another library."""
        self._runs = []
        self.tree.clear()
        self.empty.setVisible(True)
        self._enable()

    def open_current(self) -> None:
        """Open the chosen check again."""
        if self.current is not None and not self.is_working:
            self.open_requested.emit(str(self.current["id"]))

    @property
    def current(self) -> dict[str, Any] | None:
        """The chosen check, as the core lists it."""
        item = self.tree.currentItem()
        return item.data(NAME, ROLE_RUN) if item is not None else None

    def rename(self, name: str) -> None:
        """Give the chosen check a name; an empty one takes it away."""
        self._write({"name": name})

    def delete(self) -> None:
        """Delete the chosen check."""
        self._write({"remove": True})

    def explained(self, refusal: Refusal) -> Refusal:
        """What a refusal means here: a check that is gone was deleted elsewhere, and leaves the list."""
        if not refusal.is_about("run.unknown"):
            return refusal
        self.refresh()
        return Refusal(tr("This check is no longer in the library: it was deleted elsewhere."))

    def _refuse(self, refusal: Refusal) -> None:
        self.refused.emit(self.explained(refusal))

    def _write(self, change: dict[str, Any]) -> None:
        if self.current is not None:
            params = {"library": self._library.path, "run": self.current["id"], **change}
            self._ask_core("runs", params, lambda _answer: self.refresh())

    def _list(self, answer: dict[str, Any]) -> None:
        runs = self._runs = answer.get("runs") or []
        self.empty.setVisible(not runs)
        for run in runs:
            self.tree.addTopLevelItem(self._item(run))
        self.tree.setCurrentItem(self.tree.topLevelItem(0))
        self._enable()

    def _follow_others(self, answer: dict[str, Any]) -> None:
        """List what others have checked, named or deleted meanwhile; the chosen check stays so if it is still there."""
        runs, chosen = answer.get("runs") or [], self.current
        if self.is_working or runs == self._runs:
            return
        self.clear()
        self._list(answer)
        for row, run in enumerate(runs):
            if chosen is not None and run["id"] == chosen["id"]:
                self.tree.setCurrentItem(self.tree.topLevelItem(row))

    def _item(self, run: dict[str, Any]) -> QTreeWidgetItem:
        verdicts = run.get("verdicts") or {}
        item = QTreeWidgetItem([shown_name(run), moment_text(str(run.get("started"))), f"{run.get('count') or 0:,}"])
        worst = next((verdict for verdict in SEVERITY if verdicts.get(verdict)), "clear")
        item.setIcon(NAME, sign_icon(worst, self.palette()))
        item.setTextAlignment(COUNT, RIGHT)
        item.setData(NAME, ROLE_RUN, run)
        lines = [shown_name(run), *(f"{verdicts[one]:,} {word('verdicts', one)}" for one in SEVERITY if verdicts[one])]
        lines.append(with_label(tr("As of"), str(run.get("as_of"))))
        lines.append(with_label(tr("Checked by"), str(run.get("who"))))
        lines.append(with_label(tr("Run"), str(run.get("id"))))
        if run.get("held"):
            lines.append(tr("A case, a decision or a layer rests on it; it cannot be deleted."))
        item.setToolTip(NAME, "\n".join(lines))
        if run.get("id") == self.displayed:
            font = item.font(NAME)
            font.setBold(True)
            item.setFont(NAME, font)
        return item

    def _compare(self) -> None:
        if self.current is not None:
            moment = moment_text(str(self.current.get("started")))
            self.compare_requested.emit(str(self.current["id"]), f"{shown_name(self.current)} · {moment}")

    def _ask_name(self) -> None:
        if self.current is not None:
            ask_text(
                self, tr("Name of this check"), tr("Name"), str(self.current.get("name") or ""), partial(self.rename)
            )

    def _ask_to_delete(self) -> None:
        if self.current is None:
            return
        question = tr("Delete the check “{name}” of {moment}? This cannot be undone.").format(
            name=shown_name(self.current), moment=moment_text(str(self.current.get("started")))
        )
        if is_confirmed(self, tr("Delete a check"), question, tr("Delete")):
            self.delete()

    def _enable(self) -> None:
        run, is_free = self.current, not self.is_working
        self.open_button.setEnabled(run is not None and is_free)
        is_other = run is not None and bool(self.displayed) and run.get("id") != self.displayed
        self.compare_button.setEnabled(is_other and is_free)
        self.name_button.setEnabled(run is not None and is_free)
        self.delete_button.setEnabled(run is not None and not run.get("held") and is_free)


def shown_name(run: dict[str, Any]) -> str:
    """What a check is called: its name, else that of its parcels."""
    return str(run.get("name") or run.get("parcels") or run.get("id"))
