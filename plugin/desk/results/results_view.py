"""The results of a check: counts, the list, the details, and the highlight on the map."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from qgis.core import QgsProject
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, QPoint, QSignalBlocker, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette, QResizeEvent
from qgis.PyQt.QtWidgets import QGridLayout, QMenu, QSizePolicy, QSplitter, QToolButton, QWidget

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.core_session import Core
from onemap.plugin.connection.refusals import Refusal, refusals_told
from onemap.plugin.desk.map.map_layers import PROPERTY_RUN
from onemap.plugin.desk.results.details_pane import DetailsPane
from onemap.plugin.desk.results.findings_tree import FindingsTree
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.desk.results.result_export import ExportButton
from onemap.plugin.desk.results.result_layers import add_to_map, clear_map, result_layers
from onemap.plugin.desk.results.results import CheckedParcel, Finding, RunOnDisplay, RunTables
from onemap.plugin.desk.results.results_model import NAME, ResultsModel
from onemap.plugin.desk.results.row_menu import RowMenu
from onemap.plugin.desk.results.summary_view import SummaryView
from onemap.plugin.profile import settings
from onemap.plugin.widgets.buttons import push_button, tool_button
from onemap.plugin.widgets.icons import icon
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import SEVERITY, severity, sign_icon

_ROOT = QModelIndex()  # of a model: above all rows
ROWS_SHOWN = 3  # at least: on a low screen the law and the buttons below are seen too
ROWS_BESIDE_STEPS = 2  # at least, while a finding is explained
MAX_STEPS_SHARE = 0.6  # of the height that list and details share
COLUMNS = (6, 3, 2)  # in a row, as the width allows


class ResultsView(QWidget):
    """The results of one run."""

    refused = pyqtSignal(object)  # Refusal
    trial_requested = pyqtSignal(str)  # the code of a layer
    remedy_requested = pyqtSignal(object)  # CheckedParcel

    def __init__(self, core: Core, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self._core = core
        self.explaining = Asking(core, self)  # a run says itself of which library and day it is
        self.explaining.refused.connect(self._show_no_steps)
        self._tables: RunTables | None = None
        self.run: RunOnDisplay | None = None  # the run on display
        self.can_try = True  # with a file instead of a layer
        self._remedy_bar_reason = ""  # why the remedy is disabled; empty: it is not
        self._sizes_before: list[int] = []  # of list and details, while a finding is explained
        self.highlight = Highlight(canvas)
        self.counts = VerdictCounts()
        self.counts.chosen.connect(self._filter)
        self.model = ResultsModel(self.palette(), self)
        self.tree = self._make_tree()
        self.tree.installEventFilter(self)
        self.details = DetailsPane()
        self.tree.keep_rows(ROWS_SHOWN)
        self.summary = SummaryView()
        self._make_buttons()
        self._build()
        settings.changes.area_unit.connect(self._follow_unit)

    def _make_tree(self) -> FindingsTree:
        tree = FindingsTree(self.model)
        tree.clicked.connect(self._go_to)
        tree.activated.connect(self._go_to)
        tree.selectionModel().currentChanged.connect(self._show_details)
        RowMenu(tree, self._show_menu)
        return tree

    def _make_buttons(self) -> None:
        self.explain_button = push_button(
            tr("Explain"),
            sign="explain",
            hint=tr("How this finding came about, step by step (Space)"),
            action=self._explain_or_not,
            checkable=True,
        )
        self.remedy_button = push_button(
            tr("What would pass?"), sign="remedy", action=lambda: self.remedy_requested.emit(self._parcel)
        )
        self.keep_button = push_button(
            tr("Add to the map"),
            sign="keep",
            hint=tr("Add the results to the map, as layers in a file that stays"),
            action=self.keep,
        )
        self.clear_button = tool_button("clear", tr("Take the results off the map"), action=self.clear_map)
        self.export_button = ExportButton(self._core)
        self.export_button.refused.connect(self.refused)
        self.summary_button = QToolButton(checkable=True)
        self.summary_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.summary_button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.summary_button.setToolTip(tr("Findings by department and verdict, and the rules that were not asked"))
        self.summary_button.toggled.connect(self._show_summary)

    def _build(self) -> None:
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.addWidget(self.tree)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setCollapsible(0, False)
        buttons = QGridLayout()
        buttons.addWidget(self.explain_button, 0, 0)
        buttons.addWidget(self.remedy_button, 0, 1)
        on_map = row_of((self.keep_button, 1), self.clear_button, self.export_button)
        buttons.addLayout(on_map, 1, 0, 1, 2)
        layout = column_of(
            self.counts, self.summary_button, (self.summary, 1), (self._split, 1), inside=self, is_tight=True
        )
        self._show_summary(False)
        layout.addLayout(buttons)
        project = QgsProject.instance()
        for signal in (project.layersAdded, project.layersRemoved):
            signal.connect(self._enable_on_map)

    def show_run(self, run: RunOnDisplay, parcels: list[CheckedParcel]) -> None:
        """Show a run."""
        self.take_run(run)
        self.counts.show_counts(run.answer.get("verdicts", {}))  # first: what it chooses lists the rows anew
        self.model.set_results(parcels, run.titles)
        self.show_rules(parcels, run.unasked["rows"], run.unasked["name"])
        first = self.model.index(0, NAME)
        if first.isValid():
            self.tree.expand(first)
            self.tree.setCurrentIndex(first)

    def take_run(self, run: RunOnDisplay) -> None:
        """Replace the former run by another; the caller decides which of its rows are listed."""
        self.clear()
        self._tables, self.run = RunTables(run.path), run
        self._enable_on_map()
        self.export_button.offer(run)

    def show_rules(self, parcels: list[CheckedParcel], unasked_rows: list[dict[str, Any]], text: str) -> None:
        """Show the sums of parcels and the rules that were not asked, under a button with a summary in one line.

        unasked_rows: a row for each department.
        text: the text of the button.
        """
        self.summary.show_summary(parcels, unasked_rows)
        self.summary_button.setText(text)
        self.summary_button.setVisible(bool(self.run and self.run.rules))  # else it is not known which were asked

    def clear(self) -> None:
        """Clear the results, and remove their temporary tables."""
        self.explaining.forget()
        self.highlight.restore_view()
        self.model.set_results([], {})
        self.details.show_text("")
        self.export_button.offer(None)
        self.run = None
        if self._tables is not None:
            folder = Path(self._tables.path).parent
            self._tables = None
            shutil.rmtree(folder, ignore_errors=True)

    def _show_summary(self, is_on: bool) -> None:
        """Show the sums in place of the list, or the list again."""
        self.summary_button.setArrowType(Qt.ArrowType.DownArrow if is_on else Qt.ArrowType.RightArrow)
        self.summary.setVisible(is_on)
        self._split.setVisible(not is_on)

    @property
    def current_key(self) -> tuple[str, str]:
        """The parcel and the rule of the current row; empty for none."""
        parcel, finding = self._parcel, self._ground
        return (parcel.parcel if parcel else "", finding.rule if finding else "")

    def choose(self, parcel: str, rule: str) -> None:
        """Select the row of a finding, else the gravest finding of the first parcel; the map does not move."""
        parcel_index = self.model.index_of_parcel(parcel)
        self.tree.setExpanded(parcel_index, True)
        self.tree.setCurrentIndex(self.model.index_of(parcel_index, rule))

    def show_highlight(self) -> None:
        """Highlight the current row on the map without moving the view."""
        parcel = self._parcel
        if parcel is None or self._tables is None:
            return
        with refusals_told(self.refused.emit):
            self.highlight.show(self._tables, parcel, self._ground, is_to_move=False)

    def hide_actions(self) -> None:
        """Show only the list and its details, for results that change while a person draws."""
        for widget in (
            self.counts,
            self.explain_button,
            self.remedy_button,
            self.keep_button,
            self.clear_button,
            self.export_button,
        ):
            widget.hide()

    def keep(self) -> None:
        """Add the results to the map as styled layers, in a file that stays."""
        if self._tables is None:
            return
        with refusals_told(self.refused.emit):
            add_to_map(self._tables.path, self.run.record, self.run.library)

    def clear_map(self) -> None:
        """Remove the results of checks, these and older ones, from the map; they can be added again."""
        self.highlight.restore_view()
        clear_map()

    def _enable_on_map(self, *_layers: object) -> None:
        """Enable adding results that are not on the map, and removing those that are, whenever layers change."""
        runs = {str(layer.customProperty(PROPERTY_RUN)) for layer in result_layers()}
        self.keep_button.setEnabled(self.run is not None and str(self.run.record.get("id", "")) not in runs)
        self.clear_button.setEnabled(bool(runs))

    def explain(self) -> None:
        """Ask the core for the explanation of the current finding, and show it."""
        finding, run = self.model.finding_at(self.tree.currentIndex()), self.run
        if finding is None or run is None:
            return
        self.explain_button.setChecked(True)
        params = {
            "library": run.library_path,
            "run": run.id,
            "parcel": finding.parcel,
            "rule": finding.rule,
            "view": True,
        }
        self.explaining.ask("explain", params, lambda answer: self._show_steps(finding, answer))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make Space switch between the explanation of a finding and its details."""
        if watched is self.tree and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Space:
            if self.explain_button.isEnabled():
                self.explain_button.click()
            return True
        return super().eventFilter(watched, event)

    @property
    def _ground(self) -> Finding | None:
        return self.model.ground_at(self.tree.currentIndex())

    @property
    def _parcel(self) -> CheckedParcel | None:
        return self.model.parcel_at(self.tree.currentIndex())

    def _follow_unit(self) -> None:
        """Show the same areas in the unit of the settings."""
        self.model.show_other_unit()
        if self.explain_button.isChecked():
            self.details.refresh()
        else:
            self._show_details(self.tree.currentIndex())
        if self.highlight.is_on:
            self.show_highlight()

    def _filter(self, verdicts: frozenset[str]) -> None:
        self.highlight.restore_view()
        self.model.filter(verdicts)

    def _go_to(self, index: QModelIndex) -> None:
        parcel = self.model.parcel_at(index)
        if parcel is None or self._tables is None:
            return
        with refusals_told(self.refused.emit):
            self.highlight.show(self._tables, parcel, self.model.ground_at(index))

    def _show_details(self, index: QModelIndex, _before: QModelIndex = _ROOT) -> None:
        self.explaining.forget()
        self.explain_button.setChecked(False)
        if self._sizes_before:
            self.tree.keep_rows(ROWS_SHOWN)
            self._split.setSizes(self._sizes_before)
            self._sizes_before = []
        self.explain_button.setEnabled(self.model.finding_at(index) is not None and bool(self.run and self.run.id))
        self._enable_remedy()
        self.details.show_text(self.model.details_at(index))

    def disable_remedy(self, why_not: str) -> None:
        """Disable the remedy for a reason; an empty reason enables it for a parcel with a conflict."""
        self._remedy_bar_reason = why_not
        self._enable_remedy()

    def _enable_remedy(self) -> None:
        parcel = self._parcel
        is_against = parcel is not None and severity(parcel.verdict) < severity("notice")
        self.remedy_button.setEnabled(is_against and not self._remedy_bar_reason)
        hint = tr("The largest part of this parcel that passes, and what each rule would cut")
        self.remedy_button.setToolTip(self._remedy_bar_reason or hint)

    def _explain_or_not(self, is_on: bool) -> None:
        if is_on:
            self.explain()
        else:
            self._show_details(self.tree.currentIndex())

    def _show_steps(self, finding: Finding, answer: dict[str, Any]) -> None:
        self.details.show_steps(finding.title, answer["view"])
        self._enlarge_details()

    def _enlarge_details(self) -> None:
        """Enlarge the details for the steps, but keep the finding's row in sight."""
        if not self._sizes_before:
            self._sizes_before = self._split.sizes()
        self.tree.keep_rows(ROWS_BESIDE_STEPS)
        total = sum(self._sizes_before)
        details_height = max(self._sizes_before[1], min(self.details.height_of_text(), round(MAX_STEPS_SHARE * total)))
        self._split.setSizes([total - details_height, details_height])
        self.tree.scrollTo(self.tree.currentIndex())

    def _show_no_steps(self, refusal: Refusal) -> None:
        self._show_details(self.tree.currentIndex())
        self.refused.emit(refusal)

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu_at(self.tree.indexAt(place))
        if menu is not None:
            menu.exec(self.tree.viewport().mapToGlobal(place))

    def menu_at(self, index: QModelIndex) -> QMenu | None:
        """The context menu of a row; None where there is no row."""
        finding = self.model.finding_at(index)
        if self.model.parcel_at(index) is None:
            return None
        menu = QMenu(self)
        menu.addAction(tr("Go to it on the map"), lambda: self._go_to(index))
        if finding is not None:
            explain_action = menu.addAction(icon("explain"), tr("Explain"), self.explain)
            explain_action.setEnabled(self.explain_button.isEnabled())
        if finding is not None and self.can_try:
            trial = menu.addAction(icon("trial"), tr("Try with a file instead…"))
            trial.setToolTip(tr("What would change if this layer were another file"))
            trial.setEnabled(bool(self.run and self.run.id and finding.layer))
            trial.triggered.connect(lambda: self.trial_requested.emit(finding.layer))
        return menu


class VerdictCounts(QWidget):
    """Six buttons, the most severe first; pressed ones filter."""

    chosen = pyqtSignal(object)  # frozenset of verdicts

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._columns = 0
        quiet = quiet_brush(self.palette(), QPalette.ColorRole.WindowText, QPalette.ColorRole.Window).color().name()
        self.buttons: dict[str, QToolButton] = {}
        for verdict in SEVERITY:
            button = QToolButton(checkable=True, autoRaise=True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setIcon(sign_icon(verdict, self.palette()))
            button.setIconSize(QSize(14, 14))
            button.setStyleSheet(f"QToolButton:disabled {{ color: {quiet}; }}")  # that there are none is to be read too
            button.setAccessibleName(word("verdicts", verdict))  # its text comes with the first counts
            button.toggled.connect(self._choose)
            self.buttons[verdict] = button
        self._arrange()

    def show_counts(self, counts: dict[str, int]) -> None:
        """Show a run's counts, and clear the filter."""
        for verdict, button in self.buttons.items():
            count = int(counts.get(verdict, 0))
            with QSignalBlocker(button):
                button.setChecked(False)
            button.setText(f"{count:,} {word('verdicts', verdict)}")
            button.setAccessibleName(button.text())
            button.setEnabled(count > 0)
            text = tr("Show only the parcels that are: {verdict}")
            button.setToolTip(text.format(verdict=word("verdicts", verdict)))
        self._arrange()
        self.chosen.emit(frozenset(SEVERITY))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange as many in a row as can be read."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        """The least size shows two results in a row."""
        return QSize(2 * self._widest() + self._grid.spacing(), super().minimumSizeHint().height())

    def _widest(self) -> int:
        return max(button.sizeHint().width() for button in self.buttons.values())

    def _arrange(self) -> None:
        max_columns = self.width() // (self._widest() + self._grid.spacing())
        columns = next((count for count in COLUMNS if count <= max_columns), COLUMNS[-1])
        if columns == self._columns:
            return
        self._columns = columns
        for position, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, position // columns, position % columns)

    def _choose(self) -> None:
        pressed = frozenset(verdict for verdict, button in self.buttons.items() if button.isChecked())
        self.chosen.emit(pressed or frozenset(SEVERITY))
