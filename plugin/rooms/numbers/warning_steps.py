"""The steps of a warning opened in the library: a button for each possible step, and who took which step and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.widgets.buttons import push_button
from onemap.plugin.widgets.questions import UnsentReasons
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.words.translation import tr

STEPS = ("notified", "explained", "mended", "closed")


class WarningSteps(QWidget):
    """The buttons for one warning at a time; each asks for a reason."""

    refused = pyqtSignal(object)  # Refusal
    stepped = pyqtSignal(dict)  # the core's answer: the warning as it then stands

    def __init__(self, library: OpenLibrary) -> None:
        super().__init__()
        self._library = library
        self._warning: dict[str, Any] = {}
        self._unsent_reasons = UnsentReasons()
        self.asking = Asking(library.core, self, library.scope, is_writing=True)
        self.asking.busy_changed.connect(lambda _is_busy: self._enable())
        self.asking.refused.connect(self.refused)
        texts = (tr("Notified…"), tr("Explained…"), tr("Mended…"), tr("Close…"))
        hints = (
            tr("Note that whoever is responsible has been told"),
            tr("Note why it is as it is"),
            tr("Note how it was mended"),
            tr("Note why nothing is left to do"),
        )
        self.buttons: dict[str, QPushButton] = {}
        for state, text, hint in zip(STEPS, texts, hints):
            self.buttons[state] = push_button(text, hint=hint, action=self._asker(state, hint))
        row_of(*self.buttons.values(), 0, inside=self, is_tight=True)
        self.show_steps({})

    def show_steps(self, warning: dict[str, Any]) -> None:
        """Offer the steps that may follow; a warning that was never opened has none."""
        self._warning = warning
        self._enable()

    def take(self, state: str, reason: str) -> None:
        """Take the next step of the warning; the core refuses it without a reason."""
        params = {"library": self._library.path, "id": self._warning["id"], "state": state, "reason": reason}
        params["view"] = True
        step = (self._warning["id"], state)
        self.asking.ask("warning step", params, partial(self._show_step, step), self.buttons[state].toolTip())

    def _show_step(self, step: tuple[str, str], answer: dict[str, Any]) -> None:
        self._unsent_reasons.drop(step)
        self.stepped.emit(answer)

    def _asker(self, state: str, hint: str) -> Callable[[], None]:
        def ask() -> None:
            step = (self._warning["id"], state)
            self._unsent_reasons.ask(self, hint, tr("Reason"), step, partial(self.take, state))

        return ask

    def _enable(self) -> None:
        for state, button in self.buttons.items():
            button.setVisible(state in self._warning.get("next", ()))
            button.setEnabled(not self.asking.is_busy)
        self.setVisible(bool(self._warning.get("next")))
