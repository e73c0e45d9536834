"""The table of a delivery: which file goes into which layer, for a person to change."""

from __future__ import annotations

from collections import Counter

from qgis.PyQt.QtCore import QEvent, QObject, QSignalBlocker, Qt, pyqtSignal
from qgis.PyQt.QtGui import QPalette, QResizeEvent, QStandardItem, QStandardItemModel
from qgis.PyQt.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QLineEdit, QTableWidget, QTableWidgetItem

from onemap.plugin.connection.refusals import problem_line
from onemap.plugin.desk.add.add_form import search_box
from onemap.plugin.desk.add.coverage_choice import coverage_box, value_in
from onemap.plugin.desk.add.planned_layers import (
    ADDED,
    CHOSEN,
    LEFT_OUT,
    NOTE,
    PLANNED,
    REFUSED,
    UNCHANGED,
    UNMATCHED,
    UNREADABLE,
    UNSURE,
    PlannedLayer,
)
from onemap.plugin.desk.library.layer_list import CatalogueLayer
from onemap.plugin.widgets.alignment import lay_headings_left
from onemap.plugin.widgets.form_fields import set_tab_order, shrink
from onemap.plugin.widgets.readable_choice import keep_choice_readable
from onemap.plugin.words.contrast import quiet_brush
from onemap.plugin.words.core_words import word
from onemap.plugin.words.option_names import add_controls, name_controls
from onemap.plugin.words.translation import tr
from onemap.plugin.words.verdicts import sign_icon

NAME, TARGET, COVERS, LABEL, STATE = range(5)
LABEL_WIDTH_PX = 90
BESIDE_TEXT_PX = 40  # the arrow of a list and the margins of its text
PLANS = (PLANNED, UNSURE, UNMATCHED, UNREADABLE, NOTE)  # as the core's plan has it
SIGNS = {
    **dict.fromkeys((PLANNED, CHOSEN, ADDED, UNCHANGED), "clear"),
    **dict.fromkeys((UNSURE, UNMATCHED), "unknown"),
    **dict.fromkeys((UNREADABLE, REFUSED), "prohibited"),
}


class DeliveryTable(QTableWidget):
    """One row for each layer of the delivery: the layer that it becomes, its coverage, its label, and its state."""

    changed = pyqtSignal()
    target_chosen = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(0, 5)
        self.rows: list[PlannedLayer] = []
        self._layers: dict[str, CatalogueLayer] = {}
        self._targets = QStandardItemModel(self)  # one list for all rows
        self._entries: list[tuple[str, str]] = []  # what stands in it: titles and codes
        self.setHorizontalHeaderLabels([tr("In the delivery"), tr("Becomes"), tr("Covers"), tr("Label"), tr("State")])
        self.setAccessibleName(tr("What goes where"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        lay_headings_left(header)
        header.setHighlightSections(False)  # else the headings turn bold with the first row
        for column in (NAME, STATE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        for column in (TARGET, COVERS, LABEL):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        usual_texts = (tr("as its last version"), tr("as said above"), tr("the district"), tr("Covers"))
        widest = max(self.fontMetrics().horizontalAdvance(text) for text in usual_texts)
        self.setColumnWidth(COVERS, widest + BESIDE_TEXT_PX)
        self.setColumnWidth(LABEL, LABEL_WIDTH_PX)

    def show_targets(self, layers: list[CatalogueLayer]) -> None:
        """Know the layers of the library; what a row becomes stays."""
        self._layers = {entry.code: entry for entry in layers}
        in_order = sorted(layers, key=lambda entry: entry.place[:2])
        titles = [(f"{entry.title} · {entry.code}", entry.code) for entry in in_order]
        entries = [(tr("– left out"), ""), *titles]
        if entries != self._entries:
            self._entries = entries
            self._list_targets()
        self.refresh_states()

    def _list_targets(self) -> None:
        widgets_and_rows = ((self.cellWidget(number, TARGET), row) for number, row in enumerate(self.rows))
        boxes = [(box, row) for box, row in widgets_and_rows if box is not None]
        blockers = [QSignalBlocker(box) for box, _row in boxes]  # else an empty list would leave every row out
        self._targets.clear()
        for title, code in self._entries:
            item = QStandardItem(title)
            item.setData(code, Qt.ItemDataRole.UserRole)
            self._targets.appendRow(item)
        for box, row in boxes:
            _show_target(box, row)
        del blockers
        self._fit_targets()

    def show_rows(self, rows: list[PlannedLayer]) -> None:
        """Show another plan."""
        self.rows = rows
        self.setRowCount(0)
        self.setRowCount(len(rows))
        counts = Counter(row.file_and_layer for row in rows)
        for number, row in enumerate(rows):
            name = QTableWidgetItem(row.listed_name(folder_first=counts[row.file_and_layer] > 1))
            name.setToolTip(row.name)
            self.setItem(number, NAME, name)
            self.setItem(number, STATE, QTableWidgetItem())
            if row.is_data:
                self._put_controls(number, row)
            self._show_state(number)
        cells = (self.cellWidget(number, column) for number in range(len(rows)) for column in (TARGET, COVERS, LABEL))
        set_tab_order(self, filter(None, cells))
        if rows:
            self.selectRow(0)
        self._fit_targets()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show the targets of the rows in full, as far as there is room."""
        super().resizeEvent(event)
        self._fit_targets()

    def refresh_states(self) -> None:
        """Show the state of each row again; a row that has been added can no longer be changed."""
        for number, row in enumerate(self.rows):
            self._show_state(number)
            for column in (TARGET, COVERS, LABEL):
                if self.cellWidget(number, column) is not None:
                    self.cellWidget(number, column).setEnabled(not row.is_in_library)
        self.changed.emit()

    def choose(self, number: int, code: str) -> None:
        """Choose what a row becomes; empty leaves it out."""
        box = self.cellWidget(number, TARGET)
        box.setCurrentIndex(box.findData(code))

    def state_of(self, number: int) -> str:
        """The state of a row, in words."""
        return self.item(number, STATE).text()

    @property
    def knows_layers(self) -> bool:
        """Whether the library's layers are known yet."""
        return bool(self._layers)

    def target_of(self, row: PlannedLayer) -> CatalogueLayer | None:
        """The layer that a row becomes; None while it is not known."""
        return self._layers.get(row.code)

    def obstacle(self, row: PlannedLayer) -> str:
        """The reason why a row cannot go in as it stands; empty where it can."""
        return row.obstacle(self._layers.get(row.code)) if not row.is_in_library else ""

    @property
    def ready(self) -> list[PlannedLayer]:
        """The rows that would go in now."""
        return [row for row in self.rows if row.is_data and row.code and not row.is_in_library]

    @property
    def unreadable_rows(self) -> list[PlannedLayer]:
        """The rows that the core cannot read; the core lists them again in its report."""
        return [row for row in self.rows if row.status == UNREADABLE]

    @property
    def waiting(self) -> list[PlannedLayer]:
        """The rows for which a person has not decided yet."""
        return [row for row in self.rows if row.status in (UNSURE, UNMATCHED)]

    @property
    def planned_versions(self) -> list[list[PlannedLayer]]:
        """The rows that would be added, grouped by version: several files may become one version."""
        rows_by_version: dict[tuple[str, ...], list[PlannedLayer]] = {}
        for row in self.ready:
            rows_by_version.setdefault(row.version, []).append(row)
        return list(rows_by_version.values())

    def codes_of_several(self, *, rasters: bool) -> list[str]:
        """The codes of layers for which several rows become one version: rasters, or all other layers."""
        codes = {rows[0].code for rows in self.planned_versions if len(rows) > 1}
        return sorted(
            code for code in codes if (code in self._layers and self._layers[code].geometry == "raster") == rasters
        )

    def _fit_targets(self) -> None:
        """Make the targets as wide as their texts, within a third to a half of the room that they share."""
        boxes = [self.cellWidget(number, TARGET) for number in range(self.rowCount())]
        texts = [tr("Becomes"), *(box.lineEdit().text() for box in boxes if box is not None)]
        widest = max(self.fontMetrics().horizontalAdvance(text) for text in texts) + BESIDE_TEXT_PX
        room = self.viewport().width() - self.columnWidth(COVERS) - self.columnWidth(LABEL)
        self.setColumnWidth(TARGET, max(min(widest, room // 2), room // 3))

    def _put_controls(self, number: int, row: PlannedLayer) -> None:
        target = search_box()
        target.setModel(self._targets)
        shrink(target)
        target.setAccessibleName(f"{tr('Becomes')} {row.name}")
        _show_target(target, row)
        if row.suggested:
            titles = [self._layers[code].title if code in self._layers else code for code in row.suggested]
            target.lineEdit().setPlaceholderText(tr("{layers}?").format(layers=tr(" or ").join(titles)))
            target.setToolTip(target.lineEdit().placeholderText())
        covers = coverage_box(tr("as its last version") if "covers" in row.remembered else tr("as said above"))
        covers.lineEdit().setCursorPosition(0)
        covers.currentTextChanged.connect(covers.setToolTip)
        covers.setAccessibleName(f"{tr('Covers')} {row.name}")
        label = QLineEdit(row.label, placeholderText=tr("today"), accessibleName=f"{tr('Label')} {row.name}")
        target.currentIndexChanged.connect(lambda _index: self._choose_target(number, target))
        covers.currentTextChanged.connect(lambda _text: setattr(row, "covers", value_in(covers)))
        label.textChanged.connect(lambda text: self._choose_label(number, text))
        for column, control in ((TARGET, target), (COVERS, covers), (LABEL, label)):
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)
            self.setCellWidget(number, column, control)
            keep_choice_readable(control)  # once it is in its place: there a style sheet gives it its colours

    def eventFilter(self, control: QObject, event: QEvent) -> bool:
        """Make the wheel scroll the table, not the list under the pointer; select the row that has the focus."""
        if event.type() == event.Type.Wheel and isinstance(control, QComboBox):
            event.ignore()
            return True
        if event.type() == event.Type.FocusIn:
            self.selectRow(self.indexAt(control.pos()).row())
        return super().eventFilter(control, event)

    def _choose_target(self, number: int, box: QComboBox) -> None:
        self.rows[number].choose(box.currentData() or "")
        box.lineEdit().setCursorPosition(0)
        self._fit_targets()
        self._show_state(number)
        self.target_chosen.emit()
        self.changed.emit()

    def _choose_label(self, number: int, text: str) -> None:
        self.rows[number].label = text.strip()
        self._show_state(number)
        self.changed.emit()

    def _show_state(self, number: int) -> None:
        row, item = self.rows[number], self.item(number, STATE)
        obstacle = self.obstacle(row)
        words = obstacle or state_words(row)
        item.setText(words)
        item.setToolTip("\n".join([words, *(name_controls(problem_line(one), add_controls()) for one in row.problems)]))
        sign = "restricted" if obstacle else SIGNS.get(row.status, "")
        if sign:
            item.setIcon(sign_icon(sign, self.palette()))
        else:
            item.setData(Qt.ItemDataRole.DecorationRole, None)
        if row.status in (NOTE, LEFT_OUT):
            brush = quiet_brush(self.palette(), QPalette.ColorRole.Text, QPalette.ColorRole.Base)
            for column in (NAME, STATE):
                self.item(number, column).setForeground(brush)


def _show_target(box: QComboBox, row: PlannedLayer) -> None:
    box.setCurrentIndex(box.findData(row.code) if row.code else -1)
    box.lineEdit().setCursorPosition(0)  # a long title is read from its beginning


def state_words(row: PlannedLayer) -> str:
    """How a row stands, in the user's language."""
    return word("plan_states", row.state if row.status in PLANS else row.status)
