"""The results of a check as a person reads them: counts, the list, the details, the way to the map."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QSplitter,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal
from onemap.plugin.results.details_pane import DetailsPane
from onemap.plugin.results.highlight import Spotlight
from onemap.plugin.results.result_layers import keep_results
from onemap.plugin.results.results import CheckedParcel, Finding, RunTables, ShownRun
from onemap.plugin.results.results_model import AREA, NAME, SHARE, ResultsModel
from onemap.plugin.results.verdict_counts import VerdictCounts
from onemap.plugin.widgets.icons import icon
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import severity

ROWS_MEASURED = 100  # for the widths of the columns: of 10,000 rows Qt would measure the first thousand
MOST_FOR_STEPS = 0.6  # of the room that list and details share


class NameDelegate(QStyledItemDelegate):
    """Of a parcel with a long name the verdict after it stays; of a rule the beginning says most."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex) -> None:  # noqa: N802 - Qt's name
        """Leave out the middle of a parcel's text where there is no room for all."""
        super().initStyleOption(option, index)
        if not index.parent().isValid():
            option.textElideMode = Qt.TextElideMode.ElideMiddle


class ResultsView(QWidget):
    """The results of one run."""

    refused = pyqtSignal(object)  # Refusal
    trial_asked = pyqtSignal(str)  # the code of a layer
    remedy_asked = pyqtSignal(object)  # CheckedParcel

    def __init__(self, core: Core, canvas: QgsMapCanvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._core = core
        self._tables: RunTables | None = None
        self._run: ShownRun | None = None
        self.can_try = True  # with a file instead of a layer
        self._remedy_barred = ""  # why nobody may ask what would pass
        self._sizes_before: list[int] = []  # of list and details, while a finding is explained
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
        self.tree.setItemDelegateForColumn(NAME, NameDelegate(self.tree))
        self.tree.setAccessibleName(tr("Findings"))
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(AREA, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHARE, QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(ROWS_MEASURED)
        self.tree.clicked.connect(self._go_to)
        self.tree.activated.connect(self._go_to)
        self.tree.selectionModel().currentChanged.connect(self._show_details)
        self.tree.installEventFilter(self)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.customContextMenuRequested.connect(self._show_menu)
        self.details = DetailsPane()
        self.explain_button = QPushButton(icon("explain"), tr("Explain"))
        self.explain_button.setCheckable(True)
        self.explain_button.setToolTip(tr("How this finding came about, step by step (Space)"))
        self.explain_button.clicked.connect(self._explain_or_not)
        self.remedy_button = QPushButton(icon("remedy"), tr("What would pass?"))
        self.remedy_button.clicked.connect(lambda: self.remedy_asked.emit(self._parcel))
        self.keep_button = QPushButton(icon("keep"), tr("Add to the map"))
        self.keep_button.setToolTip(tr("Add the results to the map, as layers in a file that stays"))
        self.keep_button.clicked.connect(self.keep)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.tree)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setCollapsible(0, False)
        buttons = QGridLayout()
        buttons.addWidget(self.explain_button, 0, 0)
        buttons.addWidget(self.remedy_button, 0, 1)
        buttons.addWidget(self.keep_button, 1, 0, 1, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.counts)
        layout.addWidget(self._split, 1)
        layout.addLayout(buttons)

    @property
    def run(self) -> ShownRun | None:
        """The run that is shown."""
        return self._run

    def show_run(self, run: ShownRun, parcels: list[CheckedParcel]) -> None:
        """Show a run."""
        self.clear()
        self._tables, self._run = RunTables(run.path), run
        self.model.set_results(parcels, run.titles)
        self.counts.show_counts(run.answer.get("verdicts", {}))
        self.keep_button.setEnabled(True)
        first = self.model.index(0, NAME)
        if first.isValid():
            self.tree.expand(first)
            self.tree.setCurrentIndex(first)

    def clear(self) -> None:
        """Forget the run; tables that were not kept are removed."""
        self.spotlight.leave()
        self.model.set_results([], {})
        self.details.show_text("")
        self._run = None
        if self._tables is not None:
            folder = Path(self._tables.path).parent
            self._tables = None
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def chosen(self) -> tuple[str, str]:
        """The parcel and the rule of the current row; empty where there is none."""
        parcel, finding = self._parcel, self._finding
        return (parcel.parcel if parcel else "", finding.rule if finding else "")

    def choose(self, parcel: str, rule: str) -> None:
        """Make a finding the current row, else the gravest of the first parcel; the map stays."""
        parcels = [self.model.index(row, NAME) for row in range(self.model.rowCount())]
        place = next((one for one in parcels if self.model.parcel_at(one).parcel == parcel), None)
        place = place or (parcels[0] if parcels else QModelIndex())
        findings = [self.model.index(row, NAME, place) for row in range(self.model.rowCount(place))]
        found = next((one for one in findings if self.model.finding_at(one).rule == rule), None)
        self.tree.setExpanded(place, True)
        self.tree.setCurrentIndex(found or (findings[0] if findings else place))

    def light_up(self) -> None:
        """Show the current row on the map as it stands: the view does not move."""
        parcel = self._parcel
        if parcel is None or self._tables is None:
            return
        try:
            self.spotlight.show(self._tables, parcel, self._finding, is_to_move=False)
        except Refusal as refusal:
            self.refused.emit(refusal)

    def keep(self) -> None:
        """Put the results on the map as styled layers, in a file that stays."""
        if self._tables is None:
            return
        try:
            keep_results(self._tables.path, self._run.record, self._run.library)
        except (OSError, Refusal) as error:
            self.refused.emit(error if isinstance(error, Refusal) else Refusal(str(error)))
            return
        self.keep_button.setEnabled(False)

    def explain(self) -> None:
        """Ask the core how the current finding came about, and show it."""
        finding, run = self._finding, self._run
        if finding is None or run is None:
            return
        self.explain_button.setChecked(True)
        params = {"library": run.library_path, "run": run.id, "parcel": finding.parcel, "rule": finding.rule}
        request = self._core.ask("explain", params)
        request.answered.connect(lambda answer: self._show_steps(finding, answer))
        request.refused.connect(lambda refusal: self._show_no_steps(finding, refusal))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Space explains a finding, and goes back to its details."""
        if watched is self.tree and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space:
            if self.explain_button.isEnabled():
                self.explain_button.click()
            return True
        return super().eventFilter(watched, event)

    @property
    def _finding(self) -> Finding | None:
        return self.model.finding_at(self.tree.currentIndex())

    @property
    def _parcel(self) -> CheckedParcel | None:
        return self.model.parcel_at(self.tree.currentIndex())

    def _filter(self, verdicts: frozenset[str]) -> None:
        self.spotlight.leave()
        self.model.filter(verdicts)

    def _go_to(self, index: QModelIndex) -> None:
        parcel = self.model.parcel_at(index)
        if parcel is None or self._tables is None:
            return
        try:
            self.spotlight.show(self._tables, parcel, self.model.finding_at(index))
        except Refusal as refusal:
            self.refused.emit(refusal)

    def _show_details(self, index: QModelIndex, _before: QModelIndex = QModelIndex()) -> None:  # noqa: B008 - Qt's
        self.explain_button.setChecked(False)
        if self._sizes_before:
            self._split.setSizes(self._sizes_before)
            self._sizes_before = []
        self.explain_button.setEnabled(self.model.finding_at(index) is not None and bool(self._run and self._run.id))
        self._enable_remedy()
        self.details.show_text(self.model.details_at(index))

    def bar_remedy(self, why_not: str) -> None:
        """Say why nobody may ask what would pass; empty: anybody may, where something stands against the parcel."""
        self._remedy_barred = why_not
        self._enable_remedy()

    def _enable_remedy(self) -> None:
        parcel = self._parcel
        is_against = parcel is not None and severity(parcel.verdict) < severity("notice")
        self.remedy_button.setEnabled(is_against and not self._remedy_barred)
        hint = tr("The largest part of this parcel that passes, and what each rule would cut")
        self.remedy_button.setToolTip(self._remedy_barred or hint)

    def _explain_or_not(self, on: bool) -> None:
        if on:
            self.explain()
        else:
            self._show_details(self.tree.currentIndex())

    def _show_steps(self, finding: Finding, answer: dict[str, Any]) -> None:
        if self.explain_button.isChecked() and finding == self._finding:  # not gone on meanwhile
            self.details.show_steps(finding.title, answer.get("steps") or [])
            self._make_room_for_steps()

    def _make_room_for_steps(self) -> None:
        """Steps are many lines; but the row that they are of stays in sight."""
        if not self._sizes_before:
            self._sizes_before = self._split.sizes()
        together = sum(self._sizes_before)
        wanted = max(self._sizes_before[1], min(self.details.wanted_height(), round(MOST_FOR_STEPS * together)))
        self._split.setSizes([together - wanted, wanted])
        self.tree.scrollTo(self.tree.currentIndex())

    def _show_no_steps(self, finding: Finding, refusal: Refusal) -> None:
        if finding == self._finding:
            self._show_details(self.tree.currentIndex())
            self.refused.emit(refusal)

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu_at(self.tree.indexAt(place))
        if menu is not None:
            menu.exec(self.tree.viewport().mapToGlobal(place))

    def menu_at(self, index: QModelIndex) -> QMenu | None:
        """What can be done with a row; None where there is none."""
        finding = self.model.finding_at(index)
        if self.model.parcel_at(index) is None:
            return None
        menu = QMenu(self)
        menu.addAction(tr("Go to it on the map"), lambda: self._go_to(index))
        if finding is not None:
            said = menu.addAction(icon("explain"), tr("Explain"), self.explain)
            said.setEnabled(self.explain_button.isEnabled())
        if finding is not None and self.can_try:
            trial = menu.addAction(icon("trial"), tr("Try with a file instead…"))
            trial.setToolTip(tr("What would change if this layer were another file"))
            trial.setEnabled(bool(self._run and self._run.id and finding.layer))
            trial.triggered.connect(lambda: self.trial_asked.emit(finding.layer))
        return menu
