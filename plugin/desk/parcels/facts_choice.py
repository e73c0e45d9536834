"""The facts of a project in one row: how many are stated, how many rules lack facts, and a button for the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QSizePolicy, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.parcels.facts_dialog import (
    PARCELS,
    PROJECT,
    FactsDialog,
    Given,
    facts_text,
    waiting_rules,
    waiting_text,
)
from onemap.plugin.desk.parcels.parcel_choice import ParcelChoice
from onemap.plugin.desk.parcels.parcel_use import fields_of
from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.desk.parcels.use_choice import SYSTEM_FIELD
from onemap.plugin.profile.paths import temporary_file
from onemap.plugin.widgets.buttons import push_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.rows_and_columns import row_of
from onemap.plugin.words.translation import tr


class FactsChoice(QWidget):
    """The project's facts; none until a person fills in the form; another library clears them."""

    refused = pyqtSignal(object)  # Refusal
    changed = pyqtSignal()

    def __init__(
        self,
        library: OpenLibrary,
        rules: RulesChoice,
        parcels: ParcelChoice | None = None,
        leaves_out: tuple[str, ...] = (),
    ) -> None:
        """Make the row.

        parcels: parcels whose fields may state facts themselves.
        leaves_out: groups and fields that the form does not ask for.
        """
        super().__init__()
        self._library, self._rules_choice, self._leaves_out = library, rules, leaves_out
        self.known_fields: Callable[[], list[str]] = lambda: fields_of(parcels.choice) if parcels is not None else []
        rules.box.currentIndexChanged.connect(lambda _index: self._ask_again())
        if parcels is not None:
            parcels.changed.connect(lambda: self.show_summary())
        self.asking = Asking(library.core, self, lambda: library.path)  # the facts are the same on every day
        self.filling = Asking(library.core, self, lambda: library.path)
        self.filling.refused.connect(self.refused)
        self._rules: list[dict[str, Any]] | None = None  # until the core has told them
        self.given: Given = {}
        self.path = ""  # of the file of facts, for the core; empty where nothing is stated
        self.dialog: FactsDialog | None = None
        self.button = push_button(
            tr("Fill in…"),
            hint=tr("The facts of the project that rules ask for, as a form"),
            action=lambda _checked=False: self.fill(),
        )
        self.summary = FittedLabel()
        self.summary.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFocusProxy(self.button)
        row_of((self.summary, 1), self.button, inside=self, is_tight=True)
        self._home = library.path
        library.loading.connect(self._forget_elsewhere)
        self.show_summary()

    def clear(self) -> None:
        """Drop all stated facts, and ask again which facts can be stated."""
        self.take({})

    def ask(self) -> None:
        """Ask the core which rules lack facts, to show it in the row; the form reports a refusal."""
        if self._library.path:
            self.asking.ask("facts", {"library": self._library.path, "pack": self._rules_choice.packs}, self._learn)

    def fill(self) -> None:
        """Open the form, with what is stated in it."""
        if not self._library.path or (self.dialog is not None and self.dialog.isVisible()):
            return
        packs = self._rules_choice.packs
        params = {"library": self._library.path, "pack": packs}
        self.filling.ask("facts", params, lambda answer: self._open(answer, packs))

    def take(self, new_facts: Given) -> None:
        """Take over these facts, as the core has checked them."""
        self.given = {part: dict(values) for part, values in new_facts.items() if values}
        self.path = ""
        if self.given:
            self.path = temporary_file("facts.toml", facts_text(self.given))
        self.show_summary()
        self.changed.emit()

    def show_summary(self) -> None:
        """Show how many facts are stated, and how many rules lack facts."""
        names = [name for part in (PARCELS, PROJECT) for name in self.given.get(part, {}) if name != SYSTEM_FIELD]
        text = tr("{count} stated").format(count=len(names)) if names else tr("none stated")
        self.summary.setToolTip("")
        if self._rules:
            known_names = {name.lower() for name in [*self.given.get(PARCELS, {}), *self.known_fields()]}
            waiting = waiting_rules(self._rules, known_names)
            text += " · " + (
                tr("rules that lack facts: {count}").format(count=len(waiting)) if waiting else tr("no rule lacks any")
            )
            titles = "\n".join(str(rule["title"]) for rule in waiting)
            self.summary.setToolTip("\n".join(filter(None, (waiting_text(self._rules, known_names), titles))))
        self.summary.setText(text)

    def _forget_elsewhere(self) -> None:
        if self._library.path != self._home:
            self._home, self._rules = self._library.path, None
            self.clear()

    def _ask_again(self) -> None:
        if self._rules is not None:
            self.ask()

    def _learn(self, answer: dict[str, Any]) -> None:
        self._rules = answer["rules"]
        self.show_summary()

    def _open(self, answer: dict[str, Any], packs: list[str] | None) -> None:
        self._learn(answer)
        left = {**answer, "groups": {name: title for name, title in answer["groups"].items() if not self._omits(name)}}
        left[PARCELS] = [fact for fact in answer[PARCELS] if not self._omits(fact["name"])]
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = FactsDialog(self._library, left, packs, self.known_fields(), self)
        self.dialog.setModal(True)
        self.dialog.show_given(self.given)
        self.dialog.accepted.connect(lambda: self.take(self.dialog.given))
        self.dialog.show()

    def _omits(self, name: str) -> bool:
        return name in self._leaves_out
