"""The decision on a difference: one of six with a reason, for a spot or for its cluster, by key."""

from __future__ import annotations

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QResizeEvent
from qgis.PyQt.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from onemap.plugin.rooms.compare.compare_results import DECISIONS, UNDECIDED, Spot
from onemap.plugin.widgets.buttons import push_button
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.core_words import word
from onemap.plugin.words.mnemonics import as_written
from onemap.plugin.words.translation import Count, tr

SPOT, CLUSTER = 0, 1
BUTTONS_PER_ROW = 2  # one where a name would be cut
GAP_PX = 4


class DecisionBar(QWidget):
    """Asks for a decision, which the core stores."""

    decision_requested = pyqtSignal(str, str, str)  # spot or cluster, decision, reason
    reason_requested = pyqtSignal()  # a decision waits for its reason
    closed = pyqtSignal()  # the reason is written, or given up: back to the list

    def __init__(self) -> None:
        super().__init__()
        self._spot: Spot | None = None
        self.scope = QComboBox()
        self.scope.addItems(["", ""])
        self.scope.setToolTip(tr("What the decision is for (C)"))
        self.reason = QLineEdit(clearButtonEnabled=True, returnPressed=self._reason_written)
        self.buttons: dict[str, QPushButton] = {}
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP_PX)
        for decision in DECISIONS:
            button = QPushButton(clicked=lambda _checked=False, chosen_decision=decision: self.decide(chosen_decision))
            button.setMinimumWidth(1)
            self.buttons[decision] = button
        self._place_buttons()
        label = QLabel(tr("For"))
        label.setBuddy(self.scope)
        hint = tr("Take the decision back: the difference is undecided again (0)")
        self.back_button = push_button(tr("Take back"), hint=hint, action=self.take_back)
        row = row_of(label, (self.scope, 1), self.back_button)
        column_of(row, self.reason, self._grid, inside=self, is_tight=True, spacing=GAP_PX)
        self.show_spot(None, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the buttons so that no name is cut."""
        super().resizeEvent(event)
        self._place_buttons()

    def _place_buttons(self) -> None:
        widest = max(button.sizeHint().width() for button in self.buttons.values())
        per_row = BUTTONS_PER_ROW if BUTTONS_PER_ROW * (widest + GAP_PX) - GAP_PX <= self.width() else 1
        for place, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, place // per_row, place % per_row)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, per_row - 1)

    def show_spot(self, spot: Spot | None, cluster_size: int) -> None:
        """Set the spot to decide on. cluster_size: the number of spots in its cluster."""
        self._spot = spot
        for number, (decision, button) in enumerate(self.buttons.items(), start=1):
            name = word("decisions", decision)
            button.setText(as_written(f"{number}  {name}"))
            button.setToolTip(tr("{decision} (key {number})").format(decision=name, number=number))
        self._place_buttons()
        self.scope.setItemText(SPOT, tr("this spot"))
        text = tr("{count:the # spot|all # spots} of its cluster")
        self.scope.setItemText(CLUSTER, text.format(count=Count(cluster_size)))
        if cluster_size < 2:
            self.scope.setCurrentIndex(SPOT)
        self.scope.setEnabled(cluster_size > 1)
        self.setEnabled(spot is not None and spot.is_decidable)
        self.back_button.setVisible(spot is not None and bool(spot.decision))
        self._ask_for_reason("")

    def toggle_scope(self) -> None:
        """Change between spot and cluster."""
        if self.scope.isEnabled():
            self.scope.setCurrentIndex(CLUSTER if self.scope.currentIndex() == SPOT else SPOT)

    def press(self, number: int) -> bool:
        """Handle a key from 0 to 6, where 0 takes a decision back; return whether the key had an effect."""
        if number == 0 and self._spot is not None and self._spot.decision:
            self.take_back()
            return True
        if not self.isEnabled() or not 1 <= number <= len(DECISIONS):
            return False
        self.decide(DECISIONS[number - 1])
        return True

    def decide(self, decision: str) -> None:
        """Request a decision; if there is no reason yet, ask for one first."""
        reason = self.reason.text().strip()
        if self._spot is None:
            return
        if not reason:
            self._ask_for_reason(decision)
            self.reason.setFocus()
            self.reason_requested.emit()
            return
        self._send(decision, reason)

    def take_back(self) -> None:
        """Request that the decision is taken back; the log keeps it."""
        self._send(UNDECIDED, tr("taken back"))

    def _send(self, decision: str, reason: str) -> None:
        target = self._spot.cluster if self.scope.currentIndex() == CLUSTER else self._spot.name
        self._ask_for_reason("")
        self.decision_requested.emit(target, decision, reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc gives the reason up."""
        if event.key() == Qt.Key.Key_Escape:
            self._ask_for_reason("")
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _reason_written(self) -> None:
        if self._pending:
            self.decide(self._pending)
        self.closed.emit()

    def _ask_for_reason(self, decision: str) -> None:
        """Ask for the reason of a decision that waits for it; empty: none waits."""
        self._pending = decision
        prompt = tr("Reason for “{decision}”, then Enter").format(decision=word("decisions", decision))
        self.reason.setPlaceholderText(prompt if decision else tr("Reason, kept for the next decision"))
