"""The note that verdicts on display are outdated: the parcels, their use or the rules have changed since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.PyQt.QtCore import pyqtSignal

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.desk.parcels.facts_choice import FactsChoice
from onemap.plugin.desk.parcels.land_width_row import LandWidthRow
from onemap.plugin.desk.parcels.parcel_choice import Choice, ParcelChoice
from onemap.plugin.desk.parcels.parcel_use import ParcelUse
from onemap.plugin.desk.parcels.rules_choice import RulesChoice
from onemap.plugin.profile.paths import file_state
from onemap.plugin.rooms.check.layer_state import LayerState
from onemap.plugin.widgets.buttons import embolden
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.words.translation import name_list, tr


@dataclass(frozen=True)
class Question:
    """The facts on which verdicts depend.

    state: of the chosen layer; None for a file.
    drawn: the shapes of the drawn parcels, which are changed without an edit session.
    uses: the use and its system that each drawn parcel states.
    width: of the land of lines and points.
    packs: files used instead of the library's own packs, with their states.
    """

    choice: Choice | None
    state: tuple[int, str, str, str] | None
    drawn: frozenset[bytes]
    uses: dict[int, tuple[str, str]]
    width: str
    system: str | None
    packs: dict[str, tuple[int, int]]
    facts: dict[str, Any]

    def changes_to(self, now: Question) -> list[str]:
        """The labels of what has changed in the form; for another choice of parcels, only rules and facts count."""
        uses = (now.uses[parcel] != use for parcel, use in self.uses.items() if parcel in now.uses)
        are_there = self.state == now.state and self.drawn <= now.drawn
        is_other_by_name = {
            tr("Parcels"): self.choice == now.choice and not are_there,
            tr("Land width"): self.choice == now.choice and self.width != now.width,
            tr("Use"): self.choice == now.choice and any(uses),
            tr("Use classes"): self.choice == now.choice and self.system != now.system,
            tr("Rules"): self.packs != now.packs,
            tr("Facts"): self.facts != now.facts,
        }
        return [name for name, is_other in is_other_by_name.items() if is_other]


class OutdatedNote(FittedLabel):
    """A line that is shown while the form differs from the question that was answered."""

    question_changed = pyqtSignal()

    def __init__(
        self,
        parcels: ParcelChoice,
        uses: ParcelUse,
        land: LandWidthRow,
        rules: RulesChoice,
        facts: FactsChoice,
    ) -> None:
        super().__init__()
        self._parcels, self._uses, self._land, self._rules, self._facts = parcels, uses, land, rules, facts
        self._question_on_display: Question | None = None  # of the check on display; None: it is not known
        self._states: dict[str, LayerState] = {}  # of all layers that were chosen, by their ids
        self._later = one_shot_timer(self, 0, self._take_change)  # a tool may change thousands of features in one go
        parcels.changed.connect(self._take_choice)
        embolden(self)
        for signal in (uses.changed, land.changed, facts.changed, rules.box.currentIndexChanged):
            signal.connect(lambda *_what: self._take_change())

    @property
    def question(self) -> Question:
        """The question in the form now."""
        uses, state = self._uses, self._state_of_parcels()
        return Question(
            choice=self._parcels.choice,
            state=state.now if state is not None else None,
            drawn=self._parcels.drawn.shapes(self._parcels.map_layer),
            uses=uses.stated,
            width=self._land.text,
            system=uses.system,
            packs={path: file_state(path) for path in self._rules.packs or ()},
            facts=self._facts.given,
        )

    def compare_with(self, question: Question | None) -> None:
        """From now on, compare the form with an answered question; None for none."""
        self._question_on_display = question
        self._compare()

    def show_if(self, is_wanted: bool) -> None:
        """Show the line, if it has text, only where the verdicts are shown."""
        self.setVisible(is_wanted and bool(self.text()))

    def _state_of_parcels(self) -> LayerState | None:
        """The state of the chosen layer; the layer is followed from now on, even if another is chosen later."""
        layer = self._parcels.map_layer
        if layer is None:
            return None
        layer_state = self._states.get(layer.id())
        if layer_state is None or layer_state.layer is not layer:
            layer_state = self._states[layer.id()] = LayerState(layer, self)
            layer_state.changed.connect(self._later.start)
        return layer_state

    def _take_choice(self) -> None:
        if self._question_on_display is not None and self._question_on_display.choice == self._parcels.choice:
            self._later.start()  # they may have changed while others were chosen

    def _compare(self) -> None:
        names = self._question_on_display.changes_to(self.question) if self._question_on_display is not None else []
        text = tr("Changed since this check: {names}. Check again for verdicts that hold.")
        self.setText(text.format(names=name_list(names)) if names else "")

    def _take_change(self) -> None:
        self._compare()
        self.question_changed.emit()
