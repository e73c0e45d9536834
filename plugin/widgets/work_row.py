"""Progress of a piece of work: a bar, the current step, and a cancel button."""

from __future__ import annotations

from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QProgressBar, QSizePolicy, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.fitted_label import FittedLabel
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.translation import tr


class WorkRow(QWidget):
    """A progress bar with a cancel button, and below them the step."""

    cancelled = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.step = FittedLabel()
        self.step.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cancel_button = tool_button("cancel", tr("Cancel"), action=self._cancel)
        row = row_of((self.bar, 1), self.cancel_button)
        column_of(row, self.step, inside=self, is_tight=True)
        self._askings: list[Asking] = []

    def follow(self, asking: Asking, is_patient: bool = False) -> None:
        """Show the row while requests are running, and cancel them with its button.

        is_patient: show it only once an answer takes longer than a glance.
        """
        self._askings.append(asking)
        asking.progressed.connect(self.show_progress)
        if is_patient:
            asking.slow.connect(lambda: self.begin(tr("Waiting for an answer…")))
        else:
            asking.busy_changed.connect(self._show_start)
        asking.busy_changed.connect(self._hide_after)
        self.cancelled.connect(asking.cancel)
        self.hide()

    def begin(self, step: str) -> None:
        """Show that work has begun, before its share is known."""
        self.bar.setRange(0, 0)
        self.step.setText(step)
        self.cancel_button.setEnabled(True)
        self.show()

    def show_progress(self, fraction: float, step: str) -> None:
        """Show the finished share, from 0 to 1, and the step."""
        self.bar.setRange(0, 100)
        self.bar.setValue(round(100 * fraction))
        if step and self.cancel_button.isEnabled():
            self.step.setText(step)

    def _show_start(self, is_busy: bool) -> None:
        if is_busy:
            self.begin(tr("Starting…"))

    def _hide_after(self, is_busy: bool) -> None:
        if not is_busy and not any(asking.is_busy for asking in self._askings):
            self.hide()

    def _cancel(self) -> None:
        self.step.setText(tr("Cancelling…"))
        self.cancel_button.setEnabled(False)
        self.cancelled.emit()
