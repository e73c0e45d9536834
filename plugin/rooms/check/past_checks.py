"""The checks stored in a library: open one again, compare two, name one, delete one."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtGui import QHideEvent, QShowEvent
from qgis.PyQt.QtWidgets import QGridLayout

from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.desk.answers.answer_tree import AnswerTree, set_bold
from onemap.plugin.desk.library.library_follower import LibraryFollower
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.library.verb_view import VerbView
from onemap.plugin.widgets.buttons import offer, push_button, wrapped_label
from onemap.plugin.widgets.questions import ask_text, is_confirmed
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.number_format import moment_text
from onemap.plugin.words.translation import tr

COLUMNS = 3  # of the list: what it is called, when it was made, how many parcels it has


class PastChecks(VerbView):
    """The list of checks, newest first, and the actions on the chosen check."""

    open_requested = pyqtSignal(str)  # the id of a run
    compare_requested = pyqtSignal(str, str)  # the id of a run, and what it is called
    back_requested = pyqtSignal()

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__(library)
        self.displayed = ""  # the id of the run on display
        self.empty = wrapped_label()
        self.tree = self._make_tree()
        self.open_button = push_button(tr("Open"), sign="check", action=self.open_current)
        hint = tr("Which parcels have another verdict in the check that was open before")
        self.compare_button = push_button(tr("Compare"), sign="compare", hint=hint, action=self._compare)
        self.name_button = push_button(tr("Name…"), action=self._ask_name)
        self.delete_button = push_button(tr("Delete…"), action=self._ask_to_delete)
        back_button = push_button(tr("Back to the check"), sign="back", action=self.back_requested)
        buttons = QGridLayout()
        four = (self.open_button, self.compare_button, self.name_button, self.delete_button)
        for position, button in enumerate(four):
            buttons.addWidget(button, position // 2, position % 2)
        buttons.addWidget(back_button, 2, 0, 1, 2)
        column_of(self.empty, (self.tree, 1), self.work, buttons, inside=self, is_tight=True)
        self._runs: list[dict[str, Any]] = []  # as listed
        self.follower = LibraryFollower(library, "runs", self._list_params, self)
        self.follower.answered.connect(self._follow_others)
        library.listed.connect(self._enable)
        self._enable()

    def showEvent(self, event: QShowEvent) -> None:
        """Follow what others do while the list is visible."""
        super().showEvent(event)
        self.follower.follow(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no longer."""
        super().hideEvent(event)
        self.follower.follow(False)

    def _list_params(self) -> dict[str, Any]:
        return {"library": self._library.path, "kind": "check", "view": True}

    def _make_tree(self) -> AnswerTree:
        tree = AnswerTree(tr("Past checks"), is_flat=True)
        tree.itemActivated.connect(lambda _item, _column: self.open_current())
        tree.currentItemChanged.connect(lambda _item, _before: self._enable())
        return tree

    def refresh(self, chosen_row: dict[str, Any] | None = None) -> None:
        """Ask the core for the list. chosen_row: which row is to be chosen in it; None for the newest."""
        if self._library.path and not self.is_working:
            self._ask_core("runs", self._list_params(), lambda answer: self._list(answer, chosen_row))

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
        return next((run for run in self._runs if run["id"] == self.tree.current_about.get("run")), None)

    def rename(self, name: str) -> None:
        """Give the chosen check a name; an empty name removes it."""
        self._write({"name": name})

    def delete(self) -> None:
        """Delete the chosen check."""
        self._write({"remove": True})

    def explained(self, refusal: Refusal) -> Refusal:
        """The refusal to show: a check that no longer exists was deleted elsewhere, and leaves the list."""
        if not refusal.is_about("run.unknown"):
            return refusal
        self.refresh()
        return Refusal(tr("This check is no longer in the library: it was deleted elsewhere."))

    def _refuse(self, refusal: Refusal) -> None:
        self.refused.emit(self.explained(refusal))

    def _write(self, change: dict[str, Any]) -> None:
        if self.current is not None:
            params = {"library": self._library.path, "run": self.current["id"], **change}
            chosen_row = self.tree.current_about
            self._ask_core("runs", params, lambda _answer: self.refresh(chosen_row))

    def _list(self, answer: dict[str, Any], chosen_row: dict[str, Any] | None) -> None:
        """List the checks in the place of others; the chosen one stays so if it is still there."""
        self._runs = answer["runs"]
        (table,) = answer["view"]
        self.empty.setVisible(not self._runs)
        if self._runs:
            self.tree.show_table(table, COLUMNS)
        else:
            self.empty.setText(table["name"])
        for item in self.tree.tops:
            set_bold(item, self.tree.about(item) == {"run": self.displayed})
        self.tree.setCurrentItem(self.tree.topLevelItem(0))
        if chosen_row:
            self.tree.choose(chosen_row)
        self._enable()

    def _follow_others(self, answer: dict[str, Any]) -> None:
        """List what others have checked, named or deleted meanwhile; a chosen check that still exists stays chosen."""
        if not self.is_working and answer["runs"] != self._runs:
            chosen_row = self.tree.current_about
            self.clear()
            self._list(answer, chosen_row)

    def _compare(self) -> None:
        if self.current is not None:
            moment = moment_text(str(self.current.get("started")))
            self.compare_requested.emit(str(self.current["id"]), f"{shown_name(self.current)} · {moment}")

    def _ask_name(self) -> None:
        if self.current is not None:
            name = str(self.current.get("name") or "")
            ask_text(self, tr("Name of this check"), tr("Name"), name, self.rename)

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
        why_kept = tr("A case, a decision or a layer rests on it; it cannot be deleted.")
        why_not = why_kept if run is not None and run.get("held") else self._library.rights.why_not_owner
        offer(self.delete_button, why_not, run is not None and is_free)


def shown_name(run: dict[str, Any]) -> str:
    """The displayed name of a check: its own name, else the name of its parcels."""
    return str(run.get("name") or run.get("parcels") or run.get("id"))
