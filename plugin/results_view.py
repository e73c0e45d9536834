"""The results of a check as a person reads them: counts, the list, the details, the way to the map."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.icons import icon
from onemap.plugin.refusals import Refusal
from onemap.plugin.result_layers import keep_results
from onemap.plugin.results import CheckedParcel, RunTables
from onemap.plugin.results_model import AREA, NAME, SHARE, ResultsModel
from onemap.plugin.spotlight import Spotlight
from onemap.plugin.translation import tr
from onemap.plugin.verdict_counts import VerdictCounts


class ResultsView(QWidget):
    """The results of one run."""

    refused = pyqtSignal(object)  # Refusal

    def __init__(self, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tables: RunTables | None = None
        self._run: dict[str, Any] = {}
        self._library = ""
        self.spotlight = Spotlight(canvas)
        self.counts = VerdictCounts()
        self.counts.chosen.connect(self._filter)
        self.model = ResultsModel(self.palette(), self)
        self.tree = QTreeView()
        self.tree.setModel(self.model)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(12)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(AREA, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHARE, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.clicked.connect(self._go_to)
        self.tree.activated.connect(self._go_to)
        self.tree.selectionModel().currentChanged.connect(self._show_details)
        self.tree.installEventFilter(self)
        self.details = QLabel()
        self.details.setWordWrap(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.keep_button = QPushButton(icon("keep"), tr("Add the results to the map"))
        self.keep_button.clicked.connect(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.counts)
        layout.addWidget(self.tree, 1)
        layout.addWidget(self.details)
        layout.addWidget(self.keep_button)

    def show_run(
        self, path: str, answer: dict[str, Any], parcels: list[CheckedParcel], library: str, titles: dict[str, str]
    ) -> None:
        """Show a run. path: its tables; library: what to call the library; titles: of its layers, by code."""
        self.clear()
        self._tables, self._run, self._library = RunTables(path), answer.get("run", {}), library
        self.model.set_results(parcels, titles)
        self.counts.show_counts(answer.get("verdicts", {}))
        self.details.hide()
        self.keep_button.setEnabled(True)
        first = self.model.index(0, NAME)
        if first.isValid():
            self.tree.expand(first)
            self.tree.setCurrentIndex(first)

    def clear(self) -> None:
        """Forget the run; tables that were not kept are removed."""
        self.spotlight.leave()
        self.model.set_results([], {})
        if self._tables is not None:
            folder = Path(self._tables.path).parent
            self._tables = None
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self) -> None:
        """Put the results on the map as styled layers, in a file that stays."""
        if self._tables is None:
            return
        try:
            keep_results(self._tables.path, self._run, self._library)
        except (OSError, Refusal) as error:
            self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
            return
        self.keep_button.setEnabled(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Space shows the details of a row, or hides them."""
        if watched is self.tree and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space:
            self.details.setVisible(self.details.isHidden())
            return True
        return super().eventFilter(watched, event)

    def _filter(self, verdicts: frozenset[str]) -> None:
        self.spotlight.leave()
        self.model.filter(verdicts)

    def _go_to(self, index: QModelIndex) -> None:
        parcel = self.model.parcel_at(index)
        if parcel is None or self._tables is None:
            return
        self.details.show()
        try:
            self.spotlight.show(self._tables, parcel, self.model.finding_at(index))
        except Refusal as refusal:
            self.refused.emit(refusal)

    def _show_details(self, index: QModelIndex, _before: QModelIndex) -> None:
        self.details.setText(self.model.details_at(index))
