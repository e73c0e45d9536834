"""A line of the dock that shows the progress of expressions."""

from __future__ import annotations

from qgis.PyQt.QtWidgets import QProgressBar, QSizePolicy, QWidget

from onemap.plugin.connection.task import one_shot_timer
from onemap.plugin.widgets.buttons import wrapped_label
from onemap.plugin.widgets.rows_and_columns import column_of
from onemap.plugin.words.translation import Count, tr

SILENT_MS = 3000  # after so long without a question the work has ended


class ExpressionRow(QWidget):
    """Visible only while expressions are answered; stopping the drawing (Esc) stops them."""

    def __init__(self) -> None:
        super().__init__()
        self.label = wrapped_label()
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setMaximumHeight(6)
        column_of(self.label, self.bar, inside=self, spacing=2).setContentsMargins(4, 0, 4, 0)
        self._silence_timer = one_shot_timer(self, SILENT_MS, self.hide)
        self.hide()

    def show_progress(self, layer: str, asked_count: int, total: int) -> None:
        """Show how many polygons of a layer have been asked for."""
        text = tr("Checking {done} of {total:# polygon|# polygons} of “{layer}” for an expression")
        self.label.setText(text.format(done=Count(asked_count), total=Count(total), layer=layer))
        self.bar.setRange(0, total)
        self.bar.setValue(asked_count)
        self.show()
        self._silence_timer.start()
