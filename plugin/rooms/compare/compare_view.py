"""The view of a comparison: the matrix, the list, the map, and the decisions."""

from __future__ import annotations

from collections import Counter
from typing import Any

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QEvent, QModelIndex, QObject, Qt, pyqtSignal
from qgis.PyQt.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QTableView,
    QToolButton,
    QWidget,
)

from onemap.plugin.connection.asking import Asking
from onemap.plugin.connection.refusals import refusals_told
from onemap.plugin.desk.library.open_library import OpenLibrary
from onemap.plugin.desk.results.details_pane import DetailsPane
from onemap.plugin.desk.results.highlight import Highlight
from onemap.plugin.profile import settings
from onemap.plugin.rooms.compare.column_fit import ROW_MARGIN_PX, ColumnFit
from onemap.plugin.rooms.compare.compare_atlas import AtlasButton
from onemap.plugin.rooms.compare.compare_decision import DecisionBar
from onemap.plugin.rooms.compare.compare_details import details_of
from onemap.plugin.rooms.compare.compare_map import SpotLayer
from onemap.plugin.rooms.compare.compare_matrix import MatrixTree
from onemap.plugin.rooms.compare.compare_results import UNDECIDED, Comparison, Spot
from onemap.plugin.rooms.compare.compare_spots import SLIVER, SpotsModel
from onemap.plugin.rooms.compare.sort_button import SortButton
from onemap.plugin.widgets.buttons import tool_button
from onemap.plugin.widgets.rows_and_columns import column_of, row_of
from onemap.plugin.widgets.tick_box import TickBox
from onemap.plugin.words.number_format import area_text
from onemap.plugin.words.translation import Count, tr

_ROOT = QModelIndex()  # of a model: above all rows
MIN_ROWS = 8  # of the list of spots, on a low screen too, where the room scrolls
NAME_LINES = 2  # of a row; where names wrap more the decision would be far below the list
SPLIT_SIZES = (180, 320, 120)  # of matrix, list and details, before the user moves them
MODES = ("swipe", "beside")
DIGITS = range(Qt.Key.Key_0, Qt.Key.Key_7)
HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class CompareView(QWidget):
    """The results of one comparison."""

    refused = pyqtSignal(object)  # Refusal
    decided = pyqtSignal()  # the core has taken a decision down
    sides_requested = pyqtSignal(str)  # swipe, beside, or nothing: both plans over the map, or no longer
    spot_shown = pyqtSignal(object, object)  # on the map: QgsGeometry, QgsCoordinateReferenceSystem

    def __init__(self, library: OpenLibrary, canvas: QgsMapCanvas) -> None:
        super().__init__()
        self.deciding = Asking(library.core, self, lambda: self.comparison and self.comparison.path, is_writing=True)
        self.deciding.refused.connect(self.refused)
        self.comparison: Comparison | None = None  # the comparison on display
        self._clusters: Counter[str] = Counter()
        self.spot_layer: SpotLayer | None = None
        self.highlight = Highlight(canvas)
        self.matrix = MatrixTree()
        self.matrix.chosen.connect(self._choose)
        self.model = SpotsModel(self)
        self.list = self._make_list()
        self.list_columns = ColumnFit(self.list)
        self.model.dataChanged.connect(lambda *_cells: self.list_columns.measure_again())  # a decision takes room
        self.sort_button = SortButton(self.list, self.model.number_columns)
        self.list.setAccessibleName(tr("Difference spots"))
        self.details = DetailsPane()
        self.atlas = AtlasButton(library)
        self.atlas.refused.connect(self.refused)
        self.decide = DecisionBar()
        self.decide.decision_requested.connect(self._ask_decision)
        self.decide.closed.connect(self.list.setFocus)
        self.undecided = TickBox(tr("Undecided"), tr("List only differences that nobody has decided"))
        self.changed = TickBox(
            tr("New or changed"), tr("List only what is new or changed since the earlier comparison")
        )
        self.slivers = TickBox("", tr("List differences that are too narrow to be one, too"))
        self._boxes = (self.undecided, self.changed, self.slivers)
        for box in self._boxes:
            box.toggled.connect(self._filter)
        self.count = QLabel(alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._build()
        settings.changes.area_unit.connect(self._follow_unit)

    def _make_list(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        table.doubleClicked.connect(lambda _index: self.zoom())
        for choose in (table.clicked, table.activated):
            choose.connect(lambda _index: self.zoom())
        table.selectionModel().currentRowChanged.connect(self._show_current)
        table.installEventFilter(self)
        return table

    def _build(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical)
        for widget in (self.matrix, self._make_list_page(), self.details):
            split.addWidget(widget)
        split.setStretchFactor(1, 1)
        split.setCollapsible(1, False)
        split.setSizes(list(SPLIT_SIZES))
        self.list_columns.fitted.connect(self._keep_rows_in_sight)
        self._keep_rows_in_sight()
        column_of(split, inside=self, is_tight=True, spacing=4)

    def _keep_rows_in_sight(self) -> None:
        """Keep the list high enough for some rows; in a low dock the whole room scrolls."""
        most = NAME_LINES * self.list.fontMetrics().height() + ROW_MARGIN_PX
        rows = MIN_ROWS * min(self.list.verticalHeader().defaultSectionSize(), most)
        self.list.setMinimumHeight(self.list.horizontalHeader().sizeHint().height() + rows + 2 * self.list.frameWidth())

    def _make_list_page(self) -> QWidget:
        filters = row_of(self.undecided, self.changed, 0, self.sort_button)
        page = QWidget()
        above = (filters, self.slivers, (self.list, 1), self._make_buttons())
        column_of(*above, self.decide, inside=page, is_tight=True, spacing=4)  # who decides looks at the row above
        return page

    def _make_buttons(self) -> QHBoxLayout:
        self.buttons: dict[str, QToolButton] = {}
        for name, hint, action in (
            ("previous", tr("Previous spot (P)"), self.previous),
            ("next", tr("Next spot (N)"), self.next),
            ("zoom", tr("Go to it on the map (Z, double click)"), self.zoom),
            ("swipe", tr("Swipe: plan A left of the mouse, plan B right of it (S)"), None),
            ("beside", tr("Side by side: plan A on the map, plan B on a second one (B)"), None),
            ("keep", tr("Keep the layer: in a file that stays"), self.keep),
        ):
            self.buttons[name] = tool_button(name, hint, action)
        for mode in MODES:
            self.buttons[mode].setCheckable(True)
            self.buttons[mode].clicked.connect(
                lambda is_on, mode=mode: self.sides_requested.emit(mode if is_on else "")
            )
        return row_of(*self.buttons.values(), self.atlas, (self.count, 1), spacing=4)

    @property
    def current(self) -> Spot | None:
        """The spot chosen in the list."""
        return self.model.spot_at(self.list.currentIndex())

    def show_comparison(self, comparison: Comparison, spots: list[Spot]) -> None:
        """Show a comparison in the matrix, in the list and on the map. Raises Refusal."""
        self.clear()
        self.comparison = comparison
        self.spot_layer = SpotLayer(comparison)
        self._clusters = Counter(spot.cluster for spot in spots if spot.cluster)
        self.changed.setVisible(comparison.changes is not None)
        slivers = sum(spot.kind == SLIVER for spot in spots)
        self.slivers.setText(tr("Slivers: {count}").format(count=f"{slivers:,}"))
        self.slivers.setVisible(slivers > 0)
        for box in (self.undecided, self.changed):
            box.setChecked(False)
        self.slivers.setChecked(slivers == len(spots))  # else the list would be empty
        self.list.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.model.set_spots(spots)
        self.matrix.show_view(comparison.view)
        since_then = frozenset({self.model.columnCount() - 1}) if comparison.changes is None else frozenset()
        self.list_columns.measure(since_then)
        self.sort_button.leave_out(since_then)
        self.buttons["keep"].setEnabled(True)
        self.atlas.show_comparison(comparison)
        self._go_to_row(0, on_map=False)

    def clear(self) -> None:
        """Clear the view; the layer is removed from the map unless it is kept."""
        self.highlight.restore_view()
        self.model.set_spots([])
        self.matrix.show_view([])
        self.details.show_text("")
        self.decide.show_spot(None, 0)
        self.comparison = None
        self.atlas.show_comparison(None)
        if self.spot_layer is not None:
            self.spot_layer.remove()
            self.spot_layer = None

    def next(self) -> None:
        """Choose the next spot in the list."""
        self._go_to_row(self.list.currentIndex().row() + 1)

    def previous(self) -> None:
        """Choose the previous spot in the list."""
        self._go_to_row(self.list.currentIndex().row() - 1)

    def zoom(self) -> None:
        """Zoom to the chosen spot."""
        spot = self.current
        if spot is not None and self.spot_layer is not None:
            ground = self.spot_layer.geometry(spot)
            self.highlight.show_grounds(ground, [(ground, "notice", area_text(spot.area_m2))], self.spot_layer.crs)
            self.spot_shown.emit(ground, self.spot_layer.crs)

    def keep(self) -> None:
        """Keep the layer in a permanent file."""
        if self.spot_layer is None or self.comparison is None:
            return
        with refusals_told(self.refused.emit):
            self.spot_layer.keep(str(self.comparison.record.get("parameters", {}).get("library", "")))
            self.buttons["keep"].setEnabled(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle the keys of the list: N, P, Z, S, B, C, 1 to 6 for a decision, and 0 to take it back."""
        if watched is not self.list or event.type() != QEvent.Type.KeyPress or event.modifiers() & HELD:
            return super().eventFilter(watched, event)
        keys = {
            Qt.Key.Key_N: self.next,
            Qt.Key.Key_P: self.previous,
            Qt.Key.Key_Z: self.zoom,
            Qt.Key.Key_S: self.buttons["swipe"].click,
            Qt.Key.Key_B: self.buttons["beside"].click,
            Qt.Key.Key_C: self.decide.toggle_scope,
        }
        if event.key() in keys:
            keys[event.key()]()
            return True
        if event.key() in DIGITS:
            return self.decide.press(event.key() - Qt.Key.Key_0)
        return super().eventFilter(watched, event)

    def _go_to_row(self, row: int, on_map: bool = True) -> None:
        if not 0 <= row < self.model.rowCount():
            self._show_current()
            return
        self.list.setCurrentIndex(self.model.index(row, 0))
        if on_map:
            self.zoom()

    def _follow_unit(self) -> None:
        if self.comparison is not None:
            self.model.refresh()
            self._show_current()

    def show_sides(self, mode: str) -> None:
        """Check the button of the mode in which both plans are shown: swipe, beside, or none."""
        for name in MODES:
            self.buttons[name].setChecked(name == mode)

    def _choose(self, cells: frozenset) -> None:
        self.atlas.choose_types(cell[0] for cell in cells)
        self._change_list(lambda: self.model.choose(cells))
        if self.spot_layer is not None:
            self.spot_layer.select(self.model.filtered_spots if cells else ())

    def _filter(self, _on: bool) -> None:
        self._change_list(lambda: self.model.set_filters(*(box.isChecked() for box in self._boxes)))

    def _change_list(self, change: Any) -> None:
        """Change the list, and keep the chosen spot chosen if it is still listed."""
        chosen_spot = self.current
        change()
        row = self.model.row_of(chosen_spot.name) if chosen_spot is not None else 0
        self._go_to_row(max(row, 0), on_map=False)

    def _show_current(self, _index: QModelIndex = _ROOT, _before: QModelIndex = _ROOT) -> None:
        spot = self.current
        total = len(self.model.all_spots)
        position = self.list.currentIndex().row() + 1 if spot is not None else 0
        place = {"place": f"{position:,}", "shown": f"{self.model.rowCount():,}"}
        self.count.setText(tr("{place} of {shown}").format(**place))
        self.count.setToolTip(tr("The comparison has {total:# spot|# spots} in all").format(total=Count(total)))
        cluster_size = self._clusters[spot.cluster] if spot is not None and spot.cluster else 0
        self.decide.show_spot(spot, cluster_size)
        plans = self.comparison.plans if self.comparison is not None else ("", "")
        self.details.show_text(details_of(spot, cluster_size, plans) if spot is not None else "")

    def _ask_decision(self, target: str, decision: str, reason: str) -> None:
        comparison = self.comparison
        if comparison is None:
            return
        params = {"library": comparison.library_path, "target": target, "decision": decision, "reason": reason}
        decisions = {spot.decision or UNDECIDED for spot in self.model.all_spots if target in (spot.name, spot.cluster)}
        params["expect"] = ",".join(sorted(decisions))
        self.deciding.ask("decide", params, lambda answer: self._take_decision(answer, reason))

    def _take_decision(self, answer: dict[str, Any], reason: str) -> None:
        decided_spots = self.model.store_decision(answer.get("spots") or [], str(answer.get("decision") or ""), reason)
        self.spot_layer.mark(decided_spots)
        self._show_current()
        if any(spot.decision for spot in decided_spots):
            self._go_to_undecided()
        self.decided.emit()

    def _go_to_undecided(self) -> None:
        """Choose the next undecided spot below, if there is one."""
        spots, current_row = self.model.filtered_spots, self.list.currentIndex().row()
        for row in range(current_row + 1, len(spots)):
            if spots[row].is_decidable and not spots[row].decision:
                self._go_to_row(row)
                return
